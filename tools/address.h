/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network addresses on the command lines of chbind and chcontext
 */
#ifndef VCTX_TOOLS_ADDRESS_H
#define VCTX_TOOLS_ADDRESS_H

#include "common.h"
#include "libvctx.h"

void address_add(const struct tool *tool, struct vctx_addresses *set, char *list);
void address_broadcast(const struct tool *tool, struct vctx_addresses *set,
		       const char *text);
int address_bind(const struct tool *tool, const struct vctx_addresses *set);
void address_print(const struct vctx_addresses *set);

#endif /* VCTX_TOOLS_ADDRESS_H */
