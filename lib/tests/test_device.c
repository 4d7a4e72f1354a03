// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lists of devices: what is one, and how the kernel is told to have another */
#include <errno.h>
#include <string.h>

#include "tree.h"
#include "../internal.h"

static const char default_list[] =
	"c 1:3 rwm\nc 1:5 rwm\nc 1:7 rwm\nc 1:8 rwm\nc 1:9 rwm\n"
	"c 5:0 rwm\nc 5:2 rwm\nc 136:* rwm\n";

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *want;	/* as text again, or what is wrong */
	} all[] = {
		{ "c 1:3 rwm", 9, "c 1:3 rwm" },
		{ " b  8:*\tmr ", 11, "b 8:* rm" },
		{ "c *:* w", 7, "c *:* w" },
		{ "c 4095:1048575 rr", 17, "c 4095:1048575 r" },
		{ "", 0, "c or b is wanted here, for a character or a block device" },
		{ "a *:* rwm", 0, "c or b is wanted here, for a character or a block device" },
		{ " char 1:3 r", 1, "c or b is wanted here, for a character or a block device" },
		{ "c", 1, "numbers are wanted here: MAJOR:MINOR, of which each may be *" },
		{ "c 1 rw", 2, "numbers are wanted here: MAJOR:MINOR, of which each may be *" },
		{ "c :3 rw", 2, "numbers are wanted here: MAJOR:MINOR, of which each may be *" },
		{ "c 1: rw", 4, "numbers are wanted here: MAJOR:MINOR, of which each may be *" },
		{ "c +1:3 rw", 2, "numbers are wanted here: MAJOR:MINOR, of which each may be *" },
		{ "c 1:-3 rw", 4, "numbers are wanted here: MAJOR:MINOR, of which each may be *" },
		{ "c 1:3x rw", 4, "numbers are wanted here: MAJOR:MINOR, of which each may be *" },
		{ "c 1:3:5 rw", 4, "numbers are wanted here: MAJOR:MINOR, of which each may be *" },
		{ "c 4096:0 r", 2, "a major is 4095, a minor 1048575 at most" },
		{ "c 1:1048576 r", 4, "a major is 4095, a minor 1048575 at most" },
		{ "c 1:99999999999999999999 r", 4, "a major is 4095, a minor 1048575 at most" },
		{ "c 1:4294967295 r", 4, "a major is 4095, a minor 1048575 at most" },
		{ "c 1:3", 5, "what is allowed is missing: some of r, w and m" },
		{ "c 1:3  ", 7, "what is allowed is missing: some of r, w and m" },
		{ "c 1:3 rxw", 7, "what is allowed is some of r, w and m" },
		{ "c 1:3 rw r", 9, "there is something after it" },
	};
	char text[VCTX_DEVICE_LEN];
	struct vctx_device dev;
	size_t i, at;

	(void)state;
	for (i = 0; i < NR(all); i++) {
		const char *why = vctx_parse_device(all[i].text, &dev, &at);

		assert_string_equal(why ? why : vctx_format_device(&dev, text,
								   sizeof(text)),
				    all[i].want);
		assert_int_equal(at, all[i].at);
	}
	dev = (struct vctx_device){ 1, 7, 4095, 1048575 };
	assert_string_equal(vctx_format_device(&dev, text, sizeof(text)),
			    "b 4095:1048575 rwm");
}

/* What the kernel would do with a line, see kernel/device.c */

struct model {
	struct vctx_devices list;
	int own;
	int lines;
	int fail_at;
	const struct vctx_devices *before, *after;
	int lost;
};

static int within(unsigned int number, unsigned int pattern)
{
	return pattern == VCTX_DEVICE_ANY || pattern == number;
}

static int covered(const struct vctx_device *dev, const struct vctx_device *by)
{
	return dev->block == by->block && within(dev->major, by->major) &&
	       within(dev->minor, by->minor);
}

static int meet(const struct vctx_device *a, const struct vctx_device *b)
{
	return a->block == b->block &&
	       (within(a->major, b->major) || within(b->major, a->major)) &&
	       (within(a->minor, b->minor) || within(b->minor, a->minor));
}

static int model_deny(struct vctx_devices *list, const struct vctx_device *dev)
{
	struct vctx_devices new = { .nr = 0 };
	size_t i;

	for (i = 0; i < list->nr; i++) {
		struct vctx_device left = list->dev[i];

		if (covered(&left, dev))
			left.access &= ~dev->access;
		if (left.access)
			new.dev[new.nr++] = left;
	}
	for (i = 0; i < new.nr; i++)
		if (meet(&new.dev[i], dev) && (new.dev[i].access & dev->access))
			return -EINVAL;
	*list = new;
	return 0;
}

/* Does a list allow all of what is before and after the change? */
static void look_for_losses(struct model *model)
{
	size_t i;

	for (i = 0; i < model->before->nr; i++) {
		const struct vctx_device *dev = &model->before->dev[i];
		const struct vctx_device *now = vctx_find_device(&model->list, dev);
		const struct vctx_device *then = vctx_find_device(model->after, dev);
		unsigned int both = then ? dev->access & then->access : 0;

		if (both & ~(now ? now->access : 0))
			model->lost = 1;
	}
}

static int model_write(void *arg, const char *line)
{
	struct model *model = arg;
	struct vctx_device dev;
	int err = 0;
	size_t at;

	assert_null(strchr(line, '\n'));
	if (++model->lines == model->fail_at)
		return -ENOMEM;
	if (!strncmp(line, "allow ", 6)) {
		assert_null(vctx_parse_device(line + 6, &dev, &at));
		err = vctx_add_device(&model->list, &dev) ? -ENOSPC : 0;
	} else {
		assert_int_equal(strncmp(line, "deny ", 5), 0);
		assert_null(vctx_parse_device(line + 5, &dev, &at));
		err = model_deny(&model->list, &dev);
	}
	look_for_losses(model);
	return err;
}

static void make_list(struct vctx_devices *list, const char *text)
{
	char line[64];

	list->nr = 0;
	while (*text) {
		size_t len = strcspn(text, "\n"), at;
		struct vctx_device dev;

		memcpy(line, text, len);
		line[len] = '\0';
		assert_null(vctx_parse_device(line, &dev, &at));
		assert_int_equal(vctx_add_device(list, &dev), 0);
		text += len + !!text[len];
	}
}

static struct model change(const struct vctx_devices *from,
			   const struct vctx_devices *to)
{
	struct model model = {
		.list = *from, .before = from, .after = to,
	};

	assert_int_equal(vctx_change_devices(from, to, model_write, &model), 0);
	assert_true(vctx_same_devices(&model.list, to));
	assert_true(vctx_same_devices(to, &model.list));
	return model;
}

static void test_change(void **state)
{
	static const struct {
		const char *from;
		const char *to;
		int lines;
		int lost;	/* members may be refused what they keep */
	} all[] = {
		{ "", "", 0, 0 },
		{ default_list, default_list, 0, 0 },
		{ "c 1:3 r\n", default_list, 8, 0 },
		{ default_list, "", 8, 0 },
		{ "c 1:3 rw\nc 1:5 r\n", "c 1:5 r\nc 1:3 rw\n", 0, 0 },
		{ "c 1:3 rw\n", "c 1:3 r\n", 1, 0 },
		{ "c 1:3 r\n", "c 1:3 rw\nb 7:0 r\n", 2, 0 },
		{ "c 1:3 rw\nb 7:0 r\n", "c 1:3 wm\nb 7:1 r\n", 4, 0 },
		/* What is new overlaps what goes, or what stays does. */
		{ "c 1:* r\n", "c 1:3 r\n", 2, 0 },
		{ "c 1:* r\nc 1:3 r\nc 5:0 r\n", "c 1:3 r\nc 5:0 r\n", 3, 1 },
		{ "c 1:* r\nc 1:3 r\nb 7:0 r\n", "c 1:* r\nb 7:0 r\n", 2, 1 },
		{ "c 1:* r\nc *:3 w\n", "c 1:* r\n", 1, 0 },
		{ "c 1:* rw\nc *:3 rw\n", "c 1:* rw\n", 2, 1 },
		{ "c *:* rwm\n", "c 1:3 r\n", 2, 0 },
		/* but not in bits that are lost. */
		{ "c 1:* r\nc 1:3 rw\n", "c 1:* r\nc 1:3 r\n", 1, 0 },
		{ "c 1:* r\nb 1:3 r\n", "c 1:* r\n", 1, 0 },
	};
	struct vctx_devices from, to;
	struct model model;
	size_t i;

	(void)state;
	for (i = 0; i < NR(all); i++) {
		make_list(&from, all[i].from);
		make_list(&to, all[i].to);
		model = change(&from, &to);
		assert_int_equal(model.lines, all[i].lines);
		assert_int_equal(model.lost, all[i].lost);
	}
}

/* Any list can be made of any other. */
static void test_random_changes(void **state)
{
	static const unsigned int numbers[] = { 1, 2, VCTX_DEVICE_ANY };
	unsigned int random = 1;
	int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		struct vctx_devices list[2];
		int j;

		for (j = 0; j < 2; j++) {
			int n = round / 7 % 6;

			list[j].nr = 0;
			while (n--) {
				struct vctx_device dev;

				random = random * 1103515245 + 12345;
				dev.block = random >> 30 & 1;
				dev.access = 1 + (random >> 26) % 7;
				dev.major = numbers[(random >> 20) % 3];
				dev.minor = numbers[(random >> 13) % 3];
				vctx_add_device(&list[j], &dev);
			}
		}
		change(&list[0], &list[1]);
	}
}

/* Lists that are full, and have nothing in common */
static void test_full(void **state)
{
	struct vctx_devices from = { .nr = 0 }, to = { .nr = 0 };
	struct vctx_device dev = { 0, VCTX_DEVICE_READ, 200, 0 };

	(void)state;
	for (dev.minor = 0; dev.minor < VCTX_DEVICES_MAX; dev.minor++) {
		dev.major = 200;
		assert_int_equal(vctx_add_device(&from, &dev), 0);
		dev.major = 201;
		assert_int_equal(vctx_add_device(&to, &dev), 0);
	}
	assert_int_equal(vctx_add_device(&from, &dev), -E2BIG);
	dev.minor--;
	dev.major = 200;
	assert_int_equal(vctx_add_device(&from, &dev), 0);
	assert_int_equal(change(&from, &to).lines, 1 + VCTX_DEVICES_MAX);
}

/* The first error ends it. */
static void test_error(void **state)
{
	struct vctx_devices from, to;
	struct model model = { .fail_at = 2 };

	(void)state;
	make_list(&from, "c 1:3 r\n");
	make_list(&to, "c 1:5 r\nc 1:7 r\nc 1:9 r\n");
	model.list = from;
	model.before = &from;
	model.after = &to;
	assert_int_equal(vctx_change_devices(&from, &to, model_write, &model),
			 -ENOMEM);
	assert_int_equal(model.lines, 2);
	assert_int_equal(model.list.nr, 2);
}

/* What was written last stands at the beginning of the file. */
static void check_written(const char *file, const char *want)
{
	char line[64], path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, file);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_string_equal(line, want);
}

static void test_file(void **state)
{
	struct vctx_devices list, new;

	(void)state;
	assert_int_equal(vctx_get_devices(7, &list), -ENOENT);
	put_dir("7");
	put("7/devices", default_list);
	assert_int_equal(vctx_get_devices(7, &list), 0);
	vctx_default_devices(&new);
	assert_true(vctx_same_devices(&list, &new));
	put("7/devices", "");
	assert_int_equal(vctx_get_devices(7, &list), 0);
	assert_int_equal(list.nr, 0);
	make_list(&new, "c 1:3 rw\n");
	assert_int_equal(vctx_set_devices(7, &new), 0);
	check_written("7/devices", "allow c 1:3 rw\n");
	assert_int_equal(vctx_get_devices(7, &list), -EPROTO);
	assert_int_equal(vctx_set_devices(8, &new), -ENOENT);
}

/* In a context within another one, "default" is what that one has. */
static void test_default(void **state)
{
	struct vctx_devices new;

	(void)state;
	vctx_default_devices(&new);
	put_dir("9");
	put("9/devices", default_list);
	assert_int_equal(vctx_set_devices(9, &new), 0);
	check_written("9/devices", "c 1:3 rwm\n");
	put("9/devices", "c 1:3 r\n");
	assert_int_equal(vctx_set_devices(9, &new), 0);
	check_written("9/devices", "default\n");
	put_dir("65536");
	put("65536/devices", "c 1:3 r\n");
	assert_int_equal(vctx_set_devices(65536, &new), 0);
	check_written("65536/devices", "allow c 136:* rwm\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_default),
	};

	return cmocka_run_group_tests_name("lib-device", tests, make_root,
					   remove_root);
}
