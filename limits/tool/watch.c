// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vlimit --watch: a line for each event, as it comes
 *
 * Everything is waited for in one poll(2): the events of each context, and the
 * list of contexts.  What happens while lines are printed or a command runs is
 * told together afterwards, since the kernel only counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vlimit.h"

/*
 * Anybody may make contexts as fast as he can: the list is not read more often
 * than this.
 */
#define LIST_INTERVAL_MS	100

/**
 * struct watched - a context that is watched
 * @id: the context
 * @fd: its events
 * @name: as it was last read
 * @last: counters that have been told, in the kernel's order
 * @nr_last: how many
 * @listed: found when the list was last read
 */
struct watched {
	unsigned int id;
	int fd;
	char name[VCTX_NAME_LEN];
	struct vctx_value *last;
	size_t nr_last;
	int listed;
};

/**
 * struct watch - all that is watched
 * @options: what was asked for
 * @context: the contexts, by id
 * @nr: how many
 * @space: how many fit into @context, and one less than into @poll
 * @poll: for poll(2): the list of contexts, then the contexts
 * @list_fd: tells that contexts come and go, or -1
 * @files: limit on open files as it was before
 */
struct watch {
	const struct watch_options *options;
	struct watched *context;
	size_t nr;
	size_t space;
	struct pollfd *poll;
	int list_fd;
	struct rlimit files;
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* ISO 8601, local time with milliseconds: 2026-11-24T07:08:09.123+0100 */
static void format_time(char *text, size_t size)
{
	char date[32] = "", zone[8] = "";
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (localtime_r(&now.tv_sec, &tm)) {
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
		strftime(zone, sizeof(zone), "%z", &tm);
	}
	snprintf(text, size, "%s.%03ld%s", date, now.tv_nsec / 1000000, zone);
}

/* Names and keys are the kernel's, and nothing in them needs a backslash. */
static void print_event(const struct watch *w, const struct watched *c,
			const char *resource, const char *event,
			unsigned long long count)
{
	char when[64];

	format_time(when, sizeof(when));
	if (!w->options->json) {
		printf("%s %u %s %s %s %llu\n", when, c->id,
		       *c->name ? c->name : "-", *resource ? resource : "-",
		       event, count);
		return;
	}
	printf("{\"time\":\"%s\",\"context\":%u,\"name\":", when, c->id);
	printf(*c->name ? "\"%s\"" : "null", c->name);
	fputs(",\"resource\":", stdout);
	printf(*resource ? "\"%s\"" : "null", resource);
	printf(",\"event\":\"%s\",\"count\":%llu}\n", event, count);
}

/* In the child */
static void __attribute__((noreturn))
exec_command(const struct watch *w, const struct watched *c,
	     const char *resource, unsigned long long count)
{
	char number[VCTX_VALUE_LEN];
	int null = open("/dev/null", O_RDONLY);

	if (null >= 0)
		dup2(null, STDIN_FILENO);
	if (null > STDERR_FILENO)
		close(null);
	setrlimit(RLIMIT_NOFILE, &w->files);
	snprintf(number, sizeof(number), "%u", c->id);
	setenv("VCTX_ID", number, 1);
	setenv("VCTX_NAME", c->name, 1);
	setenv("VCTX_RESOURCE", resource, 1);
	snprintf(number, sizeof(number), "%llu", count);
	setenv("VCTX_FAIL", number, 1);
	execl("/bin/sh", "sh", "-c", w->options->on_fail, (char *)NULL);
	_exit(127);
}

/* Waits for it: however fast refusals come, there is one command at a time. */
static void run_command(const struct watch *w, const struct watched *c,
			const char *resource, unsigned long long count)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child)
		exec_command(w, c, resource, count);
	if (child < 0) {
		tool_error(&vlimit_tool, "cannot run the command: %s",
			   strerror(errno));
		return;
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return;
	if (WIFSIGNALED(status))
		tool_error(&vlimit_tool, "the command was killed by signal %d",
			   WTERMSIG(status));
	else if (WEXITSTATUS(status))
		tool_error(&vlimit_tool, "the command failed with exit code %d",
			   WEXITSTATUS(status));
}

/* "RESOURCE.EVENT" or "EVENT" has been counted @count times more. */
static void tell(const struct watch *w, const struct watched *c,
		 const char *key, unsigned long long count)
{
	const char *dot = strrchr(key, '.');
	const char *event = dot ? dot + 1 : key;
	char resource[VCTX_KEY_LEN];

	snprintf(resource, sizeof(resource), "%.*s",
		 dot ? (int)(dot - key) : 0, key);
	print_event(w, c, resource, event, count);
	if (w->options->on_fail && !strcmp(event, "hard"))
		run_command(w, c, resource, count);
}

/* What a counter was; the order stays, but a key may come in between. */
static unsigned long long last_value(const struct watched *c, const char *key,
				     size_t guess)
{
	size_t i;

	if (guess < c->nr_last && !strcmp(c->last[guess].key, key))
		return c->last[guess].value;
	for (i = 0; i < c->nr_last; i++)
		if (!strcmp(c->last[i].key, key))
			return c->last[i].value;
	return 0;
}

static void read_name(struct watched *c)
{
	struct vctx_info info;

	/* Keeps the name that it had if it has gone. */
	if (vctx_read(c->id, &info))
		return;
	memcpy(c->name, info.name, sizeof(c->name));
	vctx_info_free(&info);
}

/*
 * Reads the counters, and tells what is new.  Return: 0; -ENOENT if the context
 * has gone; or another error, which has been printed.
 */
static int read_context(struct watch *w, struct watched *c, int silent)
{
	struct vctx_value *values;
	int named = 0;
	size_t nr, i;
	int err = vctx_get_events(c->fd, &values, &nr);

	if (err) {
		if (err != -ENOENT)
			tool_error(&vlimit_tool, "context %u: %s", c->id,
				   strerror(-err));
		return err;
	}
	for (i = 0; i < nr && !silent; i++) {
		unsigned long long last = last_value(c, values[i].key, i);

		if (values[i].value <= last)
			continue;
		if (!named)
			read_name(c);
		named = 1;
		tell(w, c, values[i].key, values[i].value - last);
	}
	free(c->last);
	c->last = values;
	c->nr_last = nr;
	return 0;
}

static void drop(struct watched *c)
{
	close(c->fd);
	free(c->last);
}

static int grow(struct watch *w)
{
	size_t space = w->space ? 2 * w->space : 64;
	struct watched *context;
	struct pollfd *fds;

	if (w->nr < w->space)
		return 0;
	context = realloc(w->context, space * sizeof(*context));
	if (context)
		w->context = context;
	fds = realloc(w->poll, (space + 1) * sizeof(*fds));
	if (fds)
		w->poll = fds;
	if (!context || !fds) {
		tool_error(&vlimit_tool, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	w->space = space;
	return 0;
}

/*
 * Begins to watch a context, as the last one.  @silent: what has happened in it
 * is not news.
 */
static int add(struct watch *w, unsigned int id, int silent)
{
	struct watched *c;
	int err = grow(w);

	if (err)
		return err;
	c = &w->context[w->nr];
	memset(c, 0, sizeof(*c));
	c->id = id;
	c->listed = 1;
	c->fd = vctx_open_events(id);
	if (c->fd < 0) {
		if (c->fd != -ENOENT)
			tool_error(&vlimit_tool, "cannot watch context %u: %s",
				   id, strerror(-c->fd));
		return c->fd;
	}
	read_name(c);
	if (!silent)
		print_event(w, c, "", "made", 1);
	err = read_context(w, c, silent);
	if (err == -ENOENT && !silent)
		print_event(w, c, "", "gone", 1);
	if (err)
		drop(c);
	else
		w->nr++;
	return err;
}

static int compare_number(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a;
	unsigned int y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

static int compare_id(const void *a, const void *b)
{
	const struct watched *x = a, *y = b;

	return compare_number(&x->id, &y->id);
}

/* Leaves out those that have gone. */
static void remove_gone(struct watch *w)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < w->nr; i++) {
		struct watched *c = &w->context[i];

		if (c->listed) {
			w->context[kept++] = *c;
			continue;
		}
		print_event(w, c, "", "gone", 1);
		drop(c);
	}
	w->nr = kept;
}

/* Reads which contexts there are.  @silent: none of them is news. */
static int read_list(struct watch *w, int silent)
{
	size_t nr, i, old;
	unsigned int *ids;
	int err = vctx_get_ids(w->list_fd, &ids, &nr);

	if (err) {
		tool_context_error(&vlimit_tool, NULL, err);
		return err;
	}
	for (i = 0; i < w->nr; i++)
		w->context[i].listed = bsearch(&w->context[i].id, ids, nr,
					       sizeof(*ids),
					       compare_number) != NULL;
	remove_gone(w);
	old = w->nr;
	for (i = 0; i < nr && (!err || err == -ENOENT); i++) {
		struct watched key = { .id = ids[i] };

		if (!old || !bsearch(&key, w->context, old,
				     sizeof(key), compare_id))
			err = add(w, ids[i], silent);
	}
	free(ids);
	qsort(w->context, w->nr, sizeof(*w->context), compare_id);
	return err == -ENOENT ? 0 : err;
}

/* Waits; sets @list if contexts have come or gone, and .revents of contexts. */
static int wait_for_events(struct watch *w, int timeout, int *list)
{
	size_t i;
	int n;

	w->poll[0] = (struct pollfd){ .fd = *list ? -1 : w->list_fd,
				      .events = POLLPRI };
	for (i = 0; i < w->nr; i++)
		w->poll[i + 1] = (struct pollfd){ .fd = w->context[i].fd,
						  .events = POLLPRI };
	do {
		n = poll(w->poll, w->nr + 1, timeout);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		tool_error(&vlimit_tool, "poll: %s", strerror(errno));
		return -1;
	}
	if (w->poll[0].revents)
		*list = 1;
	return 0;
}

static int watch_loop(struct watch *w)
{
	long long list_read = now_ms();
	int list = 0;

	while (w->nr || w->list_fd >= 0) {
		long long left = list_read + LIST_INTERVAL_MS - now_ms();
		size_t i;
		int err;

		if (list && left <= 0) {
			if (read_list(w, 0))
				return EXIT_FAILED;
			list = 0;
			list_read = now_ms();
		}
		if (fflush(stdout))
			return EXIT_FAILED;
		if (wait_for_events(w, list ? (int)left : -1, &list))
			return EXIT_FAILED;
		for (i = 0; i < w->nr; i++) {
			if (!w->poll[i + 1].revents)
				continue;
			err = read_context(w, &w->context[i], 0);
			if (err && err != -ENOENT)
				return EXIT_FAILED;
			if (!err)
				continue;
			/* Its id may have been given to another one since. */
			w->context[i].listed = 0;
			list = 1;
		}
		remove_gone(w);
	}
	return EXIT_SUCCESS;
}

/* A descriptor for each context */
static void allow_files(struct watch *w)
{
	struct rlimit more;

	if (getrlimit(RLIMIT_NOFILE, &w->files))
		return;
	more = w->files;
	more.rlim_cur = more.rlim_max;
	setrlimit(RLIMIT_NOFILE, &more);
}

/**
 * watch() - print events as they come, until all that is watched has gone
 * @options: what to watch
 *
 * Return: an exit code.
 */
int watch(const struct watch_options *options)
{
	struct watch w = { .options = options, .list_fd = -1 };
	int status = EXIT_FAILED;
	struct vctx_self self;
	unsigned int id = options->id;
	int one = options->context != NULL;
	size_t i;
	int err;

	allow_files(&w);
	if (!one) {
		w.list_fd = vctx_open_ids();
		/* A member sees its own context only. */
		if (w.list_fd == -ENOENT && !vctx_self(&self) &&
		    self.id != VCTX_ID_HOST) {
			w.list_fd = -1;
			one = 1;
			id = self.id;
		} else if (w.list_fd < 0) {
			tool_context_error(&vlimit_tool, NULL, w.list_fd);
			return EXIT_FAILED;
		}
	}
	if (one) {
		err = add(&w, id, 1);
		if (err == -ENOENT)
			tool_context_error(&vlimit_tool, options->context, err);
	} else {
		err = read_list(&w, 1);
	}
	if (!err)
		status = watch_loop(&w);

	for (i = 0; i < w.nr; i++)
		drop(&w.context[i]);
	free(w.context);
	free(w.poll);
	if (w.list_fd >= 0)
		close(w.list_fd);
	return status;
}
