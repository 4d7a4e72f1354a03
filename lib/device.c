// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvctx: the devices that members of a context may use
 *
 * The kernel's file reads as a list, "c 1:3 rwm", and takes one change at a
 * time: vctx_change_devices() makes one list of another.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define MAJOR_LARGEST	4095U
#define MINOR_LARGEST	1048575U

#define ACCESS_ALL	(VCTX_DEVICE_READ | VCTX_DEVICE_WRITE |	\
			 VCTX_DEVICE_MKNOD)

static const char letters[] = "rwm";

/* What a context has that nobody has given a list, as the kernel has it */
static const struct vctx_device defaults[] = {
	{ 0, ACCESS_ALL, 1, 3 },		/* null */
	{ 0, ACCESS_ALL, 1, 5 },		/* zero */
	{ 0, ACCESS_ALL, 1, 7 },		/* full */
	{ 0, ACCESS_ALL, 1, 8 },		/* random */
	{ 0, ACCESS_ALL, 1, 9 },		/* urandom */
	{ 0, ACCESS_ALL, 5, 0 },		/* tty */
	{ 0, ACCESS_ALL, 5, 2 },		/* ptmx */
	{ 0, ACCESS_ALL, 136, VCTX_DEVICE_ANY },	/* pts */
};

/**
 * vctx_default_devices() - what members of a new context may use
 * @list: receives it
 */
void vctx_default_devices(struct vctx_devices *list)
{
	memcpy(list->dev, defaults, sizeof(defaults));
	list->nr = sizeof(defaults) / sizeof(defaults[0]);
}

static size_t blanks(const char *s)
{
	return strspn(s, " \t");
}

static size_t word(const char *s)
{
	return strcspn(s, " \t");
}

static const char *parse_number(const char *s, size_t len, unsigned int largest,
				unsigned int *number)
{
	if (len == 1 && *s == '*') {
		*number = VCTX_DEVICE_ANY;
		return NULL;
	}
	switch (vctx_parse_u32(s, len, number)) {
	case 0:
		if (*number <= largest)
			return NULL;
		/* fall through */
	case -ERANGE:
		return "a major is 4095, a minor 1048575 at most";
	}
	return "numbers are wanted here: MAJOR:MINOR, of which each may be *";
}

static const char *parse_numbers(const char *s, size_t len,
				 struct vctx_device *dev, size_t *at)
{
	const char *colon = memchr(s, ':', len);
	const char *why;
	size_t first;

	if (!colon)
		return "numbers are wanted here: MAJOR:MINOR, of which each may be *";
	first = (size_t)(colon - s);
	why = parse_number(s, first, MAJOR_LARGEST, &dev->major);
	if (why)
		return why;
	why = parse_number(colon + 1, len - first - 1, MINOR_LARGEST,
			   &dev->minor);
	if (why)
		*at += first + 1;
	return why;
}

/**
 * vctx_parse_device() - read what may be done with a device
 * @text: "c MAJOR:MINOR ACCESS" or "b MAJOR:MINOR ACCESS", with ACCESS some of
 *	r, w and m, and * for any number
 * @dev: receives it
 * @at: receives where in @text something is wrong
 *
 * Return: NULL, or what is wrong, in words.
 */
const char *vctx_parse_device(const char *text, struct vctx_device *dev,
			      size_t *at)
{
	const char *why;
	size_t len;

	memset(dev, 0, sizeof(*dev));
	*at = blanks(text);
	len = word(text + *at);
	if (len != 1 || (text[*at] != 'c' && text[*at] != 'b'))
		return "c or b is wanted here, for a character or a block device";
	dev->block = text[*at] == 'b';

	*at += len;
	*at += blanks(text + *at);
	len = word(text + *at);
	why = parse_numbers(text + *at, len, dev, at);
	if (why)
		return why;

	*at += word(text + *at);
	*at += blanks(text + *at);
	len = word(text + *at);
	if (!len)
		return "what is allowed is missing: some of r, w and m";
	for (; len; len--, (*at)++) {
		const char *letter = strchr(letters, text[*at]);

		if (!letter)
			return "what is allowed is some of r, w and m";
		dev->access |= 1U << (letter - letters);
	}
	*at += blanks(text + *at);
	return text[*at] ? "there is something after it" : NULL;
}

static char *format_number(unsigned int number, char buf[16])
{
	if (number == VCTX_DEVICE_ANY)
		strcpy(buf, "*");
	else
		snprintf(buf, 16, "%u", number);
	return buf;
}

/**
 * vctx_format_device() - what may be done with a device, as text
 * @dev: the device
 * @buf: receives it
 * @size: of @buf; VCTX_DEVICE_LEN suffices
 *
 * Return: @buf
 */
char *vctx_format_device(const struct vctx_device *dev, char *buf, size_t size)
{
	char major[16], minor[16];

	snprintf(buf, size, "%c %s:%s %s%s%s", dev->block ? 'b' : 'c',
		 format_number(dev->major, major),
		 format_number(dev->minor, minor),
		 dev->access & VCTX_DEVICE_READ ? "r" : "",
		 dev->access & VCTX_DEVICE_WRITE ? "w" : "",
		 dev->access & VCTX_DEVICE_MKNOD ? "m" : "");
	return buf;
}

static int same_number(const struct vctx_device *a, const struct vctx_device *b)
{
	return a->block == b->block && a->major == b->major &&
	       a->minor == b->minor;
}

/**
 * vctx_find_device() - the entry of a device
 * @list: where to look
 * @dev: the device, of which the kind and the numbers count
 *
 * Return: the entry; NULL if there is none.
 */
struct vctx_device *vctx_find_device(const struct vctx_devices *list,
				     const struct vctx_device *dev)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (same_number(&list->dev[i], dev))
			return (struct vctx_device *)&list->dev[i];
	return NULL;
}

/**
 * vctx_add_device() - allow a device, or more of it
 * @list: gets it
 * @dev: the device
 *
 * Return: 0; -E2BIG if the list is full.
 */
int vctx_add_device(struct vctx_devices *list, const struct vctx_device *dev)
{
	struct vctx_device *old = vctx_find_device(list, dev);

	if (old) {
		old->access |= dev->access;
		return 0;
	}
	if (list->nr == VCTX_DEVICES_MAX)
		return -E2BIG;
	list->dev[list->nr++] = *dev;
	return 0;
}

static unsigned int access_in(const struct vctx_devices *list,
			      const struct vctx_device *dev)
{
	const struct vctx_device *found = vctx_find_device(list, dev);

	return found ? found->access : 0;
}

/**
 * vctx_same_devices() - are two lists the same, in whatever order?
 * @a: one
 * @b: the other
 *
 * Return: 1 or 0.
 */
int vctx_same_devices(const struct vctx_devices *a,
		      const struct vctx_devices *b)
{
	size_t i;

	if (a->nr != b->nr)
		return 0;
	for (i = 0; i < a->nr; i++)
		if (access_in(b, &a->dev[i]) != a->dev[i].access)
			return 0;
	return 1;
}

/* Changing a list */

struct change {
	const struct vctx_devices *from;
	const struct vctx_devices *to;
	int (*write_line)(void *arg, const char *line);
	void *arg;
};

static int write_change(const struct change *change, const char *verb,
			const struct vctx_device *dev, unsigned int access)
{
	struct vctx_device some = *dev;
	char text[VCTX_DEVICE_LEN];
	char line[VCTX_DEVICE_LEN + 8];

	if (!access)
		return 0;
	some.access = access;
	snprintf(line, sizeof(line), "%s %s", verb,
		 vctx_format_device(&some, text, sizeof(text)));
	return change->write_line(change->arg, line);
}

static int numbers_meet(unsigned int a, unsigned int b)
{
	return a == b || a == VCTX_DEVICE_ANY || b == VCTX_DEVICE_ANY;
}

/*
 * Does an entry lose something that others are about as well?  To take it out
 * would take it from these, or be refused because of them.
 */
static int is_entangled(const struct change *change,
			const struct vctx_device *dev, unsigned int lost)
{
	const struct vctx_devices *lists[] = { change->from, change->to };
	size_t i, j;

	for (j = 0; j < 2; j++) {
		for (i = 0; i < lists[j]->nr; i++) {
			const struct vctx_device *by = &lists[j]->dev[i];

			if (by->block == dev->block && !same_number(by, dev) &&
			    numbers_meet(by->major, dev->major) &&
			    numbers_meet(by->minor, dev->minor) &&
			    (by->access & lost))
				return 1;
		}
	}
	return 0;
}

/* All of a kind anew; meanwhile members may use none of them. */
static int change_all(const struct change *change, int block)
{
	const struct vctx_device all = {
		.block = block,
		.major = VCTX_DEVICE_ANY,
		.minor = VCTX_DEVICE_ANY,
	};
	size_t i;
	int err;

	err = write_change(change, "deny", &all, ACCESS_ALL);
	for (i = 0; !err && i < change->to->nr; i++)
		if (change->to->dev[i].block == block)
			err = write_change(change, "allow", &change->to->dev[i],
					   change->to->dev[i].access);
	return err;
}

static size_t count(const struct vctx_devices *list, int block)
{
	size_t i, nr = 0;

	for (i = 0; i < list->nr; i++)
		nr += list->dev[i].block == block;
	return nr;
}

static int change_kind(const struct change *change, int block)
{
	/* Character devices come first: of these, the list has new ones then. */
	size_t nr = count(block ? change->to : change->from, !block) +
		    count(change->from, block);
	size_t i;
	int err = 0;

	for (i = 0; i < change->to->nr; i++)
		nr += change->to->dev[i].block == block &&
		      !vctx_find_device(change->from, &change->to->dev[i]);
	/* What is new does not fit into the list beside what goes. */
	if (nr > VCTX_DEVICES_MAX)
		return change_all(change, block);
	for (i = 0; i < change->from->nr; i++) {
		const struct vctx_device *dev = &change->from->dev[i];
		unsigned int lost = dev->access & ~access_in(change->to, dev);

		if (dev->block == block && lost &&
		    is_entangled(change, dev, lost))
			return change_all(change, block);
	}
	/* What is new first: nobody is refused what he has before and after. */
	for (i = 0; !err && i < change->to->nr; i++) {
		const struct vctx_device *dev = &change->to->dev[i];

		if (dev->block == block)
			err = write_change(change, "allow", dev, dev->access &
					   ~access_in(change->from, dev));
	}
	for (i = 0; !err && i < change->from->nr; i++) {
		const struct vctx_device *dev = &change->from->dev[i];

		if (dev->block == block)
			err = write_change(change, "deny", dev, dev->access &
					   ~access_in(change->to, dev));
	}
	return err;
}

/*
 * vctx_change_devices() - the lines that make one list of another
 * @from: what is so
 * @to: what shall be so
 * @write_line: takes a line; what it returns other than 0 ends it
 * @arg: handed to @write_line
 *
 * Return: 0, or what @write_line returned.
 */
int vctx_change_devices(const struct vctx_devices *from,
			const struct vctx_devices *to,
			int (*write_line)(void *arg, const char *line),
			void *arg)
{
	const struct change change = { from, to, write_line, arg };

	return change_kind(&change, 0) ?: change_kind(&change, 1);
}

/* The context's file */

/**
 * vctx_get_devices() - what members of a context may use
 * @id: the context
 * @list: receives it
 *
 * Return: 0; errors as vctx_read().
 */
int vctx_get_devices(unsigned int id, struct vctx_devices *list)
{
	char *text, *rest, *line;
	size_t len, at;
	int err;

	list->nr = 0;
	err = vctx_read_context_file(id, "devices", &text, &len);
	if (err)
		return err;
	for (rest = text; !err && (line = vctx_next_line(&rest)); ) {
		struct vctx_device dev;

		if (vctx_parse_device(line, &dev, &at) ||
		    vctx_add_device(list, &dev))
			err = -EPROTO;
	}
	free(text);
	return err;
}

static int write_devices(void *arg, const char *line)
{
	return vctx_write_context_file(*(unsigned int *)arg, "devices", line);
}

/**
 * vctx_set_devices() - say what members of a context may use
 * @id: the context
 * @list: all of it
 *
 * Takes several writes, and members may see some of them before others.  If one
 * is refused, those before it stay; vctx_last_error() says why it was.
 *
 * Return: 0; -EPERM for more than a context above has, too; -ENOSPC for a list
 * that is too long; else as vctx_set_limits().
 */
int vctx_set_devices(unsigned int id, const struct vctx_devices *list)
{
	struct vctx_devices is, new;
	int err = vctx_get_devices(id, &is);

	if (err || vctx_same_devices(&is, list))
		return err;
	vctx_default_devices(&new);
	/*
	 * One write does it, but not in a context that may be within another:
	 * there the word stands for what that one has.
	 */
	if (id <= VCTX_ID_STATIC_MAX && vctx_same_devices(list, &new))
		return write_devices(&id, "default");
	return vctx_change_devices(&is, list, write_devices, &id);
}
