// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: what contexts use of disks, and what disks refuse them
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "model.h"

double disk_fill(const struct vctx_quota_use *use)
{
	unsigned long long limit = use->hard != VCTX_MAX ? use->hard :
							   use->soft;

	if (limit == VCTX_MAX)
		return -1;
	if (!limit)
		return use->usage ? INFINITY : 0;
	return (double)use->usage / (double)limit;
}

enum disk_warning disk_warning(const struct vctx_quota_use *use,
			       unsigned long long now)
{
	if (use->expires && use->expires <= now)
		return DISK_GRACE;
	return use->usage > use->soft ? DISK_SOFT : DISK_FINE;
}

enum level disk_level(const struct vctx_quota_use *use, unsigned long long now)
{
	enum disk_warning warning = disk_warning(use, now);
	double fill = disk_fill(use);

	if (fill < 0)
		return LEVEL_NONE;
	if (warning == DISK_GRACE)
		return LEVEL_FULL;
	/* Without a hard limit it is the time of grace that tells. */
	if (warning == DISK_SOFT && use->hard == VCTX_MAX)
		return LEVEL_WARN;
	if (warning == DISK_SOFT && fill < MODEL_FILL_FULL)
		return LEVEL_WARN;
	return model_level(fill);
}

char disk_letter(enum disk_warning warning)
{
	static const char letters[] = {
		[DISK_FINE]	= ' ',
		[DISK_SOFT]	= 'S',
		[DISK_GRACE]	= 'G',
		[DISK_REFUSED]	= 'R',
	};

	return letters[warning];
}

static bool has_limit(const struct vctx_quota *quota)
{
	return disk_fill(&quota->space) >= 0 || disk_fill(&quota->inodes) >= 0;
}

static int use_order(const void *a, const void *b)
{
	const struct disk_use *x = a, *y = b;

	if (x->quota.id != y->quota.id)
		return x->quota.id < y->quota.id ? -1 : 1;
	return (x->fs > y->fs) - (x->fs < y->fs);
}

static int events_order(const void *a, const void *b)
{
	const struct disk_events *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void drop_uses(struct disks *d)
{
	size_t i;

	for (i = 0; i < d->nr_fs; i++)
		free(d->fs[i].point);
	free(d->fs);
	free(d->use);
	d->fs = NULL;
	d->use = NULL;
	d->nr_fs = 0;
	d->nr_use = 0;
}

void disks_free(struct disks *d)
{
	drop_uses(d);
	free(d->events);
	free(d->base);
	memset(d, 0, sizeof(*d));
}

/* --- asking ---------------------------------------------------------------- */

/* Memory comes in steps, so that @nr elements of it say how much there is. */
static int grow(void **array, size_t nr, size_t element)
{
	void *more;

	if (nr & (nr - 1))
		return 0;
	more = realloc(*array, (nr ? 2 * nr : 1) * element);
	if (!more)
		return -ENOMEM;
	*array = more;
	return 0;
}

/* What is mounted there now may be another one than a moment ago. */
static int open_fs(const struct vctx_mount *mount)
{
	int fd = open(mount->point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (major(st.st_dev) != mount->dev_major ||
		 minor(st.st_dev) != mount->dev_minor)
		err = -ENODEV;
	if (err)
		close(fd);
	return err ? err : fd;
}

/*
 * From one that has quota there to the next one: neither contexts without a
 * file there nor quota of what is no context cost anything.
 */
static int ask_fs(struct disks *d, size_t fs, int fd, const struct row *rows,
		  size_t nr)
{
	struct disk_use use = { .fs = fs };
	size_t i = 0;
	int err;

	while (i < nr) {
		uint32_t id = rows[i].ctx->id;

		if (id < VCTX_ID_STATIC_MIN) {
			i++;
			continue;
		}
		/* Of those above, files have the tag of one below. */
		if (id > VCTX_ID_STATIC_MAX)
			break;
		err = vctx_next_quota(fd, VCTX_QUOTA_TAG, id, &use.quota);
		if (err)
			return err == -ENOENT ? 0 : err;
		while (i < nr && rows[i].ctx->id < use.quota.id)
			i++;
		if (i == nr || rows[i].ctx->id != use.quota.id)
			continue;
		err = grow((void **)&d->use, d->nr_use, sizeof(use));
		if (err)
			return err;
		d->use[d->nr_use++] = use;
		i++;
	}
	return 0;
}

/* It is not mounted any more, or its quota was turned off. */
static bool is_gone(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -ENODEV ||
	       err == -ESRCH || err == -ENOSYS || err == -EINVAL;
}

static int add_fs(struct disks *d, const struct vctx_mount *mount,
		  const struct row *rows, size_t nr)
{
	struct disk_fs fs = { 0 };
	size_t before = d->nr_use;
	unsigned int state = 0;
	int fd = open_fs(mount);

	fs.err = fd < 0 ? fd : vctx_quota_state(fd, VCTX_QUOTA_TAG, &state);
	if (!fs.err && !(state & VCTX_QUOTA_COUNTED))
		fs.err = -ESRCH;
	if (!fs.err)
		fs.err = ask_fs(d, d->nr_fs, fd, rows, nr);
	if (fd >= 0)
		close(fd);
	/* Half of them would look like all of them. */
	if (fs.err)
		d->nr_use = before;
	if (fs.err == -ENOMEM)
		return fs.err;
	if (is_gone(fs.err))
		return 0;
	fs.enforced = state & VCTX_QUOTA_ENFORCED;
	fs.point = strdup(mount->point);
	if (!fs.point || grow((void **)&d->fs, d->nr_fs, sizeof(fs))) {
		free(fs.point);
		return -ENOMEM;
	}
	d->fs[d->nr_fs++] = fs;
	return 0;
}

static int ask_all(struct disks *d, const struct row *rows, size_t nr)
{
	struct vctx_mounts mounts;
	int err = vctx_read_mounts(&mounts);
	size_t i;

	/* Without /proc nothing is known to be mounted. */
	if (err)
		return err == -ENOENT ? 0 : err;
	err = vctx_keep_quota(&mounts, VCTX_QUOTA_TAG);
	for (i = 0; !err && i < mounts.nr; i++)
		err = add_fs(d, &mounts.mount[i], rows, nr);
	vctx_mounts_free(&mounts);
	if (d->nr_use)
		qsort(d->use, d->nr_use, sizeof(*d->use), use_order);
	return err;
}

/* Whoever has ended meanwhile, or has a kernel without these events: nothing. */
static int read_events(struct disk_events *events)
{
	struct vctx_value *values = NULL;
	int fd = vctx_open_events(events->id);
	int found = 0;
	size_t nr = 0;
	size_t i;
	int err = fd < 0 ? fd : vctx_get_events(fd, &values, &nr);

	if (fd >= 0)
		close(fd);
	if (err)
		return err;
	for (i = 0; i < nr; i++) {
		const struct vctx_value *v = &values[i];

		if (!strcmp(v->key, "quota_soft"))
			events->soft = v->value;
		else if (!strcmp(v->key, "quota_grace"))
			events->grace = v->value;
		else if (!strcmp(v->key, "quota_hard"))
			events->hard = v->value;
		else
			continue;
		found = 1;
	}
	free(values);
	return found ? 0 : -ENOENT;
}

/* Only who has a limit can have met one. */
static int ask_events(struct disks *d)
{
	uint32_t last = VCTX_ID_HOST;
	size_t i;

	free(d->base);
	d->base = d->events;
	d->nr_base = d->nr_events;
	d->base_time = d->time;
	d->events = NULL;
	d->nr_events = 0;
	for (i = 0; i < d->nr_use; i++) {
		const struct vctx_quota *quota = &d->use[i].quota;
		struct disk_events events = { .id = quota->id };

		if (quota->id == last || !has_limit(quota))
			continue;
		last = quota->id;
		if (read_events(&events))
			continue;
		if (grow((void **)&d->events, d->nr_events, sizeof(events)))
			return -ENOMEM;
		d->events[d->nr_events++] = events;
	}
	return 0;
}

void disks_update(struct disks *d, const struct row *rows, size_t nr,
		  double now)
{
	double start;

	if (!model_is_due(d->time, d->cost, now))
		return;
	start = model_now();
	drop_uses(d);
	d->err = ask_all(d, rows, nr);
	if (!d->err)
		d->err = ask_events(d);
	if (d->err) {
		int err = d->err;

		disks_free(d);
		d->err = err;
	}
	d->time = now;
	d->wall = (unsigned long long)time(NULL);
	d->cost = model_now() - start;
}

/* --- what is known ----------------------------------------------------------- */

const struct disk_use *disks_of(const struct disks *d, uint32_t id, size_t *nr)
{
	size_t low = 0, high = d->nr_use;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->use[middle].quota.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	for (*nr = 0; low + *nr < d->nr_use; ++*nr)
		if (d->use[low + *nr].quota.id != id)
			break;
	return d->use ? d->use + low : NULL;
}

static const struct disk_events *find_events(const struct disk_events *events,
					     size_t nr, uint32_t id)
{
	struct disk_events key = { .id = id };

	return nr ? bsearch(&key, events, nr, sizeof(key), events_order) : NULL;
}

const struct disk_events *disks_events(const struct disks *d, uint32_t id)
{
	return find_events(d->events, d->nr_events, id);
}

static void look_at(struct disk *sum, const struct disk_use *use,
		    const struct vctx_quota_use *what)
{
	enum disk_warning warning = disk_warning(what, sum->now);
	enum level level = disk_level(what, sum->now);
	double fill = disk_fill(what);

	if (level > sum->level)
		sum->level = level;
	if (warning > sum->warning)
		sum->warning = warning;
	if (fill < 0 || (sum->use && fill <= sum->fill))
		return;
	sum->use = use;
	sum->what = what;
	sum->fill = fill;
}

void disk_sum(const struct disks *d, uint32_t id, struct disk *sum)
{
	const struct disk_events *now = disks_events(d, id);
	const struct disk_events *before = find_events(d->base, d->nr_base, id);
	const struct disk_use *use;
	size_t nr, i;

	*sum = (struct disk){ .refused = NAN, .now = d->wall };
	if (id < VCTX_ID_STATIC_MIN || id > VCTX_ID_STATIC_MAX)
		return;
	sum->unknown = d->err;
	for (i = 0; i < d->nr_fs; i++)
		sum->unknown |= d->fs[i].err;
	use = disks_of(d, id, &nr);
	for (i = 0; i < nr; i++) {
		look_at(sum, &use[i], &use[i].quota.space);
		look_at(sum, &use[i], &use[i].quota.inodes);
	}
	/* What cannot be asked may be full. */
	if (sum->unknown && sum->level < LEVEL_WARN)
		sum->level = LEVEL_WARN;
	if (sum->use)
		sum->point = d->fs[sum->use->fs].point;
	if (!now)
		return;
	sum->fail = now->grace + now->hard;
	if (!before)
		return;
	/* Another context of that number begins with nothing. */
	sum->refused = model_rate(sum->fail, before->grace + before->hard,
				  d->time - d->base_time);
	if (sum->refused > 0) {
		sum->warning = DISK_REFUSED;
		sum->level = LEVEL_FULL;
	}
}
