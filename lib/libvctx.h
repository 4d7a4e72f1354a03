/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvctx: the kernel interface of vctx for programs
 *
 * This is the only user space code that knows how the kernel is talked to:
 * the LSM self-attribute system calls, the files of vctxfs, and what
 * filesystems know of disk quota.
 *
 * Unless a function says otherwise, it returns 0 or a negative errno and never
 * prints.  Nothing here keeps state between calls, so that all functions may be
 * called from several threads, each with its own objects; vctx_enter() itself
 * is refused by the kernel (-EBUSY) in a program that has several threads.
 *
 * Values of a resource are unsigned 64 bit numbers of which the kernel uses 63;
 * VCTX_MAX stands for "max", no limit.
 */
#ifndef LIBVCTX_H
#define LIBVCTX_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/vctx.h>

#ifdef __cplusplus
extern "C" {
#endif

/* No limit: "max" in the kernel's files and on command lines */
#define VCTX_MAX		ULLONG_MAX

/* Longest name of a resource, with its final NUL */
#define VCTX_RES_NAME_LEN	32

/* Longest key of accounting and events, with its final NUL */
#define VCTX_KEY_LEN		48

/* Longest text that vctx_last_error() gives back, with its final NUL */
#define VCTX_ERROR_LEN		256

/* Longest text that vctx_format_addr() makes, with its final NUL */
#define VCTX_ADDR_LEN		46

/* Longest list of flags in words, with its final NUL */
#define VCTX_FLAGS_LEN		64

/* Longest text that vctx_format_value() makes, with its final NUL */
#define VCTX_VALUE_LEN		24

/* Longest texts that vctx_format_sched() and vctx_sched_line() make, likewise */
#define VCTX_SCHED_VALUE_LEN	64
#define VCTX_SCHED_LINE_LEN	256

/**
 * struct vctx_res - one resource of one context
 * @name: "nproc", "ntask", ...
 * @usage: charged now
 * @peak: the highest usage so far
 * @soft: above it the context only gets an event; VCTX_MAX for none
 * @hard: never exceeded; VCTX_MAX for none
 * @fail: how often the hard limit refused something
 */
struct vctx_res {
	char name[VCTX_RES_NAME_LEN];
	unsigned long long usage;
	unsigned long long peak;
	unsigned long long soft;
	unsigned long long hard;
	unsigned long long fail;
};

/* How vctx_format_value() writes */
enum vctx_style {
	VCTX_DIGITS,
	VCTX_HUMAN,
	VCTX_EXACT,
};

/* What vctx_res_kind() says of a resource */
#define VCTX_RES_BYTES		(1U << 0) /* counted in bytes */
#define VCTX_RES_CUMULATIVE	(1U << 1) /* usage never falls */

/**
 * struct vctx_value - one line of accounting or events
 * @key: "forks", "nproc.hard", ...
 * @value: its number
 */
struct vctx_value {
	char key[VCTX_KEY_LEN];
	unsigned long long value;
};

/**
 * struct vctx_info - one context
 * @id: its number
 * @parent: the context that it was created from, 0 for the host
 * @depth: 1 for a context that was created from the host
 * @name: its name, "" if it has none
 * @flags: VCTX_FLAG_* that this library knows
 * @flags_text: all flags in words, as the kernel has them; "" for none
 * @ceiling: capabilities it may have; only vctx_read() fills it in (summary
 *	has none: all ones)
 * @members: tasks of the context itself
 * @age_usec: microseconds since it was created
 * @cpu_usec: microseconds of CPU time it has used
 * @nr_res: how many entries @res has
 * @res: its resources in the kernel's order; belongs to the list, or after
 *	vctx_read() to this object
 */
struct vctx_info {
	unsigned int id;
	unsigned int parent;
	unsigned int depth;
	char name[VCTX_NAME_LEN];
	unsigned int flags;
	char flags_text[VCTX_FLAGS_LEN];
	unsigned long long ceiling;
	unsigned long long members;
	unsigned long long age_usec;
	unsigned long long cpu_usec;
	size_t nr_res;
	struct vctx_res *res;
};

/**
 * struct vctx_list - all contexts, as read by vctx_read_summary()
 * @info: the contexts, in the kernel's order (ascending ids); NULL if @nr is 0
 *	and nothing was ever read
 * @nr: how many
 * @skipped: lines that were not understood, and left out
 *
 * Start with all zeros (VCTX_LIST_INIT).  What is below "private" keeps the
 * memory between reads: a refresh allocates only if there is more to read.
 */
struct vctx_list {
	struct vctx_info *info;
	size_t nr;
	size_t skipped;
	/* private: */
	size_t info_space;
	struct vctx_res *res;
	size_t res_space;
	char *text;
	size_t text_space;
	int unsorted;
};

#define VCTX_LIST_INIT		{ 0 }

/**
 * struct vctx_limit - what the user wants to set: "soft:hard" or one value
 * @set: VCTX_LIMIT_SOFT, VCTX_LIMIT_HARD or both
 * @soft: valid with VCTX_LIMIT_SOFT
 * @hard: valid with VCTX_LIMIT_HARD
 */
struct vctx_limit {
	unsigned int set;
	unsigned long long soft;
	unsigned long long hard;
};

#define VCTX_LIMIT_SOFT		(1U << 0)
#define VCTX_LIMIT_HARD		(1U << 1)

/**
 * struct vctx_sched - how a context is scheduled, and what came of it
 * @on: it has a share of its own (flag "sched")
 * @weight: of the share; 100 is that of one process of nice 0
 * @idle: it runs only if nobody else wants to; the weight does not count then
 * @quota_usec: CPU time for each period; VCTX_MAX for no cap
 * @period_usec: length of a period
 * @burst_usec: how much of an unused quota may be used later
 * @nice: no member may have a lower nice value
 * @rt: members may have real-time policies although it has a share
 * @usage_usec: CPU time used by members, also those of contexts below
 * @nr_periods: periods in which it wanted to run and had a cap
 * @nr_throttled: those of them in which it had to wait
 * @throttled_usec: how long, summed over CPUs
 * @running: tasks that run or want to
 *
 * What the kernel does not have is 0.
 */
struct vctx_sched {
	int on;
	unsigned int weight;
	int idle;
	unsigned long long quota_usec;
	unsigned long long period_usec;
	unsigned long long burst_usec;
	int nice;
	int rt;
	unsigned long long usage_usec;
	unsigned long long nr_periods;
	unsigned long long nr_throttled;
	unsigned long long throttled_usec;
	unsigned long long running;
};

/* Period of a new context, in microseconds */
#define VCTX_PERIOD_USEC	100000

/* How a new context is scheduled */
#define VCTX_SCHED_INIT {						\
	.weight = 100,							\
	.quota_usec = VCTX_MAX,						\
	.period_usec = VCTX_PERIOD_USEC,				\
	.nice = -20,							\
}

/* What can be set of struct vctx_sched; in sets, 1U << VCTX_SCHED_... */
enum vctx_sched_setting {
	VCTX_SCHED_WEIGHT,
	VCTX_SCHED_IDLE,
	VCTX_SCHED_CPU,		/* quota_usec and period_usec */
	VCTX_SCHED_BURST,
	VCTX_SCHED_NICE,
	VCTX_SCHED_RT,
	VCTX_SCHED_ON,
	VCTX_SCHED_NR
};

/* What users call them, in the same order */
#define VCTX_SCHED_KEYS		"weight, idle, cpu, burst, nice, rt, sched"

/**
 * struct vctx_addresses - what a context is bound to
 * @addr: the addresses, those of IPv4 first, none of them twice
 * @nr: how many; 0 for a context that is not bound
 * @broadcast: IPv4 broadcast address in network order, 0 for none
 */
struct vctx_addresses {
	struct vctx_addr addr[2 * VCTX_BIND_MAX];
	size_t nr;
	unsigned int broadcast;
};

/* Any number, in struct vctx_device */
#define VCTX_DEVICE_ANY		UINT_MAX

/* Bits of struct vctx_device.access */
#define VCTX_DEVICE_READ	(1U << 0)
#define VCTX_DEVICE_WRITE	(1U << 1)
#define VCTX_DEVICE_MKNOD	(1U << 2)

/* Longest text that vctx_format_device() makes, with its final NUL */
#define VCTX_DEVICE_LEN		32

/* How long a list of devices may be */
#define VCTX_DEVICES_MAX	256

/**
 * struct vctx_device - what members may do with a device, or with several
 * @block: a block device, else a character device
 * @access: VCTX_DEVICE_READ, ...
 * @major: its major number, or VCTX_DEVICE_ANY
 * @minor: likewise
 */
struct vctx_device {
	int block;
	unsigned int access;
	unsigned int major;
	unsigned int minor;
};

/**
 * struct vctx_devices - all that members may use
 * @dev: the devices, none of them twice
 * @nr: how many
 */
struct vctx_devices {
	struct vctx_device dev[VCTX_DEVICES_MAX];
	size_t nr;
};

/* Longest text that vctx_format_quota() makes, with its final NUL */
#define VCTX_QUOTA_LEN		128

/* Whose files a quota is about */
enum vctx_quota_type {
	VCTX_QUOTA_USER,	/* a user's */
	VCTX_QUOTA_TAG,		/* those with a tag: project quota */
};

/* What vctx_quota_state() says of a filesystem */
#define VCTX_QUOTA_COUNTED	(1U << 0) /* usage is counted */
#define VCTX_QUOTA_ENFORCED	(1U << 1) /* limits are enforced */

/* What vctx_set_quota() sets */
#define VCTX_QUOTA_LIMITS	(1U << 0)
#define VCTX_QUOTA_EXPIRES	(1U << 1)

/**
 * struct vctx_quota_use - what is used of one kind, and how much may be
 * @usage: used now
 * @soft: above it a time of grace runs; VCTX_MAX for none
 * @hard: never exceeded; VCTX_MAX for none
 * @expires: when the time of grace ends, in seconds since 1970; 0 if none runs
 */
struct vctx_quota_use {
	unsigned long long usage;
	unsigned long long soft;
	unsigned long long hard;
	unsigned long long expires;
};

/**
 * struct vctx_quota - disk quota on one filesystem
 * @id: whose: a tag or a user id
 * @space: bytes; limits are multiples of VCTX_QUOTA_UNIT
 * @inodes: files of all kinds, directories too
 */
struct vctx_quota {
	unsigned int id;
	struct vctx_quota_use space;
	struct vctx_quota_use inodes;
};

/* Limits of space are kept in units of so many bytes */
#define VCTX_QUOTA_UNIT		1024

/**
 * struct vctx_quota_limits - what the user wants to set
 * @space: "blocks=", in bytes
 * @inodes: "inodes="
 */
struct vctx_quota_limits {
	struct vctx_limit space;
	struct vctx_limit inodes;
};

/**
 * struct vctx_grace - how long soft limits may be exceeded on a filesystem
 * @space: in seconds
 * @inodes: in seconds
 */
struct vctx_grace {
	unsigned long long space;
	unsigned long long inodes;
};

/**
 * struct vctx_mount - a mount that the caller sees
 * @id: number of the mount, as statx(2) has it
 * @dev_major: of the filesystem's device, as stat(2) has it in most cases
 * @dev_minor: likewise
 * @root: what of the filesystem is mounted, "/" for all of it
 * @point: where
 * @options: of the mount
 * @type: "ext4", ...
 * @source: of the filesystem, mostly a device
 * @super: options of the filesystem
 *
 * Texts belong to the list.
 */
struct vctx_mount {
	unsigned long long id;
	unsigned int dev_major;
	unsigned int dev_minor;
	char *root;
	char *point;
	char *options;
	char *type;
	char *source;
	char *super;
};

/**
 * struct vctx_mounts - all of them, as read by vctx_read_mounts()
 * @mount: the mounts, in the kernel's order: what covers comes later
 * @nr: how many
 */
struct vctx_mounts {
	struct vctx_mount *mount;
	size_t nr;
	/* private: */
	char *text;
};

/* --- where ----------------------------------------------------------- */

const char *vctx_root(void);
int vctx_check(void);

/* --- all contexts ----------------------------------------------------- */

int vctx_read_summary(struct vctx_list *list);
int vctx_parse_summary(struct vctx_list *list, const char *text, size_t len);
void vctx_list_free(struct vctx_list *list);
struct vctx_info *vctx_list_find(const struct vctx_list *list,
				 unsigned int id);
const struct vctx_res *vctx_info_res(const struct vctx_info *info,
				     const char *name);

/* --- one context ------------------------------------------------------ */

int vctx_find(const char *id_or_name, unsigned int *id);
int vctx_exists(unsigned int id);
int vctx_read(unsigned int id, struct vctx_info *info);
void vctx_info_free(struct vctx_info *info);
int vctx_get_limits(unsigned int id, struct vctx_res **res, size_t *nr);
int vctx_set_limits(unsigned int id, const char *line);
int vctx_get_sched(unsigned int id, struct vctx_sched *sched);
int vctx_set_sched(unsigned int id, const char *line);
int vctx_get_addresses(unsigned int id, struct vctx_addresses *set);
int vctx_set_addresses(unsigned int id, const struct vctx_addresses *set);
int vctx_get_devices(unsigned int id, struct vctx_devices *list);
int vctx_set_devices(unsigned int id, const struct vctx_devices *list);
int vctx_set_status(unsigned int id, const char *line);
int vctx_last_error(unsigned int id, char *text, size_t size);
int vctx_get_accounting(unsigned int id, struct vctx_value **values,
			size_t *nr);
int vctx_get_procs(unsigned int id, pid_t **pids, size_t *nr);
int vctx_kill_all(unsigned int id);
int vctx_create(unsigned int id);
int vctx_remove(unsigned int id);

/* --- disk quota -------------------------------------------------------- */

int vctx_tag(unsigned int id, unsigned int *tag);
int vctx_get_tag(int fd, unsigned int *tag, int *inherit);
int vctx_set_tag(int fd, unsigned int tag, int inherit);
int vctx_quota_state(int fd, enum vctx_quota_type type, unsigned int *state);
int vctx_quota_enforce(int fd, enum vctx_quota_type type);
int vctx_get_quota(int fd, enum vctx_quota_type type, unsigned int id,
		   struct vctx_quota *quota);
int vctx_next_quota(int fd, enum vctx_quota_type type, unsigned int id,
		    struct vctx_quota *quota);
int vctx_set_quota(int fd, enum vctx_quota_type type,
		   const struct vctx_quota *quota, unsigned int what);
int vctx_get_grace(int fd, enum vctx_quota_type type, struct vctx_grace *grace);
int vctx_set_grace(int fd, enum vctx_quota_type type,
		   const struct vctx_grace *grace);
int vctx_read_mounts(struct vctx_mounts *mounts);
void vctx_mounts_free(struct vctx_mounts *mounts);
int vctx_keep_quota(struct vctx_mounts *mounts, enum vctx_quota_type type);
const struct vctx_mount *vctx_mount_of(const struct vctx_mounts *mounts,
				       int fd);

/* --- waiting for what happens ------------------------------------------ */

int vctx_open_events(unsigned int id);
int vctx_get_events(int fd, struct vctx_value **values, size_t *nr);
int vctx_open_ids(void);
int vctx_get_ids(int fd, unsigned int **ids, size_t *nr);

/* --- the caller and other processes ---------------------------------- */

int vctx_self(struct vctx_self *self);
int vctx_enter(const struct vctx_enter *enter);
int vctx_bind_addr(const struct vctx_addr *addr, size_t nr,
		   unsigned int broadcast);
int set_ipv4root(const unsigned int *ip, int nb, unsigned int bcast,
		 const unsigned int *mask);
int new_s_context(int ctx, unsigned long long remove_cap, unsigned int flags);
int vctx_of_pid(pid_t pid, unsigned int *id);

/* --- texts ------------------------------------------------------------ */

int vctx_parse_id(const char *text, unsigned int *id);
int vctx_parse_flags(const char *text, unsigned int *flags);
char *vctx_format_flags(unsigned int flags, char *buf, size_t size);
int vctx_parse_value(const char *text, unsigned long long *value);
int vctx_parse_limit(const char *text, struct vctx_limit *limit);
const char *vctx_parse_decimal(const char *text,
			       unsigned long long *millionths);
int vctx_valid_name(const char *name);
int vctx_res_kind(const char *name, unsigned int *kind);
char *vctx_format_value(unsigned long long value, enum vctx_style style,
			char *buf, size_t size);

/* --- settings of struct vctx_sched, as text ----------------------------- */

int vctx_sched_setting(const char *key, enum vctx_sched_setting *setting);
const char *vctx_sched_key(enum vctx_sched_setting setting);
int vctx_parse_sched(enum vctx_sched_setting setting, const char *value,
		     struct vctx_sched *sched);
const char *vctx_check_sched(enum vctx_sched_setting setting,
			     const struct vctx_sched *sched);
char *vctx_format_sched(enum vctx_sched_setting setting,
			const struct vctx_sched *sched, char *buf, size_t size);
unsigned int vctx_sched_changes(const struct vctx_sched *a,
				const struct vctx_sched *b);
char *vctx_sched_line(const struct vctx_sched *sched, unsigned int settings,
		      char *line, size_t size);

/* --- addresses and devices, as text -------------------------------------- */

int vctx_parse_addr(const char *text, struct vctx_addr *addr);
char *vctx_format_addr(const struct vctx_addr *addr, char *buf, size_t size);
int vctx_add_addr(struct vctx_addresses *set, const struct vctx_addr *addr);
int vctx_same_addresses(const struct vctx_addresses *a,
			const struct vctx_addresses *b);
const char *vctx_parse_device(const char *text, struct vctx_device *dev,
			      size_t *at);
char *vctx_format_device(const struct vctx_device *dev, char *buf, size_t size);
void vctx_default_devices(struct vctx_devices *list);
struct vctx_device *vctx_find_device(const struct vctx_devices *list,
				     const struct vctx_device *dev);
int vctx_add_device(struct vctx_devices *list, const struct vctx_device *dev);
int vctx_same_devices(const struct vctx_devices *a,
		      const struct vctx_devices *b);

/* --- limits of struct vctx_quota, as text ------------------------------- */

int vctx_parse_quota(const char *word, struct vctx_quota_limits *limits);
void vctx_merge_quota(struct vctx_quota *quota,
		      const struct vctx_quota_limits *limits);
const char *vctx_check_quota(const struct vctx_quota *quota);
char *vctx_format_quota(const struct vctx_quota *quota, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* LIBVCTX_H */
