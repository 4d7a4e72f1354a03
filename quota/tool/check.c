// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is there, against what a filesystem's quota says of it
 *
 * Of a whole filesystem both must be the same for each tag.  Of a tree, the
 * context may have other files elsewhere.
 *
 * Linux 6.12 does not tell the tag of a symbolic link, nor of a special file:
 * they are taken for what their directory makes of them, and a difference that
 * they may explain is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "links.h"
#include "progress.h"
#include "vquota.h"
#include "walk.h"

enum {
	COL_CONTEXT,
	COL_NAME,
	COL_FILESYSTEM,
	COL_FOUND,
	COL_USED,
	COL_IFOUND,
	COL_INODES,
	COL_UNSEEN,
	COL_WRONG,
	COL_RESULT,
	NR_COLUMNS,
};

const struct table_column check_columns[NR_COLUMNS] = {
	[COL_CONTEXT]	= { "CONTEXT", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "id of the context, the tag of its files" },
	[COL_NAME]	= { "NAME", 0, SCOLS_JSON_STRING, "its name" },
	[COL_FILESYSTEM] = { "FILESYSTEM", 0, SCOLS_JSON_STRING, "the filesystem or the directory" },
	[COL_FOUND]	= { "FOUND", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "bytes of the files that were found" },
	[COL_USED]	= { "USED", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "bytes that quota has" },
	[COL_IFOUND]	= { "IFOUND", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "files that were found" },
	[COL_INODES]	= { "INODES", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "files that quota has" },
	[COL_UNSEEN]	= { "UNSEEN", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "files of these whose tag is not seen" },
	[COL_WRONG]	= { "WRONG", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "files in the directory with another tag" },
	[COL_RESULT]	= { "RESULT", 0, SCOLS_JSON_STRING, "ok; more: quota has more, elsewhere; tags; differs" },
};

const int nr_check_columns = NR_COLUMNS;

/**
 * struct sum - what was found of one tag, and what quota has
 * @space: bytes
 * @inodes: files
 * @used: bytes that quota has
 * @iused: files that quota has
 * @unseen: files of these whose tag is not seen
 * @unseen_space: bytes of these
 */
struct sum {
	unsigned long long space;
	unsigned long long inodes;
	unsigned long long used;
	unsigned long long iused;
	unsigned long long unseen;
	unsigned long long unseen_space;
};

/**
 * struct checking - what is looked at, and what was found
 * @options: how
 * @place: the filesystem
 * @path: what is looked at
 * @tag: what files ought to have; 0 for whatever they have
 * @only: the tag that is shown, 0 for all
 * @sum: for each tag up to VCTX_TAG_SHARED
 * @all_unseen: files whose tag is not seen, of all tags
 * @all_unseen_space: bytes of these
 * @wrong: files that ought to have @tag and have another
 * @errors: files that could not be looked at
 * @progress: how far it is
 * @links: files with several links
 */
struct checking {
	const struct options *options;
	const struct place *place;
	const char *path;
	unsigned int tag;
	unsigned int only;
	struct sum *sum;
	unsigned long long all_unseen;
	unsigned long long all_unseen_space;
	unsigned long long wrong;
	unsigned long long errors;
	struct progress progress;
	struct links links;
};

/* --- the walk -------------------------------------------------------------- */

static void trouble(struct checking *c, const char *path, int err)
{
	c->errors++;
	if (c->errors > NAMED_MOST && !c->options->verbose)
		return;
	progress_clear(&c->progress);
	tool_error(&vquota_tool, "%s: %s", path, strerror(-err));
}

static void problem(struct walk *walk, const char *path, int err)
{
	trouble(walk->arg, path, err);
}

static void wrong(struct checking *c, const char *path, unsigned int tag,
		  int inherit)
{
	c->wrong++;
	if (c->wrong > NAMED_MOST && !c->options->verbose)
		return;
	progress_clear(&c->progress);
	if (tag == c->tag && !inherit)
		tool_error(&vquota_tool, "%s: does not give its tag to what is made in it",
			   path);
	else
		tool_error(&vquota_tool, "%s: has tag %u", path, tag);
}

static void add(struct checking *c, const struct walk_file *file,
		unsigned int tag, int seen)
{
	unsigned long long space = file->st->stx_blocks * 512;
	struct sum *sum;

	if (!seen) {
		c->all_unseen++;
		c->all_unseen_space += space;
	}
	if (tag > VCTX_TAG_SHARED)
		return;
	sum = &c->sum[tag];
	sum->space += space;
	sum->inodes++;
	if (!seen) {
		sum->unseen++;
		sum->unseen_space += space;
	}
}

static void check_fd(struct checking *c, struct walk_file *file, int fd,
		     int is_dir)
{
	unsigned int tag;
	int inherit;
	int err = vctx_get_tag(fd, &tag, &inherit);

	if (err) {
		trouble(c, file->path, err);
		return;
	}
	file->own = inherit ? tag : 0;
	add(c, file, tag, 1);
	if (!c->tag || (tag == VCTX_TAG_SHARED && !is_dir))
		return;
	if (tag != c->tag || (is_dir && !inherit))
		wrong(c, file->path, tag, inherit || !is_dir);
}

static int visit(struct walk *walk, struct walk_file *file)
{
	unsigned int mode = file->st->stx_mode;
	struct checking *c = walk->arg;
	int first = 1;
	int fd;

	progress_step(&c->progress);
	if (S_ISDIR(mode)) {
		check_fd(c, file, file->fd, 1);
		return 0;
	}
	if (file->st->stx_nlink > 1)
		first = links_add(&c->links, file->st->stx_ino,
				  file->st->stx_nlink, file->path);
	if (first < 0)
		trouble(c, file->path, first);
	if (!first)
		return 0;
	if (!S_ISREG(mode)) {
		add(c, file, file->above, 0);
		return 0;
	}
	fd = walk_open(file);
	if (fd < 0) {
		trouble(c, file->path, fd);
		return 0;
	}
	check_fd(c, file, fd, 0);
	close(fd);
	return 0;
}

/* --- the result ------------------------------------------------------------ */

/* Is @found what quota has, but for what is not seen? */
static int agrees(unsigned long long found, unsigned long long quota,
		  unsigned long long less, unsigned long long more)
{
	return quota + less >= found && quota <= found + more;
}

static const char *result(const struct checking *c, const struct sum *sum)
{
	unsigned long long more = c->all_unseen - sum->unseen;
	unsigned long long more_space = c->all_unseen_space - sum->unseen_space;

	if (c->errors)
		return "unknown";
	if (agrees(sum->space, sum->used, sum->unseen_space, more_space) &&
	    agrees(sum->inodes, sum->iused, sum->unseen, more))
		return c->wrong ? "tags" : "ok";
	if (c->tag && sum->used + sum->unseen_space >= sum->space &&
	    sum->iused + sum->unseen >= sum->inodes)
		return c->wrong ? "tags" : "more";
	return "differs";
}

static int is_good(const char *text)
{
	return !strcmp(text, "ok") || !strcmp(text, "more");
}

static const char *cell(const struct checking *c, unsigned int tag,
			const char *name, int column, char *buf, size_t size)
{
	const struct table_view *view = &c->options->table;
	enum vctx_style style = c->options->human && !view->json ? VCTX_HUMAN :
								   VCTX_DIGITS;
	const struct sum *sum = &c->sum[tag];
	unsigned long long value;

	switch (column) {
	case COL_CONTEXT:
		snprintf(buf, size, "%u", tag);
		return buf;
	case COL_NAME:
		return name ? name : view->json ? NULL : "-";
	case COL_FILESYSTEM:
		return c->path;
	case COL_FOUND:
		value = sum->space;
		break;
	case COL_USED:
		value = sum->used;
		break;
	case COL_IFOUND:
		value = sum->inodes;
		break;
	case COL_INODES:
		value = sum->iused;
		break;
	case COL_UNSEEN:
		value = sum->unseen;
		break;
	case COL_WRONG:
		value = c->wrong;
		break;
	default:
		return result(c, sum);
	}
	return vctx_format_value(value, style, buf, size);
}

static int add_line(const struct checking *c, struct libscols_table *table,
		    unsigned int tag, const char *name)
{
	const struct table_view *view = &c->options->table;
	int bad = !is_good(result(c, &c->sum[tag]));
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char buf[32];
	int i;

	if (!line)
		return -1;
	for (i = 0; i < view->nr_columns; i++) {
		int column = view->column[i];

		if (table_set_cell(line, i, cell(c, tag, name, column, buf,
						 sizeof(buf)),
				   column == COL_RESULT && bad ? "red" : NULL))
			return -1;
	}
	return 0;
}

/* What quota has, of all that it knows: asking for others would make them. */
static int read_quota(const struct checking *c)
{
	struct vctx_quota quota = { .id = c->only ? c->only : VCTX_ID_STATIC_MIN };
	int err;

	for (;;) {
		unsigned int at = quota.id;

		err = c->only ? vctx_get_quota(c->place->fd, VCTX_QUOTA_TAG, at,
					       &quota) :
				vctx_next_quota(c->place->fd, VCTX_QUOTA_TAG, at,
						&quota);
		if (err == -ENOENT || err == -ESRCH)
			return 0;
		if (!err && quota.id < at)
			err = -EPROTO;
		if (err || quota.id > VCTX_TAG_SHARED)
			return err;
		c->sum[quota.id].used = quota.space.usage;
		c->sum[quota.id].iused = quota.inodes.usage;
		if (c->only)
			return 0;
		quota.id++;
	}
}

static int is_shown(const struct checking *c, unsigned int tag)
{
	const struct sum *sum = &c->sum[tag];

	if (c->only)
		return tag == c->only;
	return sum->inodes || sum->used || sum->iused;
}

/* Return: an exit code. */
static int print_result(const struct checking *c)
{
	struct libscols_table *table = table_new(&c->options->table, "check");
	struct vctx_list contexts = VCTX_LIST_INIT;
	int status = EXIT_SUCCESS;
	unsigned int tag;
	int bad = !table;
	int any = 0;

	vctx_read_summary(&contexts);
	for (tag = VCTX_ID_STATIC_MIN; !bad && tag <= VCTX_TAG_SHARED; tag++) {
		const struct vctx_info *info;

		if (!is_shown(c, tag))
			continue;
		info = vctx_list_find(&contexts, tag);
		bad = add_line(c, table, tag,
			       info && *info->name ? info->name : NULL);
		if (!is_good(result(c, &c->sum[tag])))
			status = EXIT_FAILED;
		any = 1;
	}
	if (!bad && (any || c->options->table.json))
		bad = scols_print_table(table);
	if (bad) {
		tool_error(&vquota_tool, "cannot make the table");
		status = EXIT_FAILED;
	}
	scols_unref_table(table);
	vctx_list_free(&contexts);
	return status;
}

/* Return: an exit code. */
static int finish(struct checking *c)
{
	int err;

	if (walk_stopped) {
		tool_error(&vquota_tool, "%s: ended by a signal", c->path);
		return EXIT_FAILED;
	}
	err = read_quota(c);
	if (err) {
		tool_error(&vquota_tool, "%s: %s", c->place->name, strerror(-err));
		return EXIT_FAILED;
	}
	return print_result(c);
}

static int check_tree(struct checking *c, int fd)
{
	struct walk walk = { .visit = visit, .problem = problem, .arg = c };
	int status;
	int real;

	c->sum = calloc(VCTX_TAG_SHARED + 1, sizeof(*c->sum));
	if (!c->sum) {
		tool_error(&vquota_tool, "%s", strerror(ENOMEM));
		return EXIT_FAILED;
	}
	/* What is to be written yet may be counted otherwise once it is. */
	real = openat(fd, ".", O_RDONLY | O_CLOEXEC);
	if (real >= 0) {
		syncfs(real);
		close(real);
	}
	progress_begin(&c->progress, fd, c->path);
	if (!walk_stopped)
		walk_tree(&walk, fd, c->path);
	progress_clear(&c->progress);
	status = finish(c);
	if (c->errors) {
		tool_error(&vquota_tool, "%s: %llu files could not be looked at",
			   c->path, c->errors);
		status = EXIT_FAILED;
	}
	links_free(&c->links);
	free(c->sum);
	return status;
}

/* --- what to look at ------------------------------------------------------- */

/*
 * All of a filesystem: the root of a mount of its own, which nothing is mounted
 * on.  Who may not make one looks at what the mount shows.
 */
static int open_whole(const struct places *places)
{
	const struct place *place = &places->place[0];
	const struct vctx_mount *mount = place->mount;
	size_t i;
	int fd;

	for (i = 0; i < places->mounts.nr; i++) {
		const struct vctx_mount *other = &places->mounts.mount[i];

		if (mount && !strcmp(mount->root, "/"))
			break;
		if (mount && mount->dev_major == other->dev_major &&
		    mount->dev_minor == other->dev_minor &&
		    !strcmp(other->root, "/"))
			mount = other;
	}
	if (!mount || strcmp(mount->root, "/")) {
		tool_error(&vquota_tool, "%s: only a part of the filesystem is mounted",
			   place->name);
		return -1;
	}
	fd = open_tree(AT_FDCWD, mount->point,
		       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		fd = open(mount->point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		tool_error(&vquota_tool, "%s: %s", mount->point, strerror(errno));
	return fd;
}

static int check_whole(struct checking *c)
{
	struct places places = { 0 };
	int status = places_find(&places, c->options->path, VCTX_QUOTA_TAG);
	int fd;

	if (!status) {
		c->place = &places.place[0];
		c->path = c->place->name;
		fd = open_whole(&places);
		status = fd < 0 ? EXIT_FAILED : check_tree(c, fd);
		if (fd >= 0)
			close(fd);
	}
	places_free(&places);
	return status;
}

/* A tree that ought to be all of one context: of that which its root is of. */
static int tree_tag(struct checking *c, int fd)
{
	int inherit;
	int err;

	c->tag = c->only;
	if (c->tag)
		return 0;
	err = vctx_get_tag(fd, &c->tag, &inherit);
	c->only = c->tag;
	if (!err && c->tag >= VCTX_ID_STATIC_MIN && c->tag <= VCTX_ID_STATIC_MAX)
		return 0;
	if (err)
		tool_error(&vquota_tool, "%s: %s", c->path, strerror(-err));
	else
		tool_error(&vquota_tool, "%s: no context's, its tag is %u; -c CONTEXT says whose it ought to be",
			   c->path, c->tag);
	return EXIT_FAILED;
}

static int check_directory(struct checking *c)
{
	int fd = open(c->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct places places = { 0 };
	int status;
	int again;

	if (fd < 0) {
		tool_error(&vquota_tool, "%s: %s", c->path, strerror(errno));
		return EXIT_FAILED;
	}
	again = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	status = again < 0 ? EXIT_FAILED :
		 places_of_fd(&places, c->path, again, VCTX_QUOTA_TAG);
	if (!status) {
		c->place = &places.place[0];
		status = tree_tag(c, fd);
	}
	if (!status)
		status = check_tree(c, fd);
	places_free(&places);
	close(fd);
	return status;
}

/**
 * check_view() - the columns of a check
 * @options: get them
 * @columns: what the user has chosen, or NULL
 */
void check_view(struct options *options, char *columns)
{
	int i;

	options->table.columns = check_columns;
	options->table.nr = NR_COLUMNS;
	for (i = 0; i < NR_COLUMNS; i++)
		if (i != COL_WRONG || !options->path)
			options->table.column[options->table.nr_columns++] = i;
	if (columns)
		table_choose(&options->table, &vquota_tool, columns);
}

/**
 * do_check() - compare tags and usage with what is there
 * @options: of which context, or of all
 * @argc: 1 for a directory, 0 for all of the filesystem that the options name
 * @argv: the directory
 *
 * Return: an exit code.
 */
int do_check(struct options *options, int argc, char *argv[])
{
	struct checking c = { .options = options };
	int status = 0;

	if (options->context)
		status = context_tag(options, &c.only);
	if (status)
		return status;
	catch_signals();
	if (argc) {
		c.path = argv[0];
		status = check_directory(&c);
	} else {
		status = check_whole(&c);
	}
	die_of_signal();
	return status;
}
