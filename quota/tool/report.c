// SPDX-License-Identifier: GPL-2.0-or-later
/* What contexts use of disks, and may use */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vquota.h"

/* From this share of the hard limit on, usage is shown in yellow. */
#define NEARLY_FULL	90

enum {
	COL_CONTEXT,
	COL_NAME,
	COL_USER,
	COL_FILESYSTEM,
	COL_USED,
	COL_SOFT,
	COL_HARD,
	COL_GRACE,
	COL_INODES,
	COL_ISOFT,
	COL_IHARD,
	COL_IGRACE,
	COL_USE,
	COL_IUSE,
	COL_ENFORCED,
	NR_COLUMNS,
};

const struct table_column report_columns[NR_COLUMNS] = {
	[COL_CONTEXT]	= { "CONTEXT", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "id of the context, the tag of its files" },
	[COL_NAME]	= { "NAME", 0, SCOLS_JSON_STRING, "its name" },
	[COL_USER]	= { "USER", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "id of a user inside (shown with --users)" },
	[COL_FILESYSTEM] = { "FILESYSTEM", 0, SCOLS_JSON_STRING, "where the filesystem is mounted" },
	[COL_USED]	= { "USED", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "bytes of disk space used" },
	[COL_SOFT]	= { "SOFT", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "soft limit of these: a time of grace runs above it" },
	[COL_HARD]	= { "HARD", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "hard limit of these: never exceeded" },
	[COL_GRACE]	= { "GRACE", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "time of grace that is left; over: the soft limit is a hard one" },
	[COL_INODES]	= { "INODES", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "files of all kinds" },
	[COL_ISOFT]	= { "ISOFT", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "soft limit of these" },
	[COL_IHARD]	= { "IHARD", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "hard limit of these" },
	[COL_IGRACE]	= { "IGRACE", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "time of grace that is left for these" },
	[COL_USE]	= { "USE%", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "space used in percent of the hard limit (not shown by default)" },
	[COL_IUSE]	= { "IUSE%", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "likewise of files (not shown by default)" },
	[COL_ENFORCED]	= { "ENFORCED", 0, SCOLS_JSON_BOOLEAN, "are limits enforced on this filesystem? (not shown by default)" },
};

const int nr_report_columns = NR_COLUMNS;

/**
 * struct row - one context, or one of its users, on one filesystem
 * @context: its id
 * @user: id of the user inside
 * @place: index of the filesystem
 * @quota: what is used, and may be
 * @name: of the context, or NULL
 */
struct row {
	unsigned int context;
	unsigned int user;
	size_t place;
	struct vctx_quota quota;
	const char *name;
};

/**
 * struct report - what is shown
 * @options: how
 * @places: filesystems
 * @contexts: contexts that there are
 * @row: rows
 * @nr: how many
 * @now: seconds since 1970
 */
struct report {
	const struct options *options;
	struct places places;
	struct vctx_list contexts;
	struct row *row;
	size_t nr;
	unsigned long long now;
};

/* --- cells ----------------------------------------------------------------- */

static int percent(const struct vctx_quota_use *use)
{
	double share;

	if (use->hard == VCTX_MAX)
		return -1;
	if (!use->hard)
		return 100;
	share = (double)use->usage / (double)use->hard * 100;
	return share > 999 ? 999 : (int)share;
}

static const char *percent_text(const struct report *report,
				const struct vctx_quota_use *use, char *buf,
				size_t size)
{
	if (percent(use) < 0)
		return report->options->table.json ? NULL : "-";
	snprintf(buf, size, "%d", percent(use));
	return buf;
}

/* The two largest units of a time */
static const char *grace_text(const struct report *report,
			      const struct vctx_quota_use *use, char *buf,
			      size_t size)
{
	unsigned long long left;

	if (!use->expires)
		return report->options->table.json ? NULL : "-";
	left = use->expires > report->now ? use->expires - report->now : 0;
	if (report->options->table.json)
		snprintf(buf, size, "%llu", left);
	else if (!left)
		snprintf(buf, size, "over");
	else if (left >= 86400)
		snprintf(buf, size, "%llud%lluh", left / 86400,
			 left % 86400 / 3600);
	else if (left >= 3600)
		snprintf(buf, size, "%lluh%llum", left / 3600,
			 left % 3600 / 60);
	else if (left >= 60)
		snprintf(buf, size, "%llum%llus", left / 60, left % 60);
	else
		snprintf(buf, size, "%llus", left);
	return buf;
}

static const char *value_text(const struct report *report,
			      unsigned long long value, char *buf, size_t size)
{
	int json = report->options->table.json;

	if (value == VCTX_MAX && json)
		return NULL;
	return vctx_format_value(value, report->options->human && !json ?
				 VCTX_HUMAN : VCTX_DIGITS, buf, size);
}

/* The text of a cell; NULL for none, which JSON shows as null. */
static const char *cell(const struct report *report, const struct row *row,
			int column, char *buf, size_t size)
{
	const struct place *place = &report->places.place[row->place];
	const struct vctx_quota *quota = &row->quota;
	int json = report->options->table.json;

	switch (column) {
	case COL_CONTEXT:
		snprintf(buf, size, "%u", row->context);
		return buf;
	case COL_NAME:
		if (row->name)
			return row->name;
		return json ? NULL : "-";
	case COL_USER:
		if (!report->options->users)
			return json ? NULL : "-";
		snprintf(buf, size, "%u", row->user);
		return buf;
	case COL_FILESYSTEM:
		return place->name;
	case COL_USED:
		return value_text(report, quota->space.usage, buf, size);
	case COL_SOFT:
		return value_text(report, quota->space.soft, buf, size);
	case COL_HARD:
		return value_text(report, quota->space.hard, buf, size);
	case COL_GRACE:
		return grace_text(report, &quota->space, buf, size);
	case COL_INODES:
		return value_text(report, quota->inodes.usage, buf, size);
	case COL_ISOFT:
		return value_text(report, quota->inodes.soft, buf, size);
	case COL_IHARD:
		return value_text(report, quota->inodes.hard, buf, size);
	case COL_IGRACE:
		return grace_text(report, &quota->inodes, buf, size);
	case COL_USE:
		return percent_text(report, &quota->space, buf, size);
	case COL_IUSE:
		return percent_text(report, &quota->inodes, buf, size);
	default:
		return place->state & VCTX_QUOTA_ENFORCED ? "yes" : "no";
	}
}

static const char *use_color(const struct report *report,
			     const struct vctx_quota_use *use)
{
	if ((use->hard != VCTX_MAX && use->usage >= use->hard) ||
	    (use->expires && use->expires <= report->now))
		return "red";
	if (use->usage > use->soft || percent(use) >= NEARLY_FULL)
		return "yellow";
	return NULL;
}

static const char *color(const struct report *report, const struct row *row,
			 int column)
{
	if (column == COL_USED || column == COL_USE || column == COL_GRACE)
		return use_color(report, &row->quota.space);
	if (column == COL_INODES || column == COL_IUSE || column == COL_IGRACE)
		return use_color(report, &row->quota.inodes);
	return NULL;
}

static int add_line(const struct report *report, struct libscols_table *table,
		    const struct row *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char buf[64];
	int i;

	if (!line)
		return -1;
	for (i = 0; i < report->options->table.nr_columns; i++) {
		int column = report->options->table.column[i];
		const char *text = cell(report, row, column, buf, sizeof(buf));

		if (table_set_cell(line, i, text, color(report, row, column)))
			return -1;
	}
	return 0;
}

static int print_rows(const struct report *report)
{
	const struct table_view *view = &report->options->table;
	struct libscols_table *table = table_new(view, "quota");
	int bad = !table;
	size_t i;

	for (i = 0; !bad && i < report->nr; i++)
		bad = add_line(report, table, &report->row[i]);
	if (!bad && (view->json || report->nr))
		bad = scols_print_table(table);
	scols_unref_table(table);
	if (bad) {
		tool_error(&vquota_tool, "cannot make the table");
		return EXIT_FAILED;
	}
	return EXIT_SUCCESS;
}

/* --- rows ------------------------------------------------------------------ */

static const char *name_of(const struct report *report, unsigned int id)
{
	const struct vctx_info *info = vctx_list_find(&report->contexts, id);

	return info && *info->name ? info->name : NULL;
}

static int add_row(struct report *report, size_t place,
		   const struct vctx_quota *quota)
{
	int users = report->options->users;
	struct row *row;

	if (!(report->nr & (report->nr + 1))) {
		row = realloc(report->row,
			      2 * (report->nr + 1) * sizeof(*row));
		if (!row)
			return -ENOMEM;
		report->row = row;
	}
	row = &report->row[report->nr++];
	row->context = users ? quota->id >> USER_SHIFT : quota->id;
	row->user = users ? quota->id & USER_MASK : 0;
	row->place = place;
	row->quota = *quota;
	row->name = name_of(report, row->context);
	return 0;
}

static int is_context(unsigned int id)
{
	return id >= VCTX_ID_STATIC_MIN && id <= VCTX_ID_STATIC_MAX;
}

static int is_empty(const struct vctx_quota *quota)
{
	return !quota->space.usage && !quota->inodes.usage &&
	       quota->space.soft == VCTX_MAX && quota->space.hard == VCTX_MAX &&
	       quota->inodes.soft == VCTX_MAX && quota->inodes.hard == VCTX_MAX;
}

static enum vctx_quota_type kind(const struct report *report)
{
	return report->options->users ? VCTX_QUOTA_USER : VCTX_QUOTA_TAG;
}

/* All that a filesystem knows, from id @from up to @to */
static int add_known(struct report *report, size_t place, unsigned int from,
		     unsigned int to)
{
	int fd = report->places.place[place].fd;
	struct vctx_quota quota = { .id = from };
	int err;

	for (;;) {
		unsigned int at = quota.id;

		err = vctx_next_quota(fd, kind(report), at, &quota);
		if (err == -ENOENT || err == -ESRCH || quota.id > to)
			return 0;
		/* Not even a broken filesystem makes this go round and round. */
		if (!err && quota.id < at)
			err = -EPROTO;
		if (err)
			return err;
		if (report->options->all || !is_empty(&quota))
			err = add_row(report, place, &quota);
		if (err || quota.id == to)
			return err;
		quota.id++;
	}
}

/* One, whether or not the filesystem knows of it */
static int add_one(struct report *report, size_t place, unsigned int id)
{
	struct vctx_quota quota;
	int err = vctx_get_quota(report->places.place[place].fd, kind(report),
				 id, &quota);

	return err ? err : add_row(report, place, &quota);
}

static int has_row(const struct report *report, size_t place, unsigned int id)
{
	size_t i;

	for (i = 0; i < report->nr; i++)
		if (report->row[i].context == id && report->row[i].place == place)
			return 1;
	return 0;
}

/* Static contexts that a filesystem does not know */
static int add_contexts(struct report *report, size_t place)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < report->contexts.nr; i++) {
		unsigned int id = report->contexts.info[i].id;

		if (is_context(id) && !has_row(report, place, id))
			err = add_one(report, place, id);
	}
	return err;
}

static int add_place(struct report *report, size_t place, unsigned int tag)
{
	const struct options *options = report->options;
	int err;

	if (options->has_user)
		return add_one(report, place, tag << USER_SHIFT | options->user);
	if (options->users && tag)
		return add_known(report, place, tag << USER_SHIFT,
				 tag << USER_SHIFT | USER_MASK);
	if (options->users)
		return add_known(report, place,
				 VCTX_ID_STATIC_MIN << USER_SHIFT,
				 VCTX_ID_STATIC_MAX << USER_SHIFT | USER_MASK);
	if (tag)
		return add_one(report, place, tag);
	if (!options->all)
		return add_known(report, place, VCTX_ID_STATIC_MIN,
				 VCTX_ID_STATIC_MAX);
	err = add_known(report, place, 0, UINT_MAX);
	return err ? err : add_contexts(report, place);
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->context != y->context)
		return x->context < y->context ? -1 : 1;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* --- members --------------------------------------------------------------- */

/* The kernel answers a member for its own context only. */
static int own_tag(struct report *report, const struct vctx_self *self,
		   unsigned int *tag)
{
	struct vctx_quota quota;
	size_t i;
	int err = vctx_tag(self->id, tag);

	if (!err)
		return 0;
	/* A static context further above is not seen, but its quota is. */
	for (i = 0; i < report->places.nr; i++) {
		err = vctx_next_quota(report->places.place[i].fd,
				      VCTX_QUOTA_TAG, VCTX_ID_STATIC_MIN, &quota);
		if (!err) {
			*tag = quota.id;
			return 0;
		}
	}
	return err;
}

static int read_own(struct vctx_list *list, unsigned int id)
{
	struct vctx_info info;
	int err = vctx_read(id, &info);

	if (err)
		return err;
	vctx_info_free(&info);
	list->info = malloc(sizeof(info));
	if (!list->info)
		return -ENOMEM;
	*list->info = info;
	list->nr = 1;
	return 0;
}

/* Inside, a user is what he is called there. */
static int add_own(struct report *report, size_t place, unsigned int tag)
{
	const struct options *options = report->options;
	struct vctx_quota quota;
	int err;

	if (!options->users)
		return add_one(report, place, tag);
	err = vctx_get_quota(report->places.place[place].fd, VCTX_QUOTA_USER,
			     options->user, &quota);
	quota.id = tag << USER_SHIFT | options->user;
	return err ? err : add_row(report, place, &quota);
}

/* --- the report ------------------------------------------------------------ */

static int report_all(struct report *report, unsigned int tag)
{
	const struct options *options = report->options;
	struct vctx_self self;
	int member = !vctx_self(&self) && self.id != VCTX_ID_HOST &&
		     self.id != VCTX_ID_WATCHER;
	unsigned int own = 0;
	size_t i;
	int err = 0;

	if (member) {
		/* Without a directory of its own it has no name. */
		read_own(&report->contexts, self.id);
		err = own_tag(report, &self, &own);
		if (!err && tag && tag != own)
			err = -EPERM;
		if (!err && options->users && !options->has_user)
			tool_usage_error(&vquota_tool, "inside of a context, -u UID is needed");
	} else {
		/* A kernel without vctx has project quota all the same. */
		vctx_read_summary(&report->contexts);
	}
	if (!member && options->has_user && !tag)
		tool_usage_error(&vquota_tool, "which context? -c CONTEXT is needed with -u");
	if (member && !err && !own) {
		tool_error(&vquota_tool, "context %u is not static: it has no disk quota",
			   self.id);
		return EXIT_FAILED;
	}
	if (err) {
		tool_error(&vquota_tool, tag ?
			   "only root outside of all contexts may see others" :
			   "not static: the context that is charged is not seen from here");
		return EXIT_FAILED;
	}
	for (i = 0; !err && i < report->places.nr; i++)
		err = member ? add_own(report, i, own) : add_place(report, i, tag);
	if (err) {
		tool_error(&vquota_tool, "%s: %s", report->places.place[i - 1].name,
			   err == -EPERM || err == -EACCES ?
			   "only root outside of all contexts may see that" :
			   strerror(-err));
		return EXIT_FAILED;
	}
	if (report->nr)
		qsort(report->row, report->nr, sizeof(*report->row),
		      compare_rows);
	return print_rows(report);
}

/**
 * report_view() - the columns of the report
 * @options: get them
 * @columns: what the user has chosen, or NULL
 */
void report_view(struct options *options, char *columns)
{
	int i;

	options->table.columns = report_columns;
	options->table.nr = NR_COLUMNS;
	for (i = 0; i <= COL_IGRACE; i++)
		if (i != COL_USER || options->users)
			options->table.column[options->table.nr_columns++] = i;
	if (columns)
		table_choose(&options->table, &vquota_tool, columns);
}

/**
 * do_report() - show what contexts use
 * @options: of which, and how
 *
 * Return: an exit code.
 */
int do_report(struct options *options)
{
	struct report report = {
		.options = options,
		.contexts = VCTX_LIST_INIT,
		.now = (unsigned long long)time(NULL),
	};
	unsigned int tag = 0;
	int status = 0;

	if (options->context)
		status = context_tag(options, &tag);
	if (!status)
		status = places_find(&report.places, options->path,
				     kind(&report));
	if (!status)
		status = report_all(&report, tag);
	places_free(&report.places);
	vctx_list_free(&report.contexts);
	free(report.row);
	return status;
}
