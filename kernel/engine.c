// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: reading resources, whoever counts them
 */

#include <linux/init.h>

#include "vctx.h"

/* By resource; NULL for those that have a counter of ours. */
const struct vctx_engine *vctx_engine[VCTX_NR_RESOURCES] __ro_after_init;

/**
 * vctx_add_engine() - say who counts a resource
 * @res: the resource, which is counted elsewhere
 * @engine: who counts it
 *
 * Context: boot, before a context is made.
 */
void __init vctx_add_engine(enum vctx_resource res,
			    const struct vctx_engine *engine)
{
	vctx_engine[res] = engine;
}

/**
 * vctx_read() - what is known of a resource of a context
 * @vctx: the context, online or within a grace period of that
 * @res: the resource
 * @r: receives it
 *
 * Context: any but interrupts.
 */
void vctx_read(struct vctx *vctx, enum vctx_resource res,
	       struct vctx_reading *r)
{
	struct vctx_counter *c = &vctx->counter[res];

	if (vctx_engine[res]) {
		vctx_engine[res]->read(vctx, res, r);
		return;
	}
	r->usage = vctx_counter_usage(c);
	r->peak = READ_ONCE(c->peak);
	r->soft = READ_ONCE(c->soft);
	r->hard = READ_ONCE(c->hard);
	r->fails = atomic_long_read(&c->fails);
	r->soft_hits = atomic_long_read(&c->soft_hits);
}
