/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx: pages that are charged apart from an address space - the structure, for
 * the headers of those who have them; the hooks are in linux/vctx.h
 */
#ifndef _LINUX_VCTX_PAGES_H
#define _LINUX_VCTX_PAGES_H

#include <linux/atomic.h>

struct vctx;

/**
 * struct vctx_pages - pages that a context is charged for
 * @vctx: the context, or NULL; holds a reference; constant while charged
 * @nr: how many pages
 */
struct vctx_pages {
#ifdef CONFIG_SECURITY_VCTX
	struct vctx *vctx;
	atomic_long_t nr;
#endif
};

#endif /* _LINUX_VCTX_PAGES_H */
