/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vquota: what its files share */
#ifndef VQUOTA_H
#define VQUOTA_H

#include <stddef.h>

#include "common.h"
#include "libvctx.h"
#include "table.h"

/* A user of a context, as an idmapped mount stores it */
#define USER_SHIFT		16
#define USER_MASK		0xffffU

/* Most files that are named for one kind of trouble, without --verbose */
#define NAMED_MOST		20

extern const struct tool vquota_tool;

/**
 * struct options - what the command line says
 * @context: the context as the user calls it, or NULL
 * @id: its id, valid with @context
 * @path: file or directory that names a filesystem, or NULL
 * @user: id of a user of the context, valid with @has_user
 * @has_user: @user was given
 * @users: users of contexts, instead of contexts
 * @all: also what is no context, and what uses nothing
 * @human: values with a suffix
 * @shared: tag as shared
 * @shift: change the owners of what is there already
 * @mounted: may act on a filesystem that is mounted
 * @dry_run: say what would be done
 * @verbose: name all files that something is wrong with
 * @columns: columns were chosen
 * @table: how tables are shown
 */
struct options {
	const char *context;
	unsigned int id;
	const char *path;
	unsigned int user;
	int has_user;
	int users;
	int all;
	int human;
	int shared;
	int shift;
	int mounted;
	int dry_run;
	int verbose;
	int columns;
	struct table_view table;
};

/* vquota.c */
int context_tag(const struct options *options, unsigned int *tag);

/**
 * struct place - a filesystem
 * @name: where it is mounted, or what the user calls it
 * @fd: O_PATH, of a file in it
 * @mount: the mount of that file, NULL if it is not seen
 * @state: VCTX_QUOTA_*
 */
struct place {
	const char *name;
	int fd;
	const struct vctx_mount *mount;
	unsigned int state;
};

/**
 * struct places - some filesystems
 * @place: each only once
 * @nr: how many
 * @mounts: what is mounted
 */
struct places {
	struct place *place;
	size_t nr;
	struct vctx_mounts mounts;
};

/* place.c */
int places_find(struct places *places, const char *path,
		enum vctx_quota_type type);
int places_of_fd(struct places *places, const char *path, int fd,
		 enum vctx_quota_type type);
void places_free(struct places *places);

/**
 * struct device - what a block device, or an image, has in it
 * @type: "ext4" or "xfs", "" for anything else
 * @has_features: ext4: features quota and project
 * @has_project: ext4: these, and a place to count in
 * @inode_size: ext4: of an inode, in bytes
 */
struct device {
	char type[8];
	int has_features;
	int has_project;
	unsigned int inode_size;
};

/* device.c */
int device_read(const char *path, struct device *device);
void explain_missing(const struct place *place, enum vctx_quota_type type);

/* report.c, set.c, tag.c, check.c, enable.c, users.c */
extern const struct table_column report_columns[];
extern const int nr_report_columns;
void report_view(struct options *options, char *columns);
int do_report(struct options *options);
int do_set(const struct options *options, int argc, char *argv[]);
int do_tag(const struct options *options, int argc, char *argv[]);
extern const struct table_column check_columns[];
extern const int nr_check_columns;
void check_view(struct options *options, char *columns);
int do_check(struct options *options, int argc, char *argv[]);
int do_enable(const struct options *options, const char *what);
int do_users(const struct options *options, const char *dir);

/* shift.c */
int shift_owners(const struct options *options, const char *dir, int fd);

/* run.c */
int run_command(char *const argv[]);
void print_command(char *const argv[]);

#endif /* VQUOTA_H */
