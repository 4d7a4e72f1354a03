/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vstop: what contexts use of disks, and what disks refuse them
 *
 * Filesystems are asked beside the summary, which does not have this, and more
 * seldom where that takes long.  Nothing is kept open between readings: a
 * monitor must not be why a filesystem cannot be unmounted.
 */
#ifndef VSTOP_DISK_H
#define VSTOP_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "level.h"
#include "libvctx.h"

struct row;

/* The worst comes last. */
enum disk_warning {
	DISK_FINE,
	DISK_SOFT,		/* above a soft limit, the time of grace runs */
	DISK_GRACE,		/* it is over */
	DISK_REFUSED,		/* something was refused since the last reading */
};

/**
 * struct disk_fs - a filesystem with quota
 * @point: where it is mounted
 * @enforced: are limits enforced, or is usage only counted?
 * @err: why it could not be asked, or 0
 */
struct disk_fs {
	char *point;
	bool enforced;
	int err;
};

/**
 * struct disk_use - one context on one filesystem
 * @fs: index of the filesystem
 * @quota: what it uses and may use; quota.id is the context
 */
struct disk_use {
	size_t fs;
	struct vctx_quota quota;
};

/**
 * struct disk_events - what quota told one context, since it was made
 * @id: the context
 * @soft: soft limits that were passed
 * @grace: refusals since the time of grace was over
 * @hard: refusals by hard limits
 */
struct disk_events {
	uint32_t id;
	unsigned long long soft;
	unsigned long long grace;
	unsigned long long hard;
};

/**
 * struct disks - the last reading of all filesystems
 * @fs, @nr_fs: those that have quota
 * @use, @nr_use: by context, then by filesystem
 * @events, @nr_events: of contexts that have a limit, by context
 * @base, @nr_base: likewise, of the reading before
 * @time, @base_time: when these were made, in seconds of a monotonic clock
 * @wall: @time in seconds since 1970
 * @cost: seconds that the last reading took
 * @err: why nothing is known, or 0
 */
struct disks {
	struct disk_fs *fs;
	size_t nr_fs;
	struct disk_use *use;
	size_t nr_use;
	struct disk_events *events;
	size_t nr_events;
	struct disk_events *base;
	size_t nr_base;
	double time;
	double base_time;
	unsigned long long wall;
	double cost;
	int err;
};

/**
 * struct disk - what is to be said of the disks of one context
 * @use: on which filesystem it is nearest to a limit; NULL if it has no limit
 * @what: its space or its inodes, whichever is nearer; NULL likewise
 * @point: where that is mounted; NULL likewise
 * @fill: usage divided by limit there
 * @warning: the worst of all filesystems
 * @level: likewise
 * @refused: refusals per second, or NAN if that is not known
 * @fail: refusals since the context was made
 * @now: when that was so, in seconds since 1970
 * @unknown: a filesystem could not be asked
 */
struct disk {
	const struct disk_use *use;
	const struct vctx_quota_use *what;
	const char *point;
	double fill;
	enum disk_warning warning;
	enum level level;
	double refused;
	uint64_t fail;
	unsigned long long now;
	bool unknown;
};

/**
 * disks_update - ask filesystems again, if it is time to
 * @d: all zeros the first time; disks_free() it
 * @rows: contexts to ask for, by id
 * @nr: how many
 * @now: seconds of a monotonic clock
 */
void disks_update(struct disks *d, const struct row *rows, size_t nr,
		  double now);
void disks_free(struct disks *d);

/* What @id uses: the first of *@nr, by filesystem */
const struct disk_use *disks_of(const struct disks *d, uint32_t id, size_t *nr);

/* What @id was told, or NULL if that is not known */
const struct disk_events *disks_events(const struct disks *d, uint32_t id);

/* All of that together; of a context that has no quota, nothing */
void disk_sum(const struct disks *d, uint32_t id, struct disk *sum);

/* Usage divided by the hard limit, or the soft one without; < 0 without both */
double disk_fill(const struct vctx_quota_use *use);
/* Of the limits alone, at the time @now */
enum disk_warning disk_warning(const struct vctx_quota_use *use,
			       unsigned long long now);
enum level disk_level(const struct vctx_quota_use *use, unsigned long long now);
/* What tells without colours: a blank, S, G or R */
char disk_letter(enum disk_warning warning);

#endif
