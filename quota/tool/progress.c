// SPDX-License-Identifier: GPL-2.0-or-later
/* How far a long walk is, see progress.h */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "vquota.h"
#include "walk.h"

/* Drawn so often, in milliseconds */
#define DRAW_EACH	200

/* A rate says nothing before. */
#define RATE_AFTER	1000

#define BAR_WIDTH	20

volatile sig_atomic_t walk_stopped;

static void on_signal(int signal)
{
	walk_stopped = signal;
}

/**
 * catch_signals() - let a signal end a walk between two files, not within one
 *
 * A second one of the same kind ends the program at once.
 */
void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = {
		.sa_handler = on_signal,
		.sa_flags = (int)SA_RESETHAND | SA_RESTART,
	};
	struct sigaction old;
	size_t i;

	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

/**
 * die_of_signal() - end as the signal would have ended the program
 *
 * So that a shell knows; it returns if there was none.
 */
void die_of_signal(void)
{
	if (!walk_stopped)
		return;
	fflush(NULL);
	signal(walk_stopped, SIG_DFL);
	raise(walk_stopped);
}

static unsigned long long now_msec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long long)now.tv_sec * 1000 +
	       (unsigned long long)now.tv_nsec / 1000000;
}

static void draw(struct progress *p)
{
	unsigned long long msec = p->last - p->began;
	unsigned long long rate = msec ? p->done * 1000 / msec : 0;
	int known = p->total >= p->done && p->total;
	char bar[BAR_WIDTH + 1] = "";
	char left[32] = "";

	if (known) {
		int filled = (int)(p->done * BAR_WIDTH / p->total);

		memset(bar, '-', BAR_WIDTH);
		memset(bar, '#', (size_t)filled);
	}
	if (known && rate && msec >= RATE_AFTER) {
		unsigned long long seconds = (p->total - p->done) / rate;

		snprintf(left, sizeof(left), ", %llu:%02llu:%02llu left",
			 seconds / 3600, seconds % 3600 / 60, seconds % 60);
	}
	if (known)
		fprintf(stderr, "\r[%s] %3llu%%  %llu of %llu files, %llu/s%s\033[K",
			bar, p->done * 100 / p->total, p->done, p->total, rate,
			left);
	else
		fprintf(stderr, "\r%llu files, %llu/s\033[K", p->done, rate);
	fflush(stderr);
	p->drawn = 1;
}

/**
 * progress_clear() - take away what is drawn, for another message
 * @progress: draws again with the next step
 */
void progress_clear(struct progress *progress)
{
	if (!progress->drawn)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->drawn = 0;
}

/**
 * progress_step() - one more file
 * @progress: how far it is
 */
void progress_step(struct progress *progress)
{
	unsigned long long now;

	progress->done++;
	if (!progress->on || progress->done % 64)
		return;
	now = now_msec();
	if (now - progress->last < DRAW_EACH)
		return;
	progress->last = now;
	draw(progress);
}

static int count(struct walk *walk, struct walk_file *file)
{
	(void)file;
	progress_step(walk->arg);
	return 0;
}

/* The walk itself tells of it. */
static void ignore(struct walk *walk, const char *path, int err)
{
	(void)walk;
	(void)path;
	(void)err;
}

/* The inodes of a filesystem, if the walk is about all of it */
static unsigned long long all_inodes(int fd)
{
	struct statfs fs;
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) ||
	    !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT) || fstatfs(fd, &fs) ||
	    fs.f_files <= fs.f_ffree)
		return 0;
	return fs.f_files - fs.f_ffree;
}

/**
 * progress_begin() - prepare to show how far a walk is
 * @progress: receives it; nothing is ever drawn but on a terminal
 * @fd: O_PATH, where the walk begins
 * @path: of it
 *
 * How many files there are is known of a filesystem; of a part of one, they
 * are counted first.
 */
void progress_begin(struct progress *progress, int fd, const char *path)
{
	const char *term = getenv("TERM");
	struct walk walk = { .visit = count, .problem = ignore };

	memset(progress, 0, sizeof(*progress));
	progress->on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
	progress->began = now_msec();
	if (!progress->on)
		return;
	progress->total = all_inodes(fd);
	if (!progress->total) {
		walk.arg = progress;
		walk_tree(&walk, fd, path);
		progress_clear(progress);
		progress->total = progress->done;
	}
	progress->done = 0;
	progress->began = now_msec();
}
