/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capabilities by name, and what --secure leaves
 */
#ifndef VCTX_TOOLS_CAPS_H
#define VCTX_TOOLS_CAPS_H

#include <sys/capability.h>

#include "common.h"

/**
 * struct caps_request - what the user says about capabilities
 * @secure: remove all that a virtual server can do without
 * @keep: but not these
 * @remove: these in any case
 */
struct caps_request {
	int secure;
	unsigned long long keep;
	unsigned long long remove;
};

static inline unsigned long long caps_bit(cap_value_t cap)
{
	return 1ULL << cap;
}

int caps_parse(const char *name, cap_value_t *cap);
void caps_parse_option(const struct tool *tool, struct caps_request *request,
		       const char *arg);
unsigned long long caps_drop(const struct caps_request *request);
int caps_has(cap_value_t cap);

#endif /* VCTX_TOOLS_CAPS_H */
