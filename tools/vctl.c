// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vctl: contexts as files describe them
 *
 * Nothing is changed before all files have been read and held against each
 * other and against the kernel.  What can be taken back is written first, and
 * taken back if something is refused after all.  How a context is scheduled
 * comes after that, since its members may lose by it what they do not get back;
 * flags, which cannot be taken back, come last.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "conf.h"
#include "disk.h"

/* As much as the kernel takes in one line */
#define LINE_LEN	4096

#define PATH_LEN	4096

/* Of diff, as diff(1) has them */
#define EXIT_DIFFERENT	1
#define EXIT_TROUBLE	2

static const struct tool_option options[] = {
	{ 'd', "root", "DIR", "the directory of the files, instead of " CONF_DIR, COMPLETE_DIRECTORIES },
	{ 'f', "force", NULL, "with save: replace a file that says something else", NULL },
	TOOL_OPTIONS
};

static const struct tool_verb verbs[] = {
	{ "apply", "[NAME|FILE]...", "make contexts as files describe them" },
	{ "check", "[NAME|FILE]...", "say what is wrong with files" },
	{ "diff", "[NAME|FILE]...", "say where files and running contexts differ" },
	{ "save", "[NAME|ID|FILE]...", "write files that describe running contexts" },
	{ NULL, NULL, NULL }
};

static const struct tool tool = {
	.name = "vctl",
	.usage = "[OPTION]... VERB [NAME|FILE]...",
	.about = "Make contexts as files describe them, or describe them in files.",
	.more =
"A NAME is that of a file in " CONF_DIR ", without its " CONF_SUFFIX "; a FILE has a slash in\n"
"it or ends in " CONF_SUFFIX ".  Without either, all files there are meant; with save, all\n"
"static contexts.\n",
	.verb = verbs,
	.complete = COMPLETE_CONFIGS,
	.usage_status = EXIT_USAGE,
	.option = options,
};

/**
 * struct item - a file, and the context that it describes
 * @conf: what the file says
 * @exists: there is such a context
 * @old: what the context was before; if it did not exist, what a new one is
 * @disk: its disk quota before, if the file has some
 * @created: made by us
 * @named: named by us
 * @limited: has new limits from us
 * @scheduled: is scheduled otherwise by us
 * @bound: is bound to other addresses by us
 * @deviced: its members may use other devices by us, or some of that
 * @quotaed: has new disk quota from us
 */
struct item {
	struct conf conf;
	int exists;
	struct conf_state old;
	struct conf disk;
	int created;
	int named;
	int limited;
	int scheduled;
	int bound;
	int deviced;
	int quotaed;
};

static const struct vctx_sched new_sched = VCTX_SCHED_INIT;

struct items {
	struct item *item;
	size_t nr;
	int errors;
};

/* --- files ------------------------------------------------------------- */

static void report(void *arg, const char *file, struct conf_pos pos,
		   const char *message)
{
	(void)arg;
	fflush(stdout);
	if (pos.line)
		fprintf(stderr, "%s:%u:%u: %s\n", file, pos.line, pos.column,
			message);
	else
		fprintf(stderr, "%s: %s\n", file, message);
}

static void __attribute__((format(printf, 4, 5)))
bad(struct items *items, const struct conf *conf, struct conf_pos pos,
    const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report(NULL, conf->file, pos, text);
	items->errors++;
}

static int ends_in_suffix(const char *name)
{
	size_t len = strlen(name);
	size_t suffix = strlen(CONF_SUFFIX);

	return len > suffix && !strcmp(name + len - suffix, CONF_SUFFIX);
}

static int is_file(const char *operand)
{
	return strchr(operand, '/') || ends_in_suffix(operand);
}

static void path_in(char path[PATH_LEN], const char *dir, const char *name)
{
	int len = snprintf(path, PATH_LEN, "%s/%s" CONF_SUFFIX, dir, name);

	if (len < 0 || len >= PATH_LEN)
		tool_usage_error(&tool, "'%.64s...' is too long", dir);
}

/* The path of what the user calls NAME or FILE */
static void path_of(char path[PATH_LEN], const char *dir, const char *operand)
{
	if (!is_file(operand))
		path_in(path, dir, operand);
	else if (strlen(operand) < PATH_LEN)
		strcpy(path, operand);
	else
		tool_usage_error(&tool, "'%.64s...' is too long", operand);
}

static void new_state(struct conf_state *state)
{
	memset(state, 0, sizeof(*state));
	state->sched = new_sched;
	vctx_default_devices(&state->devices);
}

static void add_item(struct items *items, const char *path)
{
	struct item *item;

	item = realloc(items->item, (items->nr + 1) * sizeof(*item));
	if (!item) {
		tool_error(&tool, "%s", strerror(ENOMEM));
		items->errors++;
		return;
	}
	items->item = item;
	item += items->nr++;
	memset(item, 0, sizeof(*item));
	new_state(&item->old);
	items->errors += conf_read(&item->conf, path, report, NULL);
}

static int is_conf(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && ends_in_suffix(entry->d_name);
}

static void add_directory(struct items *items, const char *dir)
{
	struct dirent **entry;
	char path[PATH_LEN];
	int nr = scandir(dir, &entry, is_conf, alphasort);
	int i;

	/* Who has none of these files need not have a place for them. */
	if (nr < 0 && errno == ENOENT && !strcmp(dir, CONF_DIR))
		return;
	if (nr < 0) {
		tool_error(&tool, "%s: %s", dir, strerror(errno));
		items->errors++;
		return;
	}
	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name);
		add_item(items, path);
		free(entry[i]);
	}
	free(entry);
}

/* No two files may describe the same context. */
static void check_unique(struct items *items)
{
	size_t i, j;

	for (i = 0; i < items->nr; i++) {
		const struct conf *a = &items->item[i].conf;

		for (j = 0; j < i; j++) {
			const struct conf *b = &items->item[j].conf;

			if (a->id && a->id == b->id)
				bad(items, a, a->id_pos, "id %u is that of %s",
				    a->id, b->file);
			if (*a->name && !strcmp(a->name, b->name))
				bad(items, a, a->name_pos,
				    "name %s is that of %s", a->name, b->file);
		}
	}
}

static void read_items(struct items *items, const char *dir, int argc,
		       char *argv[])
{
	char path[PATH_LEN];
	int i;

	memset(items, 0, sizeof(*items));
	if (!argc)
		add_directory(items, dir);
	for (i = 0; i < argc; i++) {
		path_of(path, dir, argv[i]);
		add_item(items, path);
	}
	check_unique(items);
}

static void free_items(struct items *items)
{
	size_t i;

	for (i = 0; i < items->nr; i++) {
		conf_free(&items->item[i].conf);
		conf_free(&items->item[i].disk);
		vctx_info_free(&items->item[i].old.info);
	}
	free(items->item);
}

/* --- files against the kernel ------------------------------------------- */

/*
 * Resources as the running kernel has them; if there is none, as libvctx knows
 * them.
 */
static void check_resources(struct items *items)
{
	struct vctx_res *res = NULL;
	size_t nr = 0;
	size_t i, j, k;
	int running = !vctx_get_limits(VCTX_ID_WATCHER, &res, &nr);

	for (i = 0; i < items->nr; i++) {
		const struct conf *conf = &items->item[i].conf;

		for (j = 0; j < conf->nr_limits; j++) {
			const struct conf_limit *limit = &conf->limit[j];
			unsigned int kind;
			int known = !vctx_res_kind(limit->name, &kind);

			for (k = 0; k < nr; k++)
				if (!strcmp(res[k].name, limit->name))
					break;
			if (running ? k < nr : known)
				continue;
			if (known)
				bad(items, conf, limit->pos,
				    "resource %s: not supported by this kernel",
				    limit->name);
			else
				bad(items, conf, limit->pos,
				    "unknown resource '%s'", limit->name);
		}
	}
	free(res);
}

/* Does the running kernel lack a file that could not be read? */
static int lacks_file(unsigned int id, int err)
{
	return err == -ENOENT && vctx_exists(id);
}

static void check_sched(struct items *items)
{
	struct vctx_sched sched;
	int err = vctx_get_sched(VCTX_ID_WATCHER, &sched);
	size_t i;

	if (!lacks_file(VCTX_ID_WATCHER, err))
		return;
	for (i = 0; i < items->nr; i++) {
		const struct conf *conf = &items->item[i].conf;

		if (conf->sched_pos.line)
			bad(items, conf, conf->sched_pos,
			    "sched: not supported by this kernel");
	}
}

static void check_sections(struct items *items)
{
	struct vctx_addresses addresses;
	struct vctx_devices devices;
	int no_addresses = lacks_file(VCTX_ID_WATCHER,
				      vctx_get_addresses(VCTX_ID_WATCHER,
							 &addresses));
	int no_devices = lacks_file(VCTX_ID_WATCHER,
				    vctx_get_devices(VCTX_ID_WATCHER,
						     &devices));
	size_t i;

	for (i = 0; i < items->nr; i++) {
		const struct conf *conf = &items->item[i].conf;

		if (conf->addresses_pos.line && no_addresses)
			bad(items, conf, conf->addresses_pos,
			    "addresses: not supported by this kernel");
		if (conf->devices_pos.line && no_devices)
			bad(items, conf, conf->devices_pos,
			    "devices: not supported by this kernel");
	}
}

struct checked {
	struct items *items;
	const struct conf *conf;
};

static void bad_disk(void *arg, struct conf_pos pos, const char *text)
{
	struct checked *checked = arg;

	bad(checked->items, checked->conf, pos, "%s", text);
}

/* Filesystems as they are mounted now, and what contexts may use of them */
static void check_disks(struct items *items)
{
	size_t i;

	for (i = 0; i < items->nr; i++) {
		struct item *item = &items->item[i];
		struct checked checked = { items, &item->conf };
		int err;

		if (!item->conf.quota_pos.line ||
		    disk_check(&item->conf, bad_disk, &checked))
			continue;
		err = disk_read(&item->disk, item->conf.id, &item->conf);
		if (err)
			bad(items, &item->conf, item->conf.quota_pos,
			    "disk quota: %s", strerror(-err));
	}
}

/* What a kernel lacks is as in a new context.  Return: as vctx_read(). */
static int read_context(unsigned int id, struct conf_state *state)
{
	int err;

	new_state(state);
	err = vctx_read(id, &state->info);
	if (err)
		return err;
	err = vctx_get_sched(id, &state->sched);
	if (lacks_file(id, err)) {
		state->sched = new_sched;
		err = 0;
	}
	if (!err)
		err = vctx_get_addresses(id, &state->addresses);
	if (lacks_file(id, err))
		err = 0;
	if (!err)
		err = vctx_get_devices(id, &state->devices);
	if (lacks_file(id, err)) {
		vctx_default_devices(&state->devices);
		err = 0;
	}
	if (err)
		vctx_info_free(&state->info);
	return err;
}

/* Contexts as they are now, and names that others of them have */
static void check_running(struct items *items)
{
	struct vctx_list list = VCTX_LIST_INIT;
	size_t i, j;
	int err = vctx_read_summary(&list);

	if (err) {
		tool_context_error(&tool, NULL, err);
		items->errors++;
		return;
	}
	for (i = 0; i < items->nr; i++) {
		struct item *item = &items->item[i];
		const struct conf *conf = &item->conf;

		for (j = 0; j < list.nr && *conf->name; j++)
			if (list.info[j].id != conf->id &&
			    !strcmp(list.info[j].name, conf->name))
				bad(items, conf, conf->name_pos,
				    "name %s is that of the running context %u",
				    conf->name, list.info[j].id);
		err = read_context(conf->id, &item->old);
		item->exists = !err;
		if (err && err != -ENOENT)
			bad(items, conf, conf->id_pos, "context %u: %s",
			    conf->id, strerror(-err));
	}
	vctx_list_free(&list);
}

/* --- apply -------------------------------------------------------------- */

/* Does the kernel say why in last_error?  Else that is of something before. */
static int has_words(int err)
{
	return err != -ENOENT && err != -EROFS && err != -EIO;
}

/* Why the kernel has refused something, in its words if it has some */
static void refused(const struct item *item, const char *what, int err)
{
	unsigned int id = item->conf.id;
	char why[VCTX_ERROR_LEN] = "";
	/* Only the file of who was written to says why. */
	unsigned int asked = !strcmp(what, "making it") ? VCTX_ID_HOST : id;

	if (err == -EPERM || err == -EACCES)
		snprintf(why, sizeof(why), "only root outside of all contexts may do that");
	else if (!has_words(err) ||
		 vctx_last_error(asked, why, sizeof(why)) || !*why)
		snprintf(why, sizeof(why), "%s", strerror(-err));
	tool_error(&tool, "%s: context %u: %s: %s", item->conf.file, id, what,
		   why);
}

/* "RESOURCE soft N hard N" for what changes from @from to what @to says */
static int limits_line(char line[LINE_LEN], const struct conf *to,
		       const struct vctx_res *from, size_t nr)
{
	char soft[VCTX_VALUE_LEN], hard[VCTX_VALUE_LEN];
	size_t used = 0;
	size_t i;

	line[0] = '\0';
	for (i = 0; i < nr; i++) {
		const struct conf_limit *limit;
		unsigned long long s = VCTX_MAX, h = VCTX_MAX;
		int len;

		limit = conf_find_limit(to, from[i].name);
		if (limit) {
			s = limit->soft;
			h = limit->hard;
		}
		if (s == from[i].soft && h == from[i].hard)
			continue;
		vctx_format_value(s, VCTX_DIGITS, soft, sizeof(soft));
		vctx_format_value(h, VCTX_DIGITS, hard, sizeof(hard));
		len = snprintf(line + used, LINE_LEN - used,
			       "%s%s soft %s hard %s", used ? " " : "",
			       from[i].name, soft, hard);
		if (len < 0 || (size_t)len >= LINE_LEN - used)
			return -E2BIG;
		used += (size_t)len;
	}
	return 0;
}

/* Sets the limits of a context to what @to says. */
static int set_limits(const struct conf *to, unsigned int id, int *changed)
{
	char line[LINE_LEN];
	struct vctx_res *res;
	size_t nr;
	int err;

	err = vctx_get_limits(id, &res, &nr);
	if (err)
		return err;
	err = limits_line(line, to, res, nr);
	free(res);
	if (err || !*line)
		return err;
	err = vctx_set_limits(id, line);
	if (!err)
		*changed = 1;
	return err;
}

/* Makes a context be scheduled as @to says. */
static int set_sched(const struct vctx_sched *to, unsigned int id, int *changed)
{
	char line[VCTX_SCHED_LINE_LEN];
	struct vctx_sched is;
	int err;

	err = vctx_get_sched(id, &is);
	if (lacks_file(id, err))
		return 0;
	if (err)
		return err;
	vctx_sched_line(to, vctx_sched_changes(to, &is), line, sizeof(line));
	if (!*line)
		return 0;
	err = vctx_set_sched(id, line);
	if (!err)
		*changed = 1;
	return err;
}

static int set_name(unsigned int id, const char *name)
{
	char line[VCTX_NAME_LEN + 8];

	snprintf(line, sizeof(line), "name %s", name);
	return vctx_set_status(id, line);
}

/* What can be taken back.  Return: 0, or an error that was printed. */
static int apply_item(struct item *item)
{
	const struct conf *conf = &item->conf;
	int err;

	if (!item->exists) {
		err = vctx_create(conf->id);
		if (err) {
			refused(item, "making it", err);
			return err;
		}
		item->created = 1;
	}
	if (*conf->name && strcmp(conf->name, item->old.info.name)) {
		err = set_name(conf->id, conf->name);
		if (err) {
			refused(item, "its name", err);
			return err;
		}
		item->named = 1;
	}
	err = set_limits(conf, conf->id, &item->limited);
	if (err) {
		refused(item, "its limits", err);
		return err;
	}
	if (!vctx_same_devices(&conf->devices, &item->old.devices)) {
		/* Whatever comes of it: it may be refused midway. */
		item->deviced = 1;
		err = vctx_set_devices(conf->id, &conf->devices);
		if (err) {
			refused(item, "its devices", err);
			return err;
		}
	}
	if (conf->addresses.nr &&
	    !vctx_same_addresses(&conf->addresses, &item->old.addresses)) {
		err = vctx_set_addresses(conf->id, &conf->addresses);
		if (err) {
			refused(item, "its addresses", err);
			return err;
		}
		item->bound = 1;
	}
	if (!conf->quota_pos.line)
		return 0;
	err = disk_apply(conf, &item->disk, conf->id, &item->quotaed);
	if (err)
		tool_error(&tool, "%s: context %u: its disk quota: %s",
			   conf->file, conf->id, err == -EPERM ?
			   "only root outside of all contexts may do that" :
			   strerror(-err));
	return err;
}

/* What can be taken back, but for what members have lost by it. */
static int apply_sched(struct item *item)
{
	const struct conf *conf = &item->conf;
	int err = set_sched(&conf->sched, conf->id, &item->scheduled);

	if (err)
		refused(item, "its scheduling", err);
	return err;
}

static int apply_flags(struct item *item)
{
	char words[VCTX_FLAGS_LEN];
	char line[VCTX_FLAGS_LEN + 8];
	unsigned int new = item->conf.flags & ~item->old.info.flags;
	int err;

	if (!new)
		return 0;
	snprintf(line, sizeof(line), "flags %s",
		 vctx_format_flags(new, words, sizeof(words)));
	err = vctx_set_status(item->conf.id, line);
	if (err)
		refused(item, "its flags", err);
	return err;
}

/* Return: 0, or a negative errno if not all could be taken back. */
static int undo_item(struct item *item)
{
	unsigned int id = item->conf.id;
	struct conf old;
	int ignored;
	int err = 0;
	int one;

	/* It is kept by filesystems, whether or not there is a context. */
	if (item->quotaed)
		err = disk_apply(&item->disk, &item->disk, id, &ignored);
	if (item->created) {
		one = vctx_remove(id);
		return err ? err : one;
	}
	if (item->limited) {
		one = conf_from_state(&old, &item->old);
		if (!one) {
			one = set_limits(&old, id, &ignored);
			conf_free(&old);
		}
		err = err ? err : one;
	}
	if (item->scheduled) {
		one = set_sched(&item->old.sched, id, &ignored);
		err = err ? err : one;
	}
	if (item->deviced) {
		one = vctx_set_devices(id, &item->old.devices);
		err = err ? err : one;
	}
	/* Addresses and a name cannot be taken away, only replaced. */
	if (item->bound) {
		one = item->old.addresses.nr ?
		      vctx_set_addresses(id, &item->old.addresses) :
		      -EOPNOTSUPP;
		err = err ? err : one;
	}
	if (item->named) {
		one = *item->old.info.name ? set_name(id, item->old.info.name) :
					-EOPNOTSUPP;
		err = err ? err : one;
	}
	return err;
}

static void undo(struct items *items)
{
	int all = 1;
	size_t i;

	for (i = items->nr; i--; ) {
		struct item *item = &items->item[i];
		int err = undo_item(item);

		if (!err)
			continue;
		all = 0;
		tool_error(&tool, "%s: context %u could not be made as it was before: %s",
			   item->conf.file, item->conf.id, strerror(-err));
	}
	if (all)
		tool_error(&tool, "nothing was applied");
}

/* What a file does not want any more, and nobody can take away */
static void warn_kept(const struct item *item)
{
	const struct conf *conf = &item->conf;
	char words[VCTX_FLAGS_LEN];
	unsigned int kept = item->old.info.flags & ~conf->flags &
			    ~(VCTX_FLAG_SCHED | VCTX_FLAG_FAKEINIT);

	if (!item->exists)
		return;
	if (kept)
		tool_error(&tool, "warning: %s: context %u keeps flags %s: they cannot be taken away",
			   conf->file, conf->id,
			   vctx_format_flags(kept, words, sizeof(words)));
	if (!*conf->name && *item->old.info.name)
		tool_error(&tool, "warning: %s: context %u keeps name %s: it cannot be taken away",
			   conf->file, conf->id, item->old.info.name);
	if (!conf->addresses.nr && item->old.addresses.nr)
		tool_error(&tool, "warning: %s: context %u keeps its addresses: they cannot be taken away",
			   conf->file, conf->id);
}

static int apply_items(struct items *items)
{
	size_t i, j;

	for (i = 0; i < items->nr; i++) {
		if (apply_item(&items->item[i])) {
			undo(items);
			return EXIT_FAILED;
		}
	}
	for (i = 0; i < items->nr; i++) {
		if (apply_sched(&items->item[i])) {
			undo(items);
			return EXIT_FAILED;
		}
	}
	for (i = 0; i < items->nr; i++) {
		if (!apply_flags(&items->item[i]))
			continue;
		for (j = 0; j < i; j++)
			if (items->item[j].conf.flags &
			    ~items->item[j].old.info.flags)
				break;
		if (j == i)
			undo(items);
		else
			tool_error(&tool, "all but the flags of what comes after it was applied");
		return EXIT_FAILED;
	}
	for (i = 0; i < items->nr; i++)
		warn_kept(&items->item[i]);
	return EXIT_SUCCESS;
}

static int do_apply(const char *dir, int argc, char *argv[])
{
	struct items items;
	int status = EXIT_FAILED;

	read_items(&items, dir, argc, argv);
	if (!items.errors)
		check_running(&items);
	if (!items.errors) {
		check_resources(&items);
		check_sched(&items);
		check_sections(&items);
		check_disks(&items);
	}
	if (!items.errors)
		status = apply_items(&items);
	else
		tool_error(&tool, "nothing was applied");
	free_items(&items);
	return status;
}

/* --- check and diff ----------------------------------------------------- */

static int do_check(const char *dir, int argc, char *argv[])
{
	struct items items;
	int status;

	read_items(&items, dir, argc, argv);
	check_resources(&items);
	check_sched(&items);
	check_sections(&items);
	status = items.errors ? EXIT_FAILED : EXIT_SUCCESS;
	free_items(&items);
	return status;
}

/* Prints how a file and its context differ; 0, an exit code or both. */
static int diff_item(const struct item *item)
{
	const char *what = "";
	struct conf kernel;
	char *text = NULL;
	size_t size;
	int found;
	FILE *f;
	int err;

	err = conf_from_state(&kernel, &item->old);
	if (!err && item->conf.quota_pos.line) {
		err = disk_read(&kernel, item->conf.id, &item->conf);
		what = err ? "disk quota: " : "";
	}
	f = err ? NULL : open_memstream(&text, &size);
	if (!f) {
		tool_error(&tool, "%s: %s%s", item->conf.file, what,
			   strerror(err ? -err : ENOMEM));
		conf_free(&kernel);
		return EXIT_TROUBLE;
	}
	found = conf_diff(f, &item->conf, &kernel);
	conf_free(&kernel);
	if (fclose(f)) {
		free(text);
		tool_error(&tool, "%s", strerror(ENOMEM));
		return EXIT_TROUBLE;
	}
	if (found || !item->exists)
		printf("--- %s\n+++ context %u%s\n%s", item->conf.file,
		       item->conf.id, item->exists ? "" : ", which does not exist",
		       text);
	free(text);
	return found || !item->exists ? EXIT_DIFFERENT : EXIT_SUCCESS;
}

static int do_diff(const char *dir, int argc, char *argv[])
{
	struct items items;
	int status = EXIT_SUCCESS;
	size_t i;

	read_items(&items, dir, argc, argv);
	if (!items.errors) {
		/* A name that another one has is a difference, no error. */
		for (i = 0; i < items.nr; i++) {
			struct item *item = &items.item[i];
			int err = read_context(item->conf.id, &item->old);

			item->exists = !err;
			if (!err || (err == -ENOENT && !vctx_check()))
				continue;
			tool_context_error(&tool, NULL, err);
			items.errors++;
			break;
		}
	}
	for (i = 0; i < items.nr && !items.errors; i++) {
		int one = diff_item(&items.item[i]);

		if (one > status)
			status = one;
	}
	if (items.errors)
		status = EXIT_TROUBLE;
	free_items(&items);
	return status;
}

/* --- save --------------------------------------------------------------- */

/* Writes a file as a whole, or not at all. */
static int write_file(const char *path, const struct conf *conf)
{
	char temporary[PATH_LEN + 8];
	FILE *f;
	int err;
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	fd = mkstemp(temporary);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "w");
	if (!f) {
		err = -errno;
		close(fd);
		unlink(temporary);
		return err;
	}
	conf_write(f, conf);
	err = ferror(f) || fflush(f) || fchmod(fd, 0644) || fsync(fd) ?
	      -errno : 0;
	if (fclose(f) && !err)
		err = -errno;
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		unlink(temporary);
	return err;
}

static void ignore(void *arg, const char *file, struct conf_pos pos,
		   const char *message)
{
	(void)arg;
	(void)file;
	(void)pos;
	(void)message;
}

/*
 * Does the file say that already?  It may have comments worth keeping.  One
 * without a section quota says nothing of it.
 */
static int says_so(const char *path, const struct conf *conf)
{
	struct conf old;
	char *text = NULL;
	size_t size;
	int same = 0;
	FILE *f;

	if (!conf_read(&old, path, ignore, NULL) && old.id == conf->id &&
	    (old.quota_pos.line || !conf_has_quota(conf))) {
		f = open_memstream(&text, &size);
		if (f) {
			same = !conf_diff(f, &old, conf);
			fclose(f);
		}
		free(text);
	}
	conf_free(&old);
	return same;
}

/* Disk quota, of filesystems as a file that is there calls them */
static int read_disk(struct conf *conf, const char *path)
{
	struct conf old;
	int err;

	conf_read(&old, path, ignore, NULL);
	err = disk_read(conf, conf->id, &old);
	conf_free(&old);
	return err;
}

static int save_one(const char *path, unsigned int id, int force)
{
	char words[VCTX_FLAGS_LEN];
	struct conf_state state;
	const char *what = "";
	struct conf conf;
	int err;

	if (id < VCTX_ID_STATIC_MIN || id > VCTX_ID_STATIC_MAX) {
		tool_error(&tool, "context %u is not static (%u to %u), and cannot be saved",
			   id, VCTX_ID_STATIC_MIN, VCTX_ID_STATIC_MAX);
		return EXIT_FAILED;
	}
	err = read_context(id, &state);
	if (err) {
		snprintf(words, sizeof(words), "%u", id);
		tool_context_error(&tool, words, err);
		return EXIT_FAILED;
	}
	vctx_format_flags(state.info.flags, words, sizeof(words));
	if (strcmp(words, state.info.flags_text)) {
		tool_error(&tool, "context %u has flags that this vctl does not know: %s",
			   id, state.info.flags_text);
		vctx_info_free(&state.info);
		return EXIT_FAILED;
	}
	err = conf_from_state(&conf, &state);
	vctx_info_free(&state.info);
	if (!err) {
		err = read_disk(&conf, path);
		what = err ? "disk quota: " : "";
	}
	if (!err && !access(path, F_OK)) {
		if (says_so(path, &conf))
			goto done;
		if (!force) {
			tool_error(&tool, "%s says something else; --force replaces it",
				   path);
			conf_free(&conf);
			return EXIT_FAILED;
		}
	}
	if (!err)
		err = write_file(path, &conf);
done:
	conf_free(&conf);
	if (!err)
		return EXIT_SUCCESS;
	tool_error(&tool, "%s: %s%s", path, what, strerror(-err));
	return EXIT_FAILED;
}

static int save_all(const char *dir, int force)
{
	struct vctx_list list = VCTX_LIST_INIT;
	int status = EXIT_SUCCESS;
	char path[PATH_LEN];
	char name[16];
	size_t i;
	int err = vctx_read_summary(&list);

	if (err) {
		tool_context_error(&tool, NULL, err);
		return EXIT_FAILED;
	}
	for (i = 0; i < list.nr; i++) {
		const struct vctx_info *info = &list.info[i];

		if (info->id < VCTX_ID_STATIC_MIN ||
		    info->id > VCTX_ID_STATIC_MAX)
			continue;
		snprintf(name, sizeof(name), "%u", info->id);
		path_in(path, dir, *info->name ? info->name : name);
		if (save_one(path, info->id, force))
			status = EXIT_FAILED;
	}
	vctx_list_free(&list);
	return status;
}

/* The context that belongs to NAME, ID or FILE */
static int find_operand(const char *operand, unsigned int *id)
{
	const char *slash = strrchr(operand, '/');
	const char *base = slash ? slash + 1 : operand;
	char name[VCTX_NAME_LEN];
	size_t len = strlen(base);

	if (ends_in_suffix(base))
		len -= strlen(CONF_SUFFIX);
	if (len >= sizeof(name)) {
		tool_error(&tool, "'%s' is neither the id nor the name of a context",
			   base);
		return EXIT_USAGE;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, base);
	return tool_find_context(&tool, name, id);
}

static int do_save(const char *dir, int argc, char *argv[], int force)
{
	int status = EXIT_SUCCESS;
	char path[PATH_LEN];
	unsigned int id;
	int i, one;

	for (i = 0; i < argc && is_file(argv[i]); i++)
		;
	if ((!argc || i < argc) && mkdir(dir, 0755) && errno != EEXIST) {
		tool_error(&tool, "%s: %s", dir, strerror(errno));
		return EXIT_FAILED;
	}
	if (!argc)
		return save_all(dir, force);
	for (i = 0; i < argc; i++) {
		path_of(path, dir, argv[i]);
		one = find_operand(argv[i], &id);
		if (!one)
			one = save_one(path, id, force);
		if (one)
			status = one;
	}
	return status;
}

int main(int argc, char *argv[])
{
	const char *dir = CONF_DIR;
	const char *verb;
	int force = 0;
	int status;
	int key;

	while ((key = tool_getopt(&tool, argc, argv)) != -1) {
		switch (key) {
		case 'd':
			dir = optarg;
			break;
		case 'f':
			force = 1;
			break;
		}
	}
	argc -= optind;
	argv += optind;
	if (!argc)
		tool_usage_error(&tool, "what? apply, check, diff or save is needed");
	verb = *argv++;
	argc--;
	if (force && strcmp(verb, "save"))
		tool_usage_error(&tool, "--force is for save");

	if (!strcmp(verb, "apply"))
		status = do_apply(dir, argc, argv);
	else if (!strcmp(verb, "check"))
		status = do_check(dir, argc, argv);
	else if (!strcmp(verb, "diff"))
		status = do_diff(dir, argc, argv);
	else if (!strcmp(verb, "save"))
		status = do_save(dir, argc, argv, force);
	else
		tool_usage_error(&tool, "unknown verb '%s'", verb);
	if (tool_close_stdout(&tool))
		return EXIT_FAILED;
	return status;
}
