// SPDX-License-Identifier: LGPL-2.1-or-later
/* libvctx: what is mounted where, from /proc/self/mountinfo */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* Blanks and the like are in octal: "\040". */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
		    text[2] >= '0' && text[2] <= '7' && text[3] >= '0' &&
		    text[3] <= '7') {
			*to++ = (char)((text[1] - '0') << 6 |
				       (text[2] - '0') << 3 | (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

static int parse_device(const char *text, struct vctx_mount *mount)
{
	size_t len = strcspn(text, ":");

	if (!text[len] ||
	    vctx_parse_u32(text, len, &mount->dev_major) ||
	    vctx_parse_u32(text + len + 1, strlen(text + len + 1),
			   &mount->dev_minor))
		return -EPROTO;
	return 0;
}

/* "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG]... - TYPE SOURCE SUPER" */
static int parse_line(char *line, struct vctx_mount *mount)
{
	char **const texts[] = { &mount->root, &mount->point, &mount->options };
	char **const more[] = { &mount->type, &mount->source, &mount->super };
	char *save = NULL;
	char *id = strtok_r(line, " ", &save);
	char *parent = strtok_r(NULL, " ", &save);
	char *device = strtok_r(NULL, " ", &save);
	char *word;
	size_t i;

	if (!device || !parent || vctx_parse_u64(id, strlen(id), &mount->id) ||
	    parse_device(device, mount))
		return -EPROTO;
	for (i = 0; i < 3; i++) {
		*texts[i] = strtok_r(NULL, " ", &save);
		if (!*texts[i])
			return -EPROTO;
		unescape(*texts[i]);
	}
	do {
		word = strtok_r(NULL, " ", &save);
	} while (word && strcmp(word, "-"));
	if (!word)
		return -EPROTO;
	for (i = 0; i < 3; i++) {
		*more[i] = strtok_r(NULL, " ", &save);
		/* A filesystem may have no source, or one that is empty. */
		if (!*more[i])
			*more[i] = save;
		unescape(*more[i]);
	}
	return 0;
}

/**
 * vctx_read_mounts() - the mounts that the caller sees
 * @mounts: receives them; vctx_mounts_free() it
 *
 * Return: 0; -ENOMEM; -EPROTO if the kernel's text is not understood; or what
 * open(2) or read(2) failed with.  After an error there is nothing to give
 * back.
 */
int vctx_read_mounts(struct vctx_mounts *mounts)
{
	char path[VCTX_PATH_LEN];
	char *rest, *line;
	size_t lines = 0;
	size_t space = 0;
	size_t len, i;
	int err;

	memset(mounts, 0, sizeof(*mounts));
	err = vctx_path(path, sizeof(path), "%s/self/mountinfo",
			vctx_proc_root());
	if (!err)
		err = vctx_read_file(path, &mounts->text, &space, &len);
	for (i = 0; !err && i < len; i++)
		lines += mounts->text[i] == '\n';
	if (!err) {
		mounts->mount = calloc(lines + 1, sizeof(*mounts->mount));
		if (!mounts->mount)
			err = -ENOMEM;
	}
	for (rest = mounts->text; !err && (line = vctx_next_line(&rest)); )
		err = parse_line(line, &mounts->mount[mounts->nr++]);
	if (err)
		vctx_mounts_free(mounts);
	return err;
}

/**
 * vctx_mounts_free() - give back what vctx_read_mounts() gave
 * @mounts: all zeros afterwards
 */
void vctx_mounts_free(struct vctx_mounts *mounts)
{
	free(mounts->mount);
	free(mounts->text);
	memset(mounts, 0, sizeof(*mounts));
}

/**
 * vctx_mount_of() - the mount that a file was opened through
 * @mounts: the mounts
 * @fd: of the file; O_PATH suffices
 *
 * Return: the mount; NULL if it is not among them, as with one that is
 * attached nowhere, or out of the caller's root.
 */
const struct vctx_mount *vctx_mount_of(const struct vctx_mounts *mounts,
				       int fd)
{
	struct statx st;
	size_t i;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) ||
	    !(st.stx_mask & STATX_MNT_ID))
		return NULL;
	for (i = 0; i < mounts->nr; i++)
		if (mounts->mount[i].id == st.stx_mnt_id)
			return &mounts->mount[i];
	return NULL;
}

/*
 * Those that may have quota.  Others are not asked: to open a mount point of
 * the network may take forever.
 */
static int may_have_quota(const struct vctx_mount *mount)
{
	static const char *const types[] = { "ext4", "xfs", "f2fs" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(mount->type, types[i]))
			return 1;
	return 0;
}

static int same_filesystem(const struct vctx_mount *a,
			   const struct vctx_mount *b)
{
	return a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

/*
 * Has what is seen at a mount point quota?  One that cannot say, as when its disk
 * is broken, may have it: who asks it for more gets the error, and knows whose.
 */
static int may_have_type(const struct vctx_mounts *mounts,
			 const struct vctx_mount *mount,
			 enum vctx_quota_type type)
{
	int fd = open(mount->point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct vctx_mount *seen;
	unsigned int state = 0;
	int err = 0;

	if (fd < 0)
		return 0;
	/* Another one may be mounted over it. */
	seen = vctx_mount_of(mounts, fd);
	if (!seen || same_filesystem(seen, mount))
		err = vctx_quota_state(fd, type, &state);
	close(fd);
	return err || (state & VCTX_QUOTA_COUNTED);
}

/**
 * vctx_keep_quota() - leave only filesystems that have quota
 * @mounts: from vctx_read_mounts(); has one mount of each afterwards, one of
 *	all of it if there is; also those for which vctx_quota_state() fails
 * @type: kind of quota
 *
 * Return: 0; -ENOMEM.
 */
int vctx_keep_quota(struct vctx_mounts *mounts, enum vctx_quota_type type)
{
	struct vctx_mount *kept = calloc(mounts->nr + 1, sizeof(*kept));
	size_t nr = 0;
	size_t i, j;
	int part;

	if (!kept)
		return -ENOMEM;
	for (part = 0; part < 2; part++) {
		for (i = 0; i < mounts->nr; i++) {
			const struct vctx_mount *mount = &mounts->mount[i];

			if (!may_have_quota(mount) ||
			    part != !!strcmp(mount->root, "/"))
				continue;
			for (j = 0; j < nr; j++)
				if (same_filesystem(&kept[j], mount))
					break;
			if (j == nr && may_have_type(mounts, mount, type))
				kept[nr++] = *mount;
		}
	}
	free(mounts->mount);
	mounts->mount = kept;
	mounts->nr = nr;
	return 0;
}
