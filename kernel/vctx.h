/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx: the context object, its references and its counters
 *
 * Lifetime.  A context is *online* from its creation until nothing lives in
 * it any more: no member, no child context and, if it was made by mkdir, no
 * directory.  vctx.live counts these three together, so that the last one to
 * go is seen by one atomic operation.  It then loses its directory and its id
 * in a work item, and what remains is memory that is pinned by whatever is
 * still charged to it (vctx.ref); when the last charge is released every
 * usage must be zero, and the memory is freed.
 *
 * Locks, outermost first:
 *
 *	current->signal->cred_guard_mutex	entry against ptrace and exec
 *	inode lock of vctxfs's root		mkdir and rmdir
 *	  kernfs active reference of the root
 *	    vctx_static_mutex			making a context with a given id
 *	      kernfs_rwsem			(inside of kernfs)
 *	kernfs active reference of a file	reading and writing a file
 *	  vctx_name_mutex			names are unique
 *	    vctx_name_lock			a name is read in one piece
 *	  vctx_devices_mutex			one line of devices at a time
 *	  vctx_net_mutex			addresses change; also inside of
 *						cred_guard_mutex
 *	  vctx_limits_mutex			one line of limits at a time
 *	    (waits for a work item)		making a memory cgroup
 *	      vctx_memcg_mutex			and entering, which is inside of
 *						cred_guard_mutex instead
 *		cgroup_mutex			and what is inside of that
 *		cgroup_threadgroup_rwsem	for reading: an entry's last steps
 *	    vctx_counter.lock			irqs off; innermost of all
 *	  vctx_sched_mutex			who has which task group; also
 *						inside of cred_guard_mutex
 *	    cpu_hotplug_lock			by tg_set_cfs_bandwidth()
 *	    cgroup_threadgroup_rwsem		for writing: no fork, no entry
 *	      run queues' locks			a task changes its group
 *	mmap_lock				entry; what a fault holds
 *	  vctx_oom_mutex			one at a time makes room
 *	  page table locks
 *	    vctx_mm_moving			counting while entry moves an mm
 *
 * Charging takes vctx_counter.lock at most, and vctxfs_notify() the locks of a
 * timer and of kernfs_notify(): both may be called with anything held, and so
 * may vctx_put(), which queues work.  The work item that takes a context
 * offline holds nothing, since kernfs_remove() waits for active references.
 */
#ifndef _SECURITY_VCTX_VCTX_H
#define _SECURITY_VCTX_VCTX_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/lsm_hooks.h>
#include <linux/percpu-refcount.h>
#include <linux/sched.h>
#include <linux/timer.h>
#include <linux/vctx.h>
#include <linux/workqueue.h>
#include <uapi/linux/vctx.h>

#include "counter.h"

struct cgroup;
struct cred;
struct dentry;
struct file;
struct inode;
struct kernfs_node;
struct mem_cgroup;
struct seq_file;
struct vctx_devices;
struct vctx_net;

/* vctx.live: members, children and the directory in one word */
#define VCTX_LIVE_MEMBER	1LL
#define VCTX_LIVE_CHILD		((s64)BIT_ULL(32))
#define VCTX_LIVE_MKDIR		((s64)BIT_ULL(62))

/* What vctx.quota_events counts: blocks and inodes, on all file systems */
enum vctx_quota_event {
	VCTX_QUOTA_SOFT,	/* a soft limit was passed */
	VCTX_QUOTA_GRACE,	/* and has been for too long */
	VCTX_QUOTA_HARD,	/* a hard limit was in the way */
	VCTX_NR_QUOTA_EVENTS
};

enum vctx_account_family {
	VCTX_FAMILY_INET,
	VCTX_FAMILY_INET6,
	VCTX_FAMILY_UNIX,
	VCTX_FAMILY_OTHER,
	VCTX_NR_FAMILIES
};

/* What is summed up over members and members of descendants */
enum vctx_account {
	/* Counted for each task by others; times are in nanoseconds */
	VCTX_ACCOUNT_CPU,
	VCTX_ACCOUNT_WAIT,
	VCTX_ACCOUNT_NVCSW,
	VCTX_ACCOUNT_NIVCSW,
	VCTX_ACCOUNT_USER,
	VCTX_ACCOUNT_SYSTEM,
	VCTX_ACCOUNT_MIN_FLT,
	VCTX_ACCOUNT_MAJ_FLT,
	VCTX_ACCOUNT_READ_BYTES,
	VCTX_ACCOUNT_WRITE_BYTES,
	VCTX_NR_ACCOUNT_TASK,

	/* Counted by us */
	VCTX_ACCOUNT_READ_OPS = VCTX_NR_ACCOUNT_TASK,
	VCTX_ACCOUNT_WRITE_OPS,
	VCTX_ACCOUNT_FORKS,
	VCTX_ACCOUNT_EXECS,
	VCTX_ACCOUNT_NET_FIRST,
	VCTX_NR_ACCOUNT = VCTX_ACCOUNT_NET_FIRST + 4 * VCTX_NR_FAMILIES
};

static_assert(VCTX_NR_ACCOUNT_TASK == VCTX_TASK_FIGURES);

/* Bytes of a family that were sent or received; packets come next. */
#define VCTX_ACCOUNT_NET(family, sent) \
	(VCTX_ACCOUNT_NET_FIRST + 4 * (family) + 2 * (sent))

/**
 * struct vctx_cpu - what a context keeps for each CPU
 * @stock: units that were taken from the counters and not yet used
 * @account: sums since the context was made
 */
struct vctx_cpu {
	struct vctx_stock stock[VCTX_NR_RESOURCES];
	u64 account[VCTX_NR_ACCOUNT];
};

/**
 * struct vctx_sched - how a context is scheduled
 * @set: what its group is, or would be, set to
 * @nice: members are at least as nice as this
 * @rt: members may have real-time policies also while there is a group
 * @group: the group, while VCTX_FLAG_SCHED is set; written under
 *	vctx_sched_mutex and, unless it was NULL, with
 *	cgroup_threadgroup_rwsem held for writing
 * @next: takes the place of @group in a moment; under vctx_sched_mutex
 * @past: counted by former groups; under vctx_sched_mutex
 * @node: in the list of contexts that have a group; under vctx_sched_mutex
 */
struct vctx_sched {
	struct vctx_group_settings set;
	int nice;
	bool rt;
	struct vctx_group *group;
	struct vctx_group *next;
	struct vctx_group_stat past;
	struct list_head node;
};

/**
 * struct vctx - a security context
 * @id: constant
 * @depth: 1 for a child of the host; constant
 * @tag: project id of what members make, 0 if it has none; constant
 * @serial: never another one's, unlike @id; constant
 * @flags: VCTX_FLAG_*; bits are only ever added, but for VCTX_FLAG_SCHED,
 *	which changes under vctx_sched_mutex
 * @ceiling: capabilities that members may have; constant
 * @parent: context that this one was created from, NULL for the host; holds
 *	a reference and a VCTX_LIVE_CHILD on it; constant
 * @live: see VCTX_LIVE_*; zero is final
 * @cpu: per CPU data; freed with the context
 * @counter: usage and limits of each resource
 * @members: cgroup that its members are in, in one that it owns, or NULL; set
 *	once under vctx_memcg_mutex; reference until offline
 * @memcg: memory cgroup that it owns, with all members below, or NULL; set
 *	once under vctx_memcg_mutex; reference until offline
 * @sched: share of CPU time
 * @devices: what its members may use, or NULL; written under a mutex of
 *	device.c, read under it or RCU
 * @net: addresses that it is bound to, or NULL; written under vctx_net_mutex,
 *	never NULL again, freed with the context
 * @ref: pins the memory: one for being online, one for each charge, superblock,
 *	child and task_struct
 * @born_ns: boot time at creation; constant
 * @prev_cputime: keeps user and system time from going back when they are read
 * @avenrun: load averages, if it has VCTX_FLAG_VIRT or VCTX_FLAG_SCHED; written
 *	by the sampler
 * @load_active: for the sampler only
 * @empties: how often the last member has left
 * @oom_kills: how many members were killed since a hard limit on resident
 *	memory was in the way
 * @quota_events: how often limits of disk quota were met
 * @oom_at: jiffies when one was killed, or waiting for one to end began;
 *	under a mutex of limits/oom.c
 * @oom_mm: address space of who was killed last, or NULL; own mm_count; under
 *	the same mutex
 * @name: empty, or unique among the contexts that are online; written under
 *	vctx_name_mutex and vctx_name_lock, read under either
 * @last_error: why the last write failed; a string constant
 * @init: process 1 of it, or NULL; own reference; written under vctx_init_lock,
 *	and read under RCU
 * @key_register: keyrings of users in the initial user namespace, and of
 *	nobody else; protected by the keyring_sem of that
 * @dir: directory in vctxfs; constant while online
 * @events: the file in it that poll() waits on; own reference until freed
 * @notify_timer: sends a notification that came too soon after another
 * @notified_at: jiffies of the last notification
 * @offline_work: runs when @live becomes zero
 * @mqueue_work: runs after @offline_work if there are queues, until it could
 *	remove them
 * @free_work: runs when @ref becomes zero
 */
struct vctx {
	u32 id;
	u32 depth;
	u32 tag;
	u64 serial;
	atomic_t flags;
	kernel_cap_t ceiling;
	struct vctx *parent;
	atomic64_t live;
	struct vctx_cpu __percpu *cpu;
	struct vctx_counter counter[VCTX_NR_RESOURCES];
	struct cgroup *members;
	struct mem_cgroup __rcu *memcg;
	struct vctx_sched sched;
	struct vctx_devices __rcu *devices;
	struct vctx_net __rcu *net;
	struct percpu_ref ref;
	u64 born_ns;
	struct prev_cputime prev_cputime;
	unsigned long avenrun[3];
	unsigned int load_active;
	atomic64_t empties;
	atomic64_t oom_kills;
	atomic64_t quota_events[VCTX_NR_QUOTA_EVENTS];
	unsigned long oom_at;
	struct mm_struct *oom_mm;
	char name[VCTX_NAME_LEN];
	const char *last_error;
	struct pid *init;
	struct key *key_register[VCTX_NR_KEY_REGISTERS];
	struct kernfs_node *dir;
	struct kernfs_node *events;
	struct timer_list notify_timer;
	unsigned long notified_at;
	struct work_struct offline_work;
	struct delayed_work mqueue_work;
	struct work_struct free_work;
};

/**
 * struct vctx_sb - LSM blob of a superblock
 * @vctx: context of who made it, or NULL; constant once others can find the
 *	superblock; holds a reference
 */
struct vctx_sb {
	struct vctx *vctx;
};

/**
 * struct vctx_key - LSM blob of a key
 * @serial: vctx.serial of the context that it was made in, 0 for the host
 */
struct vctx_key {
	u64 serial;
};

extern struct lsm_blob_sizes vctx_blob_sizes;
extern const struct lsm_id vctx_lsmid;

/* The context of current.  Nobody else changes it, hence no RCU. */
static inline struct vctx *current_vctx(void)
{
	return rcu_dereference_protected(current->vctx.vctx, true);
}

/*
 * The context of any task.  A context that a task leaves for one below stays,
 * since that pins it: so the result is good for as long as the task_struct is
 * pinned, and RCU adds nothing.
 */
static inline struct vctx *task_vctx(const struct task_struct *task)
{
	return rcu_dereference_check(task->vctx.vctx, true);
}

static inline bool vctx_is_watcher(const struct vctx *vctx)
{
	return vctx && vctx->id == VCTX_ID_WATCHER;
}

/* Does @vctx equal @ancestor, or was it created somewhere below? */
static inline bool vctx_is_within(const struct vctx *vctx,
				  const struct vctx *ancestor)
{
	while (vctx && vctx->depth > ancestor->depth)
		vctx = vctx->parent;
	return vctx == ancestor;
}

/* context.c */
struct vctx *vctx_create_dynamic(struct vctx *parent, u64 cap_drop);
struct vctx *vctx_enter_static(u32 id, u64 cap_drop);
struct vctx *vctx_enter_dynamic(u32 id);
int vctx_make(u32 id);
int vctx_unmake(struct vctx *vctx);
void vctx_live_put(struct vctx *vctx, s64 what);
struct vctx *vctx_next(u32 *id);
int vctx_set_name(struct vctx *vctx, const char *name);
void vctx_get_name(struct vctx *vctx, char name[VCTX_NAME_LEN]);
void vctx_set_flags(struct vctx *vctx, u32 flags);
int vctx_kill(struct vctx *vctx);
u64 vctx_account_sum(const struct vctx *vctx, enum vctx_account what);
void vctx_cputime(struct vctx *vctx, u64 *user, u64 *system);
bool vctx_host_admin(void);

/* CPU time used by members, also those of contexts below, in nanoseconds */
static inline u64 vctx_cpu_ns(const struct vctx *vctx)
{
	return vctx_account_sum(vctx, VCTX_ACCOUNT_CPU);
}

static inline u32 vctx_members(const struct vctx *vctx)
{
	return (u32)atomic64_read(&vctx->live);
}

/* Keeps @vctx in memory.  The caller holds a reference, or is a member. */
static inline void vctx_get(struct vctx *vctx)
{
	percpu_ref_get(&vctx->ref);
}

/* Context: any, softirq included. */
static inline void vctx_put(struct vctx *vctx)
{
	percpu_ref_put(&vctx->ref);
}

/* Takes a member's place, unless @vctx is on its way out. */
static inline bool vctx_live_get(struct vctx *vctx, s64 what)
{
	return atomic64_add_unless(&vctx->live, what, 0);
}

/* fs.c */
#define VCTXFS_MAGIC		0x76637478

/**
 * struct vctxfs_file - a file in the directory of each context
 * @name: file name
 * @mode: permissions
 * @show: prints it, or NULL
 * @write: takes one line, without its newline; NULL if the file is read only.
 *	Sets vctx.last_error when it fails.  The caller is the host's
 *	administrator.
 */
struct vctxfs_file {
	const char *name;
	umode_t mode;
	int (*show)(struct seq_file *m, struct vctx *vctx);
	int (*write)(struct vctx *vctx, char *line);
};

int vctxfs_add_dir(struct vctx *vctx);
void vctxfs_add_files(const struct vctxfs_file *files, unsigned int nr);
void vctxfs_notify(struct vctx *vctx);
void vctxfs_notify_init(struct vctx *vctx);
void vctxfs_notify_list(struct vctx *vctx);
int vctxfs_parse_limit(const char *word, unsigned long *value);
void vctxfs_show_limit(struct seq_file *m, unsigned long value);

/**
 * struct vctx_reading - what is known of a resource of a context
 * @usage: in use
 * @peak: highest usage
 * @soft: soft limit or VCTX_MAX
 * @hard: hard limit or VCTX_MAX
 * @fails: refusals
 * @soft_hits: how often usage rose above @soft
 */
struct vctx_reading {
	unsigned long usage;
	unsigned long peak;
	unsigned long soft;
	unsigned long hard;
	unsigned long fails;
	unsigned long soft_hits;
};

/**
 * struct vctx_engine - a part of Linux that counts a resource, not us
 * @read: what is known of it.  Context: RCU read side.
 * @prepare: limits other than VCTX_MAX are about to be set.  May sleep, and
 *	returns an errno after setting vctx.last_error.
 * @set: sets limits; after @prepare if not all are VCTX_MAX.  Context: process.
 * @enforce: brings usage below a new limit, may take a while and leave off at a
 *	signal; or NULL
 * @show_events: prints more lines of "events"; or NULL
 *
 * A counter that is not used otherwise, vctx.counter[res], may be used.
 */
struct vctx_engine {
	void (*read)(struct vctx *vctx, enum vctx_resource res,
		     struct vctx_reading *r);
	int (*prepare)(struct vctx *vctx);
	void (*set)(struct vctx *vctx, enum vctx_resource res,
		    unsigned long soft, unsigned long hard);
	void (*enforce)(struct vctx *vctx, enum vctx_resource res);
	void (*show_events)(struct seq_file *m, struct vctx *vctx);
};

/* engine.c */
extern const struct vctx_engine *vctx_engine[VCTX_NR_RESOURCES];
void vctx_add_engine(enum vctx_resource res, const struct vctx_engine *engine);
void vctx_read(struct vctx *vctx, enum vctx_resource res,
	       struct vctx_reading *r);

/* entry.c */
int vctx_getselfattr(unsigned int attr, struct lsm_ctx __user *uctx,
		     u32 *size, u32 flags);
int vctx_setselfattr(unsigned int attr, struct lsm_ctx *lctx, u32 size,
		     u32 flags);

/* device.c */
int vctx_device_file_open(const struct file *file);
int vctx_device_mknod(umode_t mode, dev_t dev);
void vctx_devices_free(struct vctx *vctx);
void vctx_add_device_files(void);

/* refuse.c */
bool vctx_cap_refused(const struct user_namespace *ns, int cap);
bool vctx_sb_foreign(const struct super_block *sb);
int vctx_refuse_change(const struct inode *inode);
int vctx_refuse_open(const struct inode *inode);
int vctx_refuse_ioctl(const struct file *file, unsigned int cmd);
void vctx_add_refuse_hooks(void);

/* keys.c */
#ifdef CONFIG_KEYS
void vctx_keys_enter(struct cred *cred);
void vctx_keys_offline(struct vctx *vctx);
void vctx_add_key_hooks(void);
#else
static inline void vctx_keys_enter(struct cred *cred)
{
}

static inline void vctx_keys_offline(struct vctx *vctx)
{
}

static inline void vctx_add_key_hooks(void)
{
}
#endif

/* init.c */
int vctx_init_claim(struct vctx *vctx);
void vctx_init_unclaim(struct vctx *vctx);

/* process.c, capability.c, setup.c */
bool vctx_current_exempt(void);
int vctx_process_change(struct dentry *dentry);
void vctx_add_process_hooks(void);
void vctx_add_capability_hooks(void);
void vctx_add_fs_hooks(void);

#endif /* _SECURITY_VCTX_VCTX_H */
