// SPDX-License-Identifier: LGPL-2.1-or-later
/* libvctx: the files of vctxfs, and of /proc */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* One read(2) of the kernel's files gives a page at most. */
#define READ_STEP	16384

/**
 * vctx_root() - where vctxfs is
 *
 * Return: /sys/fs/vctx, or $VCTXFS, which tests set.
 */
const char *vctx_root(void)
{
	const char *root = secure_getenv("VCTXFS");

	return root && *root ? root : "/sys/fs/vctx";
}

/* Likewise $VCTXPROC. */
const char *vctx_proc_root(void)
{
	const char *root = secure_getenv("VCTXPROC");

	return root && *root ? root : "/proc";
}

/* snprintf() that fails rather than cuts. */
int vctx_path(char *path, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(path, size, format, args);
	va_end(args);
	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

/*
 * Read a file from its beginning, wherever it stands, into a buffer that grows;
 * a NUL byte follows the text.
 */
int vctx_read_fd(int fd, char **text, size_t *space, size_t *len)
{
	size_t used = 0;
	int err = 0;

	for (;;) {
		ssize_t got;

		if (*space - used < READ_STEP + 1) {
			size_t want = *space ? *space * 2 : READ_STEP * 2;
			char *new;

			if (want < *space) {
				err = -ENOMEM;
				break;
			}
			new = realloc(*text, want);
			if (!new) {
				err = -ENOMEM;
				break;
			}
			*text = new;
			*space = want;
		}
		got = pread(fd, *text + used, *space - used - 1, (off_t)used);
		if (got < 0) {
			if (errno == EINTR)
				continue;
			err = -errno;
			break;
		}
		if (!got)
			break;
		used += (size_t)got;
	}
	if (!err) {
		(*text)[used] = '\0';
		*len = used;
	}
	return err;
}

int vctx_read_file(const char *path, char **text, size_t *space, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = vctx_read_fd(fd, text, space, len);
	close(fd);
	return err;
}

int vctx_read_context_file(unsigned int id, const char *file, char **text,
			   size_t *len)
{
	char path[VCTX_PATH_LEN];
	size_t space = 0;
	int err;

	*text = NULL;
	err = vctx_path(path, sizeof(path), "%s/%u/%s", vctx_root(), id, file);
	if (!err)
		err = vctx_read_file(path, text, &space, len);
	if (err) {
		free(*text);
		*text = NULL;
		/* It went away between open and read. */
		if (err == -ENODEV)
			err = -ENOENT;
	}
	return err;
}

/* One line, one write, one transaction. */
int vctx_write_context_file(unsigned int id, const char *file, const char *line)
{
	char path[VCTX_PATH_LEN];
	char text[VCTX_LINE_LEN + 2];
	size_t len = strlen(line);
	ssize_t put;
	int err;
	int fd;

	if (strchr(line, '\n'))
		return -EINVAL;
	if (len >= VCTX_LINE_LEN)
		return -E2BIG;
	memcpy(text, line, len);
	text[len++] = '\n';

	err = vctx_path(path, sizeof(path), "%s/%u/%s", vctx_root(), id, file);
	if (err)
		return err;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		put = write(fd, text, len);
	} while (put < 0 && errno == EINTR);
	if (put < 0)
		err = -errno;
	else if ((size_t)put != len)
		err = -EIO;
	close(fd);
	return err == -ENODEV ? -ENOENT : err;
}

/**
 * vctx_check() - can vctx be used here?
 *
 * For a clear message after another call has failed with -ENOENT.
 *
 * Return: 0; -EOPNOTSUPP if the running kernel has no vctx; -ENODEV if vctxfs
 * is not mounted.
 */
int vctx_check(void)
{
	char path[VCTX_PATH_LEN];
	struct vctx_self self;

	if (!vctx_path(path, sizeof(path), "%s/summary", vctx_root()) &&
	    !access(path, F_OK))
		return 0;
	if (vctx_self(&self))
		return -EOPNOTSUPP;
	return self.id != VCTX_ID_HOST && vctx_exists(self.id) ? 0 : -ENODEV;
}

/**
 * vctx_exists() - is there such a context, for the caller?
 * @id: the context
 *
 * Return: 1 or 0.  The host, 0, has no directory and is always there.
 */
int vctx_exists(unsigned int id)
{
	char path[VCTX_PATH_LEN];

	if (id == VCTX_ID_HOST)
		return 1;
	return !vctx_path(path, sizeof(path), "%s/%u", vctx_root(), id) &&
	       !access(path, F_OK);
}

/**
 * vctx_find() - a context by what the user calls it
 * @id_or_name: decimal digits are an id, which need not exist; anything else
 *	is the name of a context that does
 * @id: receives the id
 *
 * Return: 0; -EINVAL for what can be neither; -ERANGE for an id that no
 * context can have; -ENOENT if no context that the caller sees has that name;
 * or as vctx_read_summary().
 */
int vctx_find(const char *id_or_name, unsigned int *id)
{
	struct vctx_list list = VCTX_LIST_INIT;
	struct vctx_info info;
	struct vctx_self self;
	size_t i;
	int err;

	if (*id_or_name >= '0' && *id_or_name <= '9')
		return vctx_parse_id(id_or_name, id);
	if (!vctx_valid_name(id_or_name))
		return -EINVAL;

	err = vctx_read_summary(&list);
	if (err == -ENOENT && !vctx_self(&self) && self.id != VCTX_ID_HOST) {
		/* A member sees its own context and no other. */
		if (vctx_read(self.id, &info))
			return err;
		if (!strcmp(info.name, id_or_name)) {
			*id = self.id;
			err = 0;
		}
		vctx_info_free(&info);
		return err;
	}
	if (!err) {
		err = -ENOENT;
		for (i = 0; i < list.nr; i++) {
			if (!strcmp(list.info[i].name, id_or_name)) {
				*id = list.info[i].id;
				err = 0;
				break;
			}
		}
	}
	vctx_list_free(&list);
	return err;
}

/* The next line of a text, or NULL; a last one that is cut off is none. */
char *vctx_next_line(char **text)
{
	char *line = *text;
	char *stop = strchr(line, '\n');

	if (!stop)
		return NULL;
	*stop = '\0';
	*text = stop + 1;
	return line;
}

static int parse_status_line(struct vctx_info *info, char *line)
{
	char *value = strchr(line, ' ');
	size_t len;
	char *end;

	if (!value)
		return -EPROTO;
	*value++ = '\0';
	len = strlen(value);
	if (!strcmp(line, "id"))
		return vctx_parse_u32(value, len, &info->id);
	if (!strcmp(line, "parent"))
		return vctx_parse_u32(value, len, &info->parent);
	if (!strcmp(line, "depth"))
		return vctx_parse_u32(value, len, &info->depth);
	if (!strcmp(line, "members"))
		return vctx_parse_u64(value, len, &info->members);
	if (!strcmp(line, "age_usec"))
		return vctx_parse_u64(value, len, &info->age_usec);
	if (!strcmp(line, "cpu_usec"))
		return vctx_parse_u64(value, len, &info->cpu_usec);
	if (!strcmp(line, "flags")) {
		vctx_flags_from_text(info, value, len);
	} else if (!strcmp(line, "ceiling")) {
		errno = 0;
		info->ceiling = strtoull(value, &end, 16);
		if (errno || *end || end == value)
			return -EPROTO;
	} else if (!strcmp(line, "name")) {
		if (len >= sizeof(info->name))
			return -EPROTO;
		if (strcmp(value, "-"))
			memcpy(info->name, value, len + 1);
	}
	return 0;
}

/**
 * vctx_read() - read one context
 * @id: the context
 * @info: receives it; give it back with vctx_info_free()
 *
 * Return: 0; -ENOENT if there is no such context for the caller; -ENOMEM;
 * -EPROTO if the kernel's text is not understood; or what read(2) failed with.
 * After an error there is nothing to give back.
 */
int vctx_read(unsigned int id, struct vctx_info *info)
{
	char *text, *rest, *line;
	size_t len;
	int err;

	memset(info, 0, sizeof(*info));
	err = vctx_read_context_file(id, "status", &text, &len);
	if (err)
		return err;
	info->ceiling = ULLONG_MAX;
	for (rest = text; !err && (line = vctx_next_line(&rest)); )
		if (parse_status_line(info, line))
			err = -EPROTO;
	free(text);
	info->id = id;
	if (!err)
		err = vctx_get_limits(id, &info->res, &info->nr_res);
	return err;
}

/**
 * vctx_info_free() - give back what vctx_read() gave
 * @info: its resources are freed
 */
void vctx_info_free(struct vctx_info *info)
{
	free(info->res);
	info->res = NULL;
	info->nr_res = 0;
}

static int parse_limits_line(struct vctx_res *res, char *line)
{
	char *save = NULL;
	char *key, *value;
	char *name = strtok_r(line, " ", &save);
	int err;

	memset(res, 0, sizeof(*res));
	res->soft = VCTX_MAX;
	res->hard = VCTX_MAX;
	if (!name || strlen(name) >= sizeof(res->name))
		return -EPROTO;
	strcpy(res->name, name);
	while ((key = strtok_r(NULL, " ", &save))) {
		unsigned long long *where;

		value = strtok_r(NULL, " ", &save);
		if (!value)
			return -EPROTO;
		if (!strcmp(key, "usage"))
			where = &res->usage;
		else if (!strcmp(key, "peak"))
			where = &res->peak;
		else if (!strcmp(key, "soft"))
			where = &res->soft;
		else if (!strcmp(key, "hard"))
			where = &res->hard;
		else if (!strcmp(key, "fail"))
			where = &res->fail;
		else
			continue;
		if (!strcmp(value, "max")) {
			*where = VCTX_MAX;
			continue;
		}
		err = vctx_parse_u64(value, strlen(value), where);
		if (err)
			return -EPROTO;
	}
	return 0;
}

/**
 * vctx_get_limits() - the resources of a context
 * @id: the context
 * @res: receives them, in the kernel's order; free() it
 * @nr: receives how many
 *
 * Return: 0; errors as vctx_read().
 */
int vctx_get_limits(unsigned int id, struct vctx_res **res, size_t *nr)
{
	char *text, *rest, *line;
	size_t lines = 0;
	size_t used = 0;
	size_t len, i;
	struct vctx_res *all;
	int err;

	err = vctx_read_context_file(id, "limits", &text, &len);
	if (err)
		return err;
	for (i = 0; i < len; i++)
		lines += text[i] == '\n';
	all = calloc(lines + 1, sizeof(*all));
	if (!all) {
		free(text);
		return -ENOMEM;
	}
	for (rest = text; used < lines && (line = vctx_next_line(&rest)); ) {
		err = parse_limits_line(&all[used], line);
		if (err)
			break;
		used++;
	}
	free(text);
	if (err) {
		free(all);
		return err;
	}
	*res = all;
	*nr = used;
	return 0;
}

/**
 * vctx_set_limits() - set limits of a context, all of them or none
 * @id: the context
 * @line: "RESOURCE [soft N|max] [hard N|max]", several resources after one
 *	another if wanted, without a newline
 *
 * After -EINVAL and -ERANGE, vctx_last_error() says why in words.
 *
 * Return: 0; -ENOENT if there is no such context; -EINVAL for a line that the
 * kernel does not take; -ERANGE for 2^63-1 and above; -E2BIG for a line that is
 * too long; -EPERM or -EACCES for who is not the host's administrator.
 */
int vctx_set_limits(unsigned int id, const char *line)
{
	return vctx_write_context_file(id, "limits", line);
}

static int parse_sched_max(struct vctx_sched *sched, const char *value)
{
	const char *period = strchr(value, ' ');
	size_t len = strcspn(value, " ");
	int err;

	if (!period)
		return -EPROTO;
	if (len == 3 && !memcmp(value, "max", len)) {
		sched->quota_usec = VCTX_MAX;
	} else {
		err = vctx_parse_u64(value, len, &sched->quota_usec);
		if (err)
			return err;
	}
	period++;
	return vctx_parse_u64(period, strcspn(period, " "), &sched->period_usec);
}

static int parse_sched_line(struct vctx_sched *sched, char *line)
{
	const struct {
		const char *key;
		unsigned long long *value;
	} numbers[] = {
		{ "burst", &sched->burst_usec },
		{ "usage_usec", &sched->usage_usec },
		{ "nr_periods", &sched->nr_periods },
		{ "nr_throttled", &sched->nr_throttled },
		{ "throttled_usec", &sched->throttled_usec },
		{ "running", &sched->running },
	};
	char *value = strchr(line, ' ');
	unsigned int nice;
	size_t i;
	int err;

	if (!value)
		return -EPROTO;
	*value++ = '\0';
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (!strcmp(line, numbers[i].key))
			return vctx_parse_u64(value, strlen(value),
					      numbers[i].value);
	if (!strcmp(line, "weight"))
		return vctx_parse_u32(value, strlen(value), &sched->weight);
	if (!strcmp(line, "max"))
		return parse_sched_max(sched, value);
	if (!strcmp(line, "nice")) {
		int minus = *value == '-';

		value += minus;
		err = vctx_parse_u32(value, strlen(value), &nice);
		if (err || nice > 20)
			return -EPROTO;
		sched->nice = minus ? -(int)nice : (int)nice;
	} else if (!strcmp(line, "sched")) {
		sched->on = !strcmp(value, "on");
	} else if (!strcmp(line, "idle")) {
		sched->idle = strcmp(value, "0") != 0;
	} else if (!strcmp(line, "rt")) {
		sched->rt = !strcmp(value, "allow");
	}
	return 0;
}

/**
 * vctx_get_sched() - how a context is scheduled
 * @id: the context
 * @sched: receives it
 *
 * Return: 0; errors as vctx_read().
 */
int vctx_get_sched(unsigned int id, struct vctx_sched *sched)
{
	char *text, *rest, *line;
	size_t len;
	int err;

	memset(sched, 0, sizeof(*sched));
	err = vctx_read_context_file(id, "sched", &text, &len);
	if (err)
		return err;
	sched->quota_usec = VCTX_MAX;
	for (rest = text; !err && (line = vctx_next_line(&rest)); )
		if (parse_sched_line(sched, line))
			err = -EPROTO;
	free(text);
	return err;
}

/**
 * vctx_set_sched() - change how a context is scheduled, all of it or nothing
 * @id: the context
 * @line: "KEY VALUE", several after one another if wanted, without a newline:
 *	sched on|off, weight N, idle 0|1, max USEC|max [USEC], burst USEC,
 *	nice N, rt allow|deny
 *
 * Return: 0; -ERANGE for a number outside of its range; -ENOMEM; else as
 * vctx_set_limits().
 */
int vctx_set_sched(unsigned int id, const char *line)
{
	return vctx_write_context_file(id, "sched", line);
}

/**
 * vctx_set_status() - name a context, or add flags to it
 * @id: the context
 * @line: "name NAME", or "flags FLAG[,FLAG]", without a newline
 *
 * Return: 0; -EEXIST for a name that another context has; else as
 * vctx_set_limits().
 */
int vctx_set_status(unsigned int id, const char *line)
{
	return vctx_write_context_file(id, "status", line);
}

/**
 * vctx_last_error() - why the last change was refused, in words
 * @id: the context that was written to, or VCTX_ID_HOST for vctx_create() and
 *	vctx_remove()
 * @text: receives the words without a newline, "" if there are none
 * @size: of @text; VCTX_ERROR_LEN suffices
 *
 * Another process may have caused another error in the meantime.
 *
 * Return: 0; errors as vctx_read().
 */
int vctx_last_error(unsigned int id, char *text, size_t size)
{
	char path[VCTX_PATH_LEN];
	char *all = NULL;
	size_t space = 0;
	size_t len;
	int err;

	if (size)
		text[0] = '\0';
	if (id == VCTX_ID_HOST) {
		err = vctx_path(path, sizeof(path), "%s/last_error",
				vctx_root());
		if (!err)
			err = vctx_read_file(path, &all, &space, &len);
	} else {
		err = vctx_read_context_file(id, "last_error", &all, &len);
	}
	if (!err) {
		all[strcspn(all, "\n")] = '\0';
		if (size && strcmp(all, "ok"))
			snprintf(text, size, "%s", all);
	}
	free(all);
	return err;
}

/**
 * vctx_get_procs() - the processes of a context
 * @id: the context
 * @pids: receives their ids in the caller's pid namespace; free() it
 * @nr: receives how many
 *
 * Return: 0; errors as vctx_read().
 */
int vctx_get_procs(unsigned int id, pid_t **pids, size_t *nr)
{
	char *text, *rest, *line;
	size_t lines = 0;
	size_t used = 0;
	size_t len, i;
	pid_t *all;
	int err;

	err = vctx_read_context_file(id, "procs", &text, &len);
	if (err)
		return err;
	for (i = 0; i < len; i++)
		lines += text[i] == '\n';
	all = calloc(lines + 1, sizeof(*all));
	if (!all) {
		free(text);
		return -ENOMEM;
	}
	for (rest = text; used < lines && (line = vctx_next_line(&rest)); ) {
		unsigned int pid;

		if (vctx_parse_u32(line, strlen(line), &pid) ||
		    pid > INT_MAX) {
			err = -EPROTO;
			break;
		}
		/* 0: not in this pid namespace; it must not reach kill(2) */
		if (pid)
			all[used++] = (pid_t)pid;
	}
	free(text);
	if (err) {
		free(all);
		return err;
	}
	*pids = all;
	*nr = used;
	return 0;
}

/**
 * vctx_kill_all() - kill every member of a context, fork bombs included
 * @id: the context
 *
 * Return: 0; -ENOENT if there is no such context; -EPERM or -EACCES for who is
 * not the host's administrator.
 */
int vctx_kill_all(unsigned int id)
{
	return vctx_write_context_file(id, "kill", "1");
}

/**
 * vctx_create() - make a static context, which stays until vctx_remove()
 * @id: VCTX_ID_STATIC_MIN to VCTX_ID_STATIC_MAX
 *
 * Return: 0; -EEXIST if there is one; -EINVAL for another id; -ENOENT if there
 * is no vctxfs; -EPERM or -EACCES for who is not the host's administrator;
 * -ENOMEM.
 */
int vctx_create(unsigned int id)
{
	char path[VCTX_PATH_LEN];
	int err;

	err = vctx_path(path, sizeof(path), "%s/%u", vctx_root(), id);
	if (err)
		return err;
	return mkdir(path, 0755) ? -errno : 0;
}

/**
 * vctx_remove() - remove a context that vctx_create() made
 * @id: the context
 *
 * Return: 0; -EBUSY if it has members or children, or was not made with
 * vctx_create(); -ENOENT if there is none; -EPERM or -EACCES for the watcher,
 * and for who is not the host's administrator.
 */
int vctx_remove(unsigned int id)
{
	char path[VCTX_PATH_LEN];
	int err;

	err = vctx_path(path, sizeof(path), "%s/%u", vctx_root(), id);
	if (err)
		return err;
	return rmdir(path) ? -errno : 0;
}

/**
 * vctx_of_pid() - the context of a process
 * @pid: the process; the caller must be able to see it
 * @id: receives the context, 0 for the host
 *
 * Return: 0; -ESRCH if the caller sees no such process; -EOPNOTSUPP if the
 * kernel has no vctx; -EPROTO if its text is not understood; or what open(2)
 * or read(2) failed with.
 */
int vctx_of_pid(pid_t pid, unsigned int *id)
{
	char path[VCTX_PATH_LEN];
	char text[32];
	ssize_t got;
	int err;
	int fd;

	err = vctx_path(path, sizeof(path), "%s/%d/attr/vctx/current",
			vctx_proc_root(), pid);
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT)
			return -errno;
		if (vctx_path(path, sizeof(path), "%s/%d", vctx_proc_root(),
			      pid) ||
		    access(path, F_OK))
			return -ESRCH;
		return -EOPNOTSUPP;
	}
	do {
		got = read(fd, text, sizeof(text));
	} while (got < 0 && errno == EINTR);
	err = got < 0 ? -errno : 0;
	close(fd);
	if (err)
		return err;
	if (got && text[got - 1] == '\n')
		got--;
	return vctx_parse_u32(text, (size_t)got, id) ? -EPROTO : 0;
}
