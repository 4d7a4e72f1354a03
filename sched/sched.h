/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx sched: what the core calls
 */
#ifndef _SECURITY_VCTX_SCHED_H
#define _SECURITY_VCTX_SCHED_H

#include "../vctx.h"

void vctx_sched_alloc(struct vctx *vctx);
void vctx_sched_offline(struct vctx *vctx);

int vctx_sched_turn(struct vctx *vctx, bool on, u32 own);
struct vctx_group *vctx_sched_enter(struct vctx *to);
void vctx_sched_entered(struct vctx_group *from);
u64 vctx_sched_nr_throttled(struct vctx *vctx);
void vctx_sched_task_free(struct vctx_task *blob);
int vctx_sched_setnice(const struct task_struct *task, int nice);

void vctx_sched_init(void);

#endif /* _SECURITY_VCTX_SCHED_H */
