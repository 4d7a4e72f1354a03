/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx quota: what the core calls
 */
#ifndef _SECURITY_VCTX_QUOTA_H
#define _SECURITY_VCTX_QUOTA_H

#include <linux/vctx_quota.h>

#include "../vctx.h"

struct file;
struct inode;
struct seq_file;

int vctx_quota_change(struct inode *inode);
void vctx_quota_show_events(struct seq_file *m, const struct vctx *vctx);

void vctx_quota_init(void);

#endif /* _SECURITY_VCTX_QUOTA_H */
