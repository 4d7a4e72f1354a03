// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvctx: files of "key value" lines, and waiting until they change
 *
 * The kernel wakes who polls such a file for POLLPRI once there is more than
 * what was last read through the same descriptor.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* A key with a value that is no number is a later kernel's, and left out. */
static int parse_values(char *text, size_t len, struct vctx_value **values,
			size_t *nr)
{
	struct vctx_value *all;
	size_t lines = 0;
	size_t used = 0;
	size_t i;
	char *line;

	for (i = 0; i < len; i++)
		lines += text[i] == '\n';
	all = calloc(lines + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	while (used < lines && (line = vctx_next_line(&text))) {
		size_t key = strcspn(line, " ");
		const char *number = line + key + 1;

		if (!key || !line[key]) {
			free(all);
			return -EPROTO;
		}
		if (key >= sizeof(all->key) ||
		    vctx_parse_u64(number, strlen(number), &all[used].value))
			continue;
		memcpy(all[used].key, line, key);
		used++;
	}
	*values = all;
	*nr = used;
	return 0;
}

/**
 * vctx_get_accounting() - what a context has used since it was made
 * @id: the context
 * @values: receives it, in the kernel's order; free() it
 * @nr: receives how many
 *
 * Return: 0; -ENOENT if there is no such context for the caller, or the kernel
 * does not account; other errors as vctx_read().
 */
int vctx_get_accounting(unsigned int id, struct vctx_value **values,
			size_t *nr)
{
	size_t len;
	char *text;
	int err;

	err = vctx_read_context_file(id, "accounting", &text, &len);
	if (err)
		return err;
	err = parse_values(text, len, values, nr);
	free(text);
	return err;
}

static int open_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/**
 * vctx_open_events() - for waiting until something happens in a context
 * @id: the context
 *
 * poll(2) reports POLLPRI on the descriptor once something has happened since
 * vctx_get_events() was last called for it, and when the context ends.
 *
 * Return: a descriptor; -ENOENT if there is no such context for the caller; or
 * what open(2) failed with.
 */
int vctx_open_events(unsigned int id)
{
	char path[VCTX_PATH_LEN];
	int err;

	err = vctx_path(path, sizeof(path), "%s/%u/events", vctx_root(), id);
	return err ? err : open_path(path);
}

/**
 * vctx_get_events() - how often what has happened in a context
 * @fd: from vctx_open_events()
 * @values: receives it, in the kernel's order; free() it
 * @nr: receives how many
 *
 * Return: 0; -ENOENT if the context has ended; other errors as vctx_read().
 */
int vctx_get_events(int fd, struct vctx_value **values, size_t *nr)
{
	size_t space = 0;
	char *text = NULL;
	size_t len;
	int err;

	err = vctx_read_fd(fd, &text, &space, &len);
	if (!err)
		err = parse_values(text, len, values, nr);
	free(text);
	return err == -ENODEV ? -ENOENT : err;
}

/**
 * vctx_open_ids() - for waiting until a context is made or ends
 *
 * poll(2) reports POLLPRI on the descriptor once that has happened since
 * vctx_get_ids() was last called for it.
 *
 * Return: a descriptor; -ENOENT if there is no vctxfs, or the caller is a
 * member of a context (and not the watcher); or what open(2) failed with.
 */
int vctx_open_ids(void)
{
	char path[VCTX_PATH_LEN];
	int err;

	err = vctx_path(path, sizeof(path), "%s/summary", vctx_root());
	return err ? err : open_path(path);
}

static int compare_id(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a;
	unsigned int y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

static int add_id(unsigned int **ids, size_t *nr, size_t *space,
		  unsigned int id)
{
	unsigned int *more;

	if (*nr == *space) {
		more = realloc(*ids, 2 * *space * sizeof(*more));
		if (!more)
			return -ENOMEM;
		*ids = more;
		*space *= 2;
	}
	(*ids)[(*nr)++] = id;
	return 0;
}

/**
 * vctx_get_ids() - the contexts that there are
 * @fd: from vctx_open_ids(), or -1
 * @ids: receives them, ascending; free() it
 * @nr: receives how many
 *
 * Return: 0; -ENOENT if there is no vctxfs; -ENOMEM; or what reading failed
 * with.
 */
int vctx_get_ids(int fd, unsigned int **ids, size_t *nr)
{
	struct dirent *entry;
	size_t space = 64;
	size_t used = 0;
	unsigned int *all;
	unsigned int id;
	int err = 0;
	char byte;
	DIR *dir;

	/* Before the contexts are looked at: none that comes then is missed. */
	if (fd >= 0 && pread(fd, &byte, 1, 0) < 0)
		return -errno;
	all = malloc(space * sizeof(*all));
	if (!all)
		return -ENOMEM;
	dir = opendir(vctx_root());
	if (!dir) {
		err = -errno;
		free(all);
		return err;
	}
	while (!err) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			err = -errno;
			break;
		}
		if (!vctx_parse_id(entry->d_name, &id) && id != VCTX_ID_HOST)
			err = add_id(&all, &used, &space, id);
	}
	closedir(dir);
	if (err) {
		free(all);
		return err;
	}
	qsort(all, used, sizeof(*all), compare_id);
	*ids = all;
	*nr = used;
	return 0;
}
