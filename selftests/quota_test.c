// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - disk quota: whose an inode is, that a hard limit is never
 * passed by any way to get a block or an inode, what was written before stays
 * what it is, what is freed is given back exactly, and what a member is told
 *
 * Ways out of it: quota_escape_test.c.
 */

#define _GNU_SOURCE
#include <sys/un.h>

#include "quota.h"

/* Blocks: every kind of filesystem */

FIXTURE(space) {
	struct world world;
	long block;
};

FIXTURE_VARIANT(space) {
	enum disk_kind kind;
};

FIXTURE_VARIANT_ADD(space, ext4) { .kind = EXT4_4K };
FIXTURE_VARIANT_ADD(space, ext4_1k) { .kind = EXT4_1K };
FIXTURE_VARIANT_ADD(space, ext4_nodelalloc) { .kind = EXT4_NODELALLOC };
FIXTURE_VARIANT_ADD(space, ext4_bigalloc) { .kind = EXT4_BIGALLOC };
FIXTURE_VARIANT_ADD(space, xfs) { .kind = XFS };

FIXTURE_SETUP(space)
{
	WORLD_SETUP();
	self->block = block_size();
}

FIXTURE_TEARDOWN(space)
{
	WORLD_TEARDOWN();
}

/* At its limit, and not above it; the last one may have asked for a chunk. */
#define EXPECT_FULL(_limit, _missing) do {				\
	const long _hard = (_limit);					\
									\
	EXPECT_GE(_hard, space(A));					\
	settle();							\
	EXPECT_GE(_hard, space(A));					\
	EXPECT_LE(_hard - disk->slack - (_missing), space(A));		\
} while (0)

#define space_data FIXTURE_DATA(space)

/*
 * A member, with all capabilities, fills a file until it is refused.  What is
 * in it is right.  When it is gone there is as much room as before.
 */
static void until_refused(struct __test_metadata *_metadata,
			  space_data *self, enum fill how)
{
	const long step = how == FILL_FALLOCATE ? CHUNK : 4096;
	const long limit = disk->limit;
	long done, again;

	ASSERT_EQ(0, set_hard(A, limit));
	done = CALL_A(do_fill, "a/fill", how, 0);
	EXPECT_LT(0, done);
	EXPECT_GE(limit, done);
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_FULL(limit, step);
	if (how != FILL_FALLOCATE)
		EXPECT_EQ(0, verify("a/fill", 0, done, 1));
	EXPECT_TREE_A();
	EXPECT_B_UNTOUCHED();

	/* Nor has another file room, if it can be made at all. */
	again = CALL_A(do_file, "a/other", 1 * MB, 2);
	EXPECT_GE(disk->slack + step, again);
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_GE(limit, space(A));
	EXPECT_EQ(again < 0 ? -ENOENT : 0, CALL_A(do_unlink, "a/other", 0, 0));

	EXPECT_EQ(0, CALL_A(do_unlink, "a/fill", 0, 0));
	EXPECT_SPACE_A(0);
	EXPECT_INODES_A(0);
	EXPECT_EQ(limit / 2, CALL_A(do_file, "a/again", limit / 2, 3));
	EXPECT_SPACE_A(limit / 2);
	EXPECT_EQ(0, verify("a/again", 0, limit / 2, 3));
}

TEST_F(space, write)
{
	until_refused(_metadata, self, FILL_WRITE);
}

TEST_F(space, direct)
{
	until_refused(_metadata, self, FILL_DIRECT);
}

TEST_F(space, mmap)
{
	until_refused(_metadata, self, FILL_MMAP);
}

TEST_F(space, fallocate)
{
	until_refused(_metadata, self, FILL_FALLOCATE);
}

/*
 * Blocks with holes between them: each is an extent of its own, and what those
 * need in the tree is charged, too.  They come in rising order, falling, or first
 * every other of them and then those between, which splits what is full.
 */
enum scatter { SCATTER_UP, SCATTER_DOWN, SCATTER_BETWEEN };

static long scatter_off(long how, long i)
{
	const long nr = disk->limit / block_size();

	switch (how) {
	case SCATTER_UP:
		break;
	case SCATTER_DOWN:
		i = nr - 1 - i;
		break;
	case SCATTER_BETWEEN:
		i = i < nr / 2 ? 2 * i : 2 * (i - nr / 2) + 1;
		break;
	}
	return 2 * i * block_size();
}

/* How many blocks were taken, until there were enough of them, or a refusal. */
static long do_scatter(long path, long how, long mapped)
{
	const long block = block_size(), nr = disk->limit / block;
	long done = 0;
	int fd;

	shared->err = 0;
	fd = open((const char *)path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		  0666);
	if (fd < 0)
		return -errno;
	if (mapped)
		done = write_mapped(fd, 2 * nr * block, nr, block, scatter_off,
				    how);
	else
		while (done < nr && write_some(fd, scatter_off(how, done),
					       block, block, 1) == block)
			done++;
	close(fd);
	return done;
}

/* How many of the first @nr blocks have not the contents that they should have */
static long bad_blocks(const char *path, enum scatter how, long nr)
{
	const long block = block_size();
	int fd = open_dropped(path);
	long i, bad = 0;

	if (fd < 0)
		return fd;
	for (i = 0; i < nr; i++)
		bad += !!verify_fd(fd, scatter_off(how, i),
				   scatter_off(how, i) + block, 1);
	close(fd);
	return bad;
}

static void until_scattered(struct __test_metadata *_metadata,
			    space_data *self, enum scatter how, bool mapped)
{
	long done;

	ASSERT_EQ(0, set_hard(A, disk->limit));
	done = CALL_A(do_scatter, "a/scattered", how, mapped);
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_LT(disk->limit / self->block / 4, done);
	/* A page of a mapping is taken as a whole. */
	EXPECT_FULL(disk->limit, (mapped ? 4096 : 0) + 4 * self->block);
	EXPECT_EQ(0, bad_blocks("a/scattered", how, done));
	EXPECT_TREE_A();
	EXPECT_B_UNTOUCHED();
	EXPECT_EQ(0, CALL_A(do_unlink, "a/scattered", 0, 0));
	EXPECT_SPACE_A(0);
}

TEST_F(space, scattered_up)
{
	until_scattered(_metadata, self, SCATTER_UP, false);
}

TEST_F(space, scattered_down)
{
	until_scattered(_metadata, self, SCATTER_DOWN, false);
}

TEST_F(space, scattered_between)
{
	until_scattered(_metadata, self, SCATTER_BETWEEN, false);
}

TEST_F(space, scattered_mmap)
{
	until_scattered(_metadata, self, SCATTER_DOWN, true);
}

static long change_blocks(const char *path, int mode, long off, long len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	int err;

	if (fd < 0)
		return -errno;
	err = fallocate(fd, mode, off, len) ? -errno : 0;
	close(fd);
	return err;
}

/*
 * Writes to every other block of a file, each on the disk before the next if @sync:
 * how many.  Those that are refused are no loss, but what was accepted has to get
 * there.
 */
static long write_every_other(const char *path, long nr, int flags, int seed,
			      bool sync)
{
	const long block = block_size();
	long i, done = 0;
	int fd;

	shared->err = 0;
	fd = open(path, O_RDWR | O_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	for (i = 0; i < nr; i += 2) {
		if (write_some(fd, i * block, block, block, seed) != block)
			break;
		if (sync && fsync(fd)) {
			shared->err = -errno;
			break;
		}
		done++;
	}
	close(fd);
	return done;
}

/* Of what was preallocated, behind the end of the file */
static long do_write_prealloc(long path, long nr, long flags)
{
	return write_every_other((const char *)path, nr, flags, 1, true);
}

static long do_prealloc(long path, long len, long c)
{
	return change_blocks((const char *)path, FALLOC_FL_KEEP_SIZE, 0, len);
}

static void until_preallocated(struct __test_metadata *_metadata,
			       space_data *self, enum disk_kind kind, int flags)
{
	const long nr = 64, limit = 4 * nr * self->block + disk->slack;
	long done;

	ASSERT_EQ(0, set_hard(A, limit));
	ASSERT_EQ(0, CALL_A(do_prealloc, "a/pre", nr * self->block, 0));
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_WRITE, 0));
	EXPECT_FULL(limit, self->block);
	/* Nobody knows the inode any more. */
	if (flags)
		EXPECT_EQ(0, write_file("/proc/sys/vm/drop_caches", "2", 1));
	done = CALL_A(do_write_prealloc, "a/pre", nr, flags);
	/* XFS takes none unless it has room for all that may become of the tree. */
	EXPECT_LE(kind == XFS ? 0 : 1, done);
	EXPECT_EQ(done == nr / 2 ? 0 : disk->full, shared->err);
	EXPECT_EQ(0, bad_blocks("a/pre", SCATTER_UP, done));
	/* What was accepted is not refused when it is written back. */
	EXPECT_GE(limit, space(A));
	EXPECT_TREE_A();
	EXPECT_B_UNTOUCHED();
}

TEST_F(space, prealloc)
{
	until_preallocated(_metadata, self, variant->kind, 0);
}

TEST_F(space, prealloc_direct)
{
	until_preallocated(_metadata, self, variant->kind, O_DIRECT);
}

static long other_page(long how, long i)
{
	return 2 * i * 4096;
}

/* Every other page of it by a mapping: how many; what was accepted is written. */
static long do_map_prealloc(long path, long len, long c)
{
	long done, err = 0;
	int fd;

	shared->err = 0;
	fd = open((const char *)path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	done = write_mapped(fd, len, len / 4096 / 2, 4096, other_page, 0);
	if (fsync(fd))
		err = -errno;
	close(fd);
	return err ?: done;
}

TEST_F(space, prealloc_mmap)
{
	const long len = 64 * 4096, limit = 4 * len + disk->slack;
	long i, done, bad = 0;

	ASSERT_EQ(0, set_hard(A, limit));
	ASSERT_EQ(0, CALL_A(do_prealloc, "a/pre", len, 0));
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_WRITE, 0));
	EXPECT_FULL(limit, self->block);
	done = CALL_A(do_map_prealloc, "a/pre", len, 0);
	EXPECT_LE(variant->kind == XFS ? 0 : 1, done);
	EXPECT_EQ(done == len / 4096 / 2 ? 0 : disk->full, shared->err);
	settle();
	for (i = 0; i < done; i++)
		bad += !!verify_file("a/pre", other_page(0, i),
				     other_page(0, i) + 4096, 1);
	EXPECT_EQ(0, bad);
	EXPECT_GE(limit, space(A));
	EXPECT_TREE_A();
	EXPECT_B_UNTOUCHED();
}

/* To write the first of what is preallocated behind the end gives up no other. */
TEST_F(space, prealloc_append)
{
	ASSERT_EQ(0, set_hard(A, disk->limit));
	ASSERT_EQ(0, CALL_A(do_prealloc, "a/pre", 64 * self->block, 0));
	EXPECT_SPACE_A(64 * self->block);
	EXPECT_EQ(self->block, CALL_A(do_file, "a/pre", self->block, 1));
	EXPECT_SPACE_A(64 * self->block);
	EXPECT_EQ(4 * self->block, CALL_A(do_file, "a/pre", 4 * self->block, 1));
	/* Of a cluster, each block was an extent for a moment. */
	if (disk->cluster)
		EXPECT_TREE_A();
	else
		EXPECT_SPACE_A(64 * self->block);
	EXPECT_EQ(0, verify("a/pre", 0, 4 * self->block, 1));
}

/*
 * Writes of which only the first bytes can be read leave blocks that are delayed,
 * behind the end of the file.  Then those are preallocated, and written to.
 */
static long do_short(long path, long nr, long c)
{
	const long page = 4096, bytes = 96;
	char *buf;
	long i, err = 0;
	int fd;

	buf = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = open((const char *)path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (buf == MAP_FAILED || fd < 0 || munmap(buf + page, page))
		return -errno;
	for (i = 0; !err && i < nr; i++) {
		const long off = 2 * i * page;

		if (pwrite(fd, buf + page - bytes, page, off) != bytes ||
		    fallocate(fd, FALLOC_FL_KEEP_SIZE, off, page) ||
		    pwrite(fd, buf + page - bytes, bytes, off + page / 2) != bytes)
			err = -errno ?: -EIO;
	}
	close(fd);
	munmap(buf, page);
	return err;
}

TEST_F(space, delayed_behind)
{
	const long nr = disk->limit / 4096 / 8;

	ASSERT_EQ(0, set_hard(A, disk->limit));
	EXPECT_EQ(0, CALL_A(do_short, "a/short", nr, 0));
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_FALLOCATE, 0));
	EXPECT_EQ(disk->full, shared->err);
	CALL_A(do_fill, "a/rest", FILL_WRITE, 0);
	settle();
	EXPECT_GE(disk->limit, space(A));
	EXPECT_TREE_A();
	EXPECT_B_UNTOUCHED();
}

/* Holes that are inserted make many extents of one. */
static long do_insert(long path, long nr, long c)
{
	const long block = block_size();
	long i;

	shared->err = 0;
	for (i = 0; i < nr; i++)
		if (change_blocks((const char *)path, FALLOC_FL_INSERT_RANGE,
				  (2 * i + 1) * block, block)) {
			shared->err = disk->full;
			break;
		}
	return i;
}

TEST_F(space, insert)
{
	const long nr = disk->limit / self->block / 2;
	long done;

	ASSERT_EQ(0, set_hard(A, disk->limit));
	EXPECT_EQ(disk->limit / 2, CALL_A(do_file, "a/f", disk->limit / 2, 1));
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_WRITE, 0));
	EXPECT_FULL(disk->limit, self->block);
	done = CALL_A(do_insert, "a/f", nr, 0);
	EXPECT_EQ(done == nr ? 0 : disk->full, shared->err);
	settle();
	EXPECT_GE(disk->limit, space(A));
	EXPECT_TREE_A();
}

/* Every other one of @nr blocks of a file, none of them on the disk yet: how many */
static long do_pending(long path, long nr, long c)
{
	const long block = block_size();
	long i, done = 0;
	int fd;

	shared->err = 0;
	fd = open((const char *)path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	for (i = 0; i < nr; i++) {
		if (write_some(fd, scatter_off(SCATTER_BETWEEN, i), block, block,
			       1) != block)
			break;
		done++;
	}
	close(fd);
	return done;
}

/*
 * Somebody takes all the room before blocks are written back whose extents need
 * some, too: they get it nevertheless, or it was not given away.
 */
static void until_written_back(struct __test_metadata *_metadata,
			       space_data *self, long done, enum fill how)
{
	EXPECT_LT(0, done);
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", how, 0));
	EXPECT_EQ(disk->full, shared->err);
	CALL_A(do_fill, "a/rest", FILL_WRITE, 0);
	EXPECT_FULL(disk->limit, 2 * self->block);
	EXPECT_EQ(0, bad_blocks("a/pending", SCATTER_BETWEEN, done));
	EXPECT_GE(disk->limit, space(A));
	EXPECT_TREE_A();
	EXPECT_B_UNTOUCHED();
}

static void until_delayed_is_written(struct __test_metadata *_metadata,
				     space_data *self, enum fill how)
{
	const long nr = disk->limit / self->block / 8;

	ASSERT_EQ(0, set_hard(A, disk->limit));
	until_written_back(_metadata, self,
			   CALL_A(do_pending, "a/pending", nr, 0), how);
}

TEST_F(space, delayed_fallocate)
{
	until_delayed_is_written(_metadata, self, FILL_FALLOCATE);
}

TEST_F(space, delayed_direct)
{
	until_delayed_is_written(_metadata, self, FILL_DIRECT);
}

/* What is preallocated when it is delayed already */
TEST_F(space, delayed_prealloc)
{
	const long nr = disk->limit / self->block / 8;
	long done;

	ASSERT_EQ(0, set_hard(A, disk->limit));
	done = CALL_A(do_pending, "a/pending", nr, 0);
	EXPECT_EQ(nr, done);
	ASSERT_EQ(0, CALL_A(do_prealloc, "a/pending",
			    scatter_off(SCATTER_UP, nr), 0));
	until_written_back(_metadata, self, done, FILL_FALLOCATE);
}

TEST_F(space, prealloc_pending)
{
	const long nr = disk->limit / self->block / 8;

	ASSERT_EQ(0, set_hard(A, disk->limit));
	ASSERT_EQ(0, CALL_A(do_prealloc, "a/pending", disk->limit / 2, 0));
	until_written_back(_metadata, self,
			   CALL_A(do_pending, "a/pending", nr, 0),
			   FILL_FALLOCATE);
}

/* All of it, in order, needs no more than there is. */
TEST_F(space, prealloc_whole)
{
	long len;

	ASSERT_EQ(0, set_hard(A, disk->limit));
	len = CALL_A(do_fill, "a/pre", FILL_FALLOCATE, 0);
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_FULL(disk->limit, CHUNK);
	EXPECT_EQ(0, CALL_A(do_truncate, "a/pre", 0, 0));
	ASSERT_EQ(0, CALL_A(do_prealloc, "a/pre", len, 0));
	EXPECT_EQ(len, CALL_A(do_file, "a/pre", len, 1));
	settle();
	EXPECT_GE(disk->limit, space(A));
	EXPECT_EQ(0, verify("a/pre", 0, len, 1));
	EXPECT_TREE_A();
}

static long do_at_once(long path, long size, long off)
{
	int fd = open((const char *)path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	long done;

	if (fd < 0)
		return -errno;
	shared->err = 0;
	done = write_some(fd, off, size, size, 1);
	close(fd);
	return done;
}

/*
 * A page of several blocks for which there is enough, so that some of them might be
 * delayed, but not all; and then not for another
 */
TEST_F(space, last_page)
{
	const long size = self->block < 4096 ? 4096 : self->block;

	if (variant->kind == XFS)
		return;
	EXPECT_EQ(0, set_hard(A, self->world.space_a + size / 4 * 7));
	EXPECT_EQ(size, CALL_A(do_at_once, "a/f", size, 0));
	EXPECT_SPACE_A(size);
	EXPECT_EQ(0, verify("a/f", 0, size, 1));
	EXPECT_EQ(0, CALL_A(do_at_once, "a/g", size, 0));
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_EQ(0, CALL_A(do_at_once, "a/f", size, size));
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_SPACE_A(size);

	/* The same in a hole: it may be delayed in part. */
	EXPECT_EQ(0, CALL_A(do_unlink, "a/f", 0, 0));
	EXPECT_EQ(0, CALL_A(do_file, "a/f", 0, 1));
	EXPECT_EQ(0, CALL_A(do_truncate, "a/f", 4 * size, 0));
	EXPECT_EQ(size, CALL_A(do_at_once, "a/f", size, size));
	EXPECT_SPACE_A(size);
	EXPECT_EQ(0, verify("a/f", size, 2 * size, 1));
}

/* Up takes nothing, down gives back, and what is given back can be used. */
TEST_F(space, truncate)
{
	const long size = 64 * self->block;

	EXPECT_EQ(0, set_hard(A, disk->limit));
	EXPECT_EQ(size, CALL_A(do_file, "a/f", size, 1));
	EXPECT_SPACE_A(size);
	EXPECT_EQ(0, CALL_A(do_truncate, "a/f", 1024 * MB, 0));
	EXPECT_SPACE_A(size);
	EXPECT_EQ(0, CALL_A(do_truncate, "a/f", size / 4, 0));
	EXPECT_SPACE_A(size / 4);
	EXPECT_EQ(0, verify("a/f", 0, size / 4, 1));
	/* Not even a block more than it has */
	EXPECT_EQ(0, CALL_A(do_truncate, "a/f", size / 4 - 1, 0));
	EXPECT_SPACE_A(size / 4);
	EXPECT_EQ(0, CALL_A(do_truncate, "a/f", 0, 0));
	EXPECT_SPACE_A(0);

	/* At the limit: a quarter is freed, and filled again. */
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_WRITE, 0));
	EXPECT_FULL(disk->limit, self->block);
	EXPECT_EQ(0, CALL_A(do_truncate, "a/fill", disk->limit / 4 * 3, 0));
	/* Block by block, as at a limit, it has got a tree, which is small then. */
	if (disk->cluster)
		EXPECT_TREE_A();
	else
		EXPECT_SPACE_A(disk->limit / 4 * 3);
	EXPECT_LT(0, CALL_A(do_fill, "a/more", FILL_WRITE, 0));
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_FULL(disk->limit, self->block);
	EXPECT_EQ(0, verify("a/fill", 0, disk->limit / 4 * 3, 1));
	EXPECT_TREE_A();
}

static long do_punch(long path, long off, long len)
{
	return change_blocks((const char *)path,
			     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off,
			     len);
}

TEST_F(space, punch_hole)
{
	const long size = 64 * self->block, quarter = size / 4;

	EXPECT_EQ(0, set_hard(A, disk->limit));
	EXPECT_EQ(size, CALL_A(do_file, "a/f", size, 1));
	EXPECT_SPACE_A(size);
	EXPECT_EQ(0, CALL_A(do_punch, "a/f", quarter, quarter));
	EXPECT_SPACE_A(size - quarter);
	EXPECT_EQ(0, verify("a/f", 0, quarter, 1));
	EXPECT_EQ(0, verify("a/f", 2 * quarter, size, 1));
	/* There is none any more. */
	EXPECT_EQ(0, CALL_A(do_punch, "a/f", quarter, quarter));
	EXPECT_SPACE_A(size - quarter);
	EXPECT_EQ(0, CALL_A(do_punch, "a/f", 0, size));
	EXPECT_SPACE_A(0);
	EXPECT_TREE_A();
}

TEST_F(space, rename_over)
{
	const long size = 16 * self->block;

	EXPECT_EQ(size, CALL_A(do_file, "a/x", size, 1));
	EXPECT_EQ(2 * size, CALL_A(do_file, "a/y", 2 * size, 2));
	EXPECT_SPACE_A(3 * size);
	EXPECT_INODES_A(2);
	EXPECT_EQ(0, CALL_A(do_rename, "a/x", "a/y", 0));
	EXPECT_SPACE_A(size);
	EXPECT_INODES_A(1);
	EXPECT_EQ(0, verify("a/y", 0, size, 1));
	EXPECT_TREE_A();
}

/* It is charged as long as somebody has it open. */
TEST_F(space, unlink_open)
{
	const long size = 16 * self->block;
	long fd;

	EXPECT_EQ(size, CALL_A(do_file, "a/x", size, 1));
	fd = CALL_A(do_open, "a/x", O_RDONLY, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, CALL_A(do_unlink, "a/x", 0, 0));
	settle();
	EXPECT_SPACE_A(size);
	EXPECT_INODES_A(1);
	EXPECT_EQ(0, CALL_A(do_close, fd, 0, 0));
	EXPECT_SPACE_A(0);
	EXPECT_INODES_A(0);
}

static long do_many(long n, long size, long c)
{
	char path[64];
	long i, done;

	if (mkdir("a/many", 0777))
		return -errno;
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "a/many/%05ld", i);
		done = do_file(P(path), size, i);
		if (done < 0)
			return done;
		if (done != size)
			break;
	}
	return i;
}

static long do_verify_many(long n, long size, long c)
{
	char path[64];
	long i, err;

	settle();
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "a/many/%05ld", i);
		err = verify_file(path, 0, size, i);
		if (err)
			return err;
	}
	return 0;
}

static long do_remove_many(long n, long b, long c)
{
	char path[64];
	long i;

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "a/many/%05ld", i);
		if (unlink(path))
			return -errno;
	}
	return rmdir("a/many") ? -errno : 0;
}

TEST_F(space, small_files)
{
	const long many = env_long("VCTX_TEST_MANY", 300);
	/* As many as there are inodes for, and room on the disk */
	const long fits = disk->cluster ? 100 * MB / disk->cluster - 400 : 12000;
	const long most = many < fits ? many : fits;
	struct stat st;

	EXPECT_EQ(0, set_hard(A, 100 * MB));
	EXPECT_EQ(most, CALL_A(do_many, most, 8, 0));
	ASSERT_EQ(0, stat("a/many", &st));
	EXPECT_INODES_A(most + 1);
	EXPECT_SPACE_A(most * self->block + st.st_blocks * 512);
	EXPECT_TREE_A();
	EXPECT_EQ(0, CALL_A(do_verify_many, most, 8, 0));
	EXPECT_EQ(0, CALL_A(do_remove_many, most, 0, 0));
	EXPECT_INODES_A(0);
	EXPECT_SPACE_A(0);
}

/* The one that does not fit is refused, and those before it are whole. */
TEST_F(space, small_files_limit)
{
	const long limit = 256 * self->block + disk->slack;
	long n;

	EXPECT_EQ(0, set_hard(A, limit));
	n = CALL_A(do_many, 10000, self->block, 0);
	EXPECT_EQ(disk->full, shared->err);
	/* Was it a file that could not be made? */
	if (n < 0)
		n = tree_inodes("a/many") - 1;
	EXPECT_FULL(limit, self->block);
	EXPECT_TREE_A();
	/* Each has a block; directories and the last one, too. */
	EXPECT_LT(64, n);
	EXPECT_GT(limit / self->block, n);
	EXPECT_EQ(0, CALL_A(do_verify_many, n - 1, self->block, 0));
	EXPECT_B_UNTOUCHED();
}

static long do_mkdirs(long n, long b, long c)
{
	char path[320];
	long i;
	int j;

	shared->err = 0;
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "a/d%ld", i);
		if (mkdir(path, 0777)) {
			shared->err = errno;
			return i;
		}
		/* Of XFS, it takes a block when it has more than these. */
		for (j = 0; j < 2; j++) {
			snprintf(path, sizeof(path), "a/d%ld/%0240d", i, j);
			if (mkdir(path, 0777)) {
				shared->err = errno;
				return i + 1;
			}
		}
	}
	return i;
}

TEST_F(space, directories)
{
	const long limit = 64 * self->block + disk->slack;
	long n;

	EXPECT_EQ(0, set_hard(A, limit));
	n = CALL_A(do_mkdirs, 2000, 0, 0);
	EXPECT_LT(8, n);
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_GE(limit, space(A));
	EXPECT_TREE_A();
	EXPECT_EQ(A, tag("a/d0"));
	EXPECT_EQ(1, inherits("a/d0"));
	EXPECT_EQ(0, empty(AT_FDCWD, "a"));
	/* Their names may have taken blocks of the directory. */
	EXPECT_INODES_A(0);
	EXPECT_TREE_A();
}

/* What is held for blocks that are delayed is there for others when it has to be. */
TEST_F(space, directories_delayed)
{
	const long limit = 64 * self->block + disk->slack;
	const long delayed = 8 * self->block;
	long n;

	EXPECT_EQ(0, set_hard(A, limit));
	EXPECT_EQ(delayed, CALL_A(do_file, "a/f", delayed, 1));
	n = CALL_A(do_mkdirs, 2000, 0, 0);
	EXPECT_LT(8, n);
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_FULL(limit, self->block);
	EXPECT_EQ(0, verify("a/f", 0, delayed, 1));
	EXPECT_TREE_A();
}

/* One that does not fit into the inode takes a block. */
TEST_F(space, xattr)
{
	const long size = (disk->cluster ? 4096 : self->block) / 2 + 100;

	EXPECT_EQ(self->block, CALL_A(do_file, "a/f", self->block, 1));
	EXPECT_SPACE_A(self->block);
	EXPECT_EQ(0, CALL_A(do_setxattr, "a/f", size, 0));
	EXPECT_SPACE_A(2 * self->block);
	EXPECT_TREE_A();
	EXPECT_EQ(0, removexattr("a/f", "user.vctx") ? -errno : 0);
	EXPECT_SPACE_A(self->block);

	EXPECT_EQ(0, set_hard(A, self->world.space_a + 2 * self->block));
	EXPECT_EQ(0, CALL_A(do_truncate, "a/f", 2 * self->block, 0));
	EXPECT_EQ(2 * self->block, CALL_A(do_file, "a/f", 2 * self->block, 1));
	EXPECT_SPACE_A(2 * self->block);
	EXPECT_EQ(-disk->full, CALL_A(do_setxattr, "a/f", size, 0));
	EXPECT_SPACE_A(2 * self->block);
	EXPECT_EQ(0, verify("a/f", 0, 2 * self->block, 1));
}

static long do_clone(long from, long to, long c)
{
	int in = open((const char *)from, O_RDONLY | O_CLOEXEC), out;
	int err = 0;

	if (in < 0)
		return -errno;
	out = open((const char *)to, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (out < 0 || ioctl(out, CLONE_FILE, in))
		err = -errno;
	if (out >= 0)
		close(out);
	close(in);
	return err;
}

/* Shared blocks count in full to each that has them. */
TEST_F(space, reflink)
{
	const long size = 1 * MB, limit = 7 * size / 2;

	EXPECT_EQ(size, CALL_B(do_file, "b/f", size, 1));
	settle();
	if (variant->kind != XFS) {
		EXPECT_EQ(-EOPNOTSUPP, CALL_A(do_clone, "b/f", "a/f", 0));
		return;
	}
	EXPECT_EQ(0, set_hard(A, limit));
	EXPECT_EQ(0, CALL_A(do_clone, "b/f", "a/f", 0));
	EXPECT_SPACE_A(size);
	EXPECT_EQ(0, CALL_A(do_clone, "a/f", "a/g", 0));
	EXPECT_SPACE_A(2 * size);
	EXPECT_EQ(0, verify("a/g", 0, size, 1));
	EXPECT_EQ(0, CALL_A(do_clone, "a/f", "a/h", 0));
	EXPECT_EQ(-disk->full, CALL_A(do_clone, "b/f", "a/i", 0));
	EXPECT_GE(limit, space(A));
	EXPECT_TREE_A();
	EXPECT_EQ(self->world.space_b + size,
		  settled_space(B, self->world.space_b + size));
	EXPECT_EQ(0, CALL_A(do_unlink, "a/f", 0, 0));
	EXPECT_EQ(0, CALL_A(do_unlink, "a/g", 0, 0));
	EXPECT_EQ(0, CALL_A(do_unlink, "a/h", 0, 0));
	EXPECT_TREE_A();
	EXPECT_EQ(0, verify("b/f", 0, size, 1));
}

/* Of what is shared: copies, each an extent */
static long do_copy(long path, long nr, long sync)
{
	return write_every_other((const char *)path, nr, 0, 2, sync);
}

static void until_copied(struct __test_metadata *_metadata, space_data *self,
			 bool sync)
{
	const long size = 3 * MB, nr = size / self->block;
	long done, i, bad = 0;
	int fd;

	EXPECT_EQ(size, CALL_B(do_file, "b/f", size, 1));
	settle();
	EXPECT_EQ(0, set_hard(A, disk->limit));
	ASSERT_EQ(0, CALL_A(do_clone, "b/f", "a/f", 0));
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_WRITE, 0));
	done = CALL_A(do_copy, "a/f", nr, sync);
	EXPECT_EQ(done == nr / 2 ? 0 : disk->full, shared->err);
	settle();
	EXPECT_GE(disk->limit, space(A));
	fd = open_dropped("a/f");
	ASSERT_LE(0, fd);
	for (i = 0; i < nr; i++)
		bad += !!verify_fd(fd, i * self->block, (i + 1) * self->block,
				   i % 2 || i / 2 >= done ? 1 : 2);
	close(fd);
	EXPECT_EQ(0, bad);
	EXPECT_TREE_A();
	EXPECT_EQ(0, verify("b/f", 0, size, 1));
}

TEST_F(space, copies)
{
	if (variant->kind == XFS)
		until_copied(_metadata, self, false);
}

TEST_F(space, copies_synced)
{
	if (variant->kind == XFS)
		until_copied(_metadata, self, true);
}

/* What was delayed as one extent is written back in pieces, each of its own. */
static long do_pieces(long path, long size, long c)
{
	int fd = open((const char *)path, O_RDWR | O_CLOEXEC);
	long off, err = 0;

	if (fd < 0)
		return -errno;
	for (off = 0; !err && off < size; off += 2 * 4096)
		if (sync_file_range(fd, off, 4096,
				    SYNC_FILE_RANGE_WAIT_BEFORE |
				    SYNC_FILE_RANGE_WRITE |
				    SYNC_FILE_RANGE_WAIT_AFTER))
			err = -errno;
	close(fd);
	return err;
}

TEST_F(space, pieces)
{
	const long size = disk->limit / 2;

	ASSERT_EQ(0, set_hard(A, disk->limit));
	EXPECT_EQ(size, CALL_A(do_file, "a/f", size, 1));
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_FALLOCATE, 0));
	CALL_A(do_fill, "a/rest", FILL_WRITE, 0);
	EXPECT_EQ(0, CALL_A(do_pieces, "a/f", size, 0));
	EXPECT_FULL(disk->limit, 2 * self->block);
	EXPECT_EQ(0, verify("a/f", 0, size, 1));
	EXPECT_TREE_A();
}

/*
 * @n writers, each with files of its own, until all are refused; each takes
 * something away and writes again, for some rounds.
 */
static long do_writers(long dir, long n, long rounds)
{
	long i, round, bad = 0;
	char path[64];
	int status;
	pid_t pid;

	for (i = 0; i < n; i++) {
		pid = fork();
		if (pid < 0)
			return -errno;
		if (pid)
			continue;
		for (round = 0; round < rounds; round++) {
			snprintf(path, sizeof(path), "%s/w%ld.%ld",
				 (const char *)dir, i, round);
			do_fill(P(path), round % 4, 0);
			if (round % 3 == 2)
				unlink(path);
		}
		_exit(0);
	}
	while (wait(&status) > 0)
		bad += status != 0;
	return bad;
}

/* Eight in each context, side by side: no one takes from another's limit. */
TEST_F(space, writers)
{
	const long limit_a = disk->limit, limit_b = disk->limit / 4 * 3;
	const long most_a = limit_a + disk->reserved;
	const long most_b = limit_b + disk->reserved;
	struct pollfd answer[2] = {
		{ .fd = self->world.a.sock, .events = POLLIN },
		{ .fd = self->world.b.sock, .events = POLLIN },
	};
	long end = now_ms() + 4 * PATIENCE_MS;

	EXPECT_EQ(0, set_hard(A, limit_a));
	EXPECT_EQ(0, set_hard(B, limit_b));
	EXPECT_EQ(0, agent_ask(&self->world.a, do_writers, P("a"), 8, 4));
	EXPECT_EQ(0, agent_ask(&self->world.b, do_writers, P("b"), 8, 4));
	do {
		ASSERT_GE(most_a, space(A));
		ASSERT_GE(most_b, space(B));
		poll(answer, 2, 0);
		sleep_ms(5);
	} while (!(answer[0].revents && answer[1].revents) && now_ms() < end);
	EXPECT_EQ(0, agent_answer(&self->world.a));
	EXPECT_EQ(0, agent_answer(&self->world.b));
	settle();
	EXPECT_GE(limit_a, space(A));
	EXPECT_GE(limit_b, space(B));
	EXPECT_TREE_A();
	EXPECT_EQ(tree_space("b"), space(B));
	EXPECT_EQ(tree_inodes("b"), inodes(B));

	/* What B has not used is B's, however full A is. */
	EXPECT_EQ(0, empty(AT_FDCWD, "b"));
	settle();
	EXPECT_EQ(self->world.inodes_b, settled_inodes(B, self->world.inodes_b));
	EXPECT_LT(0, CALL_B(do_fill, "b/fill", FILL_WRITE, 0));
	EXPECT_GE(limit_b, space(B));
	EXPECT_LE(limit_b - disk->slack - self->block, space(B));
}

/* Inodes, and what members are told */

FIXTURE(quota) {
	struct world world;
	long block;
};

FIXTURE_VARIANT(quota) {
	enum disk_kind kind;
};

FIXTURE_VARIANT_ADD(quota, ext4) { .kind = EXT4_4K };
FIXTURE_VARIANT_ADD(quota, xfs) { .kind = XFS };

FIXTURE_SETUP(quota)
{
	WORLD_SETUP();
	self->block = block_size();
}

FIXTURE_TEARDOWN(quota)
{
	WORLD_TEARDOWN();
}

static long do_tmpfile(long dir, long path, long c)
{
	char name[64];
	int fd, err = 0;

	fd = open((const char *)dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (path && linkat(AT_FDCWD, name, AT_FDCWD, (const char *)path,
			   AT_SYMLINK_FOLLOW))
		err = -errno;
	if (path || err) {
		close(fd);
		return err;
	}
	return fd;
}

static long do_bind(long path, long b, long c)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	strcpy(addr.sun_path, (const char *)path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err = -errno;
	close(fd);
	return err;
}

/* Whatever it is, and wherever: in its own tree, the host's, a neighbour's */
TEST_F(quota, birth)
{
	static const char *const dirs[] = { "a", "host", "b" };
	static char path[3][12][64], deep[100];
	long n = 0, fd;
	unsigned int i;

	memset(deep, 'x', sizeof(deep) - 1);
	for (i = 0; i < 3; i++) {
		char (*p)[64] = path[i];
		int j;

		for (j = 0; j < 12; j++)
			snprintf(p[j], sizeof(p[j]), "%s/%d", dirs[i], j);
	}
	/* The paths are to be known to the member. */
	agent_stop(&self->world.a);
	ASSERT_EQ(0, agent_start_in(&self->world.a, A));

	for (i = 0; i < 3; i++) {
		char (*p)[64] = path[i];

		EXPECT_EQ(0, CALL_A(do_file, p[0], 0, 1));
		EXPECT_EQ(A, tag(p[0]));
		EXPECT_INODES_A(++n);
		EXPECT_EQ(0, CALL_A(do_mkdir, p[1], 0, 0));
		EXPECT_EQ(A, tag(p[1]));
		EXPECT_EQ(1, inherits(p[1]));
		EXPECT_INODES_A(++n);
		EXPECT_EQ(0, CALL_A(do_symlink, "x", p[2], 0));
		EXPECT_INODES_A(++n);
		/* Which has a block, of ext4 */
		EXPECT_EQ(0, CALL_A(do_symlink, deep, p[3], 0));
		EXPECT_INODES_A(++n);
		EXPECT_EQ(0, CALL_A(do_mknod, p[4], S_IFIFO | 0600, 0));
		EXPECT_INODES_A(++n);
		EXPECT_EQ(0, CALL_A(do_mknod, p[5], S_IFSOCK | 0600, 0));
		EXPECT_INODES_A(++n);
		EXPECT_EQ(0, CALL_A(do_bind, p[6], 0, 0));
		EXPECT_INODES_A(++n);
		/* /dev/null, which is allowed */
		EXPECT_EQ(0, CALL_A(do_mknod, p[7], S_IFCHR | 0600,
				    makedev(1, 3)));
		EXPECT_INODES_A(++n);

		/* Without a name, and with one. */
		fd = CALL_A(do_tmpfile, dirs[i], 0, 0);
		EXPECT_LE(0, fd);
		EXPECT_INODES_A(n + 1);
		EXPECT_EQ(0, CALL_A(do_close, fd, 0, 0));
		EXPECT_INODES_A(n);
		if (i < 2) {
			EXPECT_EQ(0, CALL_A(do_tmpfile, dirs[i], p[8], 0));
			EXPECT_EQ(A, tag(p[8]));
			EXPECT_INODES_A(++n);
		}
		/* What is in its directory, whoever makes it, is its own. */
		EXPECT_EQ(0, CALL_A(do_mkdir, p[9], 0, 0));
		EXPECT_INODES_A(++n);
	}
	/* Not into a neighbour's tree, where it would stay. */
	EXPECT_EQ(-EXDEV, CALL_A(do_tmpfile, "b", path[2][8], 0));
	EXPECT_EQ(0, host_file("host/9/made-by-the-host", 0));
	EXPECT_EQ(A, tag("host/9/made-by-the-host"));
	EXPECT_INODES_A(++n);
	EXPECT_EQ(0, host_file("host/by-the-host", 0));
	EXPECT_EQ(0, tag("host/by-the-host"));
	EXPECT_EQ(0, host_file("b/by-the-host", 0));
	EXPECT_EQ(B, tag("b/by-the-host"));
	EXPECT_INODES_A(n);

	EXPECT_EQ(0, empty(AT_FDCWD, "a"));
	EXPECT_EQ(0, empty(AT_FDCWD, "host"));
	EXPECT_EQ(0, empty(AT_FDCWD, "b"));
	EXPECT_INODES_A(0);
	EXPECT_SPACE_A(0);
	EXPECT_B_UNTOUCHED();
}

TEST_F(quota, birth_whiteout)
{
	EXPECT_EQ(0, CALL_A(do_file, "host/x", 0, 1));
	EXPECT_INODES_A(1);
	EXPECT_EQ(0, CALL_A(do_rename, "host/x", "host/y", RENAME_WHITEOUT));
	EXPECT_INODES_A(2);
	EXPECT_EQ(0, CALL_A(do_file, "a/x", 0, 1));
	EXPECT_EQ(0, CALL_A(do_rename, "a/x", "a/y", RENAME_WHITEOUT));
	EXPECT_INODES_A(4);
	EXPECT_EQ(0, CALL_A(do_unlink, "host/x", 0, 0));
	EXPECT_EQ(0, CALL_A(do_unlink, "a/x", 0, 0));
	EXPECT_INODES_A(2);
}

static long do_io_uring_create(long path, long b, long c)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = path,
		.open_flags = O_RDWR | O_CREAT | O_CLOEXEC,
		.len = 0666,
	};
	long fd = uring_do(&sqe);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

TEST_F(quota, birth_io_uring)
{
	long err = CALL_A(do_io_uring_create, "host/x", 0, 0);

	if (err == -ENOSYS || err == -EPERM)
		SKIP(return, "the kernel has no io_uring: %s", strerror(-err));
	EXPECT_EQ(0, err);
	EXPECT_EQ(A, tag("host/x"));
	EXPECT_INODES_A(1);
}

/* Upper files of an overlay are made with the rights of who has mounted it. */
TEST_F(quota, birth_overlay)
{
	const long limit = disk->limit;
	long n;

	if (!nodev_known("overlay"))
		SKIP(return, "the kernel has no overlayfs");
	ASSERT_EQ(0, world_dir("host/lower", 0));
	ASSERT_EQ(0, world_dir("a/upper", 0));
	ASSERT_EQ(0, world_dir("a/work", 0));
	ASSERT_EQ(0, world_dir("host/merged", 0));
	EXPECT_EQ(A, tag("a/upper"));
	EXPECT_EQ(0, host_file("host/lower/up", self->block));
	EXPECT_EQ(0, host_file("host/lower/gone", self->block));
	ASSERT_EQ(0, CALL_A(do_unshare, CLONE_NEWNS, 0, 0));
	ASSERT_EQ(0, CALL_A(do_overlay, "host/merged", "a", 0));
	settle();
	n = inodes(A);

	EXPECT_EQ(self->block, CALL_A(do_file, "host/merged/new", self->block, 1));
	EXPECT_EQ(A, tag("a/upper/new"));
	EXPECT_EQ(n + 1, settled_inodes(A, n + 1));
	/* The host's is copied up. */
	EXPECT_EQ(self->block, CALL_A(do_file, "host/merged/up", self->block, 2));
	EXPECT_EQ(A, tag("a/upper/up"));
	EXPECT_EQ(0, tag("host/lower/up"));
	EXPECT_EQ(n + 2, settled_inodes(A, n + 2));
	/* A whiteout */
	EXPECT_EQ(0, CALL_A(do_unlink, "host/merged/gone", 0, 0));
	EXPECT_LE(n + 3, inodes(A));
	EXPECT_TREE_A();

	EXPECT_EQ(0, set_hard(A, limit));
	EXPECT_LT(0, CALL_A(do_fill, "host/merged/fill", FILL_WRITE, 0));
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_GE(limit, space(A));
	EXPECT_EQ(0, CALL_A(do_umount, "host/merged", 0, 0));
	EXPECT_TREE_A();
	EXPECT_B_UNTOUCHED();
}

static long do_write_fd(long fd, long len, long seed)
{
	shared->err = 0;
	return write_some(fd, 0, len, block_size(), seed);
}

/* A file is charged to whose it is, whoever writes to it. */
TEST_F(quota, passed_fd)
{
	const long size = 64 * KB + 2 * disk->slack;
	long theirs, ours, here;

	EXPECT_EQ(0, set_hard(B, self->world.space_b + size));
	EXPECT_EQ(0, CALL_B(do_file, "b/f", 0, 1));
	theirs = CALL_B(do_open, "b/f", O_RDWR, 0);
	ASSERT_LE(0, theirs);
	here = agent_take_fd(&self->world.b, theirs);
	ASSERT_LE(0, here);
	ours = agent_give_fd(&self->world.a, here);
	ASSERT_LE(0, ours);
	close(here);
	EXPECT_EQ(0, CALL_B(do_close, theirs, 0, 0));

	EXPECT_EQ(size / 2, CALL_A(do_write_fd, ours, size / 2, 1));
	EXPECT_EQ(self->world.space_b + size / 2,
		  settled_space(B, self->world.space_b + size / 2));
	EXPECT_SPACE_A(0);
	/* B's limit is what A meets, capable as it is. */
	EXPECT_GE(size, CALL_A(do_write_fd, ours, 4 * size, 1));
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_GE(self->world.space_b + size, space(B));
	EXPECT_SPACE_A(0);
	EXPECT_EQ(0, CALL_A(do_close, ours, 0, 0));
}

static long do_inodes(long dir, long n, long b)
{
	char path[64];
	long i;

	shared->err = 0;
	for (i = 0; i < n; i++) {
		int ret, fd = -1;

		snprintf(path, sizeof(path), "%s/i%ld", (const char *)dir, i);
		switch (i % 4) {
		case 0:
			fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
			ret = fd;
			break;
		case 1:
			ret = mkdir(path, 0777);
			break;
		case 2:
			ret = symlink("x", path);
			break;
		default:
			ret = mknod(path, S_IFIFO | 0600, 0);
		}
		if (ret < 0) {
			shared->err = errno;
			break;
		}
		if (fd >= 0)
			close(fd);
	}
	return i;
}

TEST_F(quota, inodes)
{
	int i;

	EXPECT_EQ(0, set_ihard(A, self->world.inodes_a + 10));
	/* Wherever it is */
	EXPECT_EQ(10, CALL_A(do_inodes, "host", 20, 0));
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_INODES_A(10);
	/* Each kind is refused. */
	EXPECT_EQ(-disk->full, CALL_A(do_file, "a/x", 0, 1));
	EXPECT_EQ(-disk->full, CALL_A(do_mkdir, "a/x", 0, 0));
	EXPECT_EQ(-disk->full, CALL_A(do_symlink, "x", "a/x", 0));
	EXPECT_EQ(-disk->full, CALL_A(do_mknod, "a/x", S_IFIFO | 0600, 0));
	EXPECT_EQ(-disk->full, CALL_A(do_mknod, "a/x", S_IFCHR | 0600,
				      makedev(1, 3)));
	EXPECT_EQ(-disk->full, CALL_A(do_tmpfile, "a", 0, 0));
	EXPECT_EQ(-disk->full, CALL_A(do_rename, "host/i0", "host/y",
				      RENAME_WHITEOUT));
	EXPECT_INODES_A(10);
	/* What is there can still be renamed, linked and removed. */
	EXPECT_EQ(0, CALL_A(do_rename, "host/i0", "host/y", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "host/y", "host/i0", 0));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, CALL_A(do_unlink, "host/i0", 0, 0));
		EXPECT_INODES_A(9);
		EXPECT_EQ(1, CALL_A(do_inodes, "host", 1, 0));
		EXPECT_INODES_A(10);
	}
	EXPECT_EQ(10, CALL_B(do_inodes, "b", 10, 0));
	EXPECT_EQ(self->world.inodes_b + 10,
		  settled_inodes(B, self->world.inodes_b + 10));
}

/* CAP_SYS_RESOURCE is what it is on other kernels, for the host. */
TEST_F(quota, host_is_exempt)
{
	const long limit = disk->limit;

	EXPECT_EQ(0, set_hard(A, limit));
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_WRITE, 0));
	EXPECT_FULL(limit, self->block);
	if (variant->kind == XFS) {
		/* There, only the superuser's own quota is never enforced. */
		EXPECT_GT(1 * MB, do_file(P("a/host"), 1 * MB, 2));
		EXPECT_EQ(disk->full, shared->err);
		EXPECT_GE(limit, space(A));
	} else {
		EXPECT_EQ(1 * MB, do_file(P("a/host"), 1 * MB, 2));
		EXPECT_LT(limit, space(A));
		EXPECT_EQ(0, verify("a/host", 0, 1 * MB, 2));
		/* Which gives the member no more. */
		EXPECT_EQ(0, CALL_A(do_file, "a/more", self->block, 1));
		EXPECT_EQ(disk->full, shared->err);
	}
	/* Outside of the tree it has no limit. */
	EXPECT_EQ(8 * MB, do_file(P("host/f"), 8 * MB, 2));
	EXPECT_B_UNTOUCHED();
}

/* Without CAP_SYS_RESOURCE and as nobody it is no different. */
static long do_fill_nobody(long path, long b, long c)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid) {
		if (become_nobody())
			_exit(1);
		_exit(do_fill(path, FILL_WRITE, 0) <= 0);
	}
	return waitpid(pid, &status, 0) == pid ? status : -errno;
}

TEST_F(quota, unprivileged)
{
	EXPECT_EQ(0, set_hard(A, disk->limit));
	EXPECT_EQ(0, CALL_A(do_fill_nobody, "a/fill", 0, 0));
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_FULL(disk->limit, self->block);
}

TEST_F(quota, neighbours)
{
	const long limit = disk->limit;

	EXPECT_EQ(0, set_hard(A, limit));
	EXPECT_EQ(0, set_hard(B, limit));
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_WRITE, 0));
	EXPECT_FULL(limit, self->block);
	EXPECT_B_UNTOUCHED();
	EXPECT_EQ(limit / 2, CALL_B(do_file, "b/f", limit / 2, 2));
	EXPECT_EQ(0, verify("b/f", 0, limit / 2, 2));
	EXPECT_EQ(self->world.space_b + limit / 2,
		  settled_space(B, self->world.space_b + limit / 2));
	EXPECT_FULL(limit, self->block);
	/* A writes where it may, not what it may. */
	EXPECT_GE(disk->slack + self->block,
		  CALL_A(do_file, "host/f", 1 * MB, 3));
	EXPECT_GE(limit, space(A));
}

/* A child context that has no id of its own has its parent's tag. */
TEST_F(quota, nested)
{
	ASSERT_EQ(0, CALL_A(do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_LT(65535, CALL_A(do_self_id, 0, 0, 0));
	EXPECT_EQ(0, CALL_A(do_file, "host/f", 0, 1));
	EXPECT_EQ(A, tag("host/f"));
	EXPECT_INODES_A(1);
	EXPECT_EQ(0, set_hard(A, disk->limit));
	EXPECT_LT(0, CALL_A(do_fill, "host/fill", FILL_WRITE, 0));
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_FULL(disk->limit, self->block);
}

/* One that has none has no quota, but cannot choose a tag either. */
TEST_F(quota, dynamic)
{
	struct agent agent = {};
	long id;

	ASSERT_EQ(0, agent_start_in(&agent, VCTX_ID_NEW));
	id = agent_call(&agent, do_self_id, 0, 0, 0);
	EXPECT_EQ(0, agent_call(&agent, do_file, P("host/f"), 0, 1));
	EXPECT_EQ(0, tag("host/f"));
	EXPECT_EQ(-EPERM, agent_call(&agent, do_set_tag, P("host/f"), A, 0));
	EXPECT_EQ(0, tag("host/f"));
	EXPECT_INODES_A(0);
	agent_stop(&agent);
	EXPECT_EQ(0, ctx_end_dynamic(id));
}

/* What a context has on disk is there again when it is. */
TEST_F(quota, outlives_the_context)
{
	EXPECT_EQ(64 * KB, CALL_A(do_file, "a/f", 64 * KB, 1));
	agent_stop(&self->world.a);
	ASSERT_EQ(0, ctx_end(A));
	EXPECT_SPACE_A(64 * KB);
	ASSERT_EQ(0, ctx_mkdir(A));
	ASSERT_EQ(0, agent_start_in(&self->world.a, A));
	EXPECT_EQ(0, set_hard(A, self->world.space_a + 64 * KB));
	EXPECT_GE(0, CALL_A(do_file, "a/g", self->block, 1));
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_SPACE_A(64 * KB);
}

/* Soft limits, and events */

static bool told(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLPRI };
	char buf[LIMITS_SIZE];
	int n = poll(&poll_fd, 1, PATIENCE_MS);

	read_fd(fd, buf, sizeof(buf));
	return n == 1 && (poll_fd.revents & POLLPRI);
}

TEST_F(quota, soft)
{
	const long soft = disk->limit / 2, hard = disk->limit;
	struct if_dqblk blk;
	char buf[LIMITS_SIZE], path[64];
	int events;

	events = open(ctx_path(path, A, "events"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, events);
	read_fd(events, buf, sizeof(buf));
	EXPECT_EQ(0, ctx_number(A, "events", "quota_soft"));
	EXPECT_EQ(0, ctx_number(A, "events", "quota_grace"));
	EXPECT_EQ(0, ctx_number(A, "events", "quota_hard"));

	EXPECT_EQ(0, set_limits(PRJQUOTA, A, soft, hard, 0, 0));
	EXPECT_EQ(64 * KB, CALL_A(do_file, "a/f", 64 * KB, 1));
	EXPECT_EQ(0, ctx_number(A, "events", "quota_soft"));
	EXPECT_EQ(soft, CALL_A(do_file, "a/g", soft, 1));
	EXPECT_TRUE(told(events));
	EXPECT_LE(1, ctx_number(A, "events", "quota_soft"));
	EXPECT_EQ(0, ctx_number(A, "events", "quota_hard"));
	settle();
	ASSERT_EQ(0, quota_get(PRJQUOTA, A, &blk));
	EXPECT_LT(time(NULL), (long)blk.dqb_btime);

	/* The time of grace is over: it is as hard as the other. */
	blk.dqb_btime = time(NULL) - 10;
	blk.dqb_valid = QIF_BTIME;
	EXPECT_EQ(0, quotactl_at(MNT, Q_SETQUOTA, PRJQUOTA, A, &blk));
	EXPECT_GE(0, CALL_A(do_file, "a/h", self->block, 1));
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_TRUE(told(events));
	EXPECT_LE(1, ctx_number(A, "events", "quota_grace"));
	EXPECT_EQ(0, ctx_number(A, "events", "quota_hard"));

	/* Below it, everything is as it was. */
	EXPECT_EQ(0, CALL_A(do_unlink, "a/g", 0, 0));
	EXPECT_LE(0, CALL_A(do_unlink, "a/h", 0, 0) + ENOENT);
	EXPECT_SPACE_A(64 * KB);
	EXPECT_EQ(64 * KB, CALL_A(do_file, "a/g", 64 * KB, 1));
	EXPECT_EQ(0, CALL_A(do_unlink, "a/g", 0, 0));
	EXPECT_EQ(0, ctx_number(B, "events", "quota_soft"));
	close(events);
}

TEST_F(quota, hard_events)
{
	char buf[LIMITS_SIZE], path[64];
	long before;
	int events;

	events = open(ctx_path(path, A, "events"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, events);
	read_fd(events, buf, sizeof(buf));
	EXPECT_EQ(0, set_hard(A, disk->limit));
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_WRITE, 0));
	EXPECT_TRUE(told(events));
	before = ctx_number(A, "events", "quota_hard");
	EXPECT_LE(1, before);
	EXPECT_EQ(0, CALL_A(do_unlink, "a/fill", 0, 0));
	EXPECT_SPACE_A(0);

	/* Inodes as well */
	EXPECT_EQ(0, set_ihard(A, self->world.inodes_a + 1));
	EXPECT_EQ(1, CALL_A(do_inodes, "a", 2, 0));
	EXPECT_TRUE(told(events));
	EXPECT_LT(before, ctx_number(A, "events", "quota_hard"));
	EXPECT_EQ(0, ctx_number(B, "events", "quota_hard"));
	close(events);
}

/* df: its limits and usage, wherever it looks */

static long do_statfs(long path, long what, long c)
{
	struct statfs st;

	if (statfs((const char *)path, &st))
		return -errno;
	switch (what) {
	case 0:
		return st.f_blocks * st.f_bsize;
	case 1:
		return st.f_bfree * st.f_bsize;
	case 2:
		return st.f_bavail * st.f_bsize;
	case 3:
		return st.f_files;
	default:
		return st.f_ffree;
	}
}

TEST_F(quota, statfs)
{
	static const char *const paths[] = {
		"a", "a/f", "b", "host", ".", "host/f",
	};
	const long hard = 32 * MB, size = 1 * MB, ihard = 1000;
	long all = do_statfs(P("."), 0, 0), all_files = do_statfs(P("."), 3, 0);
	long used, files;
	unsigned int i;

	EXPECT_EQ(size, CALL_A(do_file, "a/f", size, 1));
	EXPECT_EQ(0, host_file("host/f", 2 * MB));
	settle();
	used = self->world.space_a + size;
	files = self->world.inodes_a + 1;
	EXPECT_EQ(used, space(A));

	EXPECT_EQ(0, set_limits(PRJQUOTA, A, 0, hard, 0, ihard));
	for (i = 0; i < (int)ARRAY_SIZE(paths); i++) {
		EXPECT_EQ(hard, CALL_A(do_statfs, paths[i], 0, 0)) {
			TH_LOG("%s", paths[i]);
		}
		EXPECT_EQ(hard - used, CALL_A(do_statfs, paths[i], 1, 0));
		EXPECT_EQ(hard - used, CALL_A(do_statfs, paths[i], 2, 0));
		EXPECT_EQ(ihard, CALL_A(do_statfs, paths[i], 3, 0));
		EXPECT_EQ(ihard - files, CALL_A(do_statfs, paths[i], 4, 0));
	}
	/* The soft limit is what df shows, if there is one. */
	EXPECT_EQ(0, set_limits(PRJQUOTA, A, hard / 2, hard, 0, 0));
	EXPECT_EQ(hard / 2, CALL_A(do_statfs, "host", 0, 0));
	EXPECT_EQ(hard / 2 - used, CALL_A(do_statfs, "host", 2, 0));
	/* Nothing that the filesystem does not have */
	EXPECT_EQ(0, set_hard(A, 1024 * 1024 * MB));
	EXPECT_EQ(all, CALL_A(do_statfs, ".", 0, 0));
	EXPECT_GE(all, CALL_A(do_statfs, ".", 2, 0));
	/* More is used than it may be: nothing is left. */
	EXPECT_EQ(0, set_hard(A, size / 2));
	EXPECT_EQ(size / 2, CALL_A(do_statfs, ".", 0, 0));
	EXPECT_EQ(0, CALL_A(do_statfs, ".", 1, 0));
	EXPECT_EQ(0, CALL_A(do_statfs, ".", 2, 0));
	/* Neither the neighbour nor the host see any of it. */
	EXPECT_EQ(all, CALL_B(do_statfs, ".", 0, 0));
	EXPECT_EQ(all, do_statfs(P("."), 0, 0));
	if (variant->kind != XFS)
		EXPECT_EQ(all_files, do_statfs(P("."), 3, 0));
	EXPECT_EQ(all, do_statfs(P("host"), 0, 0));
}

/* quota(1) */

static long do_quotactl(long cmd, long type, long id)
{
	struct if_dqblk blk = {
		.dqb_bhardlimit = 1024 * 1024,
		.dqb_valid = QIF_BLIMITS,
	};
	int err = quotactl_at(MNT, cmd, type, id, &blk);

	return err ?: cmd == Q_GETQUOTA ? (long)blk.dqb_curspace : 0;
}

/* The same by the name of the device */
static long do_quotactl_device(long cmd, long type, long id)
{
	struct if_dqblk blk = {
		.dqb_bhardlimit = 1024 * 1024,
		.dqb_valid = QIF_BLIMITS,
	};
	char path[32];

	return syscall(__NR_quotactl, QCMD(cmd, type), disk_device(path), id,
		       &blk) ? -errno : 0;
}

static long do_quota_flags(long cmd, long type, long b)
{
	unsigned int flags = FS_QUOTA_PDQ_ENFD;

	return quotactl_at(MNT, cmd, type, 0, &flags);
}

TEST_F(quota, quotactl)
{
	struct if_dqblk blk;

	EXPECT_EQ(0, set_hard(A, disk->limit));
	EXPECT_EQ(64 * KB, CALL_A(do_file, "a/f", 64 * KB, 1));
	EXPECT_SPACE_A(64 * KB);
	EXPECT_EQ(self->world.space_a + 64 * KB,
		  CALL_A(do_quotactl, Q_GETQUOTA, PRJQUOTA, A));
	EXPECT_EQ(0, CALL_A(do_quotactl_device, Q_GETQUOTA, PRJQUOTA, A));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_GETQUOTA, PRJQUOTA, B));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl_device, Q_GETQUOTA, PRJQUOTA, B));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_GETQUOTA, PRJQUOTA, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_GETQUOTA, PRJQUOTA, A + 1000));

	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_SETQUOTA, PRJQUOTA, A));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_SETQUOTA, PRJQUOTA, B));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_SETQUOTA, PRJQUOTA, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_SETQUOTA, USRQUOTA, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl_device, Q_SETQUOTA, PRJQUOTA, A));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_SETINFO, PRJQUOTA, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_QUOTAOFF, PRJQUOTA, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_QUOTAOFF, USRQUOTA, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl_device, Q_QUOTAOFF, PRJQUOTA, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quota_flags, Q_XQUOTAOFF, PRJQUOTA, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quota_flags, Q_XQUOTAON, PRJQUOTA, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quota_flags, Q_XQUOTARM, PRJQUOTA, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_XSETQLIM, PRJQUOTA, A));

	/* Which has changed nothing. */
	ASSERT_EQ(0, quota_get(PRJQUOTA, A, &blk));
	EXPECT_EQ(disk->limit / KB, (long)blk.dqb_bhardlimit);
	ASSERT_EQ(0, quota_get(PRJQUOTA, B, &blk));
	EXPECT_EQ(0, (long)blk.dqb_bhardlimit);
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_WRITE, 0));
	EXPECT_EQ(disk->full, shared->err);

	/* The host may. */
	EXPECT_EQ(self->world.space_b,
		  do_quotactl(Q_GETQUOTA, PRJQUOTA, B));
}

static long do_chdir(long path, long b, long c)
{
	return chdir((const char *)path) ? -errno : 0;
}

/* Of users, a member's root sees its own, and not those of other contexts. */
TEST_F(quota, quotactl_users)
{
	EXPECT_LE(0, CALL_A(do_quotactl, Q_GETQUOTA, USRQUOTA, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_GETQUOTA, USRQUOTA, 1000));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_GETQUOTA, USRQUOTA, NOBODY));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl, Q_GETQUOTA, GRPQUOTA, 1000));
	/* By the device, it has to be on a mount that says what ids are. */
	EXPECT_LE(0, CALL_A(do_quotactl_device, Q_GETQUOTA, USRQUOTA, 0));
	EXPECT_EQ(0, CALL_A(do_chdir, "/", 0, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_quotactl_device, Q_GETQUOTA, USRQUOTA, 0));
	EXPECT_EQ(0, CALL_A(do_quotactl_device, Q_GETQUOTA, PRJQUOTA, A));
	EXPECT_EQ(0, CALL_A(do_chdir, MNT, 0, 0));
}

/* (context, user): uid on disk is id << 16 | uid, by an idmapped mount. */

#ifndef __NR_open_tree
#define __NR_open_tree		428
#define __NR_move_mount		429
#endif
#ifndef __NR_mount_setattr
#define __NR_mount_setattr	442
#endif

#define DISK_UID(_ctx, _uid) ((__u32)(_ctx) << 16 | (_uid))

/* A user namespace in which @first and those after it are 0 and so on. */
static int idmap_fd(__u32 first)
{
	char path[64], map[64];
	int pair[2], fd = -1, ok;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		char done = unshare(CLONE_NEWUSER) ? 'n' : 'y';

		if (write(pair[1], &done, 1) == 1)
			pause();
		_exit(0);
	}
	if (pid > 0) {
		char done = 0;

		ok = read(pair[0], &done, 1) == 1 && done == 'y';
		snprintf(map, sizeof(map), "%u 0 65536\n", first);
		snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
		ok = ok && !write_file(path, map, strlen(map));
		snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
		ok = ok && !write_file(path, map, strlen(map));
		snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		if (ok)
			fd = open(path, O_RDONLY | O_CLOEXEC);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	close(pair[0]);
	close(pair[1]);
	return fd;
}

/* Mounts the tree on itself with the mapping of context @id. */
static int idmap_mount(const char *path, __u32 id)
{
	struct mount_attr attr = { .attr_set = 0x00100000 /* MOUNT_ATTR_IDMAP */ };
	int tree, ns, err = 0;

	ns = idmap_fd(DISK_UID(id, 0));
	if (ns < 0)
		return -EINVAL;
	attr.userns_fd = ns;
	tree = syscall(__NR_open_tree, AT_FDCWD, path,
		       1 /* OPEN_TREE_CLONE */ | O_CLOEXEC);
	if (tree < 0 ||
	    syscall(__NR_mount_setattr, tree, "", AT_EMPTY_PATH, &attr,
		    sizeof(attr)) ||
	    syscall(__NR_move_mount, tree, "", AT_FDCWD, path,
		    4 /* MOVE_MOUNT_F_EMPTY_PATH */))
		err = -errno;
	if (tree >= 0)
		close(tree);
	close(ns);
	return err;
}

/* The effective user of the member, for what comes next */
static long do_be(long uid, long b, long c)
{
	return seteuid(0) || seteuid(uid) ? -errno : 0;
}

static long do_user_space(long path, long uid, long b)
{
	struct if_dqblk blk = {};
	int err = quotactl_at((const char *)path, Q_GETQUOTA, USRQUOTA, uid,
			      &blk);

	return err ?: (long)blk.dqb_curspace;
}

TEST_F(quota, users)
{
	const __u32 user = DISK_UID(A, 1000), root = DISK_UID(A, 0);
	const long size = 64 * KB;

	ASSERT_EQ(0, lchown("a", root, root) ? -errno : 0);
	ASSERT_EQ(0, idmap_mount("a", A));
	settle();
	EXPECT_EQ(size, CALL_A(do_file, "a/root", size, 1));
	EXPECT_EQ(0, CALL_A(do_be, 1000, 0, 0));
	EXPECT_EQ(2 * size, CALL_A(do_file, "a/user", 2 * size, 2));
	settle();
	EXPECT_EQ(2 * size, user_space(user));
	EXPECT_LE(size, user_space(root));
	EXPECT_EQ(0, user_space(1000));
	EXPECT_SPACE_A(3 * size);

	/* The user sees his own; nobody else's. */
	EXPECT_EQ(2 * size, CALL_A(do_user_space, "a", 1000, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_user_space, "a", 1001, 0));
	/* Root of the context sees all of its users. */
	EXPECT_EQ(0, CALL_A(do_be, 0, 0, 0));
	EXPECT_EQ(2 * size, CALL_A(do_user_space, "a", 1000, 0));
	EXPECT_EQ(user_space(root), CALL_A(do_user_space, "a", 0, 0));

	/* It is the filesystem that refuses, within the context's limit. */
	EXPECT_EQ(0, set_limits(USRQUOTA, user, 0, 4 * size, 0, 0));
	EXPECT_EQ(0, CALL_A(do_be, 1000, 0, 0));
	EXPECT_GE(2 * size, CALL_A(do_file, "a/more", 8 * size, 3));
	EXPECT_EQ(EDQUOT, shared->err);
	EXPECT_GE(4 * size, user_space(user));
	EXPECT_EQ(0, CALL_A(do_be, 0, 0, 0));
	EXPECT_EQ(0, set_limits(USRQUOTA, user, 0, 0, 0, 0));
	EXPECT_EQ(0, verify("a/user", 0, 2 * size, 2));

	agent_stop(&self->world.a);
	EXPECT_EQ(0, ctx_end(A));
	EXPECT_EQ(0, umount2("a", MNT_DETACH) ? -errno : 0);
}

TEST_HARNESS_MAIN
