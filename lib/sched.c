// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvctx: how a context is scheduled, as text
 *
 * Users write settings as KEY and VALUE: on command lines of vsched(8), and in
 * files of vctl(8).  The kernel has other words for some of them, which
 * vctx_sched_line() makes.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define MILLION		1000000ULL

/* What the kernel takes */
#define WEIGHT_MAX	10000
#define NICE_MIN	(-20)
#define NICE_MAX	19
#define CAP_MIN		1000ULL		/* of quota and period, in us */
#define PERIOD_MAX	MILLION
#define QUOTA_MAX	((1ULL << 44) - 1)

/* Above this a period is absurd, and what it is multiplied with may wrap. */
#define PERIOD_LARGEST	(1000 * MILLION)

static const char *const keys[VCTX_SCHED_NR] = {
	[VCTX_SCHED_WEIGHT]	= "weight",
	[VCTX_SCHED_IDLE]	= "idle",
	[VCTX_SCHED_CPU]	= "cpu",
	[VCTX_SCHED_BURST]	= "burst",
	[VCTX_SCHED_NICE]	= "nice",
	[VCTX_SCHED_RT]		= "rt",
	[VCTX_SCHED_ON]		= "sched",
};

/**
 * vctx_sched_key() - what users call a setting
 * @setting: which
 *
 * Return: its key; NULL if there is no such setting.
 */
const char *vctx_sched_key(enum vctx_sched_setting setting)
{
	return (unsigned int)setting < VCTX_SCHED_NR ? keys[setting] : NULL;
}

/**
 * vctx_sched_setting() - a setting by what users call it
 * @key: "weight", ..., see VCTX_SCHED_KEYS
 * @setting: receives which it is
 *
 * Return: 0; -ENOENT for any other key.
 */
int vctx_sched_setting(const char *key, enum vctx_sched_setting *setting)
{
	unsigned int i;

	for (i = 0; i < VCTX_SCHED_NR; i++) {
		if (strcmp(key, keys[i]))
			continue;
		*setting = (enum vctx_sched_setting)i;
		return 0;
	}
	return -ENOENT;
}

/**
 * vctx_parse_decimal() - read a number that may have a decimal point
 * @text: digits, and with a point up to six more; something may follow
 * @millionths: receives the number, multiplied by a million
 *
 * Return: what follows the number; NULL if @text does not begin with one, or it
 * is too large.
 */
const char *vctx_parse_decimal(const char *text, unsigned long long *millionths)
{
	unsigned long long unit = MILLION;
	unsigned long long sum = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		/* The last million is for the fraction. */
		if (sum > (ULLONG_MAX / MILLION - 1 - digit) / 10)
			return NULL;
		sum = sum * 10 + digit;
	}
	sum *= MILLION;
	if (*text == '.') {
		text++;
		if (*text < '0' || *text > '9')
			return NULL;
		for (; *text >= '0' && *text <= '9' && unit > 1; text++) {
			unit /= 10;
			sum += (unsigned long long)(*text - '0') * unit;
		}
	}
	*millionths = sum;
	return text;
}

/* A number with us, ms, s or nothing, which is us */
static int parse_time(const char *text, unsigned long long *usec)
{
	unsigned long long value;
	const char *unit = vctx_parse_decimal(text, &value);
	unsigned long long factor;

	if (!unit)
		return -EINVAL;
	if (!*unit || !strcmp(unit, "us"))
		factor = 1;
	else if (!strcmp(unit, "ms"))
		factor = 1000;
	else if (!strcmp(unit, "s"))
		factor = MILLION;
	else
		return -EINVAL;
	if (value > ULLONG_MAX / factor)
		return -EINVAL;
	*usec = value * factor / MILLION;
	return 0;
}

/* N%[/TIME] or max: the quota follows from the period, which may be set. */
static int parse_cap(const char *text, struct vctx_sched *sched)
{
	unsigned long long period = sched->period_usec;
	unsigned long long percent;
	const char *rest;
	double quota;

	if (!strcmp(text, "max")) {
		sched->quota_usec = VCTX_MAX;
		return 0;
	}
	rest = vctx_parse_decimal(text, &percent);
	if (!rest || *rest++ != '%')
		return -EINVAL;
	if (*rest && (*rest++ != '/' || parse_time(rest, &period)))
		return -EINVAL;
	if (period > PERIOD_LARGEST)
		return -EINVAL;
	/* Exact to the microsecond up to QUOTA_MAX, which has 44 bits. */
	quota = (double)percent * (double)period / (100 * MILLION) + 0.5;
	if (quota >= 0x1p63)
		return -EINVAL;
	sched->quota_usec = (unsigned long long)quota;
	sched->period_usec = period;
	return 0;
}

/* What does not fit stays too large: who knows the range is to refuse it. */
static int parse_number(const char *text, unsigned int largest,
			unsigned int *value)
{
	unsigned long long wide;

	if (vctx_parse_u64(text, strlen(text), &wide))
		return -EINVAL;
	*value = wide < largest ? (unsigned int)wide : largest;
	return 0;
}

static int parse_nice(const char *text, int *nice)
{
	int minus = *text == '-';
	unsigned int value;
	int err = parse_number(text + minus, INT_MAX, &value);

	if (!err)
		*nice = minus ? -(int)value : (int)value;
	return err;
}

static int parse_choice(const char *text, const char *yes, const char *no,
			int *value)
{
	int is_yes = !strcmp(text, yes);

	if (!is_yes && strcmp(text, no))
		return -EINVAL;
	*value = is_yes;
	return 0;
}

/**
 * vctx_parse_sched() - read the value of a setting
 * @setting: which
 * @value: as users write it: weight N, idle yes|no, cpu N%[/TIME]|max, burst
 *	TIME, nice N, rt allow|deny, sched on|off; TIME is a number with us, ms,
 *	s or nothing, which is us
 * @sched: receives it; where no TIME follows N%, the period stays as it is here
 *
 * Whether a number is in its range is for vctx_check_sched(), or for the kernel
 * to say.
 *
 * Return: 0; -EINVAL for anything else, and @sched is as it was.
 */
int vctx_parse_sched(enum vctx_sched_setting setting, const char *value,
		     struct vctx_sched *sched)
{
	switch (setting) {
	case VCTX_SCHED_WEIGHT:
		return parse_number(value, UINT_MAX, &sched->weight);
	case VCTX_SCHED_IDLE:
		return parse_choice(value, "yes", "no", &sched->idle);
	case VCTX_SCHED_CPU:
		return parse_cap(value, sched);
	case VCTX_SCHED_BURST:
		return parse_time(value, &sched->burst_usec);
	case VCTX_SCHED_NICE:
		return parse_nice(value, &sched->nice);
	case VCTX_SCHED_RT:
		return parse_choice(value, "allow", "deny", &sched->rt);
	case VCTX_SCHED_ON:
		return parse_choice(value, "on", "off", &sched->on);
	default:
		return -EINVAL;
	}
}

static const char *check_cap(const struct vctx_sched *sched)
{
	if (sched->quota_usec == VCTX_MAX)
		return NULL;
	if (sched->quota_usec < CAP_MIN)
		return "a cap is at least 1 ms in each period";
	if (sched->quota_usec > QUOTA_MAX)
		return "a cap is too large";
	if (sched->period_usec < CAP_MIN || sched->period_usec > PERIOD_MAX)
		return "a period is from 1 ms to 1 s";
	return NULL;
}

static const char *check_burst(const struct vctx_sched *sched)
{
	if (sched->burst_usec > QUOTA_MAX)
		return "a burst is too large";
	if (sched->quota_usec == VCTX_MAX)
		return NULL;
	if (sched->burst_usec > sched->quota_usec)
		return "a burst is above what the cap allows in a period";
	if (sched->burst_usec + sched->quota_usec > QUOTA_MAX)
		return "cap and burst are too large";
	return NULL;
}

/**
 * vctx_check_sched() - would the kernel take a setting?
 * @setting: which
 * @sched: has it; for a burst, the cap counts as well
 *
 * Return: NULL if it would; else why not, in words.
 */
const char *vctx_check_sched(enum vctx_sched_setting setting,
			     const struct vctx_sched *sched)
{
	switch (setting) {
	case VCTX_SCHED_WEIGHT:
		return sched->weight < 1 || sched->weight > WEIGHT_MAX ?
		       "a weight is from 1 to 10000" : NULL;
	case VCTX_SCHED_CPU:
		return check_cap(sched);
	case VCTX_SCHED_BURST:
		return check_burst(sched);
	case VCTX_SCHED_NICE:
		return sched->nice < NICE_MIN || sched->nice > NICE_MAX ?
		       "a nice value is from -20 to 19" : NULL;
	default:
		return NULL;
	}
}

/* In the largest unit that loses nothing */
static void format_time(unsigned long long usec, char *buf, size_t size)
{
	if (!usec)
		snprintf(buf, size, "0");
	else if (usec % MILLION == 0)
		snprintf(buf, size, "%llus", usec / MILLION);
	else if (usec % 1000 == 0)
		snprintf(buf, size, "%llums", usec / 1000);
	else
		snprintf(buf, size, "%lluus", usec);
}

/*
 * Six digits after the point tell quotas apart: with the longest period, the
 * last one of these is a hundredth of a microsecond.
 */
static void format_cap(const struct vctx_sched *sched, char *buf, size_t size)
{
	unsigned long long quota = sched->quota_usec;
	unsigned long long period = sched->period_usec;
	unsigned long long percent;
	char digits[8];
	char time[VCTX_VALUE_LEN];
	size_t len;

	if (quota == VCTX_MAX || !period) {
		snprintf(buf, size, "max");
		return;
	}
	/* In millionths; quota * 100 * MILLION would not fit. */
	percent = quota / period * 100 * MILLION +
		  (quota % period * 100 * MILLION + period / 2) / period;
	snprintf(digits, sizeof(digits), ".%06llu", percent % MILLION);
	for (len = strlen(digits); len && (digits[len - 1] == '0' ||
					   digits[len - 1] == '.'); len--)
		digits[len - 1] = '\0';
	format_time(period, time, sizeof(time));
	if (period == VCTX_PERIOD_USEC)
		snprintf(buf, size, "%llu%s%%", percent / MILLION, digits);
	else
		snprintf(buf, size, "%llu%s%%/%s", percent / MILLION, digits,
			 time);
}

/**
 * vctx_format_sched() - write the value of a setting
 * @setting: which
 * @sched: has it
 * @buf: where to
 * @size: of @buf; VCTX_SCHED_VALUE_LEN suffices for what the kernel has
 *
 * A period is left out if it is that of a new context.  So vctx_parse_sched()
 * reads the same into VCTX_SCHED_INIT.
 *
 * Return: @buf.
 */
char *vctx_format_sched(enum vctx_sched_setting setting,
			const struct vctx_sched *sched, char *buf, size_t size)
{
	if (size)
		buf[0] = '\0';
	switch (setting) {
	case VCTX_SCHED_WEIGHT:
		snprintf(buf, size, "%u", sched->weight);
		break;
	case VCTX_SCHED_IDLE:
		snprintf(buf, size, sched->idle ? "yes" : "no");
		break;
	case VCTX_SCHED_CPU:
		format_cap(sched, buf, size);
		break;
	case VCTX_SCHED_BURST:
		format_time(sched->burst_usec, buf, size);
		break;
	case VCTX_SCHED_NICE:
		snprintf(buf, size, "%d", sched->nice);
		break;
	case VCTX_SCHED_RT:
		snprintf(buf, size, sched->rt ? "allow" : "deny");
		break;
	case VCTX_SCHED_ON:
		snprintf(buf, size, sched->on ? "on" : "off");
		break;
	default:
		break;
	}
	return buf;
}

/* Adds words to a line. */
static void __attribute__((format(printf, 4, 5)))
add_words(char *line, size_t size, size_t *used, const char *format, ...)
{
	va_list args;
	int more;

	va_start(args, format);
	more = vsnprintf(line + *used, size - *used, format, args);
	va_end(args);
	if (more > 0)
		*used += (size_t)more < size - *used ? (size_t)more :
						       size - *used - 1;
}

/* The setting as the kernel has it, after a blank */
static void add_setting(char *line, size_t size, size_t *used,
			enum vctx_sched_setting setting,
			const struct vctx_sched *sched)
{
	char quota[VCTX_VALUE_LEN];

	switch (setting) {
	case VCTX_SCHED_WEIGHT:
		add_words(line, size, used, " weight %u", sched->weight);
		break;
	case VCTX_SCHED_IDLE:
		add_words(line, size, used, " idle %d", !!sched->idle);
		break;
	case VCTX_SCHED_CPU:
		add_words(line, size, used, " max %s %llu",
			  vctx_format_value(sched->quota_usec, VCTX_DIGITS,
					    quota, sizeof(quota)),
			  sched->period_usec);
		break;
	case VCTX_SCHED_BURST:
		add_words(line, size, used, " burst %llu", sched->burst_usec);
		break;
	case VCTX_SCHED_NICE:
		add_words(line, size, used, " nice %d", sched->nice);
		break;
	case VCTX_SCHED_RT:
		add_words(line, size, used, " rt %s",
			  sched->rt ? "allow" : "deny");
		break;
	default:
		add_words(line, size, used, " sched %s",
			  sched->on ? "on" : "off");
		break;
	}
}

/**
 * vctx_sched_line() - settings as vctx_set_sched() takes them
 * @sched: has them
 * @settings: which: a bit (1U << VCTX_SCHED_...) for each
 * @line: where to; "" for none
 * @size: of @line; VCTX_SCHED_LINE_LEN always suffices
 *
 * Return: @line.
 */
char *vctx_sched_line(const struct vctx_sched *sched, unsigned int settings,
		      char *line, size_t size)
{
	size_t used = 0;
	unsigned int i;

	if (!size)
		return line;
	line[0] = '\0';
	for (i = 0; i < VCTX_SCHED_NR; i++)
		if (settings & 1U << i)
			add_setting(line, size, &used,
				    (enum vctx_sched_setting)i, sched);
	/* without the first blank */
	memmove(line, line + !!used, used + !used);
	return line;
}

/**
 * vctx_sched_changes() - which settings differ
 * @a: some settings
 * @b: other ones
 *
 * Return: a bit (1U << VCTX_SCHED_...) for each that does.
 */
unsigned int vctx_sched_changes(const struct vctx_sched *a,
				const struct vctx_sched *b)
{
	unsigned int changes = 0;

	if (a->weight != b->weight)
		changes |= 1U << VCTX_SCHED_WEIGHT;
	if (!a->idle != !b->idle)
		changes |= 1U << VCTX_SCHED_IDLE;
	if (a->quota_usec != b->quota_usec || a->period_usec != b->period_usec)
		changes |= 1U << VCTX_SCHED_CPU;
	if (a->burst_usec != b->burst_usec)
		changes |= 1U << VCTX_SCHED_BURST;
	if (a->nice != b->nice)
		changes |= 1U << VCTX_SCHED_NICE;
	if (!a->rt != !b->rt)
		changes |= 1U << VCTX_SCHED_RT;
	if (!a->on != !b->on)
		changes |= 1U << VCTX_SCHED_ON;
	return changes;
}
