// SPDX-License-Identifier: GPL-2.0-or-later
/* Limits and times of grace */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "vquota.h"

/* As much as XFS stores */
#define GRACE_MOST	0xffffffffULL

/**
 * struct settings - what the command line sets
 * @limits: limits
 * @grace: a time of grace in seconds, 0 for none
 */
struct settings {
	struct vctx_quota_limits limits;
	unsigned long long grace;
};

/* A number with s, m, h, d, w or nothing, which is s; 0 if it is none */
static unsigned long long parse_time(const char *text)
{
	static const struct {
		const char *unit;
		unsigned long long seconds;
	} units[] = {
		{ "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 },
		{ "d", 86400 }, { "w", 7 * 86400 },
	};
	unsigned long long millionths, seconds;
	const char *rest = vctx_parse_decimal(text, &millionths);
	size_t i;

	for (i = 0; rest && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(rest, units[i].unit))
			continue;
		if (millionths / 1000000 > GRACE_MOST)
			return 0;
		seconds = millionths * units[i].seconds / 1000000;
		return seconds > GRACE_MOST ? 0 : seconds;
	}
	return 0;
}

static void parse_grace(const char *word, struct settings *settings)
{
	const char *text = strchr(word, '=') + 1;

	if (settings->grace)
		tool_usage_error(&vquota_tool, "grace is set twice");
	settings->grace = parse_time(text);
	if (!settings->grace)
		tool_usage_error(&vquota_tool, "'%s' is not a time of a second or more",
				 text);
}

/* 0 is no limit for filesystems, and not what one would think. */
static int is_zero(const struct vctx_limit *limit)
{
	return (limit->set & VCTX_LIMIT_SOFT && !limit->soft) ||
	       (limit->set & VCTX_LIMIT_HARD && !limit->hard);
}

static void parse_settings(struct settings *settings, int argc, char *argv[])
{
	int i;

	memset(settings, 0, sizeof(*settings));
	for (i = 0; i < argc; i++) {
		size_t len = strcspn(argv[i], "=");
		int err;

		if (!argv[i][len] && !i)
			tool_usage_error(&vquota_tool, "'%s' is neither a verb nor SETTING=VALUE",
					 argv[i]);
		if (!argv[i][len])
			tool_usage_error(&vquota_tool, "'%s' is not SETTING=VALUE",
					 argv[i]);
		if (!strncmp(argv[i], "grace=", len + 1)) {
			parse_grace(argv[i], settings);
			continue;
		}
		err = vctx_parse_quota(argv[i], &settings->limits);
		if (err == -ENOENT)
			tool_usage_error(&vquota_tool, "unknown setting '%.*s'; there are: blocks, inodes, grace",
					 (int)len, argv[i]);
		if (err == -EEXIST)
			tool_usage_error(&vquota_tool, "%.*s is set twice",
					 (int)len, argv[i]);
		if (err == -ERANGE)
			tool_usage_error(&vquota_tool, "limit '%s' is too large",
					 argv[i]);
		if (err)
			tool_usage_error(&vquota_tool, "limit '%s' is not SOFT:HARD, SOFT:, :HARD or one value",
					 argv[i]);
	}
	if (is_zero(&settings->limits.space) || is_zero(&settings->limits.inodes))
		tool_usage_error(&vquota_tool, "a limit of a disk quota is at least 1; max is none");
}

static int failed(const struct place *place, int err)
{
	const char *why = strerror(-err);

	if (err == -EPERM || err == -EACCES)
		why = "only root outside of all contexts may do that";
	else if (err == -ERANGE)
		why = "too large for this filesystem";
	tool_error(&vquota_tool, "%s: %s", place->name, why);
	return EXIT_FAILED;
}

static int set_grace(const struct place *place, unsigned long long seconds)
{
	struct vctx_grace grace = { .space = seconds, .inodes = seconds };
	int err = vctx_set_grace(place->fd, VCTX_QUOTA_TAG, &grace);

	return err ? failed(place, err) : EXIT_SUCCESS;
}

static int above_soft(const struct vctx_quota_use *use)
{
	return use->usage > use->soft;
}

static int set_quota(const struct options *options, const struct place *place,
		     const struct settings *settings, unsigned int tag)
{
	enum vctx_quota_type type = options->has_user ? VCTX_QUOTA_USER :
							VCTX_QUOTA_TAG;
	unsigned int id = options->has_user ? tag << USER_SHIFT | options->user :
					      tag;
	unsigned int what = 0;
	struct vctx_quota quota;
	const char *why;
	int err;

	err = vctx_get_quota(place->fd, type, id, &quota);
	if (err)
		return failed(place, err);
	if (settings->limits.space.set || settings->limits.inodes.set) {
		what = VCTX_QUOTA_LIMITS;
		vctx_merge_quota(&quota, &settings->limits);
		why = vctx_check_quota(&quota);
		if (why) {
			tool_error(&vquota_tool, "context %s: %s",
				   options->context, why);
			return EXIT_FAILED;
		}
	}
	if (settings->grace) {
		what |= VCTX_QUOTA_EXPIRES;
		quota.space.expires = (unsigned long long)time(NULL) +
				      settings->grace;
		quota.inodes.expires = quota.space.expires;
		if (!above_soft(&quota.space) && !above_soft(&quota.inodes)) {
			tool_error(&vquota_tool, "context %s: no soft limit is exceeded on %s: no time of grace runs",
				   options->context, place->name);
			return EXIT_FAILED;
		}
	}
	err = vctx_set_quota(place->fd, type, &quota, what);
	if (err)
		return failed(place, err);
	if (!(place->state & VCTX_QUOTA_ENFORCED))
		tool_error(&vquota_tool, "warning: %s: limits are not enforced: see 'vquota enable %s'",
			   place->name, place->name);
	return EXIT_SUCCESS;
}

/**
 * do_set() - set limits and times of grace
 * @options: for whom, and on which filesystem
 * @argc: how many settings
 * @argv: "KEY=VALUE"
 *
 * Return: an exit code.
 */
int do_set(const struct options *options, int argc, char *argv[])
{
	struct settings settings;
	struct places places = { 0 };
	unsigned int tag = 0;
	int limits;
	int status = 0;

	parse_settings(&settings, argc, argv);
	limits = settings.limits.space.set || settings.limits.inodes.set;
	if (limits && !options->context)
		tool_usage_error(&vquota_tool, "which context? -c CONTEXT is needed to set limits");
	if (options->context)
		status = context_tag(options, &tag);
	if (!status)
		status = places_find(&places, options->path, options->has_user ?
				     VCTX_QUOTA_USER : VCTX_QUOTA_TAG);
	if (!status && places.nr > 1) {
		places_free(&places);
		tool_usage_error(&vquota_tool, "which filesystem? -f PATH is needed where there are several with quota");
	}
	if (!status)
		status = options->context ?
			 set_quota(options, &places.place[0], &settings, tag) :
			 set_grace(&places.place[0], settings.grace);
	places_free(&places);
	return status;
}
