// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making a filesystem have project quota
 *
 * What it takes is a list of commands: they are printed, or run one after
 * another.  On a filesystem that is mounted nothing is done without --mounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "vquota.h"

#define STEPS_MOST	4
#define WORDS_MOST	8

/**
 * struct plan - what is to be done
 * @options: how
 * @name: what the user calls the device
 * @device: its path
 * @is: what is on it
 * @mount: where it is mounted, or NULL
 * @mounted: how often
 * @state: VCTX_QUOTA_*, if it is mounted
 * @step: commands
 * @nr: how many
 * @mount_options: for the last of them
 */
struct plan {
	const struct options *options;
	const char *name;
	const char *device;
	struct device is;
	const struct vctx_mount *mount;
	size_t mounted;
	unsigned int state;
	const char *step[STEPS_MOST][WORDS_MOST];
	size_t nr;
	char mount_options[1024];
};

/* --- what is there --------------------------------------------------------- */

/* The mounts that show a device; the first one of all of it */
static void find_mounts(struct plan *plan, const struct vctx_mounts *mounts,
			dev_t dev)
{
	size_t i;

	for (i = 0; i < mounts->nr; i++) {
		const struct vctx_mount *mount = &mounts->mount[i];

		if (mount->dev_major != major(dev) ||
		    mount->dev_minor != minor(dev))
			continue;
		plan->mounted++;
		if (!plan->mount || (strcmp(plan->mount->root, "/") &&
				     !strcmp(mount->root, "/")))
			plan->mount = mount;
	}
}

/* Is a file used by a loop device?  Return: 1 after an error, 0. */
static int is_looped(const char *path)
{
	char *real = realpath(path, NULL);
	char backing[4096];
	int found = 0;
	glob_t files;
	size_t i;

	if (!real || glob("/sys/block/loop*/loop/backing_file", 0, NULL, &files)) {
		free(real);
		return 0;
	}
	for (i = 0; i < files.gl_pathc && !found; i++) {
		FILE *f = fopen(files.gl_pathv[i], "r");

		if (f && fgets(backing, sizeof(backing), f)) {
			backing[strcspn(backing, "\n")] = '\0';
			found = !strcmp(backing, real);
		}
		if (f)
			fclose(f);
	}
	if (found)
		tool_error(&vquota_tool, "%s: a loop device uses it: name that",
			   path);
	globfree(&files);
	free(real);
	return found;
}

/* Return: 1 after an error if somebody uses the device, 0. */
static int is_busy(const struct plan *plan, mode_t mode)
{
	int fd;

	if (S_ISREG(mode))
		return is_looped(plan->device);
	/* Mounted elsewhere, or a part of something */
	fd = open(plan->device, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd < 0) {
		tool_error(&vquota_tool, "%s: %s", plan->device, strerror(errno));
		return 1;
	}
	close(fd);
	return 0;
}

static int read_state(struct plan *plan)
{
	int fd = open(plan->mount->point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = vctx_quota_state(fd, VCTX_QUOTA_TAG, &plan->state);
	close(fd);
	return err;
}

/* What the user names: a device, an image, or a mounted filesystem */
static int look_at(struct plan *plan, const struct vctx_mounts *mounts)
{
	struct stat st;
	int err;

	if (stat(plan->name, &st)) {
		tool_error(&vquota_tool, "%s: %s", plan->name, strerror(errno));
		return EXIT_FAILED;
	}
	plan->device = plan->name;
	if (S_ISBLK(st.st_mode)) {
		find_mounts(plan, mounts, st.st_rdev);
	} else if (S_ISDIR(st.st_mode)) {
		find_mounts(plan, mounts, st.st_dev);
		if (!plan->mount || plan->mount->source[0] != '/') {
			tool_error(&vquota_tool, "%s: not on a device", plan->name);
			return EXIT_FAILED;
		}
		plan->device = plan->mount->source;
	} else if (!S_ISREG(st.st_mode)) {
		tool_error(&vquota_tool, "%s: not a device", plan->name);
		return EXIT_FAILED;
	}
	err = device_read(plan->device, &plan->is);
	if (!err && plan->mount)
		err = read_state(plan);
	if (err) {
		tool_error(&vquota_tool, "%s: %s", plan->device, strerror(-err));
		return EXIT_FAILED;
	}
	if (!plan->mount && is_busy(plan, st.st_mode))
		return EXIT_FAILED;
	return 0;
}

/* --- what it takes --------------------------------------------------------- */

static void add_step(struct plan *plan, const char *const words[], size_t nr)
{
	memcpy(plan->step[plan->nr], words, nr * sizeof(*words));
	plan->step[plan->nr++][nr] = NULL;
}

#define STEP(plan, ...)							\
	add_step(plan, (const char *const []){ __VA_ARGS__ },		\
		 sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *))

static void add_option(char *text, size_t size, const char *word)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used ? "," : "", word);
}

/* Options as they are, but for those that say something else of project quota */
static void add_options(char *text, size_t size, const char *options)
{
	static const char *const drop[] = {
		"noquota", "prjquota", "pquota", "pqnoenforce",
	};
	char *copy = strdup(options);
	char *rest = copy;
	char *word;
	size_t i;

	while (copy && (word = strsep(&rest, ","))) {
		for (i = 0; i < sizeof(drop) / sizeof(drop[0]); i++)
			if (!strcmp(word, drop[i]))
				break;
		if (i == sizeof(drop) / sizeof(drop[0]) && *word)
			add_option(text, size, word);
	}
	free(copy);
}

/* From mounted without to mounted with it, or from neither to neither */
static void make_plan(struct plan *plan)
{
	int ext4 = !strcmp(plan->is.type, "ext4");

	if (plan->mount)
		STEP(plan, "umount", plan->mount->point);
	if (ext4 && !plan->is.has_features)
		STEP(plan, "tune2fs", "-O", "quota,project", plan->device);
	else if (ext4 && !plan->is.has_project)
		STEP(plan, "tune2fs", "-Q", "prjquota", plan->device);
	if (!plan->mount)
		return;
	add_options(plan->mount_options, sizeof(plan->mount_options),
		    plan->mount->options);
	add_options(plan->mount_options, sizeof(plan->mount_options),
		    plan->mount->super);
	add_option(plan->mount_options, sizeof(plan->mount_options), "prjquota");
	STEP(plan, "mount", "-t", plan->is.type, "-o", plan->mount_options,
	     plan->device, plan->mount->point);
}

static void print_plan(const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->nr; i++)
		print_command((char *const *)plan->step[i]);
}

/*
 * What was mounted is mounted in the end: as it was, if that is all that can be
 * had.
 */
static int run_plan(struct plan *plan)
{
	size_t last = plan->nr - !!plan->mount;
	char *const *mount;
	size_t i;

	for (i = 0; i < last; i++)
		if (run_command((char *const *)plan->step[i]))
			break;
	if (!plan->mount)
		return i < last ? EXIT_FAILED : EXIT_SUCCESS;
	if (!i)
		return EXIT_FAILED;
	mount = (char *const *)plan->step[last];
	if (i == last && !run_command(mount))
		return EXIT_SUCCESS;
	/* "prjquota" is the last one. */
	*strrchr(plan->mount_options, ',') = '\0';
	if (run_command(mount))
		tool_error(&vquota_tool, "%s is not mounted any more",
			   plan->mount->point);
	return EXIT_FAILED;
}

/* --- doing it -------------------------------------------------------------- */

static void tell_fstab(const struct plan *plan)
{
	if (plan->mount && !strcmp(plan->mount->point, "/") &&
	    !strcmp(plan->is.type, "xfs"))
		return;
	printf("Mount it with the option prjquota, also in /etc/fstab.\n");
}

/* Usage is counted, but limits are not enforced: that can be had at once. */
static int enforce(const struct plan *plan)
{
	int fd;
	int err;

	if (!plan->options->mounted || plan->options->dry_run) {
		tool_error(&vquota_tool, "%s: usage is counted, but limits are not enforced: it was mounted without prjquota",
			   plan->mount->point);
		tool_error(&vquota_tool, "'vquota enable --mounted %s' enforces them until it is unmounted",
			   plan->name);
		return plan->options->dry_run ? EXIT_SUCCESS : EXIT_FAILED;
	}
	fd = open(plan->mount->point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	err = fd < 0 ? -errno : vctx_quota_enforce(fd, VCTX_QUOTA_TAG);
	if (fd >= 0)
		close(fd);
	if (err) {
		tool_error(&vquota_tool, "%s: %s", plan->mount->point,
			   strerror(-err));
		return EXIT_FAILED;
	}
	printf("%s: limits are enforced until it is unmounted.\n",
	       plan->mount->point);
	tell_fstab(plan);
	return EXIT_SUCCESS;
}

/* Return: 1 after the reason was printed if there is no way, 0. */
static int is_impossible(const struct plan *plan)
{
	if (!*plan->is.type) {
		tool_error(&vquota_tool, "%s: neither ext4 nor XFS: only these have project quota",
			   plan->device);
		return 1;
	}
	if (!strcmp(plan->is.type, "ext4") && plan->is.inode_size < 256) {
		tool_error(&vquota_tool, "%s: its inodes of %u bytes have no place for a project id: make it anew, with mkfs.ext4 -I 256 -O quota,project",
			   plan->device, plan->is.inode_size);
		return 1;
	}
	return 0;
}

/* It is mounted, and has to be mounted anew. */
static int do_mounted(struct plan *plan)
{
	int root = !strcmp(plan->mount->point, "/");

	make_plan(plan);
	if (plan->options->dry_run) {
		print_plan(plan);
		return EXIT_SUCCESS;
	}
	if (root && !strcmp(plan->is.type, "xfs")) {
		tool_error(&vquota_tool, "%s is the root filesystem: boot with the kernel parameter rootflags=prjquota",
			   plan->device);
		return EXIT_FAILED;
	}
	if (root || plan->mounted > 1 || !plan->options->mounted) {
		tool_error(&vquota_tool, "%s is mounted on %s%s", plan->device,
			   plan->mount->point, plan->mounted > 1 ?
			   ", and elsewhere" : "");
		tool_error(&vquota_tool, root ? "do this from another system, as a rescue system:" :
			   plan->mounted > 1 ? "unmount it everywhere; then:" :
			   "nothing is done without --mounted; it takes:");
		print_plan(plan);
		return EXIT_FAILED;
	}
	if (run_plan(plan))
		return EXIT_FAILED;
	if (read_state(plan) || !(plan->state & VCTX_QUOTA_ENFORCED)) {
		tool_error(&vquota_tool, "%s: the running kernel does not enforce project quota on it",
			   plan->mount->point);
		return EXIT_FAILED;
	}
	printf("%s: project quota is on.\n", plan->mount->point);
	tell_fstab(plan);
	return EXIT_SUCCESS;
}

static int do_unmounted(struct plan *plan)
{
	make_plan(plan);
	if (plan->options->dry_run) {
		print_plan(plan);
		return EXIT_SUCCESS;
	}
	if (run_plan(plan))
		return EXIT_FAILED;
	if (!plan->nr)
		printf("%s: nothing needs to be done to the %s on it.\n",
		       plan->device, plan->is.type);
	tell_fstab(plan);
	return EXIT_SUCCESS;
}

/**
 * do_enable() - make a filesystem have project quota, or say how
 * @options: whether to act
 * @what: a device, an image, or where it is mounted
 *
 * Return: an exit code.
 */
int do_enable(const struct options *options, const char *what)
{
	struct plan plan = { .options = options, .name = what };
	struct vctx_mounts mounts;
	int status;
	int err = vctx_read_mounts(&mounts);

	if (err) {
		tool_error(&vquota_tool, "/proc/self/mountinfo: %s", strerror(-err));
		return EXIT_FAILED;
	}
	status = look_at(&plan, &mounts);
	if (status) {
		/* said already */
	} else if (plan.state & VCTX_QUOTA_ENFORCED) {
		printf("%s: project quota is on.\n", plan.mount->point);
	} else if (plan.state & VCTX_QUOTA_COUNTED) {
		status = enforce(&plan);
	} else if (is_impossible(&plan)) {
		status = EXIT_FAILED;
	} else {
		status = plan.mount ? do_mounted(&plan) : do_unmounted(&plan);
	}
	vctx_mounts_free(&mounts);
	return status;
}
