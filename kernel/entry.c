// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: entering a context, for good
 */

#include <linux/build_bug.h>
#include <linux/cgroup-defs.h>
#include <linux/cred.h>
#include <linux/fdtable.h>
#include <linux/fs_struct.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "limits/limits.h"
#include "net.h"
#include "sched/sched.h"
#include "vctx.h"

#include <trace/events/vctx.h>

/*
 * What other tasks share with current would be used by them in one context
 * and counted in another.  A thread whose first one has exited is alone, too,
 * but that one still is what the process is known by.
 */
static bool current_shares(void)
{
	struct fs_struct *fs = current->fs;
	bool shares;

	/* Nobody but current replaces it. */
	struct sighand_struct *sighand =
		rcu_dereference_protected(current->sighand, true);

	spin_lock(&fs->lock);
	shares = fs->users > 1;
	spin_unlock(&fs->lock);
	return shares || !thread_group_empty(current) ||
	       !current_is_single_threaded() ||
	       atomic_read(&current->files->count) > 1 ||
	       refcount_read(&sighand->count) > 1;
}

/*
 * A setuid program that cannot give up its rights any more, because somebody
 * without privilege took away the capability to do so, is a hole.
 */
static bool may_drop(const struct cred *cred, u64 cap_drop)
{
	const u64 needs = BIT_ULL(CAP_SETUID) | BIT_ULL(CAP_SETGID) |
			  BIT_ULL(CAP_SETPCAP);

	return !(cap_drop & needs & cred->cap_bset.val) ||
	       task_no_new_privs(current) ||
	       ns_capable(current_user_ns(), CAP_SETPCAP);
}

static void lower_caps(struct cred *cred, kernel_cap_t ceiling, u64 cap_drop)
{
	ceiling.val &= ~cap_drop;
	cred->cap_bset = cap_intersect(cred->cap_bset, ceiling);
	cred->cap_permitted = cap_intersect(cred->cap_permitted, ceiling);
	cred->cap_effective = cap_intersect(cred->cap_effective, ceiling);
	cred->cap_inheritable = cap_intersect(cred->cap_inheritable, ceiling);
	cred->cap_ambient = cap_intersect(cred->cap_ambient, ceiling);
}

/* Gives back the place in @to, which may be removed then. */
static void leave_target(struct vctx *to)
{
	vctx_get(to);
	vctx_live_put(to, VCTX_LIVE_MEMBER);
	vctx_put(to);
}

/* The context that was asked for, with a member's place taken. */
static struct vctx *find_target(struct vctx *from, const struct vctx_enter *req)
{
	struct vctx *to;

	if (req->id == VCTX_ID_NEW) {
		if (from && (atomic_read(&from->flags) & VCTX_FLAG_LOCK))
			return ERR_PTR(-EPERM);
		return vctx_create_dynamic(from, req->cap_drop);
	}
	if (!vctx_host_admin())
		return ERR_PTR(-EPERM);
	if (req->id >= VCTX_ID_DYNAMIC_MIN)
		to = vctx_enter_dynamic(req->id);
	else
		to = vctx_enter_static(req->id, req->cap_drop);
	if (!IS_ERR(to) && (atomic_read(&to->flags) & VCTX_FLAG_PRIVATE)) {
		leave_target(to);
		to = ERR_PTR(-EPERM);
	}
	return to;
}

/* What can fail; vctx_memcg_entered() follows if it does not. */
static int make_ready(struct vctx *to, const struct vctx *from,
		      const struct vctx_enter *req)
{
	int turned = 0;
	int err;

	if (req->flags & VCTX_FLAG_FAKEINIT) {
		err = vctx_init_claim(to);
		if (err)
			return err;
	}
	if (req->flags & VCTX_FLAG_SCHED)
		turned = vctx_sched_turn(to, true, VCTX_LIVE_MEMBER);
	err = turned < 0 ? turned : vctx_memcg_enter(to, from);
	if (!err)
		return 0;
	if (turned > 0)
		vctx_sched_turn(to, false, VCTX_LIVE_MEMBER);
	if (req->flags & VCTX_FLAG_FAKEINIT)
		vctx_init_unclaim(to);
	return err;
}

static int enter(const struct vctx_enter *req)
{
	struct vctx_task *blob = &current->vctx;
	struct vctx *from = current_vctx();
	struct vctx_group *from_group;
	struct cred *cred;
	struct vctx *to;
	int err;

	/* It could do nothing any more for those that it traces. */
	if (current_shares() || current->ptrace ||
	    !list_empty(&current->ptraced))
		return -EBUSY;
	if (!may_drop(current_cred(), req->cap_drop))
		return -EPERM;

	cred = prepare_creds();
	if (!cred)
		return -ENOMEM;
	to = find_target(from, req);
	if (IS_ERR(to)) {
		abort_creds(cred);
		return PTR_ERR(to);
	}
	err = make_ready(to, from, req);
	if (err) {
		leave_target(to);
		abort_creds(cred);
		return err;
	}
	vctx_limits_enter(to, from);
	lower_caps(cred, to->ceiling, req->cap_drop);
	vctx_keys_enter(cred);
	/* The place in vctx.live keeps it until this reference is there. */
	vctx_get(to);
	cgroup_threadgroup_change_begin(current);
	vctx_accounting_enter(to);
	from_group = vctx_sched_enter(to);
	cgroup_threadgroup_change_end(current);
	vctx_memcg_entered();
	if (blob->member)
		vctx_live_put(from, VCTX_LIVE_MEMBER);
	if (from) {
		vctx_init_unclaim(from);
		vctx_put(from);
	}
	blob->member = true;
	if (req->flags & VCTX_FLAG_FAKEINIT)
		current->signal->is_child_subreaper = 1;
	commit_creds(cred);
	vctx_sched_entered(from_group);
	vctx_set_flags(to, req->flags & ~VCTX_FLAG_SCHED);
	trace_vctx_enter(to->id, from ? from->id : VCTX_ID_HOST);
	return 0;
}

static bool id_valid(u32 id)
{
	return id == VCTX_ID_NEW ||
	       (id >= VCTX_ID_WATCHER && id <= VCTX_ID_STATIC_MAX) ||
	       (id >= VCTX_ID_DYNAMIC_MIN && id <= VCTX_ID_DYNAMIC_MAX);
}

/* As copy_struct_from_user(), but the payload is in the kernel already. */
static int copy_payload(void *req, size_t size, const struct lsm_ctx *lctx)
{
	size_t len = lctx->ctx_len;

	if (len > size && memchr_inv(lctx->ctx + size, 0, len - size))
		return -E2BIG;
	memcpy(req, lctx->ctx, min(len, size));
	return 0;
}

static int bind_self(const struct lsm_ctx *lctx)
{
	size_t len = offsetof(struct vctx_bind, addr);
	struct vctx_bind req = {};
	int err;

	BUILD_BUG_ON(sizeof(req) != VCTX_BIND_SIZE_VER0);

	if (lctx->ctx_len < len)
		return -EINVAL;
	err = copy_payload(&req, sizeof(req), lctx);
	if (err)
		return err;
	if (!req.nr || req.nr > ARRAY_SIZE(req.addr))
		return -EINVAL;
	len += flex_array_size(&req, addr, req.nr);
	if (lctx->ctx_len < len ||
	    memchr_inv((u8 *)&req + len, 0, sizeof(req) - len))
		return -EINVAL;
	return vctx_net_bind_self(&req);
}

int vctx_setselfattr(unsigned int attr, struct lsm_ctx *lctx, u32 size,
		     u32 flags)
{
	struct vctx_enter req = {};
	int err;

	BUILD_BUG_ON(sizeof(req) != VCTX_ENTER_SIZE_VER0);
	/*
	 * The system call has taken it.  It keeps away a ptrace_attach() that
	 * has found both in one context and would go on with them in two.
	 */
	lockdep_assert_held(&current->signal->cred_guard_mutex);

	if (attr != LSM_ATTR_CURRENT)
		return -EINVAL;
	if (lctx->flags == VCTX_SET_BIND)
		return bind_self(lctx);
	if (lctx->flags || lctx->ctx_len < VCTX_ENTER_SIZE_VER0)
		return -EINVAL;
	err = copy_payload(&req, sizeof(req), lctx);
	if (err)
		return err;
	if ((req.flags & ~VCTX_FLAGS_ALL) || (req.cap_drop & ~CAP_VALID_MASK) ||
	    !id_valid(req.id))
		return -EINVAL;
	return enter(&req);
}

int vctx_getselfattr(unsigned int attr, struct lsm_ctx __user *uctx,
		     u32 *size, u32 flags)
{
	const struct vctx *vctx = current_vctx();
	struct vctx_self self = {
		.version = VCTX_ABI_VERSION,
		.flags_supported = VCTX_FLAGS_ALL,
		.cap_ceiling = CAP_VALID_MASK,
	};
	int err;

	BUILD_BUG_ON(sizeof(self) != VCTX_SELF_SIZE_VER0);

	if (attr != LSM_ATTR_CURRENT)
		return -EOPNOTSUPP;
	if (vctx) {
		self.id = vctx->id;
		self.depth = vctx->depth;
		self.flags = atomic_read(&vctx->flags);
		self.cap_ceiling = vctx->ceiling.val;
	}
	err = lsm_fill_user_ctx(uctx, size, &self, sizeof(self), LSM_ID_VCTX, 0);
	return err ?: 1;
}
