// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * writer: uses a disk, and is strict about what it is refused with
 *
 *	writer churn DIR SEED [SECONDS]	makes, changes and removes files in DIR
 *					at random; SECONDS of 0, or none: until
 *					it is killed
 *	writer fill FILE [BYTES]	writes until it is refused, or has BYTES;
 *					prints how many it has, and the errno
 *	writer verify DIR		are the contents of files that churn has
 *					left right?
 *
 * It is meant to be at its limit: what it is refused there, with EDQUOT or
 * ENOSPC, is counted, and then some file goes.  Anything else is an error.
 *
 * A file's blocks of 8 bytes tell its seed and their place in it.  Zeroes are
 * right, too: they are where a hole is, or where a crash has come before the
 * data.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define KIB	1024
#define CHUNK	(64 * KIB)

/* Files of a writer */
#define FILES	64
/* The largest of them */
#define BIG	(1024 * KIB)

static long refused;
static uint64_t state;

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *format, ...)
{
	va_list args;

	fputs("writer: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* xorshift64: the same seed does the same */
static unsigned int pick(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)((state >> 16) % n);
}

/* Is what has failed the quota's doing? */
static int is_refusal(int err)
{
	return err == EDQUOT || err == ENOSPC;
}

static void failed(const char *what, const char *path)
{
	if (!is_refusal(errno))
		die("%s %s: %s", what, path, strerror(errno));
	refused++;
}

static void fill_pattern(uint64_t *word, size_t len, uint64_t off, uint64_t seed)
{
	size_t i;

	for (i = 0; i < len / 8; i++)
		word[i] = (off / 8 + i) << 16 | (seed & 0xffff);
}

static int check_pattern(const uint64_t *word, size_t len, uint64_t off,
			 uint64_t seed)
{
	size_t i;

	for (i = 0; i < len / 8; i++)
		if (word[i] && word[i] != ((off / 8 + i) << 16 | (seed & 0xffff)))
			return -1;
	return 0;
}

/* --- churn ----------------------------------------------------------------- */

static void file_path(char *path, size_t size, const char *dir, unsigned int i)
{
	snprintf(path, size, "%s/%02u", dir, i);
}

/* A file's seed is its number, whatever happens to it. */
static void write_file(const char *path, unsigned int i)
{
	static uint64_t buf[CHUNK / 8];
	uint64_t off = (uint64_t)pick(BIG / 4096) * 4096;
	size_t len = (1 + pick(CHUNK / 4096)) * 4096;
	size_t times = 1 + pick(4);
	int fd, failed_sync;

	fd = open(path, O_RDWR | O_CREAT | (pick(8) ? 0 : O_TRUNC), 0644);
	if (fd < 0) {
		failed("open", path);
		return;
	}
	for (; times--; off += len) {
		ssize_t n;

		fill_pattern(buf, len, off, i);
		n = pwrite(fd, buf, len, (off_t)off);
		if (n < 0) {
			failed("write", path);
			break;
		}
		if ((size_t)n < len) {
			refused++;
			break;
		}
	}
	failed_sync = !pick(16) && fsync(fd);
	if (failed_sync)
		failed("fsync", path);
	close(fd);
}

static void preallocate(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0644);

	if (fd < 0) {
		failed("open", path);
		return;
	}
	if (fallocate(fd, 0, (off_t)pick(BIG / 4096) * 4096,
		      (off_t)(1 + pick(64)) * 4096))
		failed("fallocate", path);
	close(fd);
}

static void punch(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		return;
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)pick(BIG / 4096) * 4096,
		      (off_t)(1 + pick(64)) * 4096))
		failed("punch", path);
	close(fd);
}

static void shorten(const char *path)
{
	if (truncate(path, (off_t)pick(BIG / 4096) * 4096) && errno != ENOENT)
		failed("truncate", path);
}

static void set_xattr(const char *path)
{
	static char value[900];

	if (pick(2)) {
		if (setxattr(path, "user.writer", value, 100 + pick(800), 0) &&
		    errno != ENOENT)
			failed("setxattr", path);
	} else if (removexattr(path, "user.writer") && errno != ENODATA &&
		   errno != ENOENT) {
		failed("removexattr", path);
	}
}

static void many_names(const char *dir)
{
	char path[300], name[300];
	unsigned int i = pick(FILES);

	snprintf(path, sizeof(path), "%s/d%02u", dir, i);
	if (mkdir(path, 0755) && errno != EEXIST) {
		failed("mkdir", path);
		return;
	}
	snprintf(name, sizeof(name), "%.200s/d%02u/%02u", dir, i, pick(FILES));
	if (pick(3)) {
		if (symlink("a-target-that-is-not-there", name) &&
		    errno != EEXIST)
			failed("symlink", name);
	} else if (unlink(name) && errno != ENOENT) {
		failed("unlink", name);
	}
	if (!pick(4) && rmdir(path) && errno != ENOTEMPTY && errno != ENOENT)
		failed("rmdir", path);
}

/* A file with two names, one of which goes again */
static void link_file(const char *path, const char *dir)
{
	char name[300];

	snprintf(name, sizeof(name), "%s/link", dir);
	if (unlink(name) && errno != ENOENT)
		failed("unlink", name);
	if (link(path, name) && errno != ENOENT)
		failed("link", name);
}

static void churn(const char *dir, unsigned int seed, long seconds)
{
	time_t end = time(NULL) + seconds;
	char path[300];

	state = 88172645463325252ULL + seed * 2654435761ULL;
	if (mkdir(dir, 0755) && errno != EEXIST)
		die("mkdir %s: %s", dir, strerror(errno));
	while (!seconds || time(NULL) < end) {
		unsigned int i = pick(FILES);
		long before = refused;

		file_path(path, sizeof(path), dir, i);
		switch (pick(12)) {
		case 0 ... 5:
			write_file(path, i);
			break;
		case 6:
			preallocate(path);
			break;
		case 7:
			punch(path);
			break;
		case 8:
			shorten(path);
			break;
		case 9:
			set_xattr(path);
			break;
		case 10:
			many_names(dir);
			break;
		default:
			link_file(path, dir);
		}
		/* At the limit, but not below it for long */
		if (refused != before && !pick(4)) {
			file_path(path, sizeof(path), dir, pick(FILES));
			if (unlink(path) && errno != ENOENT)
				failed("unlink", path);
		}
	}
	printf("refused %ld\n", refused);
}

/* --- fill, verify ---------------------------------------------------------- */

static void fill(const char *path, long long most)
{
	static uint64_t buf[CHUNK / 8];
	long long done = 0;
	int fd, err = 0;

	fd = open(path, O_WRONLY | O_CREAT, 0644);
	if (fd < 0) {
		err = errno;
		most = 0;
	}
	while (!most || done < most) {
		size_t len = most && most - done < 4096 ?
			     (size_t)(most - done) : 4096;
		ssize_t n;

		if (fd < 0)
			break;
		fill_pattern(buf, len, (uint64_t)done, 0);
		n = pwrite(fd, buf, len, done);
		if (n < 0) {
			err = errno;
			break;
		}
		done += n;
	}
	if (fd >= 0 && fsync(fd) && !err)
		err = errno;
	if (err && !is_refusal(err))
		die("%s: %s", path, strerror(err));
	printf("%lld %s\n", done,
	       !err ? "-" : err == EDQUOT ? "EDQUOT" : "ENOSPC");
}

static void verify_file(const char *path, unsigned int seed)
{
	static uint64_t buf[CHUNK / 8];
	uint64_t off = 0;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	while ((n = pread(fd, buf, sizeof(buf), (off_t)off)) > 0) {
		if (check_pattern(buf, (size_t)n, off, seed))
			die("%s: has what is not its own, near %llu", path,
			    (unsigned long long)off);
		off += (uint64_t)n;
	}
	if (n < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void verify(const char *dir)
{
	char path[300];
	unsigned int i;
	struct stat st;

	for (i = 0; i < FILES; i++) {
		file_path(path, sizeof(path), dir, i);
		if (!lstat(path, &st))
			verify_file(path, i);
	}
}

int main(int argc, char *argv[])
{
	if (argc >= 4 && argc <= 5 && !strcmp(argv[1], "churn"))
		churn(argv[2], (unsigned int)atoi(argv[3]),
		      argc > 4 ? atol(argv[4]) : 0);
	else if (argc >= 3 && argc <= 4 && !strcmp(argv[1], "fill"))
		fill(argv[2], argc > 3 ? atoll(argv[3]) : 0);
	else if (argc == 3 && !strcmp(argv[1], "verify"))
		verify(argv[2]);
	else
		die("see the top of writer.c");
	return 0;
}
