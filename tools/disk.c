// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disk quota as files of vctl have it, against filesystems
 *
 * A file names a filesystem by any path in it.  What is read gets the same
 * name, so that both can be compared; a filesystem that the file does not name
 * is called as where it is mounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"

static int open_path(const char *path, dev_t *dev)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		int err = -errno;

		close(fd);
		return err;
	}
	*dev = st.st_dev;
	return fd;
}

/* What a file calls a filesystem, or NULL */
static const char *find_name(const struct conf *names, dev_t dev)
{
	size_t i;

	for (i = 0; i < names->nr_quota; i++) {
		dev_t other;
		int fd = open_path(names->quota[i].path, &other);

		if (fd < 0)
			continue;
		close(fd);
		if (other == dev)
			return names->quota[i].path;
	}
	return NULL;
}

static int read_one(struct conf *is, unsigned int id, const struct conf *names,
		    const char *point)
{
	struct vctx_quota quota;
	const char *name;
	dev_t dev;
	int err;
	int fd;

	fd = open_path(point, &dev);
	if (fd < 0)
		return fd;
	err = vctx_get_quota(fd, VCTX_QUOTA_TAG, id, &quota);
	close(fd);
	if (err)
		return err;
	name = find_name(names, dev);
	return conf_add_quota(is, name ? name : point, &quota,
			      (struct conf_pos){ 0 });
}

/**
 * disk_read() - what a context may use of all filesystems that have quota
 * @is: gets them, also those without a limit
 * @id: of the context
 * @names: what filesystems are called
 *
 * Return: 0; -ENOMEM; or what the kernel says beside that there is none.
 */
int disk_read(struct conf *is, unsigned int id, const struct conf *names)
{
	struct vctx_mounts mounts;
	size_t i;
	int err;

	err = vctx_read_mounts(&mounts);
	/* Without /proc nothing is known to be mounted. */
	if (err)
		return err == -ENOENT ? 0 : err;
	err = vctx_keep_quota(&mounts, VCTX_QUOTA_TAG);
	for (i = 0; !err && i < mounts.nr; i++)
		err = read_one(is, id, names, mounts.mount[i].point);
	vctx_mounts_free(&mounts);
	return err;
}

/**
 * disk_check() - do the filesystems that a file names have quota?
 * @conf: what the file says
 * @bad: called for each one that does not, or that it names twice
 * @arg: handed to @bad
 *
 * Return: how many errors there are.
 */
int disk_check(const struct conf *conf,
	       void (*bad)(void *arg, struct conf_pos pos, const char *text),
	       void *arg)
{
	char text[512];
	int errors = 0;
	size_t i, j;

	for (i = 0; i < conf->nr_quota; i++) {
		const struct conf_quota *quota = &conf->quota[i];
		unsigned int state = 0;
		dev_t dev, other;
		int fd = open_path(quota->path, &dev);
		int err = fd < 0 ? fd : vctx_quota_state(fd, VCTX_QUOTA_TAG,
							 &state);

		if (fd >= 0)
			close(fd);
		text[0] = '\0';
		if (err)
			snprintf(text, sizeof(text), "%.400s: %s", quota->path,
				 strerror(-err));
		else if (!(state & VCTX_QUOTA_COUNTED))
			snprintf(text, sizeof(text), "%.400s: its filesystem has no project quota on, see 'vquota -f'",
				 quota->path);
		for (j = 0; !*text && j < i; j++) {
			fd = open_path(conf->quota[j].path, &other);
			if (fd < 0)
				continue;
			close(fd);
			if (other == dev)
				snprintf(text, sizeof(text), "the filesystem of %.400s is in line %u already",
					 quota->path, conf->quota[j].pos.line);
		}
		if (!*text)
			continue;
		bad(arg, quota->pos, text);
		errors++;
	}
	return errors;
}

static int set_one(const char *path, unsigned int id,
		   const struct conf_quota *want, int *changed)
{
	struct vctx_quota_use none = { .soft = VCTX_MAX, .hard = VCTX_MAX };
	struct vctx_quota_use space = want ? want->quota.space : none;
	struct vctx_quota_use inodes = want ? want->quota.inodes : none;
	struct vctx_quota is;
	dev_t dev;
	int err;
	int fd;

	fd = open_path(path, &dev);
	if (fd < 0)
		return fd;
	err = vctx_get_quota(fd, VCTX_QUOTA_TAG, id, &is);
	if (!err && (is.space.soft != space.soft ||
		     is.space.hard != space.hard ||
		     is.inodes.soft != inodes.soft ||
		     is.inodes.hard != inodes.hard)) {
		is.space = space;
		is.inodes = inodes;
		err = vctx_set_quota(fd, VCTX_QUOTA_TAG, &is,
				     VCTX_QUOTA_LIMITS);
		if (!err)
			*changed = 1;
	}
	close(fd);
	return err;
}

/**
 * disk_apply() - limit a context on all filesystems
 * @want: limits; a filesystem that is not there has none
 * @was: from disk_read(): all filesystems, called as in @want
 * @id: of the context
 * @changed: becomes 1 once something was changed
 *
 * Return: 0; errors as vctx_set_quota(), and the rest is left as it was.
 */
int disk_apply(const struct conf *want, const struct conf *was,
	       unsigned int id, int *changed)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < was->nr_quota; i++) {
		const char *path = was->quota[i].path;

		err = set_one(path, id, conf_find_quota(want, path), changed);
	}
	return err;
}
