// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: nofile, open file descriptions
 *
 * Charged to who makes one, as in the system's own fs.file-nr: what the kernel
 * opens for itself, such as the lower file of an overlay, is not counted.  A
 * description that is passed to another context stays charged to its maker.
 */

#include <linux/fs.h>

#include "limits.h"

int __vctx_file_charge(struct file *file)
{
	struct vctx *vctx = current_vctx();

	if (vctx_charge(vctx, VCTX_NOFILE, 1))
		return -ENFILE;
	vctx_get(vctx);
	file->f_vctx = vctx;
	return 0;
}

void __vctx_file_release(struct file *file)
{
	struct vctx *vctx = file->f_vctx;

	vctx_uncharge(vctx, VCTX_NOFILE, 1);
	vctx_put(vctx);
}
