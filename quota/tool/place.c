// SPDX-License-Identifier: GPL-2.0-or-later
/* Filesystems that have quota, by what the user calls them, or all of them */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "vquota.h"

static int add_place(struct places *places, const struct place *place)
{
	struct place *more = realloc(places->place,
				     (places->nr + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	places->place = more;
	more[places->nr++] = *place;
	return 0;
}

/* Return: 0; an exit code after the error was printed. */
static int find_all(struct places *places, enum vctx_quota_type type)
{
	int err = vctx_keep_quota(&places->mounts, type);
	const char *what = "mounts";
	size_t i;

	for (i = 0; !err && i < places->mounts.nr; i++) {
		const struct vctx_mount *mount = &places->mounts.mount[i];
		struct place place = {
			.name = mount->point,
			.fd = open(mount->point, O_PATH | O_CLOEXEC),
			.mount = mount,
		};

		what = mount->point;
		err = place.fd < 0 ? -errno :
		      vctx_quota_state(place.fd, type, &place.state);
		if (!err)
			err = add_place(places, &place);
		if (err && place.fd >= 0)
			close(place.fd);
	}
	if (!err)
		return 0;
	tool_error(&vquota_tool, "%s: %s", what, strerror(-err));
	return EXIT_FAILED;
}

/* Where a device is mounted, as a path that names the filesystem */
static const char *mount_point_of(const struct vctx_mounts *mounts, dev_t dev)
{
	const char *point = NULL;
	size_t i;

	for (i = 0; i < mounts->nr; i++) {
		const struct vctx_mount *mount = &mounts->mount[i];

		if (mount->dev_major == major(dev) &&
		    mount->dev_minor == minor(dev) &&
		    (!point || !strcmp(mount->root, "/")))
			point = mount->point;
	}
	return point;
}

/* A mount by its path, for who does not see the one that a file is in */
static const struct vctx_mount *mount_by_path(const struct vctx_mounts *mounts,
					      const char *path)
{
	char *real = realpath(path, NULL);
	const struct vctx_mount *best = NULL;
	size_t longest = 0;
	size_t i;

	for (i = 0; real && i < mounts->nr; i++) {
		const struct vctx_mount *mount = &mounts->mount[i];
		size_t len = strlen(mount->point);

		if (len == 1)
			len = 0;
		if (len >= longest && !strncmp(real, mount->point, len) &&
		    (real[len] == '/' || !real[len])) {
			best = mount;
			longest = len;
		}
	}
	free(real);
	return best;
}

/**
 * places_of_fd() - the filesystem of a file, which must have quota
 * @places: receives it as the only one; places_free() it in any case
 * @path: what the user calls the file
 * @fd: of the file, belongs to @places from now on
 * @type: kind of quota
 *
 * Return: 0, or an exit code after the error, and how to help it, was printed.
 */
int places_of_fd(struct places *places, const char *path, int fd,
		 enum vctx_quota_type type)
{
	struct place place = { .name = path, .fd = fd };
	int err;

	if (!places->mounts.mount && vctx_read_mounts(&places->mounts))
		memset(&places->mounts, 0, sizeof(places->mounts));
	place.mount = vctx_mount_of(&places->mounts, fd);
	if (!place.mount)
		place.mount = mount_by_path(&places->mounts, path);
	if (place.mount)
		place.name = place.mount->point;
	err = vctx_quota_state(fd, type, &place.state);
	if (!err && place.state & VCTX_QUOTA_COUNTED)
		err = add_place(places, &place);
	else if (!err)
		explain_missing(&place, type);
	if (err)
		tool_error(&vquota_tool, "%s: %s", path, strerror(-err));
	if (places->nr)
		return 0;
	close(fd);
	return EXIT_FAILED;
}

/**
 * places_find() - filesystems that have quota
 * @places: receives them; places_free() it in any case
 * @path: a file or directory in the only one, or its device; NULL for all
 * @type: kind of quota
 *
 * Return: 0; an exit code after the error was printed, also if there is none.
 */
int places_find(struct places *places, const char *path,
		enum vctx_quota_type type)
{
	struct stat st;
	int err;
	int fd;

	memset(places, 0, sizeof(*places));
	err = vctx_read_mounts(&places->mounts);
	if (err && !path) {
		tool_error(&vquota_tool, "/proc/self/mountinfo: %s", strerror(-err));
		return EXIT_FAILED;
	}
	if (!path) {
		err = find_all(places, type);
		if (err || places->nr)
			return err;
		tool_error(&vquota_tool, "no filesystem that is mounted has %s quota; -f PATH says what one lacks",
			   type == VCTX_QUOTA_TAG ? "project" : "user");
		return EXIT_FAILED;
	}
	if (!stat(path, &st) && S_ISBLK(st.st_mode)) {
		const char *point = mount_point_of(&places->mounts, st.st_rdev);

		if (!point) {
			tool_error(&vquota_tool, "%s: not mounted", path);
			return EXIT_FAILED;
		}
		path = point;
	}
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0) {
		tool_error(&vquota_tool, "%s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	return places_of_fd(places, path, fd, type);
}

/**
 * places_free() - give back what was found
 * @places: all zeros afterwards
 */
void places_free(struct places *places)
{
	size_t i;

	for (i = 0; i < places->nr; i++)
		close(places->place[i].fd);
	free(places->place);
	vctx_mounts_free(&places->mounts);
	memset(places, 0, sizeof(*places));
}
