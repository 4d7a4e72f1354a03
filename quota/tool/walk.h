/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A walk through a tree of directories that never leaves it: neither by a
 * symbolic link nor into another mount, whatever its owner does meanwhile.
 */
#ifndef VQUOTA_WALK_H
#define VQUOTA_WALK_H

#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>

struct walk;

/**
 * struct walk_file - what the walk has come to
 * @path: of it, from what the user has named; for messages
 * @fd: of a directory, opened for reading; of anything else, O_PATH
 * @st: what it is
 * @above: @own of the directory that it is in
 * @own: of a directory: receives what is @above for the files in it
 * @named: the user has named it
 */
struct walk_file {
	const char *path;
	int fd;
	const struct statx *st;
	unsigned int above;
	unsigned int own;
	int named;
};

/**
 * struct walk - a walk
 * @visit: called for each file, for a directory before what is in it; what it
 *	does to a directory is done before that is read.  Returns 0; or an exit
 *	code, and the walk ends
 * @problem: called for what cannot be looked at
 * @arg: for both
 * @mounts: counts mounts that were not entered
 */
struct walk {
	int (*visit)(struct walk *walk, struct walk_file *file);
	void (*problem)(struct walk *walk, const char *path, int err);
	void *arg;
	unsigned long long mounts;
	/* private: */
	unsigned long long mnt_id;
	unsigned int dev_major;
	unsigned int dev_minor;
	char *path;
	size_t space;
};

int walk_tree(struct walk *walk, int fd, const char *path);
int walk_open(const struct walk_file *file);

/* A signal asks for an end; see progress.c */
extern volatile sig_atomic_t walk_stopped;

#endif /* VQUOTA_WALK_H */
