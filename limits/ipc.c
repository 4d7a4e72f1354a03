// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: nshm, shmbytes, nsem, nmsg, msgbytes and mqbytes
 *
 * An object, and all that is in it, is charged to who made it, from its
 * creation until it is destroyed.  It outlives its maker, and so does the
 * charge.  What is sent into a queue is charged to the queue's owner, not to
 * the sender: a message stays until it is received or the queue is removed, and
 * only the owner can be sure to be able to do either.
 */

#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <uapi/linux/shm.h>

#include "limits.h"

/* What an object is charged as: once, and by its size */
struct ipc_kind {
	enum vctx_resource object, size;
	bool counted;
};

static const struct ipc_kind ipc_shm = { VCTX_NSHM, VCTX_SHMBYTES, true };
static const struct ipc_kind ipc_sem = { .size = VCTX_NSEM };
static const struct ipc_kind ipc_msgq = { VCTX_NMSG, VCTX_MSGBYTES, true };
static const struct ipc_kind ipc_mqueue = { VCTX_NMSG, VCTX_MQBYTES, true };

/* Takes @n units for an object that current makes, 0 if it is still empty. */
static int ipc_charge(struct vctx_owner *owner, const struct ipc_kind *kind,
		      long n, int size_errno)
{
	struct vctx *vctx = current_vctx();

	if (kind->counted && vctx_charge(vctx, kind->object, 1))
		return -ENOSPC;
	if (n && vctx_charge(vctx, kind->size, n)) {
		if (kind->counted)
			vctx_uncharge(vctx, kind->object, 1);
		return size_errno;
	}
	vctx_get(vctx);
	owner->vctx = vctx;
	owner->units = n;
	return 0;
}

static void ipc_uncharge(struct vctx_owner *owner, const struct ipc_kind *kind)
{
	struct vctx *vctx = owner->vctx;

	if (owner->units)
		vctx_uncharge(vctx, kind->size, owner->units);
	if (kind->counted)
		vctx_uncharge(vctx, kind->object, 1);
	owner->vctx = NULL;
	owner->units = 0;
	vctx_put(vctx);
}

/* What a segment takes: if it is of no size that exists, it is refused later. */
static long shm_bytes(size_t size, int shmflg)
{
	if (shmflg & SHM_HUGETLB) {
		struct hstate *hs;

		hs = hstate_sizelog((shmflg >> SHM_HUGE_SHIFT) & SHM_HUGE_MASK);
		if (hs)
			size = ALIGN(size, huge_page_size(hs));
	}
	return PAGE_ALIGN(size);
}

int __vctx_shm_charge(struct vctx_owner *owner, size_t size, int shmflg)
{
	/* More than there can be; rounded up, it might be less than nothing. */
	if (size > VCTX_MAX / 2)
		return -ENOSPC;
	return ipc_charge(owner, &ipc_shm, shm_bytes(size, shmflg), -ENOSPC);
}

void __vctx_shm_uncharge(struct vctx_owner *owner)
{
	ipc_uncharge(owner, &ipc_shm);
}

int __vctx_sem_charge(struct vctx_owner *owner, int nsems)
{
	return ipc_charge(owner, &ipc_sem, nsems, -ENOSPC);
}

void __vctx_sem_uncharge(struct vctx_owner *owner)
{
	ipc_uncharge(owner, &ipc_sem);
}

int __vctx_msgq_charge(struct vctx_owner *owner)
{
	return ipc_charge(owner, &ipc_msgq, 0, 0);
}

void __vctx_msgq_uncharge(struct vctx_owner *owner)
{
	ipc_uncharge(owner, &ipc_msgq);
}

/*
 * Waiting for room, as for room in the queue, could be for ever: nobody wakes
 * the sender when another queue of the same context is emptied.
 */
int __vctx_msg_charge(struct vctx_owner *owner, size_t size)
{
	if (size && vctx_charge(owner->vctx, VCTX_MSGBYTES, size))
		return -ENOSPC;
	owner->units += size;
	return 0;
}

void __vctx_msg_uncharge(struct vctx_owner *owner, size_t size)
{
	if (size)
		vctx_uncharge(owner->vctx, VCTX_MSGBYTES, size);
	owner->units -= size;
}

/* As with RLIMIT_MSGQUEUE, EMFILE is for bytes and ENOSPC for queues. */
int __vctx_mqueue_charge(struct vctx_owner *owner, unsigned long bytes)
{
	return ipc_charge(owner, &ipc_mqueue, bytes, -EMFILE);
}

void __vctx_mqueue_uncharge(struct vctx_owner *owner)
{
	ipc_uncharge(owner, &ipc_mqueue);
}
