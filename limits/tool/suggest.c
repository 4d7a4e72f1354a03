// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vlimit: limits that would suit what a context has used so far
 *
 * The rule, which the manual describes: half as much again as the peak, rounded
 * up to a round figure, and an event at 80 % of that.
 */
#include <stdio.h>
#include <string.h>

#include "vlimit.h"

/* Less than this would hinder whatever the context does next. */
#define LEAST_COUNT	10
#define LEAST_BYTES	(1ULL << 20)

/* No suggestion above this: rounding shall not overflow. */
#define LARGEST		(1ULL << 60)

/* The next of 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, or ten times one of it */
static unsigned long long round_count(unsigned long long value)
{
	static const unsigned int figures[] = {
		10, 12, 15, 20, 25, 30, 40, 50, 60, 80,
	};
	unsigned long long scale = 1;
	size_t i;

	for (;; scale *= 10)
		for (i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
			if (figures[i] * scale >= value)
				return figures[i] * scale;
}

/* The next multiple of a quarter of the largest power of two in it */
static unsigned long long round_bytes(unsigned long long value)
{
	unsigned long long step = 1;

	while (value / step >= 8)
		step *= 2;
	return (value + step - 1) / step * step;
}

/* A fifth less, in units that leave it two digits at least */
static unsigned long long soft_of(unsigned long long hard, int bytes)
{
	unsigned long long unit = 1;

	if (bytes)
		while (hard / unit >= 16 * 1024 && unit < 1ULL << 40)
			unit *= 1024;
	return hard / unit * 4 / 5 * unit;
}

static int suggest_one(struct vctx_res *res)
{
	unsigned long long hard;
	unsigned int kind;
	int bytes;

	vctx_res_kind(res->name, &kind);
	/* What never falls reaches each limit some day. */
	if (!res->peak || res->peak > LARGEST || kind & VCTX_RES_CUMULATIVE)
		return 0;
	bytes = !!(kind & VCTX_RES_BYTES);
	hard = res->peak + (res->peak + 1) / 2;
	hard = bytes ? round_bytes(hard) : round_count(hard);
	if (bytes && hard < LEAST_BYTES)
		hard = LEAST_BYTES;
	if (!bytes && hard < LEAST_COUNT)
		hard = LEAST_COUNT;
	res->hard = hard;
	res->soft = soft_of(hard, bytes);
	return 1;
}

/**
 * suggest() - replace the limits of a context by those that suit it
 * @info: the context; keeps only the resources for which there is something
 *	to suggest
 */
void suggest(struct vctx_info *info)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < info->nr_res; i++)
		if (suggest_one(&info->res[i]))
			info->res[kept++] = info->res[i];
	info->nr_res = kept;
}

/**
 * print_suggestion() - print the command that sets what was suggested
 * @info: from suggest()
 */
void print_suggestion(const struct vctx_info *info)
{
	char soft[VCTX_VALUE_LEN], hard[VCTX_VALUE_LEN];
	size_t i;

	if (!info->nr_res)
		return;
	if (info->name[0])
		printf("vlimit -c %s", info->name);
	else
		printf("vlimit -c %u", info->id);
	for (i = 0; i < info->nr_res; i++) {
		const struct vctx_res *res = &info->res[i];
		enum vctx_style style;
		unsigned int kind;

		vctx_res_kind(res->name, &kind);
		style = kind & VCTX_RES_BYTES ? VCTX_EXACT : VCTX_DIGITS;
		printf(" %s=%s:%s", res->name,
		       vctx_format_value(res->soft, style, soft, sizeof(soft)),
		       vctx_format_value(res->hard, style, hard, sizeof(hard)));
	}
	putchar('\n');
}
