// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: the cgroups that a context owns
 *
 * A context with a limit on memory or swap owns two cgroups in the default
 * hierarchy:
 *
 *	vctx.ID		has the limits, and those of contexts below in it
 *	vctx.ID/members	has the tasks, as a cgroup whose children have a
 *			controller may have none
 *
 * They are cgroups as any other: the administrator reads memory.stat there.
 * What makes them the context's is cgroup.vctx and three rules that the cgroup
 * core asks for: only tasks of the context are in there and they do not leave,
 * whoever moves them; user space makes and removes no cgroup there; and members
 * of any context write none of the files.  A fork cannot get out, either: a
 * child is in its parent's cgroup, or CLONE_INTO_CGROUP is a move.
 *
 * Contexts above one that owns cgroups own some as well.  So the cgroups are
 * nested as the contexts are, and what is charged to one counts in those above.
 */

#include <linux/fs.h>
#include <linux/kernfs.h>
#include <linux/magic.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>

#include <../kernel/cgroup/cgroup-internal.h>

#include "cgroup.h"

#define MEMORY	BIT(memory_cgrp_id)

/* The rules */

/**
 * vctx_cgroup_owned() - does a context own this cgroup?
 * @cgrp: the cgroup
 *
 * Context: any; the answer stays true with cgroup_mutex.
 */
bool vctx_cgroup_owned(const struct cgroup *cgrp)
{
	return READ_ONCE(cgrp->vctx);
}

/**
 * vctx_cgroup_may_move() - may tasks be moved between two cgroups?
 * @src: where they are
 * @dst: where they shall go
 *
 * Context: cgroup_mutex is held.
 */
bool vctx_cgroup_may_move(const struct cgroup *src, const struct cgroup *dst)
{
	return src->vctx == dst->vctx;
}

/**
 * vctx_cgroup_may_write() - may current write to files of a cgroup?
 * @cgrp: the cgroup
 *
 * Context: process.
 */
bool vctx_cgroup_may_write(const struct cgroup *cgrp)
{
	return !vctx_cgroup_owned(cgrp) || !current_vctx();
}

/**
 * vctx_cgroup_inode_change() - may current, a member, change a file or directory?
 * @inode: of any filesystem; opened for writing, which somebody else could be
 *	made to do, or about to get other attributes
 *
 * Context: process.
 * Return: 0 or -EPERM
 */
int vctx_cgroup_inode_change(const struct inode *inode)
{
	struct kernfs_node *kn;
	struct cgroup *cgrp;
	bool owned;

	if (inode->i_sb->s_magic != CGROUP2_SUPER_MAGIC)
		return 0;
	kn = inode->i_private;
	if (kernfs_type(kn) != KERNFS_DIR)
		kn = kn->parent;
	rcu_read_lock();
	/* As the cgroup core reads it: gone with the cgroup */
	cgrp = rcu_dereference(*(void __rcu __force **)&kn->priv);
	owned = cgrp && vctx_cgroup_owned(cgrp);
	rcu_read_unlock();
	return owned ? -EPERM : 0;
}
