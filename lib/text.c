// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvctx: values, limits, ids, flags and names as text
 *
 * What comes from a command line is taken only if all of it is understood.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* The kernel counts in signed 64 bit numbers, the largest of which is max. */
#define VCTX_VALUE_LARGEST	((1ULL << 63) - 2)

static const struct {
	const char *name;
	unsigned int bit;
} flag_names[] = {
	{ "lock",	VCTX_FLAG_LOCK },
	{ "private",	VCTX_FLAG_PRIVATE },
	{ "sched",	VCTX_FLAG_SCHED },
	{ "fakeinit",	VCTX_FLAG_FAKEINIT },
	{ "virt",	VCTX_FLAG_VIRT },
};

/* As the kernel lists them */
static const struct {
	const char *name;
	unsigned int kind;
} resources[] = {
	{ "nproc",	0 },
	{ "ntask",	0 },
	{ "nofile",	0 },
	{ "nsock",	0 },
	{ "nlock",	0 },
	{ "npty",	0 },
	{ "nsigpending", 0 },
	{ "ninotify",	0 },
	{ "as",		VCTX_RES_BYTES },
	{ "memlock",	VCTX_RES_BYTES },
	{ "rss",	VCTX_RES_BYTES },
	{ "anon",	VCTX_RES_BYTES },
	{ "shmem",	VCTX_RES_BYTES },
	{ "memory",	VCTX_RES_BYTES },
	{ "swap",	VCTX_RES_BYTES },
	{ "nshm",	0 },
	{ "shmbytes",	VCTX_RES_BYTES },
	{ "nsem",	0 },
	{ "nmsg",	0 },
	{ "msgbytes",	VCTX_RES_BYTES },
	{ "mqbytes",	VCTX_RES_BYTES },
	{ "nrandom",	VCTX_RES_BYTES | VCTX_RES_CUMULATIVE },
};

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Decimal digits and nothing else: no sign, no blank, no locale. */
int vctx_parse_u64(const char *text, size_t len, unsigned long long *value)
{
	unsigned long long sum = 0;
	size_t i;

	if (!len)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		unsigned int digit = (unsigned int)text[i] - '0';

		if (digit > 9)
			return -EINVAL;
		if (sum > (ULLONG_MAX - digit) / 10) {
			/* still junk if anything but digits follows */
			for (; i < len; i++)
				if (!is_digit(text[i]))
					return -EINVAL;
			return -ERANGE;
		}
		sum = sum * 10 + digit;
	}
	*value = sum;
	return 0;
}

int vctx_parse_u32(const char *text, size_t len, unsigned int *value)
{
	unsigned long long wide;
	int err = vctx_parse_u64(text, len, &wide);

	if (err)
		return err;
	if (wide > UINT_MAX)
		return -ERANGE;
	*value = (unsigned int)wide;
	return 0;
}

/**
 * vctx_parse_id() - read the number of a context
 * @text: decimal digits
 * @id: receives it; the context need not exist
 *
 * Return: 0; -EINVAL for anything but digits; -ERANGE for a number that no
 * context can have.
 */
int vctx_parse_id(const char *text, unsigned int *id)
{
	unsigned int value;
	int err = vctx_parse_u32(text, strlen(text), &value);

	if (err)
		return err;
	if (value > VCTX_ID_DYNAMIC_MAX)
		return -ERANGE;
	*id = value;
	return 0;
}

static int flag_bit(const char *word, size_t len, unsigned int *bit)
{
	size_t i;

	for (i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
		if (strlen(flag_names[i].name) == len &&
		    !memcmp(flag_names[i].name, word, len)) {
			*bit = flag_names[i].bit;
			return 0;
		}
	}
	return -EINVAL;
}

/**
 * vctx_parse_flags() - read a list of flags
 * @text: names of flags, with commas in between
 * @flags: receives VCTX_FLAG_*
 *
 * Return: 0; -EINVAL for an unknown or empty word.
 */
int vctx_parse_flags(const char *text, unsigned int *flags)
{
	unsigned int all = 0;

	for (;;) {
		size_t len = strcspn(text, ",");
		unsigned int bit;

		if (flag_bit(text, len, &bit))
			return -EINVAL;
		all |= bit;
		if (!text[len])
			break;
		text += len + 1;
	}
	*flags = all;
	return 0;
}

/**
 * vctx_format_flags() - write flags as a list of words
 * @flags: VCTX_FLAG_*; bits that this library does not know are left out
 * @buf: where to; "" for none
 * @size: of @buf; VCTX_FLAGS_LEN always suffices
 *
 * Return: @buf.
 */
char *vctx_format_flags(unsigned int flags, char *buf, size_t size)
{
	size_t used = 0;
	size_t i;

	if (size)
		buf[0] = '\0';
	for (i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++) {
		if (!(flags & flag_names[i].bit) || used >= size)
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 used ? "," : "", flag_names[i].name);
	}
	return buf;
}

/* What the kernel says: flags of a later kernel stay as words only. */
void vctx_flags_from_text(struct vctx_info *info, const char *text, size_t len)
{
	size_t at = 0;

	info->flags = 0;
	info->flags_text[0] = '\0';
	if (len == 1 && *text == '-')
		return;
	if (len < sizeof(info->flags_text)) {
		memcpy(info->flags_text, text, len);
		info->flags_text[len] = '\0';
	} else {
		memcpy(info->flags_text, text, sizeof(info->flags_text) - 1);
		info->flags_text[sizeof(info->flags_text) - 1] = '\0';
	}
	while (at < len) {
		const char *comma = memchr(text + at, ',', len - at);
		size_t end = comma ? (size_t)(comma - text) : len;
		unsigned int bit;

		if (!flag_bit(text + at, end - at, &bit))
			info->flags |= bit;
		at = end + 1;
	}
}

/**
 * vctx_valid_name() - may a context be called so?
 * @name: what to check
 *
 * Return: 1 for a letter or underscore, then letters, digits, "_", "." and
 * "-", at most VCTX_NAME_LEN - 1 in all; else 0.
 */
int vctx_valid_name(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++) {
		char c = name[i];
		int letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     c == '_';

		if (i == VCTX_NAME_LEN - 1)
			return 0;
		if (!letter && (!i || !(is_digit(c) || c == '.' || c == '-')))
			return 0;
	}
	return i > 0;
}

/**
 * vctx_res_kind() - what the numbers of a resource are
 * @name: "nproc", ...
 * @kind: receives VCTX_RES_*, 0 for a plain count, and for a resource that
 *	this library does not know
 *
 * Return: 0; -ENOENT for a resource that this library does not know, which the
 * kernel may have nevertheless.
 */
int vctx_res_kind(const char *name, unsigned int *kind)
{
	size_t i;

	*kind = 0;
	for (i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		if (strcmp(resources[i].name, name))
			continue;
		*kind = resources[i].kind;
		return 0;
	}
	return -ENOENT;
}

static int parse_value(const char *text, size_t len, unsigned long long *value)
{
	static const char suffixes[] = "KMGT";
	unsigned long long number;
	unsigned int shift = 0;
	int err;

	if (len == 3 && !memcmp(text, "max", 3)) {
		*value = VCTX_MAX;
		return 0;
	}
	if (len && !is_digit(text[len - 1])) {
		const char *s = memchr(suffixes,
				       toupper((unsigned char)text[len - 1]),
				       sizeof(suffixes) - 1);

		if (!s)
			return -EINVAL;
		shift = 10 * (unsigned int)(s - suffixes + 1);
		len--;
	}
	err = vctx_parse_u64(text, len, &number);
	if (err)
		return err;
	if (number > VCTX_VALUE_LARGEST >> shift)
		return -ERANGE;
	*value = number << shift;
	return 0;
}

/**
 * vctx_parse_value() - read a value of a resource
 * @text: digits with an optional suffix K, M, G or T (powers of 1024, either
 *	case), or "max"
 * @value: receives it; VCTX_MAX for "max"
 *
 * Return: 0; -EINVAL for anything else, signs and blanks too; -ERANGE for
 * 2^63-1 and above.
 */
int vctx_parse_value(const char *text, unsigned long long *value)
{
	return parse_value(text, strlen(text), value);
}

/**
 * vctx_parse_limit() - read "soft:hard"
 * @text: "SOFT:HARD"; "SOFT:" or ":HARD", which leave the other as it is; or
 *	one value without a colon, the hard limit
 * @limit: receives it
 *
 * Return: 0; -EINVAL or -ERANGE as vctx_parse_value().
 */
int vctx_parse_limit(const char *text, struct vctx_limit *limit)
{
	const char *colon = strchr(text, ':');
	struct vctx_limit out = { 0 };
	int err;

	if (!colon) {
		out.set = VCTX_LIMIT_HARD;
		err = vctx_parse_value(text, &out.hard);
		if (!err)
			*limit = out;
		return err;
	}
	if (colon > text) {
		err = parse_value(text, (size_t)(colon - text), &out.soft);
		if (err)
			return err;
		out.set |= VCTX_LIMIT_SOFT;
	}
	if (colon[1]) {
		err = vctx_parse_value(colon + 1, &out.hard);
		if (err)
			return err;
		out.set |= VCTX_LIMIT_HARD;
	}
	if (!out.set)
		return -EINVAL;
	*limit = out;
	return 0;
}

/**
 * vctx_format_value() - write a value of a resource
 * @value: what to write; VCTX_MAX becomes "max"
 * @style: VCTX_DIGITS, all digits; VCTX_HUMAN, a number below 1024 with one
 *	decimal and a suffix, never more than @value is ("1.5K" for 1600);
 *	VCTX_EXACT, a suffix only where nothing is lost ("1600", "2K"), so that
 *	vctx_parse_value() reads the same
 * @buf: where to
 * @size: of @buf; VCTX_VALUE_LEN always suffices
 *
 * Return: @buf.
 */
char *vctx_format_value(unsigned long long value, enum vctx_style style,
			char *buf, size_t size)
{
	static const char suffixes[] = "KMGTPE";
	unsigned long long rest = 0;
	int i;

	if (value == VCTX_MAX) {
		snprintf(buf, size, "max");
		return buf;
	}
	if (style == VCTX_EXACT && value) {
		for (i = -1; i < 3 && value % 1024 == 0; i++)
			value /= 1024;
		snprintf(buf, size, "%llu%.*s", value, i >= 0,
			 i >= 0 ? &suffixes[i] : "");
		return buf;
	}
	if (style != VCTX_HUMAN || value < 1024) {
		snprintf(buf, size, "%llu", value);
		return buf;
	}
	for (i = -1; value >= 1024; i++) {
		rest = value % 1024;
		value /= 1024;
	}
	rest = rest * 10 / 1024;
	if (rest)
		snprintf(buf, size, "%llu.%llu%c", value, rest, suffixes[i]);
	else
		snprintf(buf, size, "%llu%c", value, suffixes[i]);
	return buf;
}
