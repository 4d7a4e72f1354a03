/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx limits: charging a context and all above it
 */
#ifndef _SECURITY_VCTX_LIMITS_H
#define _SECURITY_VCTX_LIMITS_H

#include "../vctx.h"

int vctx_charge_event(struct vctx *vctx, struct vctx *v, enum vctx_resource res,
		      long n, enum vctx_charge charge);

/**
 * vctx_uncharge_below() - undo vctx_charge_below()
 * @vctx: as charged
 * @above: as charged
 * @res: as charged
 * @n: as charged
 *
 * Context: any.
 */
static __always_inline void vctx_uncharge_below(struct vctx *vctx,
						const struct vctx *above,
						enum vctx_resource res, long n)
{
	for (; vctx != above; vctx = vctx->parent)
		vctx_counter_uncharge(&vctx->counter[res], n);
}

/**
 * vctx_charge_from() - charge some contexts of those that are charged together
 * @vctx: the lowest of all
 * @from: the first one that is not charged yet: @vctx or above it
 * @above: the first one above that is not charged, NULL to charge them all
 * @res: the resource
 * @n: how much
 * @force: beyond hard limits if need be
 *
 * Context: any.
 * Return: 0, or -EDQUOT if a hard limit would be exceeded, and nothing is
 * charged, nor is what was below @from.
 */
static __always_inline int vctx_charge_from(struct vctx *vctx,
					    struct vctx *from,
					    const struct vctx *above,
					    enum vctx_resource res, long n,
					    bool force)
{
	struct vctx *v;

	for (v = from; v != above; v = v->parent) {
		enum vctx_charge charge;

		charge = vctx_counter_charge(&v->counter[res], n, force);
		if (unlikely(charge != VCTX_CHARGED) &&
		    vctx_charge_event(vctx, v, res, n, charge))
			return -EDQUOT;
	}
	return 0;
}

/**
 * vctx_charge_below() - charge a context and those above it
 * @vctx: the lowest one
 * @above: the first one above that is not charged, NULL to charge them all
 * @res: the resource
 * @n: how much
 * @force: beyond hard limits if need be
 *
 * Context: any.
 * Return: 0, or -EDQUOT if a hard limit would be exceeded, and nothing is
 * charged.
 */
static __always_inline int vctx_charge_below(struct vctx *vctx,
					     const struct vctx *above,
					     enum vctx_resource res, long n,
					     bool force)
{
	return vctx_charge_from(vctx, vctx, above, res, n, force);
}

int vctx_charge_rest(struct vctx *vctx, struct vctx *v, enum vctx_resource res,
		     long n);
void vctx_uncharge_rest(struct vctx *vctx, struct vctx_stock *stock,
			enum vctx_resource res, long n);

/**
 * vctx_charge() - charge a context and all above it
 * @vctx: the context
 * @res: the resource
 * @n: how much
 *
 * Far from limits this calls nothing, and nor should what it is a part of: to
 * save registers for what is seldom called costs as much as a charge.
 *
 * Context: any.
 * Return: 0, or -EDQUOT if a hard limit would be exceeded; the caller turns
 * that into the errno that its resource has.  Nothing is charged then.
 */
static __always_inline int vctx_charge(struct vctx *vctx,
				       enum vctx_resource res, long n)
{
	struct vctx *v = vctx;

	do {
		struct vctx_counter *c = &v->counter[res];

		if (unlikely(!vctx_stock_take(raw_cpu_ptr(c->stock), n)))
			return vctx_charge_rest(vctx, v, res, n);
		v = v->parent;
	} while (unlikely(v));
	return 0;
}

static __always_inline void vctx_uncharge(struct vctx *vctx,
					  enum vctx_resource res, long n)
{
	do {
		struct vctx_counter *c = &vctx->counter[res];
		struct vctx_stock *stock = raw_cpu_ptr(c->stock);

		if (unlikely(!vctx_stock_give(c, stock, n))) {
			vctx_uncharge_rest(vctx, stock, res, n);
			return;
		}
		vctx = vctx->parent;
	} while (unlikely(vctx));
}

/* task.c */
void vctx_limits_enter(struct vctx *to, const struct vctx *from);
int vctx_limits_fork(struct vctx *vctx, bool leader);
void vctx_limits_exit(struct vctx *vctx, bool leader);

/* sock.c */
void vctx_add_sock_hooks(void);

/* mm.c */
void vctx_mm_enter(struct vctx *to);

/* oom.c */
bool vctx_oom(struct vctx *over, enum vctx_resource res);

/**
 * struct vctx_cache - memory that can be taken back
 * @file: pages of page cache, shared memory included
 * @shmem: pages of shared memory
 * @slab: pages of kernel memory
 */
struct vctx_cache {
	unsigned long file;
	unsigned long shmem;
	unsigned long slab;
};

/* memcg.c */
#ifdef CONFIG_MEMCG
int vctx_memcg_enter(const struct vctx *to, const struct vctx *from);
void vctx_memcg_entered(void);
void vctx_memcg_offline(struct vctx *vctx);
void vctx_memcg_cache(struct vctx *vctx, struct vctx_cache *cache);
void vctx_memcg_init(void);

/* cgroup.c */
int vctx_cgroup_inode_change(const struct inode *inode);
#else
static inline int vctx_cgroup_inode_change(const struct inode *inode)
{
	return 0;
}

static inline int vctx_memcg_enter(const struct vctx *to,
				   const struct vctx *from)
{
	return 0;
}

static inline void vctx_memcg_entered(void)
{
}

static inline void vctx_memcg_offline(struct vctx *vctx)
{
}

static inline void vctx_memcg_cache(struct vctx *vctx,
				    struct vctx_cache *cache)
{
}

static inline void vctx_memcg_init(void)
{
}
#endif

/* accounting.c */
void vctx_accounting_enter(struct vctx *to);
void vctx_accounting_fork(struct vctx *vctx, int n);
void vctx_accounting_init(void);

/* virt.c */
void vctx_virt_start(void);

void vctx_limits_init(void);

#endif /* _SECURITY_VCTX_LIMITS_H */
