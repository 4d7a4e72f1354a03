/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network addresses on the command lines of chbind and chcontext
 */
#ifndef VCTX_TOOLS_ADDRESS_H
#define VCTX_TOOLS_ADDRESS_H

#include <stddef.h>
#include <linux/vctx.h>

#include "common.h"

/**
 * struct addresses - what a context shall be bound to
 * @addr: the addresses
 * @nr: how many
 * @broadcast: IPv4 broadcast address in network order, 0 for none
 */
struct addresses {
	struct vctx_addr addr[2 * VCTX_BIND_MAX];
	size_t nr;
	unsigned int broadcast;
};

void address_add(const struct tool *tool, struct addresses *set, char *list);
void address_broadcast(const struct tool *tool, struct addresses *set,
		       const char *text);
int address_bind(const struct tool *tool, const struct addresses *set);
void address_print(const struct addresses *set);

#endif /* VCTX_TOOLS_ADDRESS_H */
