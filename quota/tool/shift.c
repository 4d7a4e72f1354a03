// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owners of what is there already become users of a context
 *
 * Who is below 65536 becomes CONTEXT << 16 | UID, in access control lists as
 * well; others are left alone, so that it can be ended and done again.
 * Changing an owner takes set-id bits and file capabilities away: they are
 * given back, these for root of the context.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "progress.h"
#include "vquota.h"
#include "walk.h"

/* The largest value of an extended attribute */
#define XATTR_MOST	65536

/* As <linux/posix_acl_xattr.h> has them: u16 tag, u16 perm, u32 id, after u32 */
#define ACL_HEAD	4
#define ACL_ENTRY	8
#define ACL_USER	0x02
#define ACL_GROUP	0x08

/**
 * struct shifting - what is done to a tree, and what came of it
 * @options: how
 * @tag: of the context
 * @progress: how far it is
 * @changed: files that were changed
 * @errors: files that could not be
 */
struct shifting {
	const struct options *options;
	unsigned int tag;
	struct progress progress;
	unsigned long long changed;
	unsigned long long errors;
};

static void trouble(struct shifting *s, const char *path, int err)
{
	s->errors++;
	if (s->errors > NAMED_MOST && !s->options->verbose)
		return;
	progress_clear(&s->progress);
	tool_error(&vquota_tool, "%s: %s", path, strerror(-err));
}

static void problem(struct walk *walk, const char *path, int err)
{
	trouble(walk->arg, path, err);
}

static unsigned int shifted(const struct shifting *s, unsigned int id)
{
	return id <= USER_MASK ? s->tag << USER_SHIFT | id : id;
}

static unsigned int get32(const unsigned char *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (unsigned int)at[3] << 24;
}

static void put32(unsigned char *at, unsigned int value)
{
	int i;

	for (i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

/* Return: 1 if an access control list was changed, 0, or a negative errno. */
static int shift_acl(const struct shifting *s, const char *path,
		     const char *name)
{
	static unsigned char acl[XATTR_MOST];
	ssize_t len = getxattr(path, name, acl, sizeof(acl));
	int changed = 0;
	ssize_t at;

	if (len < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -errno;
	for (at = ACL_HEAD; at + ACL_ENTRY <= len; at += ACL_ENTRY) {
		unsigned int tag = acl[at] | acl[at + 1] << 8;
		unsigned int id = get32(acl + at + 4);

		if ((tag != ACL_USER && tag != ACL_GROUP) || shifted(s, id) == id)
			continue;
		put32(acl + at + 4, shifted(s, id));
		changed = 1;
	}
	if (changed && setxattr(path, name, acl, (size_t)len, XATTR_REPLACE))
		return -errno;
	return changed;
}

/* Capabilities as they are for root of the context; 0 bytes for none */
static int read_capabilities(const struct shifting *s, const char *path,
			     struct vfs_ns_cap_data *data, size_t *size)
{
	ssize_t len = getxattr(path, "security.capability", data, sizeof(*data));
	unsigned int magic;

	*size = 0;
	if (len < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -errno;
	magic = get32((unsigned char *)&data->magic_etc);
	if ((magic & VFS_CAP_REVISION_MASK) == VFS_CAP_REVISION_2 &&
	    len == XATTR_CAPS_SZ_2) {
		magic = VFS_CAP_REVISION_3 | (magic & VFS_CAP_FLAGS_MASK);
		put32((unsigned char *)&data->magic_etc, magic);
		put32((unsigned char *)&data->rootid, s->tag << USER_SHIFT);
		*size = sizeof(*data);
	} else {
		*size = (size_t)len;
	}
	return 0;
}

static int change_owner(const struct shifting *s, const struct walk_file *file,
			const char *path, unsigned int uid, unsigned int gid)
{
	unsigned int mode = file->st->stx_mode;
	struct vfs_ns_cap_data data;
	size_t size = 0;
	int err = 0;

	if (S_ISREG(mode))
		err = read_capabilities(s, path, &data, &size);
	if (err)
		return err;
	if (fchownat(file->fd, "", uid, gid, AT_EMPTY_PATH))
		return -errno;
	if (S_ISREG(mode) && mode & (S_ISUID | S_ISGID) &&
	    chmod(path, mode & 07777))
		return -errno;
	if (size && setxattr(path, "security.capability", &data, size, 0))
		return -errno;
	return 0;
}

static int visit(struct walk *walk, struct walk_file *file)
{
	static const char *const lists[] = {
		"system.posix_acl_access", "system.posix_acl_default",
	};
	struct shifting *s = walk->arg;
	unsigned int uid = shifted(s, file->st->stx_uid);
	unsigned int gid = shifted(s, file->st->stx_gid);
	unsigned int mode = file->st->stx_mode;
	char path[32];
	int changed = 0;
	int err = 0;
	size_t i;

	progress_step(&s->progress);
	/* Leads to what is open, never to what has its name by now */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	for (i = 0; !S_ISLNK(mode) && err >= 0 && i < 2; i++) {
		if (i && !S_ISDIR(mode))
			break;
		err = shift_acl(s, path, lists[i]);
		changed |= err > 0;
	}
	if (err >= 0)
		err = 0;
	if (!err && (uid != file->st->stx_uid || gid != file->st->stx_gid)) {
		err = change_owner(s, file, path, uid, gid);
		changed = 1;
	}
	if (err)
		trouble(s, file->path, err);
	else
		s->changed += (unsigned int)changed;
	return 0;
}

/**
 * shift_owners() - make owners of what is below a directory a context's users
 * @options: which context
 * @dir: the directory
 * @fd: O_PATH, of it
 *
 * Return: an exit code; success means that nothing below is left to be done.
 */
int shift_owners(const struct options *options, const char *dir, int fd)
{
	struct shifting s = { .options = options, .tag = options->id };
	struct walk walk = { .visit = visit, .problem = problem, .arg = &s };

	catch_signals();
	progress_begin(&s.progress, fd, dir);
	if (!walk_stopped)
		walk_tree(&walk, fd, dir);
	progress_clear(&s.progress);
	printf("%s: %llu file%s changed\n", dir, s.changed,
	       s.changed == 1 ? "" : "s");
	if (walk.mounts)
		printf("%llu mount%s not entered\n", walk.mounts,
		       walk.mounts == 1 ? " below was" : "s below were");
	if (walk_stopped)
		tool_error(&vquota_tool, "%s: ended by a signal; run it again for the rest",
			   dir);
	die_of_signal();
	if (s.errors)
		tool_error(&vquota_tool, "%s: %llu file%s could not be changed",
			   dir, s.errors, s.errors == 1 ? "" : "s");
	return s.errors ? EXIT_FAILED : EXIT_SUCCESS;
}
