// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vps: ps with a column that says which context each process is in
 *
 * The engine is procps's ps with all of its options.  Root outside of contexts
 * sees no member, so that a child enters the watcher, and both ps and the
 * lookup of the contexts run there.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#include "common.h"
#include "libvctx.h"

#define HEADER		"CONTEXT"

/* Room that the column takes from a terminal: " 65536 MAIN-SERVER" */
#define COLUMN_ROOM	18

static const struct tool_option options[] = {
	TOOL_OPTIONS
};

static const struct tool tool = {
	.name = "vps",
	.usage = "[PS OPTION]...",
	.about = "Run ps, and show the context of each process after its PID.",
	.more = "All other options are those of ps(1).\n",
	.usage_status = EXIT_USAGE,
	.option = options,
};

/* A line of ps; the context is inserted at @at. */
struct row {
	char *text;
	size_t at;
	int is_header;
	int has_pid;
	int err;
	unsigned int context;
	const char *name;
};

struct output {
	struct row *row;
	size_t nr;
	size_t space;
};

/* Columns on the screen of the first bytes of a text */
static size_t screen_width(const char *text, size_t bytes)
{
	mbstate_t state = { 0 };
	size_t width = 0;
	size_t at = 0;

	while (at < bytes) {
		wchar_t c;
		size_t len = mbrtowc(&c, text + at, bytes - at, &state);
		int w;

		if (len == 0 || len > bytes - at) {
			/* no character: shown as it is */
			memset(&state, 0, sizeof(state));
			len = 1;
			w = 1;
		} else {
			w = wcwidth(c);
		}
		width += w > 0 ? (size_t)w : 0;
		at += len;
	}
	return width;
}

/* The word "PID" in a heading; return: the byte after it, 0 for none. */
static size_t find_heading(const char *text, size_t *index)
{
	size_t at = 0;
	size_t i = 0;

	for (;;) {
		size_t len;

		at += strspn(text + at, " ");
		len = strcspn(text + at, " ");
		if (!len)
			return 0;
		if (len == 3 && !memcmp(text + at, "PID", 3)) {
			*index = i;
			return at + len;
		}
		at += len;
		i++;
	}
}

/*
 * The pid in a row: the number that ends below the end of the heading.  If an
 * overlong field to the left has moved it, the first number that lies under or
 * behind the heading; else the word with the number of the heading.
 */
static int find_pid(struct row *row, size_t end, size_t index, pid_t *pid)
{
	size_t by_index = 0;
	size_t moved = 0;
	size_t at = 0;
	size_t i = 0;
	size_t len;

	row->at = 0;
	for (;;) {
		size_t here;

		at += strspn(row->text + at, " ");
		len = strcspn(row->text + at, " ");
		if (!len)
			break;
		if (strspn(row->text + at, "0123456789") == len) {
			here = screen_width(row->text, at + len);
			if (here == end) {
				row->at = at + len;
				break;
			}
			if (i == index)
				by_index = at + len;
			if (!moved && here > end)
				moved = at + len;
		}
		at += len;
		i++;
	}
	if (!row->at)
		row->at = by_index ? by_index : moved;
	if (!row->at)
		return -1;
	for (at = row->at; at && isdigit((unsigned char)row->text[at - 1]); )
		at--;
	errno = 0;
	*pid = (pid_t)strtol(row->text + at, NULL, 10);
	return errno || *pid < 1 ? -1 : 0;
}

static int read_output(FILE *from, struct output *out)
{
	char *line = NULL;
	size_t space = 0;
	ssize_t len;

	while ((len = getline(&line, &space, from)) >= 0) {
		struct row *row;

		if (len && line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (out->nr == out->space) {
			size_t want = out->space ? out->space * 2 : 256;
			void *new = reallocarray(out->row, want,
						 sizeof(*out->row));

			if (!new)
				goto no_memory;
			out->row = new;
			out->space = want;
		}
		row = &out->row[out->nr];
		memset(row, 0, sizeof(*row));
		row->text = strdup(line);
		if (!row->text)
			goto no_memory;
		out->nr++;
	}
	free(line);
	return 0;

no_memory:
	free(line);
	return -ENOMEM;
}

static void free_output(struct output *out)
{
	size_t i;

	for (i = 0; i < out->nr; i++)
		free(out->row[i].text);
	free(out->row);
}

/*
 * Which context each row is in.  @ps, which has ended, was where we are.
 * Return: how many are known.
 */
static size_t find_contexts(struct output *out, pid_t ps)
{
	size_t known = 0;
	size_t index;
	size_t end = find_heading(out->row[0].text, &index);
	size_t i;

	for (i = 0; i < out->nr; i++) {
		struct row *row = &out->row[i];
		pid_t pid;

		/* ps --headers repeats it */
		if (!i || !strcmp(row->text, out->row[0].text)) {
			row->is_header = 1;
			row->at = end;
			continue;
		}
		row->has_pid = !find_pid(row, screen_width(out->row[0].text,
							   end),
					 index, &pid);
		if (!row->has_pid)
			continue;
		row->err = vctx_of_pid(pid == ps ? getpid() : pid,
				       &row->context);
		if (!row->err)
			known++;
	}
	return known;
}

static const char *context_name(const struct vctx_list *list,
				const struct vctx_info *own, unsigned int id)
{
	const struct vctx_info *info;

	if (id == VCTX_ID_HOST)
		return "MAIN";
	if (id == VCTX_ID_WATCHER)
		return "ALL_PROC";
	info = own->id == id ? own : vctx_list_find(list, id);
	return info && info->name[0] ? info->name : "-";
}

static void print_context(const struct row *row, int id_width, int name_width)
{
	int last = !row->text[row->at];

	if (row->is_header)
		printf(" %*s %-*s", id_width, "", last ? 0 : name_width,
		       HEADER);
	else if (!row->has_pid || row->err)
		printf(" %*s %-*s", id_width, "-", last ? 0 : name_width, "-");
	else
		printf(" %*u %-*s", id_width, row->context,
		       last ? 0 : name_width, row->name);
}

static void print_output(struct output *out, const struct vctx_list *list,
			 const struct vctx_info *own)
{
	int name_width = (int)strlen(HEADER);
	int id_width = 1;
	size_t i;

	for (i = 0; i < out->nr; i++) {
		struct row *row = &out->row[i];
		char number[12];
		int len;

		if (!row->has_pid || row->err)
			continue;
		row->name = context_name(list, own, row->context);
		len = (int)strlen(row->name);
		if (len > name_width)
			name_width = len;
		len = snprintf(number, sizeof(number), "%u", row->context);
		if (len > id_width)
			id_width = len;
	}
	for (i = 0; i < out->nr; i++) {
		const struct row *row = &out->row[i];

		if (!row->is_header && !row->has_pid) {
			/* a line that is none of a process */
			puts(row->text);
			continue;
		}
		fwrite(row->text, 1, row->at, stdout);
		print_context(row, id_width, name_width);
		puts(row->text + row->at);
	}
}

/* ps knows the terminal only if it writes to it. */
static void set_width(void)
{
	struct winsize size;
	char number[12];

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ||
	    size.ws_col <= COLUMN_ROOM)
		return;
	snprintf(number, sizeof(number), "%u",
		 (unsigned int)size.ws_col - COLUMN_ROOM);
	setenv("COLUMNS", number, 1);
}

static int start_ps(char *argv[], pid_t *child, FILE **from)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	*child = fork();
	if (*child < 0) {
		int err = -errno;

		close(ends[0]);
		close(ends[1]);
		return err;
	}
	if (!*child) {
		set_width();
		dup2(ends[1], STDOUT_FILENO);
		execvp("ps", argv);
		tool_error(&tool, "ps: %s", strerror(errno));
		_exit(127);
	}
	close(ends[1]);
	*from = fdopen(ends[0], "r");
	return *from ? 0 : -errno;
}

/* In the watcher if root outside of contexts runs it, else where it is */
static int run(void *arg)
{
	struct vctx_list list = VCTX_LIST_INIT;
	struct output out = { 0 };
	struct vctx_info own = { 0 };
	struct vctx_self self;
	size_t index;
	FILE *from;
	pid_t child = -1;
	int status = 0;
	size_t i;
	int err;

	err = start_ps(arg, &child, &from);
	if (!err) {
		err = read_output(from, &out);
		fclose(from);
	}
	if (err) {
		tool_error(&tool, "cannot run ps: %s", strerror(-err));
		return EXIT_FAILED;
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;

	if (out.nr && find_heading(out.row[0].text, &index) &&
	    (find_contexts(&out, child) || out.nr == 1)) {
		/* a member has no summary: it knows its own name only */
		if (vctx_read_summary(&list) && !vctx_self(&self) &&
		    self.id != VCTX_ID_HOST)
			err = vctx_read(self.id, &own);
		print_output(&out, &list, &own);
		vctx_list_free(&list);
		if (!err)
			vctx_info_free(&own);
	} else {
		for (i = 0; i < out.nr; i++)
			puts(out.row[i].text);
	}
	free_output(&out);
	if (tool_close_stdout(&tool))
		return EXIT_FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

int main(int argc, char *argv[])
{
	setlocale(LC_ALL, "");
	return tool_watch(&tool, argc, argv, "ps", run);
}
