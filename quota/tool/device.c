// SPDX-License-Identifier: GPL-2.0-or-later
/* What a filesystem lacks for quota, from its superblock, and what to do */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "vquota.h"

/* The superblock of ext4, and where in it what is */
#define EXT4_OFFSET		1024
#define EXT4_SIZE		1024
#define EXT4_MAGIC		0xef53
#define EXT4_AT_MAGIC		0x38
#define EXT4_AT_INODE_SIZE	0x58
#define EXT4_AT_RO_COMPAT	0x64
#define EXT4_AT_PROJECT_INODE	0x26c
#define EXT4_RO_COMPAT_QUOTA	0x100
#define EXT4_RO_COMPAT_PROJECT	0x2000

static unsigned int le16(const unsigned char *at)
{
	return at[0] | (unsigned int)at[1] << 8;
}

static unsigned int le32(const unsigned char *at)
{
	return le16(at) | le16(at + 2) << 16;
}

/**
 * device_read() - what is on a device
 * @path: of the device, or of an image
 * @device: receives it
 *
 * Return: 0, or what open(2) or read(2) failed with.
 */
int device_read(const char *path, struct device *device)
{
	unsigned char block[EXT4_OFFSET + EXT4_SIZE];
	const unsigned char *ext4 = block + EXT4_OFFSET;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	unsigned int features;
	ssize_t got;
	int err = 0;

	memset(device, 0, sizeof(*device));
	if (fd < 0)
		return -errno;
	got = pread(fd, block, sizeof(block), 0);
	if (got < 0)
		err = -errno;
	close(fd);
	if (err || got < (ssize_t)sizeof(block))
		return err;
	if (!memcmp(block, "XFSB", 4)) {
		strcpy(device->type, "xfs");
	} else if (le16(ext4 + EXT4_AT_MAGIC) == EXT4_MAGIC) {
		strcpy(device->type, "ext4");
		features = le32(ext4 + EXT4_AT_RO_COMPAT);
		device->has_features = features & EXT4_RO_COMPAT_QUOTA &&
				       features & EXT4_RO_COMPAT_PROJECT;
		device->has_project = device->has_features &&
				      le32(ext4 + EXT4_AT_PROJECT_INODE);
		device->inode_size = le16(ext4 + EXT4_AT_INODE_SIZE);
	}
	return 0;
}

static void explain_ext4(const struct vctx_mount *mount)
{
	struct device device;
	int err = device_read(mount->source, &device);

	if (!err && !strcmp(device.type, "ext4") && device.has_project) {
		tool_error(&vquota_tool, "ext4 counts usage only while it is mounted for writing, by a kernel with CONFIG_QFMT_V2");
		return;
	}
	if (!err && device.inode_size && device.inode_size < 256) {
		tool_error(&vquota_tool, "its inodes of %u bytes have no place for a project id: make it anew, with mkfs.ext4 -I 256 -O quota,project",
			   device.inode_size);
		return;
	}
	tool_error(&vquota_tool, "it lacks the features quota and project: unmount it, run 'vquota enable %s', and mount it with -o prjquota",
		   mount->source);
}

static void explain_xfs(const struct vctx_mount *mount)
{
	if (!strcmp(mount->point, "/"))
		tool_error(&vquota_tool, "boot with the kernel parameter rootflags=prjquota");
	else
		tool_error(&vquota_tool, "unmount it, and mount it with -o prjquota: mounting it again with -o remount does not do");
}

static void explain_users(const struct vctx_mount *mount)
{
	if (!strcmp(mount->type, "xfs"))
		tool_error(&vquota_tool, "unmount it, and mount it with -o usrquota");
	else if (!strcmp(mount->type, "ext4"))
		tool_error(&vquota_tool, "unmount it, run 'tune2fs -O quota -Q usrquota %s', and mount it with -o usrquota",
			   mount->source);
	else
		tool_error(&vquota_tool, "%s has none that vquota knows: ext4 and XFS have",
			   mount->type);
}

/**
 * explain_missing() - say why there is no quota, and what to do
 * @place: the filesystem
 * @type: kind of quota
 */
void explain_missing(const struct place *place, enum vctx_quota_type type)
{
	const struct vctx_mount *mount = place->mount;
	const char *fs = mount ? mount->type : "";

	if (mount)
		tool_error(&vquota_tool, "%s: %s on %s has no %s quota on",
			   place->name, fs, mount->source,
			   type == VCTX_QUOTA_TAG ? "project" : "user");
	else
		tool_error(&vquota_tool, "%s: no %s quota on", place->name,
			   type == VCTX_QUOTA_TAG ? "project" : "user");
	if (!mount)
		return;
	if (type == VCTX_QUOTA_USER)
		explain_users(mount);
	else if (!strcmp(fs, "ext4"))
		explain_ext4(mount);
	else if (!strcmp(fs, "xfs"))
		explain_xfs(mount);
	else if (!strcmp(fs, "f2fs"))
		tool_error(&vquota_tool, "make it with mkfs.f2fs -O extra_attr,quota,project_quota, and mount it with -o prjquota");
	else if (!strcmp(fs, "tmpfs"))
		tool_error(&vquota_tool, "tmpfs has none: what is in it is limited with 'vlimit shmem=...'");
	else if (!strcmp(fs, "overlay"))
		tool_error(&vquota_tool, "overlay has none: the quota is that of the filesystem of its upper directory");
	else if (!strcmp(fs, "9p") || !strncmp(fs, "nfs", 3) ||
		 !strcmp(fs, "cifs") || !strncmp(fs, "fuse", 4) ||
		 !strcmp(fs, "virtiofs"))
		tool_error(&vquota_tool, "%s has none here: what it stores is limited where it is stored",
			   fs);
	else
		tool_error(&vquota_tool, "%s has none that vquota knows: ext4 and XFS have",
			   fs);
}
