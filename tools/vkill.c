// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vkill: signal a context, or processes in any context
 *
 * Root outside of contexts neither sees nor signals a member.  So the context
 * of a process is looked up in the watcher, and the signal is sent from a child
 * that has entered that context: there a wrong or recycled pid is another
 * context's, which the kernel protects.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common.h"
#include "libvctx.h"

static const struct tool_option options[] = {
	{ 'c', "context", "CONTEXT", "the context (an id or a name)", COMPLETE_CONTEXTS },
	{ 's', "signal", "SIGNAL", "send this signal, a name or a number", COMPLETE_SIGNALS },
	TOOL_OPTIONS
};

static const struct tool tool = {
	.name = "vkill",
	.usage = "[-s SIGNAL] {-c CONTEXT [PID]... | PID...}",
	.about = "Kill a whole context, or signal processes in any context.",
	.more =
"With -c and no PID, the whole context gets the signal, KILL by default.\n"
"With PIDs, these get it, TERM by default; without -c, in the context of each.\n",
	.complete = COMPLETE_PIDS,
	.usage_status = EXIT_USAGE,
	.option = options,
};

struct target {
	pid_t pid;
	unsigned int context;
	int err;
	int done;
};

/* Lies in shared memory: children write the results. */
struct work {
	int sig;
	unsigned int context;
	size_t nr;
	struct target target[];
};

static int parse_signal(const char *text)
{
	char *end;
	long number;
	int sig, offset;

	if (*text >= '0' && *text <= '9') {
		errno = 0;
		number = strtol(text, &end, 10);
		if (!errno && !*end && number <= SIGRTMAX)
			return (int)number;
		return -1;
	}
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	for (sig = 1; sig < SIGRTMIN; sig++) {
		const char *name = sigabbrev_np(sig);

		if (name && !strcasecmp(text, name))
			return sig;
	}
	if (!strcasecmp(text, "RTMIN"))
		return SIGRTMIN;
	if (!strcasecmp(text, "RTMAX"))
		return SIGRTMAX;
	if (!strncasecmp(text, "RTMIN+", 6) || !strncasecmp(text, "RTMAX-", 6)) {
		if (text[6] < '0' || text[6] > '9')
			return -1;
		number = strtol(text + 6, &end, 10);
		if (*end || number > SIGRTMAX - SIGRTMIN)
			return -1;
		offset = (int)number;
		return text[5] == '+' ? SIGRTMIN + offset : SIGRTMAX - offset;
	}
	return -1;
}

static pid_t parse_pid(const char *text)
{
	char *end;
	long pid;

	/* 0 and negative numbers mean groups, or all processes, to kill(2) */
	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	pid = strtol(text, &end, 10);
	if (errno || *end || pid < 1 || pid > INT_MAX)
		return -1;
	return (pid_t)pid;
}

/* In the watcher */
static int look_up(void *arg)
{
	struct work *work = arg;
	size_t i;

	for (i = 0; i < work->nr; i++)
		work->target[i].err = vctx_of_pid(work->target[i].pid,
						  &work->target[i].context);
	return 0;
}

/* In the context, or outside of all */
static int signal_targets(void *arg)
{
	struct work *work = arg;
	size_t i;

	for (i = 0; i < work->nr; i++) {
		struct target *t = &work->target[i];

		if (t->err || t->context != work->context)
			continue;
		t->err = kill(t->pid, work->sig) ? -errno : 0;
	}
	return 0;
}

/* In the context: all but the messenger */
static int signal_members(void *arg)
{
	const struct work *work = arg;
	pid_t self = getpid();
	int status = EXIT_SUCCESS;
	pid_t *pids;
	size_t nr, i;
	int err;

	err = vctx_get_procs(work->context, &pids, &nr);
	if (err) {
		tool_error(&tool, "context %u: cannot read its processes: %s",
			   work->context, strerror(-err));
		return EXIT_FAILED;
	}
	for (i = 0; i < nr; i++) {
		if (pids[i] == self || !kill(pids[i], work->sig))
			continue;
		/* it may have ended since it was read */
		if (errno == ESRCH)
			continue;
		tool_error(&tool, "%d: %s", pids[i], strerror(errno));
		status = EXIT_FAILED;
	}
	free(pids);
	return status;
}

static void enter_error(const char *context, int err)
{
	if (err == -EPERM && tool_is_host_root())
		tool_error(&tool, "context %s is private: nobody may enter it to send a signal; 'vkill -c %s' kills all of it",
			   context, context);
	else
		tool_context_error(&tool, context, err);
}

static int target_error(const struct target *t)
{
	switch (t->err) {
	case 0:
		return EXIT_SUCCESS;
	case -ESRCH:
		tool_error(&tool, "%d: no such process", t->pid);
		break;
	default:
		tool_error(&tool, "%d: %s", t->pid, strerror(-t->err));
		break;
	}
	return EXIT_FAILED;
}

static int kill_context(const char *name, unsigned int id, int sig)
{
	struct work work = { .sig = sig, .context = id };
	struct vctx_self self;
	int status = EXIT_FAILED;
	int err;

	if (id == VCTX_ID_HOST) {
		tool_error(&tool, "context 0 is the host: name the processes to signal");
		return EXIT_FAILED;
	}
	if (!vctx_exists(id)) {
		tool_context_error(&tool, name, -ENOENT);
		return EXIT_FAILED;
	}
	if (sig == SIGKILL && tool_is_host_root()) {
		err = vctx_kill_all(id);
		if (err)
			tool_context_error(&tool, name, err);
		return err ? EXIT_FAILED : EXIT_SUCCESS;
	}
	/* A member may signal its own context, itself excepted. */
	if (!vctx_self(&self) && self.id == id)
		return signal_members(&work);
	err = tool_run_inside(id, signal_members, &work, &status);
	if (err) {
		enter_error(name, err);
		return EXIT_FAILED;
	}
	return status;
}

/* Signal the targets of one context, from within. */
static void signal_context(struct work *work, unsigned int id, int inside)
{
	char name[16];
	int status;
	size_t i;
	int err;

	for (i = 0; i < work->nr; i++)
		if (work->target[i].context == id)
			work->target[i].done = 1;
	work->context = id;
	if (inside) {
		signal_targets(work);
		return;
	}
	snprintf(name, sizeof(name), "%u", id);
	/* Entering would make it anew. */
	err = vctx_exists(id) ?
	      tool_run_inside(id, signal_targets, work, &status) : -ESRCH;
	if (!err)
		return;
	if (err != -ESRCH)
		enter_error(name, err);
	for (i = 0; i < work->nr; i++)
		if (!work->target[i].err && work->target[i].context == id)
			work->target[i].err = err;
}

static int kill_pids(const char *name, unsigned int id, struct work *work)
{
	struct vctx_self self = { 0 };
	int root = tool_is_host_root();
	int status = EXIT_SUCCESS;
	int ignored;
	size_t i;
	int err;

	vctx_self(&self);
	if (name) {
		if (!vctx_exists(id)) {
			tool_context_error(&tool, name, -ENOENT);
			return EXIT_FAILED;
		}
		for (i = 0; i < work->nr; i++)
			work->target[i].context = id;
		signal_context(work, id, id == self.id);
	} else if (!root) {
		/* Who cannot enter signals what he sees. */
		for (i = 0; i < work->nr; i++)
			work->target[i].context = self.id;
		signal_context(work, self.id, 1);
	} else {
		err = tool_run_inside(VCTX_ID_WATCHER, look_up, work,
				      &ignored);
		if (err) {
			tool_error(&tool, "cannot enter the watcher, context 1: %s",
				   strerror(-err));
			return EXIT_FAILED;
		}
		for (i = 0; i < work->nr; i++) {
			struct target *t = &work->target[i];

			if (!t->err && !t->done)
				signal_context(work, t->context,
					       t->context == VCTX_ID_HOST);
		}
	}
	for (i = 0; i < work->nr; i++)
		if (target_error(&work->target[i]))
			status = EXIT_FAILED;
	return status;
}

int main(int argc, char *argv[])
{
	const char *context = NULL;
	unsigned int id = 0;
	struct work *work;
	int sig = -1;
	int status;
	int key;
	int i;

	while ((key = tool_getopt(&tool, argc, argv)) != -1) {
		switch (key) {
		case 'c':
			context = optarg;
			break;
		case 's':
			sig = parse_signal(optarg);
			if (sig < 0)
				tool_usage_error(&tool, "unknown signal '%s'",
						 optarg);
			break;
		}
	}
	argc -= optind;
	argv += optind;
	if (!context && !argc)
		tool_usage_error(&tool, "whom? -c CONTEXT or a PID is needed");

	work = mmap(NULL, sizeof(*work) +
			  (size_t)argc * sizeof(work->target[0]),
		    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (work == MAP_FAILED) {
		tool_error(&tool, "%s", strerror(errno));
		return EXIT_FAILED;
	}
	work->nr = (size_t)argc;
	work->sig = sig < 0 ? SIGTERM : sig;
	for (i = 0; i < argc; i++) {
		work->target[i].pid = parse_pid(argv[i]);
		if (work->target[i].pid < 0)
			tool_usage_error(&tool, "'%s' is not a process id",
					 argv[i]);
	}

	if (context) {
		status = tool_find_context(&tool, context, &id);
		if (status)
			return status;
	}
	if (!argc)
		return kill_context(context, id, sig < 0 ? SIGKILL : sig);
	return kill_pids(context, id, work);
}
