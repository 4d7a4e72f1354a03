/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vlimit: what its files share */
#ifndef VLIMIT_H
#define VLIMIT_H

#include <stddef.h>

#include "common.h"
#include "libvctx.h"

extern const struct tool vlimit_tool;

/* suggest.c */
void suggest(struct vctx_info *info);
void print_suggestion(const struct vctx_info *info);

/**
 * struct watch_options - how to watch
 * @context: as the user calls the only context to watch, NULL for all
 * @id: its id
 * @json: print lines of JSON
 * @on_fail: command to run after refusals, or NULL
 */
struct watch_options {
	const char *context;
	unsigned int id;
	int json;
	const char *on_fail;
};

/* watch.c */
int watch(const struct watch_options *options);

#endif /* VLIMIT_H */
