/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that describe contexts, as vctx.conf(5) has them: read, written and
 * compared.  Nothing here asks the kernel.
 */
#ifndef VCTX_TOOLS_CONF_H
#define VCTX_TOOLS_CONF_H

#include <stddef.h>
#include <stdio.h>

#include "libvctx.h"

/* Where they are, and how their names end */
#define CONF_DIR	"/etc/vctx"
#define CONF_SUFFIX	".conf"

/**
 * struct conf_pos - a place in a file
 * @line: from 1; 0 for what concerns the file as a whole
 * @column: from 1, in bytes
 */
struct conf_pos {
	unsigned int line;
	unsigned int column;
};

/**
 * struct conf_limit - limits of one resource
 * @name: the resource, which the kernel need not have
 * @soft: VCTX_MAX for none
 * @hard: VCTX_MAX for none
 * @pos: of the name
 */
struct conf_limit {
	char name[VCTX_RES_NAME_LEN];
	unsigned long long soft;
	unsigned long long hard;
	struct conf_pos pos;
};

/**
 * struct conf_quota - limits on one filesystem
 * @path: a file or directory in it, from "/"
 * @quota: its limits
 * @pos: of the path
 */
struct conf_quota {
	char *path;
	struct vctx_quota quota;
	struct conf_pos pos;
};

/**
 * struct conf - what a file says
 * @file: its path as it was given, or NULL
 * @id: static id of the context
 * @id_pos: where that stands
 * @name: name of the context, "" for none
 * @name_pos: where that stands; line 0 if it is the file's name
 * @flags: VCTX_FLAG_* but VCTX_FLAG_SCHED, which is @sched.on
 * @flags_pos: where these stand; line 0 if they do not
 * @sched: how it is scheduled, of which only settings count
 * @sched_pos: of section sched, or of the flag; line 0 if there is neither
 * @limit: limits, none twice, in the order of the file
 * @nr_limits: how many
 * @quota: disk quota, no path twice, in the order of the file
 * @nr_quota: how many
 * @quota_pos: of section quota; line 0 if there is none, and then disk quota is
 *	left as it is
 * @addresses: what it is bound to, if it is
 * @addresses_pos: of section addresses; line 0 if there is none
 * @devices: what its members may use
 * @devices_pos: of section devices; line 0 if there is none, and then @devices is
 *	what a new context has
 */
struct conf {
	char *file;
	unsigned int id;
	struct conf_pos id_pos;
	char name[VCTX_NAME_LEN];
	struct conf_pos name_pos;
	unsigned int flags;
	struct conf_pos flags_pos;
	struct vctx_sched sched;
	struct conf_pos sched_pos;
	struct conf_limit *limit;
	size_t nr_limits;
	struct conf_quota *quota;
	size_t nr_quota;
	struct conf_pos quota_pos;
	struct vctx_addresses addresses;
	struct conf_pos addresses_pos;
	struct vctx_devices devices;
	struct conf_pos devices_pos;
};

/**
 * struct conf_state - a running context
 * @info: what it is
 * @sched: how it is scheduled
 * @addresses: what it is bound to
 * @devices: what its members may use
 */
struct conf_state {
	struct vctx_info info;
	struct vctx_sched sched;
	struct vctx_addresses addresses;
	struct vctx_devices devices;
};

/* Is told what is wrong, and where. */
typedef void (*conf_report_fn)(void *arg, const char *file,
			       struct conf_pos pos, const char *message);

int conf_parse(struct conf *conf, const char *file, const char *text,
	       size_t len, conf_report_fn report, void *arg);
int conf_read(struct conf *conf, const char *file, conf_report_fn report,
	      void *arg);
int conf_from_state(struct conf *conf, const struct conf_state *state);
int conf_add_quota(struct conf *conf, const char *path,
		   const struct vctx_quota *quota, struct conf_pos pos);
int conf_has_quota(const struct conf *conf);
void conf_free(struct conf *conf);
void conf_write(FILE *f, const struct conf *conf);
int conf_diff(FILE *f, const struct conf *file, const struct conf *kernel);
const struct conf_limit *conf_find_limit(const struct conf *conf,
					 const char *name);
const struct conf_quota *conf_find_quota(const struct conf *conf,
					 const char *path);

#endif /* VCTX_TOOLS_CONF_H */
