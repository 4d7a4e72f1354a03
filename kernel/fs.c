// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: vctxfs, the administrator's interface
 *
 * A directory for each context, on kernfs.  A context's files come from the
 * tables that the core and the features have added before the first context
 * is made.  Documentation/userspace-api/vctx.rst is the contract.
 */

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fsnotify_backend.h>
#include <linux/init.h>
#include <linux/ipc_namespace.h>
#include <linux/kernfs.h>
#include <linux/kstrtox.h>
#include <linux/magic.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include "quota/quota.h"
#include "sched/sched.h"
#include "vctx.h"

#define VCTXFS_LINE_MAX		4095
#define VCTXFS_TABLES		8
/* Nobody is woken more often than this by one context's events. */
#define VCTXFS_NOTIFY_INTERVAL	DIV_ROUND_UP(HZ, 100)

static struct kernfs_root *vctxfs_root;
static struct kernfs_node *vctxfs_summary __ro_after_init;
static const char *vctxfs_last_error = "ok";

static struct {
	const struct vctxfs_file *file;
	unsigned int nr;
} vctxfs_table[VCTXFS_TABLES] __ro_after_init;

static unsigned int vctxfs_nr_tables __ro_after_init;

/* The file that poll() waits on. */
static const char vctxfs_events_name[] = "events";

/**
 * vctx_host_admin() - may current change contexts?
 *
 * Context: process.
 * Return: true in context 0 with CAP_SYS_ADMIN in the initial user namespace.
 */
bool vctx_host_admin(void)
{
	return !current_vctx() && capable(CAP_SYS_ADMIN);
}

/**
 * vctxfs_add_files() - add files to the directory of each context
 * @files: the files
 * @nr: how many
 *
 * Context: boot, before a context is made.
 */
void __init vctxfs_add_files(const struct vctxfs_file *files, unsigned int nr)
{
	if (WARN_ON(vctxfs_nr_tables == VCTXFS_TABLES))
		return;
	vctxfs_table[vctxfs_nr_tables].file = files;
	vctxfs_table[vctxfs_nr_tables++].nr = nr;
}

/* Who may see what: a member its own directory, host and watcher all of it. */

static bool vctxfs_sees(const struct vctx *vctx)
{
	const struct vctx *viewer = current_vctx();

	return likely(!viewer) || viewer == vctx || vctx_is_watcher(viewer);
}

/*
 * priv is the context; NULL for the root and the files in it.  At the top a
 * member sees its own directory only, and cannot tell taken names from free.
 */
static bool vctxfs_visible(struct kernfs_node *parent, struct kernfs_node *kn)
{
	return vctxfs_sees(kn ? kn->priv : parent->priv);
}

/* Files of a context */

static const struct vctxfs_file *vctxfs_file(struct kernfs_open_file *of)
{
	unsigned int i, j;

	for (i = 0; i < vctxfs_nr_tables; i++)
		for (j = 0; j < vctxfs_table[i].nr; j++)
			if (!strcmp(vctxfs_table[i].file[j].name, of->kn->name))
				return &vctxfs_table[i].file[j];
	return NULL;
}

/* An open file may have come from elsewhere: it is judged at each use. */
static int vctxfs_show(struct seq_file *m, void *v)
{
	struct kernfs_open_file *of = m->private;
	struct vctx *vctx = of->kn->priv;
	const struct vctxfs_file *file;

	if (!vctxfs_sees(vctx))
		return -ENOENT;
	file = vctxfs_file(of);
	return file->show ? file->show(m, vctx) : -EINVAL;
}

/* What a member has opened cannot be written to, whoever it is passed to. */
static int vctxfs_open(struct kernfs_open_file *of)
{
	of->priv = current_vctx() ? of : NULL;
	return 0;
}

static ssize_t vctxfs_write(struct kernfs_open_file *of, char *buf,
			    size_t nbytes, loff_t off)
{
	const struct vctxfs_file *file = vctxfs_file(of);
	struct vctx *vctx = of->kn->priv;
	int err;

	if (!vctxfs_sees(vctx))
		return -ENOENT;
	/* Both who has opened it, and who writes: neither may lend its rights. */
	if (of->priv || !vctx_host_admin() ||
	    !file_ns_capable(of->file, &init_user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	if (!file->write)
		return -EINVAL;
	if (nbytes > VCTXFS_LINE_MAX) {
		WRITE_ONCE(vctx->last_error, "the line is longer than 4095 bytes");
		return -E2BIG;
	}

	err = -EINVAL;
	if (!nbytes || buf[nbytes - 1] != '\n') {
		WRITE_ONCE(vctx->last_error, "the line does not end in a newline");
	} else if (strlen(buf) != nbytes) {
		WRITE_ONCE(vctx->last_error, "there is a NUL byte in the line");
	} else if (strchr(buf, '\n') != buf + nbytes - 1) {
		WRITE_ONCE(vctx->last_error, "more than one line");
	} else {
		buf[nbytes - 1] = '\0';
		err = file->write(vctx, buf);
		if (!err)
			WRITE_ONCE(vctx->last_error, "ok");
	}
	return err ?: nbytes;
}

static const struct kernfs_ops vctxfs_ops = {
	.open		= vctxfs_open,
	.seq_show	= vctxfs_show,
	.write		= vctxfs_write,
	/* Longer than a line may be, so that last_error can say so. */
	.atomic_write_len = SZ_64K,
};

/**
 * vctxfs_parse_limit() - read a limit
 * @word: decimal digits, or "max"
 * @value: receives it; VCTX_MAX for "max"
 *
 * Return: 0; -EINVAL for what is no number; -ERANGE for one that is too large.
 */
int vctxfs_parse_limit(const char *word, unsigned long *value)
{
	int err;

	if (!strcmp(word, "max")) {
		*value = VCTX_MAX;
		return 0;
	}
	/* kstrtoul() takes a plus sign */
	if (*word < '0' || *word > '9')
		return -EINVAL;
	err = kstrtoul(word, 10, value);
	if (!err && *value >= VCTX_MAX)
		err = -ERANGE;
	return err;
}

/**
 * vctxfs_show_limit() - print a limit
 * @m: where to
 * @value: the limit; VCTX_MAX prints as "max"
 */
void vctxfs_show_limit(struct seq_file *m, unsigned long value)
{
	if (value == VCTX_MAX)
		seq_puts(m, "max");
	else
		seq_put_decimal_ull(m, "", value);
}

static const struct {
	u32 bit;
	const char *name;
} vctxfs_flag[] = {
	{ VCTX_FLAG_LOCK,	"lock" },
	{ VCTX_FLAG_PRIVATE,	"private" },
	{ VCTX_FLAG_SCHED,	"sched" },
	{ VCTX_FLAG_FAKEINIT,	"fakeinit" },
	{ VCTX_FLAG_VIRT,	"virt" },
};

static void vctxfs_show_flags(struct seq_file *m, const struct vctx *vctx)
{
	u32 flags = atomic_read(&vctx->flags);
	bool any = false;
	int i;

	for (i = 0; i < ARRAY_SIZE(vctxfs_flag); i++) {
		if (!(flags & vctxfs_flag[i].bit))
			continue;
		if (any)
			seq_putc(m, ',');
		seq_puts(m, vctxfs_flag[i].name);
		any = true;
	}
	if (!any)
		seq_putc(m, '-');
}

static u64 vctxfs_age_usec(const struct vctx *vctx)
{
	return div_u64(ktime_get_boottime_ns() - vctx->born_ns, NSEC_PER_USEC);
}

static int vctxfs_status_show(struct seq_file *m, struct vctx *vctx)
{
	char name[VCTX_NAME_LEN];

	vctx_get_name(vctx, name);
	seq_printf(m, "id %u\nparent %u\ndepth %u\nname %s\nflags ", vctx->id,
		   vctx->parent ? vctx->parent->id : VCTX_ID_HOST, vctx->depth,
		   name);
	vctxfs_show_flags(m, vctx);
	seq_printf(m, "\nceiling %016llx\nmembers %u\nage_usec %llu\ncpu_usec %llu\n",
		   vctx->ceiling.val, vctx_members(vctx), vctxfs_age_usec(vctx),
		   div_u64(vctx_cpu_ns(vctx), NSEC_PER_USEC));
	return 0;
}

static int vctxfs_parse_flags(char *words, u32 *flags)
{
	char *word;
	int i;

	*flags = 0;
	while ((word = strsep(&words, ","))) {
		for (i = 0; i < ARRAY_SIZE(vctxfs_flag); i++)
			if (!strcmp(word, vctxfs_flag[i].name))
				break;
		if (i == ARRAY_SIZE(vctxfs_flag))
			return -EINVAL;
		*flags |= vctxfs_flag[i].bit;
	}
	return 0;
}

static int vctxfs_set_flags(struct vctx *vctx, char *words)
{
	u32 flags;

	if (vctxfs_parse_flags(words, &flags)) {
		WRITE_ONCE(vctx->last_error, "flags are: lock, private, sched, virt");
		return -EINVAL;
	}
	if (flags & ~(u32)atomic_read(&vctx->flags) & VCTX_FLAG_FAKEINIT) {
		WRITE_ONCE(vctx->last_error, "fakeinit is for entry only");
		return -EINVAL;
	}
	if ((flags & VCTX_FLAG_SCHED) && vctx_sched_turn(vctx, true, 0) < 0) {
		WRITE_ONCE(vctx->last_error, "out of memory");
		return -ENOMEM;
	}
	vctx_set_flags(vctx, flags & ~VCTX_FLAG_SCHED);
	return 0;
}

static int vctxfs_status_write(struct vctx *vctx, char *line)
{
	char *key = strsep(&line, " ");
	int err;

	if (!line) {
		WRITE_ONCE(vctx->last_error, "a key and a value are needed");
		return -EINVAL;
	}
	if (!strcmp(key, "name")) {
		err = vctx_set_name(vctx, line);
		if (err == -EEXIST)
			WRITE_ONCE(vctx->last_error,
				   "another context has that name");
		else if (err)
			WRITE_ONCE(vctx->last_error,
				   "a name is a letter or _, then letters, digits, _ . -, 31 at most");
		return err;
	}
	if (!strcmp(key, "flags"))
		return vctxfs_set_flags(vctx, line);
	WRITE_ONCE(vctx->last_error, "keys are: name, flags");
	return -EINVAL;
}

static int vctxfs_events_show(struct seq_file *m, struct vctx *vctx)
{
	int i;

	seq_printf(m, "empty %llu\noom_kill %llu\nthrottled %llu\n",
		   (u64)atomic64_read(&vctx->empties),
		   (u64)atomic64_read(&vctx->oom_kills),
		   vctx_sched_nr_throttled(vctx));
	vctx_quota_show_events(m, vctx);
	for (i = 0; i < VCTX_NR_RESOURCES; i++) {
		const struct vctx_engine *engine = vctx_engine[i];
		struct vctx_reading r;

		vctx_read(vctx, i, &r);
		seq_printf(m, "%s.soft %lu\n%s.hard %lu\n",
			   vctx_resource[i].name, r.soft_hits,
			   vctx_resource[i].name, r.fails);
		if (engine && engine->show_events)
			engine->show_events(m, vctx);
	}
	return 0;
}

static int vctxfs_kill_write(struct vctx *vctx, char *line)
{
	if (strcmp(line, "1")) {
		WRITE_ONCE(vctx->last_error, "write 1 to kill");
		return -EINVAL;
	}
	return vctx_kill(vctx);
}

static int vctxfs_last_error_show(struct seq_file *m, struct vctx *vctx)
{
	seq_printf(m, "%s\n", READ_ONCE(vctx->last_error));
	return 0;
}

static const struct vctxfs_file vctxfs_core_files[] = {
	{ "status", 0644, vctxfs_status_show, vctxfs_status_write },
	{ vctxfs_events_name, 0444, vctxfs_events_show },
	{ "kill", 0200, NULL, vctxfs_kill_write },
	{ "last_error", 0444, vctxfs_last_error_show },
};

/*
 * procs: the processes whose first thread is a member, by ascending id in the
 * reader's pid namespace, one step for each, so that no list has to be held.
 */

static void *vctxfs_procs_find(struct seq_file *m, loff_t *pos)
{
	struct kernfs_open_file *of = m->private;
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct task_struct *task;
	struct pid *pid;
	int nr = *pos;

	for (; (pid = find_ge_pid(nr, ns)); nr++) {
		nr = pid_nr_ns(pid, ns);
		task = pid_task(pid, PIDTYPE_TGID);
		if (task && task_vctx(task) == of->kn->priv) {
			*pos = nr;
			return pid;
		}
	}
	return NULL;
}

static void *vctxfs_procs_start(struct seq_file *m, loff_t *pos)
	__acquires(RCU)
{
	struct kernfs_open_file *of = m->private;

	rcu_read_lock();
	if (!vctxfs_sees(of->kn->priv))
		return ERR_PTR(-ENOENT);
	if (*pos >= INT_MAX)
		return NULL;
	return vctxfs_procs_find(m, pos);
}

static void *vctxfs_procs_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return vctxfs_procs_find(m, pos);
}

static void vctxfs_procs_stop(struct seq_file *m, void *v)
	__releases(RCU)
{
	rcu_read_unlock();
}

static int vctxfs_procs_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", pid_vnr(v));
	return 0;
}

static const struct kernfs_ops vctxfs_procs_ops = {
	.seq_start	= vctxfs_procs_start,
	.seq_next	= vctxfs_procs_next,
	.seq_stop	= vctxfs_procs_stop,
	.seq_show	= vctxfs_procs_show,
};

static struct kernfs_node *vctxfs_add_file(struct kernfs_node *dir,
					   const char *name, umode_t mode,
					   const struct kernfs_ops *ops)
{
	return __kernfs_create_file(dir, name, mode, GLOBAL_ROOT_UID,
				    GLOBAL_ROOT_GID, 0, ops, dir->priv, NULL,
				    NULL);
}

/**
 * vctxfs_add_dir() - make the directory of a context, not yet visible
 * @vctx: its id is set
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int vctxfs_add_dir(struct vctx *vctx)
{
	struct kernfs_node *dir, *kn;
	unsigned int i, j;
	char name[12];

	/* It could not be made at boot. */
	if (!vctxfs_root)
		return -ENOMEM;
	snprintf(name, sizeof(name), "%u", vctx->id);
	dir = kernfs_create_dir(kernfs_root_to_node(vctxfs_root), name, 0755, vctx);
	if (IS_ERR(dir))
		return PTR_ERR(dir);

	kn = vctxfs_add_file(dir, "procs", 0444, &vctxfs_procs_ops);
	if (IS_ERR(kn))
		goto remove;
	for (i = 0; i < vctxfs_nr_tables; i++)
		for (j = 0; j < vctxfs_table[i].nr; j++) {
			const struct vctxfs_file *f = &vctxfs_table[i].file[j];

			kn = vctxfs_add_file(dir, f->name, f->mode, &vctxfs_ops);
			if (IS_ERR(kn))
				goto remove;
			if (f->name == vctxfs_events_name) {
				kernfs_get(kn);
				vctx->events = kn;
			}
		}
	vctx->dir = dir;
	return 0;

remove:
	kernfs_remove(dir);
	return PTR_ERR(kn);
}

static void vctxfs_notify_late(struct timer_list *timer)
{
	struct vctx *vctx = container_of(timer, struct vctx, notify_timer);

	vctxfs_notify(vctx);
}

void vctxfs_notify_init(struct vctx *vctx)
{
	timer_setup(&vctx->notify_timer, vctxfs_notify_late, 0);
	vctx->notified_at = jiffies - VCTXFS_NOTIFY_INTERVAL;
}

/**
 * vctxfs_notify() - wake whoever polls the events of a context
 * @vctx: the context, which the caller keeps in memory
 *
 * Refusals may come by the thousand: the first is told at once, others after
 * a while, together.
 *
 * Context: any.
 */
void vctxfs_notify(struct vctx *vctx)
{
	unsigned long last = READ_ONCE(vctx->notified_at);
	unsigned long next = last + VCTXFS_NOTIFY_INTERVAL;

	if (time_before(jiffies, next)) {
		if (!timer_pending(&vctx->notify_timer))
			timer_reduce(&vctx->notify_timer, next);
	} else if (cmpxchg(&vctx->notified_at, last, jiffies) == last) {
		kernfs_notify(vctx->events);
	}
}

/**
 * vctxfs_notify_list() - a context has come or gone
 * @vctx: the context
 *
 * Wakes whoever polls summary, and whoever polls the events of one that has
 * gone: removing a file wakes nobody.
 *
 * Context: any.
 */
void vctxfs_notify_list(struct vctx *vctx)
{
	kernfs_notify(vctx->events);
	kernfs_notify(vctxfs_summary);
}

/* Files at the top */

static void *vctxfs_summary_find(loff_t *pos)
{
	u32 id = *pos;
	struct vctx *vctx = vctx_next(&id);

	*pos = id;
	return vctx;
}

static void *vctxfs_summary_start(struct seq_file *m, loff_t *pos)
	__acquires(RCU)
{
	rcu_read_lock();
	if (!vctxfs_sees(NULL))
		return ERR_PTR(-ENOENT);
	return vctxfs_summary_find(pos);
}

static void *vctxfs_summary_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return vctxfs_summary_find(pos);
}

static void vctxfs_summary_stop(struct seq_file *m, void *v)
	__releases(RCU)
{
	rcu_read_unlock();
}

static int vctxfs_summary_show(struct seq_file *m, void *v)
{
	struct vctx *vctx = v;
	char name[VCTX_NAME_LEN];
	int i;

	vctx_get_name(vctx, name);
	seq_printf(m, "%u name=%s parent=%u depth=%u flags=", vctx->id, name,
		   vctx->parent ? vctx->parent->id : VCTX_ID_HOST, vctx->depth);
	vctxfs_show_flags(m, vctx);
	seq_put_decimal_ull(m, " members=", vctx_members(vctx));
	seq_put_decimal_ull(m, " age_usec=", vctxfs_age_usec(vctx));
	seq_put_decimal_ull(m, " cpu_usec=",
			    div_u64(vctx_cpu_ns(vctx), NSEC_PER_USEC));
	for (i = 0; i < VCTX_NR_RESOURCES; i++) {
		struct vctx_reading r;

		vctx_read(vctx, i, &r);
		seq_printf(m, " %s=", vctx_resource[i].name);
		seq_put_decimal_ull(m, "", r.usage);
		seq_put_decimal_ull(m, ":", r.peak);
		seq_putc(m, ':');
		vctxfs_show_limit(m, r.soft);
		seq_putc(m, ':');
		vctxfs_show_limit(m, r.hard);
		seq_put_decimal_ull(m, ":", r.fails);
	}
	seq_putc(m, '\n');
	return 0;
}

static const struct kernfs_ops vctxfs_summary_ops = {
	.seq_start	= vctxfs_summary_start,
	.seq_next	= vctxfs_summary_next,
	.seq_stop	= vctxfs_summary_stop,
	.seq_show	= vctxfs_summary_show,
};

static int vctxfs_top_error_show(struct seq_file *m, void *v)
{
	if (!vctxfs_sees(NULL))
		return -ENOENT;
	seq_printf(m, "%s\n", READ_ONCE(vctxfs_last_error));
	return 0;
}

static const struct kernfs_ops vctxfs_top_error_ops = {
	.seq_show	= vctxfs_top_error_show,
};

/* An id as it is printed: no sign, no leading zero. */
static int vctxfs_parse_id(const char *name, u32 *id)
{
	if (*name < '1' || *name > '9')
		return -EINVAL;
	return kstrtou32(name, 10, id) ? -EINVAL : 0;
}

static int vctxfs_mkdir(struct kernfs_node *parent, const char *name,
			umode_t mode)
{
	int err;
	u32 id;

	if (!vctx_host_admin())
		return -EPERM;
	if (parent->priv) {
		WRITE_ONCE(vctxfs_last_error,
			   "a context is made at the top only");
		return -EPERM;
	}
	/* Only the name's end is not checked by kstrtou32(): it takes \n. */
	if (vctxfs_parse_id(name, &id) || strchr(name, '\n') ||
	    id > VCTX_ID_STATIC_MAX) {
		WRITE_ONCE(vctxfs_last_error,
			   "an id is a decimal number from 2 to 65534");
		return -EINVAL;
	}
	err = vctx_make(id);
	WRITE_ONCE(vctxfs_last_error,
		   !err ? "ok" : err == -EEXIST ? "the context exists" :
		   err == -ENOMEM ? "out of memory" : "interrupted");
	return err;
}

static int vctxfs_rmdir(struct kernfs_node *kn)
{
	struct vctx *vctx = kn->priv;
	int err;

	if (!vctx_host_admin())
		return -EPERM;
	if (vctx_is_watcher(vctx)) {
		WRITE_ONCE(vctxfs_last_error, "the watcher cannot be removed");
		return -EPERM;
	}
	/*
	 * Keeps the context in memory when the active reference, which its
	 * removal waits for, is given up.  The context cannot be on its way
	 * out: that removes this node first.
	 */
	vctx_get(vctx);
	kernfs_break_active_protection(kn);
	err = vctx_unmake(vctx);
	kernfs_unbreak_active_protection(kn);
	vctx_put(vctx);
	WRITE_ONCE(vctxfs_last_error, !err ? "ok" :
		   "the context has members or children, or was not made by mkdir");
	return err;
}

static struct kernfs_syscall_ops vctxfs_syscall_ops = {
	.mkdir		= vctxfs_mkdir,
	.rmdir		= vctxfs_rmdir,
	.visible	= vctxfs_visible,
};

/* The file system */

static int vctxfs_get_tree(struct fs_context *fc)
{
	return kernfs_get_tree(fc);
}

static void vctxfs_free_fc(struct fs_context *fc)
{
	kernfs_free_fs_context(fc);
	kfree(fc->fs_private);
}

static const struct fs_context_operations vctxfs_context_ops = {
	.free		= vctxfs_free_fc,
	.get_tree	= vctxfs_get_tree,
};

static int vctxfs_init_fs_context(struct fs_context *fc)
{
	struct kernfs_fs_context *kfc;

	kfc = kzalloc(sizeof(*kfc), GFP_KERNEL);
	if (!kfc)
		return -ENOMEM;
	kfc->root = vctxfs_root;
	kfc->magic = VCTXFS_MAGIC;
	fc->fs_private = kfc;
	fc->ops = &vctxfs_context_ops;
	put_user_ns(fc->user_ns);
	fc->user_ns = get_user_ns(&init_user_ns);
	fc->global = true;
	return 0;
}

static struct file_system_type vctxfs_type = {
	.name			= "vctx",
	.init_fs_context	= vctxfs_init_fs_context,
	.kill_sb		= kernfs_kill_sb,
};

/*
 * With FS_USERNS_MOUNT is what Linux trusts to give no rights to whoever mounts
 * it, in a user namespace.  What needs a device is never so.  In that of the
 * host a hierarchy of cgroup v1 would be another one for all processes.  What is
 * in ramfs no limit counts.
 */
bool __vctx_may_mount(const struct file_system_type *type)
{
	return ((type->fs_flags & FS_USERNS_MOUNT) &&
		strcmp(type->name, "cgroup") && strcmp(type->name, "ramfs")) ||
	       type == &vctxfs_type;
}

/*
 * Watching the directory of all processes, contexts or ptys tells the names in
 * it as others use them, and a mark on a whole mount even more.  One on a mount
 * or a filesystem of the host hands out what others open there, also outside of
 * the member's root, and any of it can be asked to refuse them that.
 */
static int vctx_path_notify(const struct path *path, u64 mask,
			    unsigned int obj_type)
{
	unsigned long magic = path->dentry->d_sb->s_magic;

	if (likely(!current_vctx()))
		return 0;
	if (magic == PROC_SUPER_MAGIC)
		return -EPERM;
	if ((obj_type != FSNOTIFY_OBJ_TYPE_INODE ||
	     (mask & ALL_FSNOTIFY_PERM_EVENTS)) &&
	    vctx_sb_foreign(path->dentry->d_sb))
		return -EPERM;
	if ((magic == VCTXFS_MAGIC || magic == MQUEUE_MAGIC ||
	     (magic == DEVPTS_SUPER_MAGIC &&
	      vctx_sb_foreign(path->dentry->d_sb))) &&
	    (obj_type != FSNOTIFY_OBJ_TYPE_INODE || d_is_dir(path->dentry)))
		return -EPERM;
	return 0;
}

static struct security_hook_list vctx_fs_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(path_notify, vctx_path_notify),
};

void __init vctx_add_fs_hooks(void)
{
	security_add_hooks(vctx_fs_hooks, ARRAY_SIZE(vctx_fs_hooks), &vctx_lsmid);
}

static int __init vctxfs_init(void)
{
	struct kernfs_node *top, *kn;
	int err;

	if (!static_key_enabled(&vctx_enabled))
		return 0;

	vctxfs_add_files(vctxfs_core_files, ARRAY_SIZE(vctxfs_core_files));
	vctxfs_root = kernfs_create_root(&vctxfs_syscall_ops,
					 KERNFS_ROOT_CREATE_DEACTIVATED |
					 KERNFS_ROOT_EXTRA_OPEN_PERM_CHECK, NULL);
	if (IS_ERR(vctxfs_root)) {
		err = PTR_ERR(vctxfs_root);
		goto none;
	}
	top = kernfs_root_to_node(vctxfs_root);
	kn = vctxfs_add_file(top, "summary", 0444, &vctxfs_summary_ops);
	vctxfs_summary = kn;
	if (!IS_ERR(kn))
		kn = vctxfs_add_file(top, "last_error", 0444,
				     &vctxfs_top_error_ops);
	err = PTR_ERR_OR_ZERO(kn);
	if (err)
		goto destroy;
	kernfs_activate(top);

	err = vctx_make(VCTX_ID_WATCHER);
	if (!err)
		err = sysfs_create_mount_point(fs_kobj, "vctx");
	if (!err)
		err = register_filesystem(&vctxfs_type);
	/* From here on the watcher's directory needs the root. */
	if (err)
		pr_err("vctx: no file system: error %d\n", err);
	return err;

destroy:
	kernfs_destroy_root(vctxfs_root);
none:
	vctxfs_root = NULL;
	return err;
}
fs_initcall(vctxfs_init);
