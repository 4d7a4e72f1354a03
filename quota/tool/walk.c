// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A walk through a tree, see walk.h
 *
 * The tree may belong to someone who changes it meanwhile, and the walk is
 * root's.  So each name is opened once, with O_PATH, which follows no link and
 * wakes no device; what it is, is asked of that descriptor, and what is opened
 * further is opened through it.
 *
 * Directories may nest deeper than there are descriptors: those far above are
 * closed, and found again through "..", which must be what it was.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vquota.h"
#include "walk.h"

/* So many directories are open at once. */
#define OPEN_MOST	64

#define WANTED		(STATX_BASIC_STATS | STATX_MNT_ID)

/**
 * struct level - a directory that the walk is in
 * @fd: of it, opened for reading; -1 if that is closed for now
 * @ino: of it
 * @own: see struct walk_file
 * @names: directories in it that are still to be walked, with a NUL after each
 * @used: how long these are
 * @space: of @names
 * @at: the next one
 * @path: how long its path is
 */
struct level {
	int fd;
	unsigned long long ino;
	unsigned int own;
	char *names;
	size_t used;
	size_t space;
	size_t at;
	size_t path;
};

static int grow(char **text, size_t *space, size_t need)
{
	size_t want = *space ? *space : 256;
	char *more;

	if (need <= *space)
		return 0;
	while (want < need)
		want *= 2;
	more = realloc(*text, want);
	if (!more)
		return -ENOMEM;
	*text = more;
	*space = want;
	return 0;
}

static int push_name(struct level *level, const char *name)
{
	size_t len = strlen(name) + 1;
	int err = grow(&level->names, &level->space, level->used + len);

	if (err)
		return err;
	memcpy(level->names + level->used, name, len);
	level->used += len;
	return 0;
}

/* Puts the name after the first @len bytes of the path. */
static int set_path(struct walk *walk, size_t len, const char *name)
{
	size_t more = strlen(name);
	int slash = len && walk->path[len - 1] != '/';
	int err = grow(&walk->path, &walk->space, len + more + 2);

	if (err)
		return err;
	if (slash)
		walk->path[len++] = '/';
	memcpy(walk->path + len, name, more + 1);
	return 0;
}

static int look_at(int fd, struct statx *st)
{
	return statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, WANTED, st) ?
	       -errno : 0;
}

static int is_elsewhere(const struct walk *walk, const struct statx *st)
{
	return st->stx_dev_major != walk->dev_major ||
	       st->stx_dev_minor != walk->dev_minor ||
	       (st->stx_mask & STATX_MNT_ID && st->stx_mnt_id != walk->mnt_id);
}

/**
 * walk_open() - open a regular file for reading
 * @file: what the walk has come to
 *
 * The file that was looked at is opened, and no other that has its name by now.
 *
 * Return: a descriptor, or a negative errno.
 */
int walk_open(const struct walk_file *file)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void problem(struct walk *walk, int err)
{
	/* What was removed meanwhile is no concern any more. */
	if (err != -ENOENT)
		walk->problem(walk, walk->path, err);
}

/* Visits a directory; @level receives it.  Return: as visit(), -1 to skip it. */
static int enter(struct walk *walk, int fd, const struct statx *st,
		 unsigned int above, struct level *level, int named)
{
	struct walk_file file = {
		.path = walk->path,
		.st = st,
		.above = above,
		.named = named,
	};
	int status;

	memset(level, 0, sizeof(*level));
	level->path = strlen(walk->path);
	level->ino = st->stx_ino;
	level->fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (level->fd < 0) {
		problem(walk, -errno);
		return -1;
	}
	file.fd = level->fd;
	status = walk->visit(walk, &file);
	level->own = file.own;
	if (status)
		close(level->fd);
	return status;
}

/*
 * What a name stands for: a directory becomes @below, if there is one; anything
 * else is visited.  Return: as visit(); -1 if there is nothing to enter.
 */
static int open_name(struct walk *walk, const struct level *level,
		     const char *name, struct level *below, int *is_dir)
{
	struct statx st;
	int status = -1;
	int err;
	int fd;

	*is_dir = 0;
	if (set_path(walk, level->path, name)) {
		walk->problem(walk, name, -ENOMEM);
		return -1;
	}
	fd = openat(level->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		problem(walk, -errno);
		return -1;
	}
	err = look_at(fd, &st);
	if (err) {
		problem(walk, err);
	} else if (is_elsewhere(walk, &st)) {
		walk->mounts++;
	} else if (S_ISDIR(st.stx_mode)) {
		*is_dir = 1;
		if (below)
			status = enter(walk, fd, &st, level->own, below, 0);
	} else {
		struct walk_file file = {
			.path = walk->path,
			.fd = fd,
			.st = &st,
			.above = level->own,
		};

		status = walk->visit(walk, &file);
	}
	close(fd);
	return status;
}

static int is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* Visits what is in a directory, and keeps the names of directories. */
static int read_level(struct walk *walk, struct level *level)
{
	int fd = openat(level->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int status = 0;

	if (!dir) {
		problem(walk, -errno);
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (status <= 0 && !walk_stopped) {
		int is_dir;

		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			walk->path[level->path] = '\0';
			if (errno)
				problem(walk, -errno);
			break;
		}
		if (is_dot(entry->d_name))
			continue;
		is_dir = entry->d_type == DT_DIR;
		if (!is_dir)
			status = open_name(walk, level, entry->d_name, NULL,
					   &is_dir);
		if (is_dir && push_name(level, entry->d_name))
			walk->problem(walk, entry->d_name, -ENOMEM);
	}
	closedir(dir);
	return status > 0 ? status : 0;
}

/* Opens the level above again, if it was closed. */
static int reopen(struct walk *walk, struct level *level, int below)
{
	struct statx st;
	int err;

	if (level->fd >= 0)
		return 0;
	level->fd = openat(below, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = level->fd < 0 ? -errno : look_at(level->fd, &st);
	if (!err && (is_elsewhere(walk, &st) || st.stx_ino != level->ino))
		err = -ESTALE;
	if (err && level->fd >= 0) {
		close(level->fd);
		level->fd = -1;
	}
	return err;
}

static void leave(struct level *level)
{
	if (level->fd >= 0)
		close(level->fd);
	free(level->names);
}

/* One more level for a stack, zeroed */
static struct level *next_level(struct level **stack, size_t *space, size_t nr)
{
	struct level *more;

	if (nr == *space) {
		more = realloc(*stack, 2 * *space * sizeof(*more));
		if (!more)
			return NULL;
		*stack = more;
		*space *= 2;
	}
	return &(*stack)[nr];
}

static int walk_below(struct walk *walk, struct level *first)
{
	size_t space = 16;
	size_t nr = 1;
	struct level *stack = malloc(space * sizeof(*stack));
	int status = 0;
	int err;

	if (!stack) {
		leave(first);
		walk->problem(walk, walk->path, -ENOMEM);
		return 0;
	}
	stack[0] = *first;
	status = read_level(walk, &stack[0]);
	while (nr && !status && !walk_stopped) {
		struct level *level = &stack[nr - 1];
		struct level below;
		const char *name;
		int is_dir;

		if (level->at == level->used) {
			err = nr > 1 ? reopen(walk, &stack[nr - 2], level->fd) : 0;
			leave(level);
			nr--;
			if (err) {
				/* The tree was moved: nobody knows where it is. */
				walk->path[stack[nr - 1].path] = '\0';
				walk->problem(walk, walk->path, err);
				break;
			}
			continue;
		}
		name = level->names + level->at;
		level->at += strlen(name) + 1;
		status = open_name(walk, level, name, &below, &is_dir);
		if (!is_dir || status) {
			status = status > 0 ? status : 0;
			continue;
		}
		level = next_level(&stack, &space, nr);
		if (!level) {
			leave(&below);
			walk->problem(walk, walk->path, -ENOMEM);
			continue;
		}
		*level = below;
		nr++;
		if (nr > OPEN_MOST && stack[nr - 1 - OPEN_MOST].fd >= 0) {
			close(stack[nr - 1 - OPEN_MOST].fd);
			stack[nr - 1 - OPEN_MOST].fd = -1;
		}
		status = read_level(walk, level);
	}
	while (nr)
		leave(&stack[--nr]);
	free(stack);
	return status;
}

/**
 * walk_tree() - visit a file, and all that is below it
 * @walk: what to do
 * @fd: O_PATH, of the file
 * @path: of it
 *
 * Return: 0, also if there was trouble with some files, or walk_stopped; else
 * what visit() has ended it with.
 */
int walk_tree(struct walk *walk, int fd, const char *path)
{
	struct level first;
	struct statx st;
	int status = 0;
	int err;

	walk->path = NULL;
	walk->space = 0;
	err = set_path(walk, 0, path);
	if (!err)
		err = look_at(fd, &st);
	if (err) {
		walk->problem(walk, path, err);
		free(walk->path);
		return 0;
	}
	walk->mnt_id = st.stx_mnt_id;
	walk->dev_major = st.stx_dev_major;
	walk->dev_minor = st.stx_dev_minor;
	if (S_ISDIR(st.stx_mode)) {
		status = enter(walk, fd, &st, 0, &first, 1);
		if (!status)
			status = walk_below(walk, &first);
	} else {
		struct walk_file file = {
			.path = path,
			.fd = fd,
			.st = &st,
			.named = 1,
		};

		status = walk->visit(walk, &file);
	}
	free(walk->path);
	return status > 0 ? status : 0;
}
