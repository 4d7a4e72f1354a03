// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: the machine as members of a context with the flag "virt" see it
 *
 * For free(1), uptime(1), top(1) and the like: how much memory there is, since
 * when it is up, how busy it is, all of it the context's.  What is shown is that
 * of the next context upwards that has the flag, so that nesting shows no more
 * than its creator sees.
 */

#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/loadavg.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/seq_file.h>
#include <linux/swap.h>
#include <linux/sysinfo.h>
#include <linux/time64.h>
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "limits.h"

/* The context that current sees as the machine, or NULL */
static struct vctx *virt_vctx(void)
{
	struct vctx *vctx = current_vctx();

	while (vctx && !(atomic_read(&vctx->flags) & VCTX_FLAG_VIRT))
		vctx = vctx->parent;
	return vctx;
}

/* Time */

/**
 * __vctx_birth_ns() - when current's machine was made
 *
 * Context: any.
 * Return: nanoseconds of boot time, 0 if it is the real one.
 */
u64 __vctx_birth_ns(void)
{
	const struct vctx *vctx = virt_vctx();

	return vctx ? vctx->born_ns : 0;
}

static u64 virt_uptime_ns(const struct vctx *vctx)
{
	return ktime_get_boottime_ns() - vctx->born_ns;
}

static u64 virt_sub(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

u64 __vctx_idle_ns(u64 idle_ns)
{
	const struct vctx *vctx = virt_vctx();

	if (!vctx)
		return idle_ns;
	return virt_sub(virt_uptime_ns(vctx) * num_online_cpus(),
			vctx_account_sum(vctx, VCTX_ACCOUNT_USER) +
			vctx_account_sum(vctx, VCTX_ACCOUNT_SYSTEM));
}

/* Load: sampled, since nobody counts the running tasks of a context */

struct virt_tasks {
	unsigned int total;
	unsigned int running;
	unsigned int blocked;
};

static void virt_count_task(struct virt_tasks *tasks, struct task_struct *task)
{
	unsigned int state = READ_ONCE(task->__state);

	if (task->exit_state)
		return;
	tasks->total++;
	if (state == TASK_RUNNING)
		tasks->running++;
	else if ((state & TASK_UNINTERRUPTIBLE) && !(state & TASK_NOLOAD))
		tasks->blocked++;
}

static void virt_count(const struct vctx *vctx, struct virt_tasks *tasks)
{
	struct task_struct *process, *task;

	*tasks = (struct virt_tasks) {};
	rcu_read_lock();
	for_each_process_thread(process, task)
		if (vctx_is_within(task_vctx(task), vctx))
			virt_count_task(tasks, task);
	rcu_read_unlock();
}

static void virt_sample_task(struct task_struct *task)
{
	struct virt_tasks tasks = {};
	struct vctx *vctx;

	virt_count_task(&tasks, task);
	if (!tasks.running && !tasks.blocked)
		return;
	for (vctx = task_vctx(task); vctx; vctx = vctx->parent)
		vctx->load_active++;
}

static const unsigned long virt_exp[] = { EXP_1, EXP_5, EXP_15 };

static void virt_load_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(virt_load, virt_load_work);

/*
 * The load averages of all contexts with this flag or "sched", as calc_load()
 * does for the machine: every LOAD_FREQ, as long as there is such a context.
 */
static void virt_load_work(struct work_struct *work)
{
	struct task_struct *process, *task;
	struct vctx *vctx;
	bool any = false;
	u32 id;
	int i;

	rcu_read_lock();
	for (id = 0; (vctx = vctx_next(&id)); id++)
		vctx->load_active = 0;
	for_each_process_thread(process, task)
		if (task_vctx(task))
			virt_sample_task(task);
	for (id = 0; (vctx = vctx_next(&id)); id++) {
		if (!(atomic_read(&vctx->flags) &
		      (VCTX_FLAG_SCHED | VCTX_FLAG_VIRT)))
			continue;
		any = true;
		for (i = 0; i < ARRAY_SIZE(virt_exp); i++)
			WRITE_ONCE(vctx->avenrun[i],
				   calc_load(vctx->avenrun[i], virt_exp[i],
					     vctx->load_active * FIXED_1));
	}
	rcu_read_unlock();
	if (any)
		queue_delayed_work(system_unbound_wq, &virt_load, LOAD_FREQ);
}

/**
 * vctx_virt_start() - a context has got the flag, or "sched"
 *
 * Context: any.
 */
void vctx_virt_start(void)
{
	queue_delayed_work(system_unbound_wq, &virt_load, LOAD_FREQ);
}

/* As get_avenrun() */
static void virt_avenrun(const struct vctx *vctx, unsigned long *loads,
			 unsigned long offset, int shift)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(virt_exp); i++)
		loads[i] = (READ_ONCE(vctx->avenrun[i]) + offset) << shift;
}

bool __vctx_loadavg_show(struct seq_file *m)
{
	const struct vctx *vctx = virt_vctx();
	struct virt_tasks tasks;
	unsigned long load[3];

	if (!vctx)
		return false;
	virt_avenrun(vctx, load, FIXED_1 / 200, 0);
	virt_count(vctx, &tasks);
	/* The last id given out is not the context's. */
	seq_printf(m, "%lu.%02lu %lu.%02lu %lu.%02lu %u/%u 0\n",
		   LOAD_INT(load[0]), LOAD_FRAC(load[0]), LOAD_INT(load[1]),
		   LOAD_FRAC(load[1]), LOAD_INT(load[2]), LOAD_FRAC(load[2]),
		   tasks.running, tasks.total);
	return true;
}

/* user nice system idle iowait irq softirq steal guest guest_nice */
static void virt_show_cpu(struct seq_file *m, u64 user_ns, u64 system_ns,
			  u64 up_ns)
{
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(user_ns));
	seq_put_decimal_ull(m, " 0 ", nsec_to_clock_t(system_ns));
	seq_put_decimal_ull(m, " ",
			    nsec_to_clock_t(virt_sub(up_ns, user_ns + system_ns)));
	seq_puts(m, " 0 0 0 0 0 0\n");
}

static void virt_show_cpus(struct seq_file *m, const struct vctx *vctx)
{
	u64 up_ns = virt_uptime_ns(vctx);
	const u64 *account;
	int cpu;

	seq_puts(m, "cpu ");
	virt_show_cpu(m, vctx_account_sum(vctx, VCTX_ACCOUNT_USER),
		      vctx_account_sum(vctx, VCTX_ACCOUNT_SYSTEM),
		      up_ns * num_online_cpus());
	for_each_online_cpu(cpu) {
		account = per_cpu_ptr(vctx->cpu, cpu)->account;
		seq_printf(m, "cpu%d", cpu);
		virt_show_cpu(m, READ_ONCE(account[VCTX_ACCOUNT_USER]),
			      READ_ONCE(account[VCTX_ACCOUNT_SYSTEM]), up_ns);
	}
}

bool __vctx_stat_show(struct seq_file *m)
{
	const struct vctx *vctx = virt_vctx();
	struct virt_tasks tasks;
	struct timespec64 birth;

	if (!vctx)
		return false;
	virt_show_cpus(m, vctx);
	getboottime64(&birth);
	timens_sub_boottime(&birth);
	timespec64_add_ns(&birth, vctx->born_ns);
	virt_count(vctx, &tasks);
	/* Nobody counts the interrupts that a context has caused. */
	seq_printf(m,
		   "intr 0\nctxt %llu\nbtime %lld\nprocesses %llu\nprocs_running %u\nprocs_blocked %u\nsoftirq 0\n",
		   vctx_account_sum(vctx, VCTX_ACCOUNT_NVCSW) +
		   vctx_account_sum(vctx, VCTX_ACCOUNT_NIVCSW),
		   birth.tv_sec, vctx_account_sum(vctx, VCTX_ACCOUNT_FORKS),
		   tasks.running, tasks.blocked);
	return true;
}

/* Memory, in pages */

struct virt_memory {
	unsigned long total;
	unsigned long free;
	unsigned long available;
	struct vctx_cache cache;
	unsigned long swap_total;
	unsigned long swap_free;
};

/*
 * Lowers what the machine has to what the hard limits of a resource leave, here
 * and above.  False, and nothing is changed, if none is below that.
 */
static bool virt_limit(struct vctx *vctx, enum vctx_resource res,
		       unsigned long *total, unsigned long *free)
{
	unsigned long left = ULONG_MAX, most = *total;
	struct vctx_reading r;

	for (; vctx; vctx = vctx->parent) {
		vctx_read(vctx, res, &r);
		if (r.hard == VCTX_MAX)
			continue;
		most = min(most, r.hard / PAGE_SIZE);
		left = min(left, virt_sub(r.hard, r.usage) / PAGE_SIZE);
	}
	if (most == *total)
		return false;
	*total = most;
	*free = min(left, most);
	return true;
}

/* What the machine has, or what is the context's if it has a limit */
static void virt_get_memory(struct vctx *vctx, struct sysinfo *info,
			    struct virt_memory *mem)
{
	*mem = (struct virt_memory) {
		.total = info->totalram,
		.swap_total = info->totalswap,
		.swap_free = info->freeswap,
	};
	virt_limit(vctx, VCTX_SWAP, &mem->swap_total, &mem->swap_free);
	mem->swap_free = min(mem->swap_free, info->freeswap);
	if (virt_limit(vctx, VCTX_MEMORY, &mem->total, &mem->free) ||
	    virt_limit(vctx, VCTX_RSS, &mem->total, &mem->free)) {
		vctx_memcg_cache(vctx, &mem->cache);
		mem->available = mem->free + mem->cache.slab +
				 virt_sub(mem->cache.file, mem->cache.shmem);
		mem->available = min(mem->available, mem->total);
		return;
	}
	mem->free = info->freeram;
	mem->available = si_mem_available();
	mem->cache.file = virt_sub(global_node_page_state(NR_FILE_PAGES),
				   total_swapcache_pages());
	mem->cache.shmem = info->sharedram;
	mem->cache.slab = global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);
}

static void virt_show_kb(struct seq_file *m, const char *key,
			 unsigned long pages)
{
	seq_put_decimal_ull_width(m, key, pages << (PAGE_SHIFT - 10), 8);
	seq_puts(m, " kB\n");
}

bool __vctx_meminfo_show(struct seq_file *m)
{
	struct vctx *vctx = virt_vctx();
	struct virt_memory mem;
	struct sysinfo info;

	if (!vctx)
		return false;
	si_meminfo(&info);
	si_swapinfo(&info);
	virt_get_memory(vctx, &info, &mem);
	virt_show_kb(m, "MemTotal:       ", mem.total);
	virt_show_kb(m, "MemFree:        ", mem.free);
	virt_show_kb(m, "MemAvailable:   ", mem.available);
	/* Buffers are page cache here. */
	virt_show_kb(m, "Buffers:        ", 0);
	virt_show_kb(m, "Cached:         ", mem.cache.file);
	virt_show_kb(m, "SwapCached:     ", 0);
	virt_show_kb(m, "SwapTotal:      ", mem.swap_total);
	virt_show_kb(m, "SwapFree:       ", mem.swap_free);
	virt_show_kb(m, "Shmem:          ", mem.cache.shmem);
	virt_show_kb(m, "SReclaimable:   ", mem.cache.slab);
	return true;
}

void __vctx_sysinfo(struct sysinfo *info)
{
	struct vctx *vctx = virt_vctx();
	struct virt_memory mem;
	struct virt_tasks tasks;

	if (!vctx)
		return;
	virt_get_memory(vctx, info, &mem);
	virt_count(vctx, &tasks);
	virt_avenrun(vctx, info->loads, 0, SI_LOAD_SHIFT - FSHIFT);
	info->procs = min_t(unsigned int, tasks.total, U16_MAX);
	info->totalram = mem.total;
	info->freeram = mem.free;
	info->sharedram = mem.cache.shmem;
	info->bufferram = 0;
	info->totalswap = mem.swap_total;
	info->freeswap = mem.swap_free;
	info->totalhigh = 0;
	info->freehigh = 0;
}
