// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: devices that members of a context may use
 *
 * A list of what is allowed, as cgroup v1 has them; what it does not name is
 * refused.  It is asked when a device is opened or its node is made, wherever
 * the node is and whoever made it.  What is open already goes on to work,
 * inherited or passed.
 *
 * A context has no list until one is written: it then has that of the context
 * that it was created from, and one created by the host the default.  All those
 * above are asked in any case, so that a list never gives more than they have.
 */

#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/kstrtox.h>
#include <linux/major.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "vctx.h"

/* Any major or minor number */
#define ANY			U32_MAX
#define VCTX_DEVICES_MAX	256

enum {
	ACCESS_READ	= BIT(0),
	ACCESS_WRITE	= BIT(1),
	ACCESS_MKNOD	= BIT(2),
	ACCESS_ALL	= ACCESS_READ | ACCESS_WRITE | ACCESS_MKNOD,
};

/**
 * struct vctx_device - a line of a list
 * @block: a block device, else a character device
 * @access: ACCESS_*
 * @major: ANY or the number
 * @minor: ANY or the number
 */
struct vctx_device {
	bool block;
	u8 access;
	u32 major;
	u32 minor;
};

/**
 * struct vctx_devices - a list; constant while others can find it
 * @rcu: frees it
 * @nr: how many there are
 * @dev: no two are the same but for their access
 */
struct vctx_devices {
	struct rcu_head rcu;
	unsigned int nr;
	struct vctx_device dev[] __counted_by(nr);
};

#define CHAR(_major, _minor) \
	{ .access = ACCESS_ALL, .major = (_major), .minor = (_minor) }

static const struct vctx_device vctx_devices_default[] = {
	CHAR(MEM_MAJOR, 3),			/* null */
	CHAR(MEM_MAJOR, 5),			/* zero */
	CHAR(MEM_MAJOR, 7),			/* full */
	CHAR(MEM_MAJOR, 8),			/* random */
	CHAR(MEM_MAJOR, 9),			/* urandom */
	CHAR(TTYAUX_MAJOR, 0),			/* tty */
	CHAR(TTYAUX_MAJOR, 2),			/* ptmx */
	CHAR(UNIX98_PTY_SLAVE_MAJOR, ANY),	/* pts */
};

/* One line is changed at a time, in any context. */
static DEFINE_MUTEX(vctx_devices_mutex);

/**
 * struct vctx_device_view - a list to be read
 * @dev: its lines
 * @nr: how many
 */
struct vctx_device_view {
	const struct vctx_device *dev;
	unsigned int nr;
};

static struct vctx_device_view view_own(const struct vctx_devices *list)
{
	return (struct vctx_device_view){ list->dev, list->nr };
}

/* What is shown for @vctx.  Context: RCU, or vctx_devices_mutex is held. */
static struct vctx_device_view view_of(const struct vctx *vctx)
{
	for (; vctx; vctx = vctx->parent) {
		const struct vctx_devices *list =
			rcu_dereference_check(vctx->devices,
					      lockdep_is_held(&vctx_devices_mutex));

		if (list)
			return view_own(list);
	}
	return (struct vctx_device_view){ vctx_devices_default,
					  ARRAY_SIZE(vctx_devices_default) };
}

static bool number_within(u32 number, u32 pattern)
{
	return pattern == ANY || pattern == number;
}

/* Is every device that @dev stands for among those of @by? */
static bool covered(const struct vctx_device *dev, const struct vctx_device *by)
{
	return dev->block == by->block && number_within(dev->major, by->major) &&
	       number_within(dev->minor, by->minor);
}

static bool view_allows(struct vctx_device_view view,
			const struct vctx_device *dev)
{
	u8 missing = dev->access;
	unsigned int i;

	for (i = 0; missing && i < view.nr; i++)
		if (covered(dev, &view.dev[i]))
			missing &= ~view.dev[i].access;
	return !missing;
}

/* Do the list of @vctx, and those above?  NULL is the host, with everything. */
static bool vctx_allows(const struct vctx *vctx, const struct vctx_device *dev)
{
	bool allows = true;

	rcu_read_lock();
	/* Those that have none say what the next one says. */
	for (; allows && vctx; vctx = vctx->parent)
		if (!vctx->parent || rcu_access_pointer(vctx->devices))
			allows = view_allows(view_of(vctx), dev);
	rcu_read_unlock();
	return allows;
}

static int may_use(bool block, dev_t rdev, u8 access)
{
	const struct vctx_device dev = {
		.block = block,
		.access = access,
		.major = MAJOR(rdev),
		.minor = MINOR(rdev),
	};

	return vctx_allows(current_vctx(), &dev) ? 0 : -EPERM;
}

static u8 access_of(bool read, bool write)
{
	return (read ? ACCESS_READ : 0) | (write ? ACCESS_WRITE : 0);
}

/**
 * vctx_device_file_open() - current, a member, opens a file
 * @file: the file, which may be a device
 *
 * Context: process.
 * Return: 0 or -EPERM
 */
int vctx_device_file_open(const struct file *file)
{
	const struct inode *inode = file_inode(file);
	/* f_mode has neither for the access mode 3, with which ioctl() works. */
	int mode = ACC_MODE(file->f_flags);

	if (likely(!S_ISCHR(inode->i_mode) && !S_ISBLK(inode->i_mode)))
		return 0;
	return may_use(S_ISBLK(inode->i_mode), inode->i_rdev,
		       access_of(mode & MAY_READ, mode & MAY_WRITE));
}

int __vctx_bdev_permission(dev_t dev, bool read, bool write)
{
	return may_use(true, dev, access_of(read, write) ?: ACCESS_READ);
}

/**
 * vctx_device_mknod() - current, a member, makes a special file
 * @mode: what it is
 * @dev: number of the device, if it is one
 *
 * Context: process.
 * Return: 0 or -EPERM
 */
int vctx_device_mknod(umode_t mode, dev_t dev)
{
	if (!S_ISCHR(mode) && !S_ISBLK(mode))
		return 0;
	/* A mark of overlayfs, and no device */
	if (S_ISCHR(mode) && dev == WHITEOUT_DEV)
		return 0;
	return may_use(S_ISBLK(mode), dev, ACCESS_MKNOD);
}

/* The file "devices" */

static void show_number(struct seq_file *m, u32 number)
{
	if (number == ANY)
		seq_putc(m, '*');
	else
		seq_printf(m, "%u", number);
}

static int vctx_devices_show(struct seq_file *m, struct vctx *vctx)
{
	struct vctx_device_view view;
	unsigned int i;

	rcu_read_lock();
	view = view_of(vctx);
	for (i = 0; i < view.nr; i++) {
		const struct vctx_device *dev = &view.dev[i];

		seq_puts(m, dev->block ? "b " : "c ");
		show_number(m, dev->major);
		seq_putc(m, ':');
		show_number(m, dev->minor);
		seq_printf(m, " %s%s%s\n", dev->access & ACCESS_READ ? "r" : "",
			   dev->access & ACCESS_WRITE ? "w" : "",
			   dev->access & ACCESS_MKNOD ? "m" : "");
	}
	rcu_read_unlock();
	return 0;
}

/* @max is the largest number that there is. */
static int parse_number(const char *word, u32 max, u32 *number)
{
	int err;

	if (!strcmp(word, "*")) {
		*number = ANY;
		return 0;
	}
	/* kstrtou32() takes a plus sign and a newline; the line has none. */
	if (*word < '0' || *word > '9')
		return -EINVAL;
	err = kstrtou32(word, 10, number);
	if (!err && *number > max)
		err = -ERANGE;
	return err;
}

static int parse_access(const char *word, u8 *access)
{
	*access = 0;
	for (; *word; word++) {
		const char *letters = "rwm";
		const char *letter = strchr(letters, *word);

		if (!letter)
			return -EINVAL;
		*access |= BIT(letter - letters);
	}
	return *access ? 0 : -EINVAL;
}

/* "c 1:3 rw" */
static int parse_device(char *line, struct vctx_device *dev)
{
	char *type = strsep(&line, " ");
	char *minor = strsep(&line, " ");
	char *major = strsep(&minor, ":");
	int err;

	/* A third word, and no fourth one */
	if (!line || !minor || strchr(line, ' '))
		return -EINVAL;
	if (strcmp(type, "c") && strcmp(type, "b"))
		return -EINVAL;
	dev->block = *type == 'b';
	err = parse_number(major, MAJOR(~0U), &dev->major);
	return err ?: parse_number(minor, MINORMASK, &dev->minor) ?:
	       parse_access(line, &dev->access);
}

/* Adds to @list, which has room for one more. */
static void devices_allow(struct vctx_devices *list,
			  const struct vctx_device *dev)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (covered(dev, &list->dev[i]) && covered(&list->dev[i], dev)) {
			list->dev[i].access |= dev->access;
			return;
		}
	list->nr++;
	list->dev[i] = *dev;
}

static void devices_deny(struct vctx_devices *list, const struct vctx_device *dev)
{
	unsigned int i, nr = 0;

	for (i = 0; i < list->nr; i++) {
		struct vctx_device left = list->dev[i];

		if (covered(&left, dev))
			left.access &= ~dev->access;
		if (left.access)
			list->dev[nr++] = left;
	}
	list->nr = nr;
}

/* Would a line of @list, of more devices than @dev, still allow some of it? */
static bool devices_left(const struct vctx_devices *list,
			 const struct vctx_device *dev)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		const struct vctx_device *by = &list->dev[i];
		bool overlap = by->block == dev->block &&
			       (number_within(dev->major, by->major) ||
				number_within(by->major, dev->major)) &&
			       (number_within(dev->minor, by->minor) ||
				number_within(by->minor, dev->minor));

		if (overlap && (by->access & dev->access))
			return true;
	}
	return false;
}

/* A copy of what @vctx has, with room for one more */
static struct vctx_devices *devices_copy(const struct vctx *vctx)
{
	struct vctx_device_view view = view_of(vctx);
	struct vctx_devices *list;

	list = kzalloc(struct_size(list, dev, view.nr + 1), GFP_KERNEL_ACCOUNT);
	if (!list)
		return NULL;
	list->nr = view.nr;
	memcpy(list->dev, view.dev, array_size(view.nr, sizeof(*view.dev)));
	return list;
}

static void devices_replace(struct vctx *vctx, struct vctx_devices *list)
{
	list = rcu_replace_pointer(vctx->devices, list,
				   lockdep_is_held(&vctx_devices_mutex));
	if (list)
		kfree_rcu(list, rcu);
}

static int devices_change(struct vctx *vctx, const struct vctx_device *dev,
			  bool allow)
{
	struct vctx_devices *list = devices_copy(vctx);
	const char *why = NULL;
	int err = 0;

	if (!list) {
		WRITE_ONCE(vctx->last_error, "out of memory");
		return -ENOMEM;
	}
	if (!allow) {
		devices_deny(list, dev);
		if (devices_left(list, dev)) {
			why = "another line allows some of this: deny that first";
			err = -EINVAL;
		}
	} else if (!vctx_allows(vctx->parent, dev)) {
		why = "a context above does not have all of this";
		err = -EPERM;
	} else {
		devices_allow(list, dev);
		if (list->nr > VCTX_DEVICES_MAX) {
			why = "the list is full";
			err = -ENOSPC;
		}
	}
	if (err) {
		WRITE_ONCE(vctx->last_error, why);
		kfree(list);
		return err;
	}
	devices_replace(vctx, list);
	return 0;
}

static int vctx_devices_write(struct vctx *vctx, char *line)
{
	struct vctx_device dev;
	bool allow;
	char *verb;
	int err;

	if (!strcmp(line, "default")) {
		mutex_lock(&vctx_devices_mutex);
		devices_replace(vctx, NULL);
		mutex_unlock(&vctx_devices_mutex);
		return 0;
	}
	verb = strsep(&line, " ");
	allow = !strcmp(verb, "allow");
	if (!line || (!allow && strcmp(verb, "deny")))
		err = -EINVAL;
	else
		err = parse_device(line, &dev);
	if (err == -ERANGE) {
		WRITE_ONCE(vctx->last_error,
			   "a major is 4095, a minor 1048575 at most");
		return err;
	}
	if (err) {
		WRITE_ONCE(vctx->last_error,
			   "lines are: default, and allow|deny c|b MAJOR:MINOR rwm; * is any number");
		return err;
	}
	mutex_lock(&vctx_devices_mutex);
	err = devices_change(vctx, &dev, allow);
	mutex_unlock(&vctx_devices_mutex);
	return err;
}

/**
 * vctx_devices_free() - free the list of a context
 * @vctx: the context, which nobody else can find any more
 *
 * Context: any.
 */
void vctx_devices_free(struct vctx *vctx)
{
	kfree(rcu_dereference_protected(vctx->devices, true));
}

static const struct vctxfs_file vctx_devices_files[] = {
	{ "devices", 0644, vctx_devices_show, vctx_devices_write },
};

void __init vctx_add_device_files(void)
{
	vctxfs_add_files(vctx_devices_files, ARRAY_SIZE(vctx_devices_files));
}
