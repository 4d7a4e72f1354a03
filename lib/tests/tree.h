/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory that a test fills, and takes for the kernel's */
#ifndef LIBVCTX_TREE_H
#define LIBVCTX_TREE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char root[64];

static void put(const char *file, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void put_dir(const char *dir)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, dir);
	assert_int_equal(mkdir(path, 0755), 0);
}

/* An empty one, for a test or a group of tests */
static inline int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/vctxXXXXXX");
	if (!mkdtemp(root))
		return -1;
	setenv("VCTXFS", root, 1);
	setenv("VCTXPROC", root, 1);
	return 0;
}

static inline int remove_root(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

#endif /* LIBVCTX_TREE_H */
