// SPDX-License-Identifier: GPL-2.0-or-later
/* Charging what is there already to a context */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "links.h"
#include "progress.h"
#include "vquota.h"
#include "walk.h"

/**
 * struct tagging - what is done to a tree, and what came of it
 * @options: how
 * @tag: what files get
 * @progress: how far it is
 * @links: files with several links
 * @changed: files that have got the tag
 * @had: files that had it
 * @others: files of @changed that had been another context's
 * @shared: files that are shared, and left so
 * @symlinks: symbolic links, which cannot be tagged
 * @special: devices and the like, likewise
 * @errors: files that could not be tagged
 */
struct tagging {
	const struct options *options;
	unsigned int tag;
	struct progress progress;
	struct links links;
	unsigned long long changed;
	unsigned long long had;
	unsigned long long others;
	unsigned long long shared;
	unsigned long long symlinks;
	unsigned long long special;
	unsigned long long errors;
};

static void trouble(struct tagging *t, const char *path, int err)
{
	const char *why = strerror(-err);

	t->errors++;
	if (t->errors > NAMED_MOST && !t->options->verbose)
		return;
	if (err == -EPERM)
		why = "not permitted: is it immutable (lsattr), or are you not root outside of all contexts?";
	progress_clear(&t->progress);
	tool_error(&vquota_tool, "%s: %s", path, why);
}

static void problem(struct walk *walk, const char *path, int err)
{
	trouble(walk->arg, path, err);
}

/* Is another context charged for it so far? */
static int is_other(unsigned int tag)
{
	return tag >= VCTX_ID_STATIC_MIN && tag <= VCTX_ID_STATIC_MAX;
}

/* A file or directory that is open for reading */
static void tag_fd(struct tagging *t, const struct walk_file *file, int fd,
		   int is_dir)
{
	int inherit = is_dir && t->tag;
	unsigned int had;
	int inherited;
	int err = vctx_get_tag(fd, &had, &inherited);

	/* Its owner has put it there on purpose; who means it, names it. */
	if (!err && had == VCTX_TAG_SHARED && !is_dir && !file->named) {
		t->shared++;
		return;
	}
	if (!err && had == t->tag && inherited == inherit) {
		t->had++;
		return;
	}
	if (!err)
		err = vctx_set_tag(fd, t->tag, inherit);
	if (err) {
		trouble(t, file->path, err);
		return;
	}
	t->changed++;
	if (had != t->tag && is_other(had))
		t->others++;
}

static int visit(struct walk *walk, struct walk_file *file)
{
	unsigned int mode = file->st->stx_mode;
	struct tagging *t = walk->arg;
	int first = 1;
	int fd;

	progress_step(&t->progress);
	if (S_ISDIR(mode)) {
		tag_fd(t, file, file->fd, 1);
		return 0;
	}
	if (file->st->stx_nlink > 1)
		first = links_add(&t->links, file->st->stx_ino,
				  file->st->stx_nlink, file->path);
	if (first < 0)
		trouble(t, file->path, first);
	if (!first)
		return 0;
	if (S_ISLNK(mode)) {
		t->symlinks++;
	} else if (!S_ISREG(mode)) {
		t->special++;
	} else {
		fd = walk_open(file);
		if (fd < 0) {
			trouble(t, file->path, fd);
			return 0;
		}
		tag_fd(t, file, fd, 0);
		close(fd);
	}
	return 0;
}

/* --- what came of it ------------------------------------------------------- */

static const char *plural(unsigned long long nr)
{
	return nr == 1 ? "" : "s";
}

static void tell_links(const struct tagging *t)
{
	unsigned long long outside = 0;
	size_t i;

	for (i = 0; i < t->links.space; i++) {
		const struct link *link = &t->links.link[i];

		if (!link->path)
			continue;
		outside++;
		if (outside <= NAMED_MOST || t->options->verbose)
			printf("%s: %u of its %u links are elsewhere\n",
			       link->path, link->links - link->found,
			       link->links);
	}
	if (outside)
		printf("%llu file%s shared with other trees by hard links\n",
		       outside, outside == 1 ? " is" : "s are");
}

static void tell(const struct tagging *t, const char *path,
		 unsigned long long mounts)
{
	printf("%s: %llu file%s tagged, %llu had the tag already\n", path,
	       t->changed, plural(t->changed), t->had);
	if (t->others)
		printf("%llu of them had been another context's\n", t->others);
	if (t->shared)
		printf("%llu shared file%s left as they are\n", t->shared,
		       plural(t->shared));
	if (t->tag != VCTX_TAG_SHARED)
		tell_links(t);
	if (t->symlinks || t->special)
		printf("%llu symbolic link%s and %llu special file%s keep the tag that they were made with: this kernel cannot change it\n",
		       t->symlinks, plural(t->symlinks), t->special,
		       plural(t->special));
	if (mounts)
		printf("%llu mount%s not entered\n", mounts,
		       mounts == 1 ? " below was" : "s below were");
	if (t->errors)
		tool_error(&vquota_tool, "%s: %llu file%s could not be tagged",
			   path, t->errors, plural(t->errors));
}

static int tag_tree(const struct options *options, unsigned int tag,
		    const char *path, int fd)
{
	struct tagging t = { .options = options, .tag = tag };
	struct walk walk = { .visit = visit, .problem = problem, .arg = &t };
	int status;

	progress_begin(&t.progress, fd, path);
	if (!walk_stopped)
		walk_tree(&walk, fd, path);
	progress_clear(&t.progress);
	tell(&t, path, walk.mounts);
	if (walk_stopped)
		tool_error(&vquota_tool, "%s: ended by a signal; run it again for the rest",
			   path);
	status = t.errors || walk_stopped ? EXIT_FAILED : EXIT_SUCCESS;
	links_free(&t.links);
	return status;
}

/* What is named is no link to something else, and is of the right kind. */
static int check_operand(const struct options *options, const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st)) {
		tool_error(&vquota_tool, "%s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	if (S_ISREG(st.st_mode) || (S_ISDIR(st.st_mode) && !options->shared))
		return 0;
	tool_error(&vquota_tool, "%s: %s", path, S_ISLNK(st.st_mode) ?
		   "a symbolic link" : options->shared ? "not a regular file" :
		   "neither a directory nor a regular file");
	return EXIT_FAILED;
}

static int tag_operand(const struct options *options, unsigned int tag,
		       const char *path)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct places places = { 0 };
	int status;
	int again;

	if (fd < 0) {
		tool_error(&vquota_tool, "%s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	again = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	status = again < 0 ? EXIT_FAILED :
		 places_of_fd(&places, path, again, VCTX_QUOTA_TAG);
	if (!status)
		status = check_operand(options, path, fd);
	if (!status)
		status = tag_tree(options, tag, path, fd);
	places_free(&places);
	close(fd);
	return status;
}

/**
 * do_tag() - charge what is there already to a context
 * @options: to which
 * @argc: how many
 * @argv: directories, with all that is below them, or files
 *
 * Return: an exit code.
 */
int do_tag(const struct options *options, int argc, char *argv[])
{
	unsigned int tag = VCTX_TAG_SHARED;
	int status = EXIT_SUCCESS;
	int i;

	/* The host's files are those without a tag. */
	if (!options->shared && options->id == VCTX_ID_HOST)
		tag = 0;
	else if (!options->shared)
		status = context_tag(options, &tag);
	if (status)
		return status;
	catch_signals();
	for (i = 0; i < argc && !walk_stopped; i++)
		if (tag_operand(options, tag, argv[i]))
			status = EXIT_FAILED;
	die_of_signal();
	return status;
}
