// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: charging up the hierarchy, and the file "limits"
 */

#include <linux/seq_file.h>
#include <linux/string.h>

#include "limits.h"

#include <trace/events/vctx.h>

static DEFINE_MUTEX(vctx_limits_mutex);

/**
 * vctx_charge_event() - a charge has not been quite ordinary
 * @vctx: the lowest context that is being charged
 * @v: the one, it or above it, where it happened
 * @res: the resource
 * @n: how much
 * @charge: what happened
 *
 * Tells those who watch, and after a refusal uncharges what is below @v.
 *
 * Context: any.
 * Return: 0 or -EDQUOT
 */
int vctx_charge_event(struct vctx *vctx, struct vctx *v, enum vctx_resource res,
		      long n, enum vctx_charge charge)
{
	vctxfs_notify(v);
	if (charge != VCTX_REFUSED) {
		trace_vctx_charge_soft(v->id, vctx->id, vctx_resource[res].name,
				       n, READ_ONCE(v->counter[res].soft));
		return 0;
	}
	trace_vctx_charge_fail(v->id, vctx->id, vctx_resource[res].name, n,
			       READ_ONCE(v->counter[res].hard));
	vctx_uncharge_below(vctx, v, res, n);
	return -EDQUOT;
}

/**
 * vctx_charge_rest() - charge, where a stock does not suffice, and above
 * @vctx: the lowest context that is being charged
 * @v: the first one that is not charged yet, it or above it
 * @res: the resource
 * @n: how much
 *
 * Context: any.
 * Return: 0, or -EDQUOT, and what was charged below @v is not any more.
 */
int vctx_charge_rest(struct vctx *vctx, struct vctx *v, enum vctx_resource res,
		     long n)
{
	return vctx_charge_from(vctx, v, NULL, res, n, false);
}

/**
 * vctx_uncharge_rest() - uncharge, where a stock is too full, and above
 * @vctx: the context where it is
 * @stock: the stock, which @n were given to
 * @res: the resource
 * @n: how much
 *
 * Context: any.
 */
void vctx_uncharge_rest(struct vctx *vctx, struct vctx_stock *stock,
			enum vctx_resource res, long n)
{
	vctx_counter_uncharge_slow(&vctx->counter[res], stock);
	vctx_uncharge_below(vctx->parent, NULL, res, n);
}

static int vctx_limits_show(struct seq_file *m, struct vctx *vctx)
{
	int i;

	for (i = 0; i < VCTX_NR_RESOURCES; i++) {
		struct vctx_reading r;

		vctx_read(vctx, i, &r);
		seq_printf(m, "%s usage %lu peak %lu soft ",
			   vctx_resource[i].name, r.usage, r.peak);
		vctxfs_show_limit(m, r.soft);
		seq_puts(m, " hard ");
		vctxfs_show_limit(m, r.hard);
		seq_printf(m, " fail %lu\n", r.fails);
	}
	return 0;
}

struct vctx_new_limits {
	unsigned long soft, hard;
	bool named;
};

static int vctx_limits_error(struct vctx *vctx, int err, const char *why)
{
	WRITE_ONCE(vctx->last_error, why);
	return err;
}

static int vctx_limits_find(const char *name)
{
	int i;

	for (i = 0; i < VCTX_NR_RESOURCES; i++)
		if (!strcmp(vctx_resource[i].name, name))
			return i;
	return -ENOENT;
}

/* "RESOURCE [soft V] [hard V] [RESOURCE ...]" into @new, which has the old */
static int vctx_limits_parse(struct vctx *vctx, char *line,
			     struct vctx_new_limits *new)
{
	struct vctx_new_limits *cur = NULL;
	bool complete = false;
	char *word, *value;
	unsigned long *limit;
	int i, err;

	while ((word = strsep(&line, " "))) {
		i = vctx_limits_find(word);
		if (i >= 0) {
			if (cur && !complete)
				break;
			cur = &new[i];
			cur->named = true;
			complete = false;
			continue;
		}
		if (!cur)
			return vctx_limits_error(vctx, -EINVAL,
						 "the line does not begin with a resource");
		if (!strcmp(word, "soft"))
			limit = &cur->soft;
		else if (!strcmp(word, "hard"))
			limit = &cur->hard;
		else
			return vctx_limits_error(vctx, -EINVAL,
						 "a word is neither soft, hard nor a resource");
		value = strsep(&line, " ");
		err = value ? vctxfs_parse_limit(value, limit) : -EINVAL;
		if (err)
			return vctx_limits_error(vctx, err, err == -ERANGE ?
						 "a limit is too large" :
						 "a limit is neither a decimal number nor max");
		complete = true;
	}
	if (!complete)
		return vctx_limits_error(vctx, -EINVAL,
					 "a resource has neither soft nor hard after it");
	for (i = 0; i < VCTX_NR_RESOURCES; i++)
		if (new[i].named && new[i].hard != VCTX_MAX &&
		    new[i].soft != VCTX_MAX && new[i].soft > new[i].hard)
			return vctx_limits_error(vctx, -EINVAL,
						 "a soft limit is above the hard limit");
	return 0;
}

/* All that can fail comes before anything is set. */
static int vctx_limits_prepare(struct vctx *vctx, int res,
			       const struct vctx_new_limits *new)
{
	if (!vctx_resource[res].elsewhere || !new->named ||
	    (new->soft == VCTX_MAX && new->hard == VCTX_MAX))
		return 0;
	if (!vctx_engine[res])
		return vctx_limits_error(vctx, -EOPNOTSUPP,
					 "the kernel was built without what counts a resource");
	return vctx_engine[res]->prepare(vctx);
}

static void vctx_limits_set(struct vctx *vctx, int res,
			    const struct vctx_new_limits *new)
{
	if (!vctx_resource[res].elsewhere)
		vctx_counter_set_limits(&vctx->counter[res], new->soft,
					new->hard);
	else if (vctx_engine[res])
		vctx_engine[res]->set(vctx, res, new->soft, new->hard);
}

static int vctx_limits_write(struct vctx *vctx, char *line)
{
	struct vctx_new_limits new[VCTX_NR_RESOURCES] = {};
	struct vctx_reading r;
	int i, err;

	mutex_lock(&vctx_limits_mutex);
	for (i = 0; i < VCTX_NR_RESOURCES; i++) {
		vctx_read(vctx, i, &r);
		new[i].soft = r.soft;
		new[i].hard = r.hard;
	}
	err = vctx_limits_parse(vctx, line, new);
	for (i = 0; i < VCTX_NR_RESOURCES && !err; i++)
		err = vctx_limits_prepare(vctx, i, &new[i]);
	for (i = 0; i < VCTX_NR_RESOURCES && !err; i++)
		if (new[i].named)
			vctx_limits_set(vctx, i, &new[i]);
	mutex_unlock(&vctx_limits_mutex);

	/* Others need not wait for that. */
	for (i = 0; i < VCTX_NR_RESOURCES && !err; i++)
		if (new[i].named && vctx_engine[i] && vctx_engine[i]->enforce)
			vctx_engine[i]->enforce(vctx, i);
	return err;
}

static const struct vctxfs_file vctx_limits_files[] = {
	{ "limits", 0644, vctx_limits_show, vctx_limits_write },
};

void __init vctx_limits_init(void)
{
	vctxfs_add_files(vctx_limits_files, ARRAY_SIZE(vctx_limits_files));
}
