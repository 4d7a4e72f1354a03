/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disk quota as files of vctl have it, against filesystems */
#ifndef VCTX_TOOLS_DISK_H
#define VCTX_TOOLS_DISK_H

#include "conf.h"

int disk_read(struct conf *is, unsigned int id, const struct conf *names);
int disk_check(const struct conf *conf,
	       void (*bad)(void *arg, struct conf_pos pos, const char *text),
	       void *arg);
int disk_apply(const struct conf *want, const struct conf *was,
	       unsigned int id, int *changed);

#endif /* VCTX_TOOLS_DISK_H */
