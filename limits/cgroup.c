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

/* Making, filling and removing them */

static int cgroup_enable_memory(struct cgroup *cgrp)
{
	return cgroup_change_control(cgrp, MEMORY & ~cgrp->subtree_control, 0);
}

/* Nothing is in it, since nothing but a member of its context can be. */
static void cgroup_remove(struct cgroup *cgrp)
{
	lockdep_assert_held(&cgroup_mutex);

	WRITE_ONCE(cgrp->vctx, NULL);
	WARN_ON_ONCE(cgroup_destroy_locked(cgrp));
}

/**
 * vctx_cgroup_create() - make the cgroups of a context, empty
 * @vctx: the context, without any; those above have theirs
 *
 * Context: kernel thread, may sleep, takes cgroup_mutex.
 * Return: the one for the members, with a reference, or an ERR_PTR():
 * -EOPNOTSUPP if there is no memory controller in the default hierarchy;
 * -EEXIST if there is a cgroup of that name; -EAGAIN if cgroup.max.descendants
 * or cgroup.max.depth of one above does not allow another; -ENOMEM.
 */
struct cgroup *vctx_cgroup_create(struct vctx *vctx)
{
	struct cgroup *parent = &cgrp_dfl_root.cgrp;
	struct cgroup *top, *members;
	char name[16];
	int err;

	if (vctx->parent)
		parent = cgroup_parent(vctx->parent->members);
	snprintf(name, sizeof(name), "vctx.%u", vctx->id);

	cgroup_lock_and_drain_offline(parent);
	members = ERR_PTR(-EOPNOTSUPP);
	if (!cgroup_ssid_enabled(memory_cgrp_id) ||
	    !cgroup_subsys_on_dfl(memory_cgrp_subsys))
		goto unlock;
	err = cgroup_enable_memory(parent);
	if (err) {
		members = ERR_PTR(err);
		goto unlock;
	}
	top = cgroup_mkdir_locked(parent, name, 0755);
	if (IS_ERR(top)) {
		members = top;
		goto unlock;
	}
	/* It is nobody's, or has none itself: the administrator's doing. */
	err = vctx_cgroup_css(top) ? cgroup_enable_memory(top) : -EOPNOTSUPP;
	members = err ? ERR_PTR(err) : cgroup_mkdir_locked(top, "members", 0755);
	if (IS_ERR(members)) {
		cgroup_remove(top);
		goto unlock;
	}
	WRITE_ONCE(top->vctx, vctx);
	WRITE_ONCE(members->vctx, vctx);
	cgroup_get(members);
unlock:
	cgroup_unlock();
	return members;
}

/**
 * vctx_cgroup_remove() - remove the cgroups of a context
 * @members: as vctx_cgroup_create() has returned it; its reference is dropped
 *
 * Context: process, may sleep, takes cgroup_mutex.  No member is left.
 */
void vctx_cgroup_remove(struct cgroup *members)
{
	struct cgroup *top = cgroup_parent(members);

	cgroup_lock();
	cgroup_remove(members);
	cgroup_remove(top);
	cgroup_unlock();
	cgroup_put(members);
}

static void cgroup_moved(void)
{
	struct cgroup_subsys *ss;
	int ssid;

	for_each_subsys(ss, ssid)
		if (ss->post_attach)
			ss->post_attach();
}

/* The next process of a context, or of one below, from an id upwards */
static struct task_struct *next_process(struct vctx *vctx, int *nr)
{
	struct task_struct *task = NULL;
	struct pid *pid;

	rcu_read_lock();
	while ((pid = find_ge_pid(*nr, &init_pid_ns))) {
		*nr = pid_nr(pid) + 1;
		task = pid_task(pid, PIDTYPE_TGID);
		if (task && vctx_is_within(task_vctx(task), vctx)) {
			get_task_struct(task);
			break;
		}
		task = NULL;
	}
	rcu_read_unlock();
	return task;
}

/**
 * vctx_cgroup_fill() - move what is in a context to its cgroup
 * @vctx: the context; those below have no cgroups
 *
 * Nobody enters meanwhile, see vctx_memcg_enter().  And nobody forks: a new
 * task that is not yet found by its id gets its cgroup after this, and gets its
 * parent's.
 *
 * Context: kernel thread, as the LSM hook of the cpuset controller refuses
 * others to move members; may sleep, takes cgroup_mutex.
 * Return: 0 or what a controller says.  The rest is not moved then.
 */
int vctx_cgroup_fill(struct vctx *vctx)
{
	struct task_struct *task;
	int nr = 1, err = 0;

	cgroup_lock();
	cgroup_attach_lock(true);
	while (!err && (task = next_process(vctx, &nr))) {
		err = cgroup_attach_task(vctx->members, task, true);
		put_task_struct(task);
	}
	cgroup_attach_unlock(true);
	cgroup_moved();
	cgroup_unlock();
	return err;
}

/**
 * vctx_cgroup_join() - move current, which has no other threads, to a cgroup
 * @members: the cgroup of a context in which current has a place
 *
 * Context: process, may sleep, takes cgroup_mutex.
 * Return: 0 or what a controller says.
 */
int vctx_cgroup_join(struct cgroup *members)
{
	int err;

	cgroup_lock();
	/* Current cannot exit or get another thread meanwhile. */
	cgroup_attach_lock(false);
	err = cgroup_attach_task(members, current, false);
	cgroup_attach_unlock(false);
	cgroup_moved();
	cgroup_unlock();
	return err;
}
