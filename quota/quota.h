/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx quota: what the core calls
 */
#ifndef _SECURITY_VCTX_QUOTA_H
#define _SECURITY_VCTX_QUOTA_H

#include <linux/vctx_quota.h>

#include "../vctx.h"

struct dentry;
struct inode;
struct seq_file;

int vctx_quota_change(struct inode *inode);
int vctx_quota_ioctl(struct inode *inode, unsigned int cmd);
int vctx_quota_rename(struct dentry *old_dentry, struct dentry *new_dentry);
int vctx_quota_link(struct dentry *old_dentry, struct dentry *new_dentry);
void vctx_quota_show_events(struct seq_file *m, const struct vctx *vctx);

#endif /* _SECURITY_VCTX_QUOTA_H */
