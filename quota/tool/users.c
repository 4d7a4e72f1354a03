// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Users of contexts, each with a quota of his own
 *
 * A mount of a directory over itself stores user and group UID as
 * CONTEXT << 16 | UID, so that the user quota of the filesystem tells users of
 * contexts apart.  What such a mount stores is said by a user namespace, which
 * only a process can make.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vquota.h"

/* A process with a user namespace of its own, until it is let go */
struct child {
	pid_t pid;
	int hold;
};

static void let_go(struct child *child)
{
	close(child->hold);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Return: 0 once it has its namespace, or a negative errno. */
static int make_child(struct child *child)
{
	int ready[2], hold[2];
	int err = 0;
	char byte;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	if (pipe2(hold, O_CLOEXEC)) {
		err = -errno;
		close(ready[0]);
		close(ready[1]);
		return err;
	}
	fflush(NULL);
	child->pid = fork();
	if (!child->pid) {
		close(hold[1]);
		close(ready[0]);
		if (unshare(CLONE_NEWUSER))
			err = errno;
		if (write(ready[1], &err, sizeof(err)) == (ssize_t)sizeof(err))
			while (read(hold[0], &byte, 1) < 0 && errno == EINTR)
				;
		_exit(0);
	}
	if (child->pid < 0)
		err = errno;
	close(ready[1]);
	close(hold[0]);
	child->hold = hold[1];
	if (child->pid < 0) {
		close(hold[1]);
	} else {
		if (read(ready[0], &err, sizeof(err)) != (ssize_t)sizeof(err))
			err = EIO;
		if (err)
			let_go(child);
	}
	close(ready[0]);
	return -err;
}

static int write_map(pid_t pid, const char *file, unsigned int tag)
{
	char path[64], text[64];
	int err = 0;
	int len;
	int fd;

	/* Stored, seen, how many */
	len = snprintf(text, sizeof(text), "%u 0 %u\n", tag << USER_SHIFT,
		       USER_MASK + 1);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)len) != len)
		err = errno ? -errno : -EIO;
	close(fd);
	return err;
}

/* Return: a descriptor of a user namespace that maps so, or a negative errno. */
static int make_map(unsigned int tag)
{
	struct child child = { 0 };
	char path[64];
	int fd = -1;
	int err = make_child(&child);

	if (err)
		return err;
	err = write_map(child.pid, "uid_map", tag);
	if (!err)
		err = write_map(child.pid, "gid_map", tag);
	if (!err) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)child.pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			err = -errno;
	}
	let_go(&child);
	return err ? err : fd;
}

static int has_option(const char *options, const char *word)
{
	size_t len = strlen(word);
	const char *s;

	for (s = options; (s = strstr(s, word)); s += len)
		if ((s == options || s[-1] == ',') && (!s[len] || s[len] == ','))
			return 1;
	return 0;
}

static int is_mount_root(int fd)
{
	struct statx st;

	return !statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) &&
	       st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static int failed(const char *dir, const char *what, int err)
{
	const char *why = strerror(-err);

	if (err == -EPERM)
		why = "only root outside of all contexts may do that";
	tool_error(&vquota_tool, "%s: %s: %s", dir, what, why);
	return EXIT_FAILED;
}

/* Puts the mount, which nobody sees yet, over the directory. */
static int mount_users(const char *dir, int tree, int fd, unsigned int tag)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	int map = make_map(tag);
	int status = EXIT_SUCCESS;

	if (map < 0)
		return failed(dir, "making a user namespace", map);
	attr.userns_fd = (__u64)map;
	if (mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		status = failed(dir, errno == EINVAL ?
				"its filesystem has no idmapped mounts" :
				"idmapped mount", -errno);
	close(map);
	if (!status && move_mount(tree, "", fd, "", MOVE_MOUNT_F_EMPTY_PATH |
				  MOVE_MOUNT_T_EMPTY_PATH))
		status = failed(dir, "mounting", -errno);
	return status;
}

/* What is there and would be nobody's inside */
static void warn_owner(const char *dir, int fd, unsigned int tag)
{
	struct stat st;

	if (!fstat(fd, &st) && st.st_uid >> USER_SHIFT != tag)
		tool_error(&vquota_tool, "warning: %s: stored owners are not those of context %u; unmount it and use --shift",
			   dir, tag);
}

static void warn_quota(const char *dir, int fd)
{
	unsigned int state;

	if (!vctx_quota_state(fd, VCTX_QUOTA_USER, &state) &&
	    !(state & VCTX_QUOTA_ENFORCED))
		tool_error(&vquota_tool, "warning: %s: user quota is not on: its filesystem has to be mounted with usrquota",
			   dir);
}

static int users(const struct options *options, const char *dir, int fd,
		 unsigned int tag)
{
	const struct vctx_mount *mount;
	struct vctx_mounts mounts;
	int status = EXIT_SUCCESS;
	int mapped;
	int tree;
	int err = vctx_read_mounts(&mounts);

	if (err)
		return failed(dir, "/proc/self/mountinfo", err);
	mount = vctx_mount_of(&mounts, fd);
	mapped = mount && has_option(mount->options, "idmapped");
	vctx_mounts_free(&mounts);
	if (mapped && is_mount_root(fd)) {
		printf("%s: an idmapped mount already.\n", dir);
		return EXIT_SUCCESS;
	}
	if (mapped) {
		tool_error(&vquota_tool, "%s: in an idmapped mount: there can be none within",
			   dir);
		return EXIT_FAILED;
	}
	/* With what is mounted below, which stays as it is */
	tree = open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
			 AT_RECURSIVE | AT_EMPTY_PATH);
	if (tree < 0)
		return failed(dir, "open_tree", -errno);
	if (options->shift)
		status = shift_owners(options, dir, fd);
	if (!status) {
		warn_owner(dir, fd, tag);
		warn_quota(dir, fd);
		status = mount_users(dir, tree, fd, tag);
	}
	close(tree);
	return status;
}

/**
 * do_users() - give a context users of its own in a directory
 * @options: which context
 * @dir: the directory, which is mounted over itself
 *
 * Return: an exit code.
 */
int do_users(const struct options *options, const char *dir)
{
	unsigned int tag;
	int status = context_tag(options, &tag);
	int fd;

	if (status)
		return status;
	fd = open(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		tool_error(&vquota_tool, "%s: %s", dir, strerror(errno));
		return EXIT_FAILED;
	}
	status = users(options, dir, fd, tag);
	close(fd);
	return status;
}
