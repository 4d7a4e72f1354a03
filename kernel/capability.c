// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: the capability ceiling of a context
 *
 * Entry lowers the bounding set, which holds for setuid programs too.  A new
 * user namespace comes with a full one, though, so the ceiling is asked again
 * at each use.  So is what no context has, see refuse.c, or none that is bound
 * to addresses, see net.c.
 */

#include <linux/cred.h>

#include "net.h"
#include "vctx.h"

/* Context: any; may be called with spinlocks held. */
static int vctx_capable(const struct cred *cred, struct user_namespace *ns,
			int cap, unsigned int opts)
{
	const struct vctx *vctx = current_vctx();

	if (likely(!vctx))
		return 0;
	if (!cap_raised(vctx->ceiling, cap) || vctx_cap_refused(ns, cap) ||
	    vctx_net_cap_refused(ns, cap))
		return -EPERM;
	return 0;
}

static struct security_hook_list vctx_capability_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(capable, vctx_capable),
};

void __init vctx_add_capability_hooks(void)
{
	security_add_hooks(vctx_capability_hooks,
			   ARRAY_SIZE(vctx_capability_hooks), &vctx_lsmid);
}
