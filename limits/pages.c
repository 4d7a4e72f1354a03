// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: shmem, and memlock of what is not an address space's
 *
 * A file in tmpfs, which shared anonymous mappings, System V segments and memfds
 * are too, is its maker's: what is allocated in it, resident or swapped out, is
 * charged to the context that has made its inode, whoever writes it, and until
 * it is truncated.  A segment that is locked, and a buffer that is registered
 * with io_uring, is charged to who has done that.
 *
 * How much is kept beside the context, so that exactly that is released.
 */

#include <linux/mm.h>
#include <linux/vctx_pages.h>

#include "limits.h"

void __vctx_pages_init(struct vctx_pages *p)
{
	struct vctx *vctx = current_vctx();

	vctx_get(vctx);
	p->vctx = vctx;
}

static int pages_charge(struct vctx_pages *p, enum vctx_resource res, long nr)
{
	if (vctx_charge(p->vctx, res, nr << PAGE_SHIFT))
		return -ENOMEM;
	atomic_long_add(nr, &p->nr);
	return 0;
}

static void pages_release(struct vctx_pages *p, enum vctx_resource res)
{
	struct vctx *vctx = p->vctx;
	long nr = atomic_long_xchg(&p->nr, 0);

	if (nr)
		vctx_uncharge(vctx, res, nr << PAGE_SHIFT);
	p->vctx = NULL;
	vctx_put(vctx);
}

int __vctx_shmem_charge(struct vctx_pages *p, long nr)
{
	return pages_charge(p, VCTX_SHMEM, nr) ? -ENOSPC : 0;
}

void __vctx_shmem_uncharge(struct vctx_pages *p, long nr)
{
	atomic_long_sub(nr, &p->nr);
	vctx_uncharge(p->vctx, VCTX_SHMEM, nr << PAGE_SHIFT);
}

void __vctx_shmem_release(struct vctx_pages *p)
{
	pages_release(p, VCTX_SHMEM);
}

int __vctx_locked_charge(struct vctx_pages *p, long nr)
{
	int err;

	__vctx_pages_init(p);
	err = pages_charge(p, VCTX_MEMLOCK, nr);
	if (err)
		pages_release(p, VCTX_MEMLOCK);
	return err;
}

void __vctx_locked_release(struct vctx_pages *p)
{
	pages_release(p, VCTX_MEMLOCK);
}
