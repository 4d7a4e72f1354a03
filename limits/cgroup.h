/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx limits: the cgroups that a context owns
 */
#ifndef _SECURITY_VCTX_LIMITS_CGROUP_H
#define _SECURITY_VCTX_LIMITS_CGROUP_H

#include <linux/cgroup.h>

#include "limits.h"

struct cgroup *vctx_cgroup_create(struct vctx *vctx);
void vctx_cgroup_remove(struct cgroup *members);
int vctx_cgroup_fill(struct vctx *vctx);
int vctx_cgroup_join(struct cgroup *members);

/* The memory controller's part of @cgrp, which the caller keeps, or NULL */
static inline struct cgroup_subsys_state *
vctx_cgroup_css(const struct cgroup *cgrp)
{
	return rcu_dereference_check(cgrp->subsys[memory_cgrp_id],
				     lockdep_is_held(&cgroup_mutex));
}

#endif /* _SECURITY_VCTX_LIMITS_CGROUP_H */
