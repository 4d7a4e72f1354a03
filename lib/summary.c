// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvctx: all contexts in one read
 *
 * A monitor reads this many times a minute with thousands of contexts, so
 * there is one pass over the text, and memory is kept from read to read.  The
 * resources of all contexts lie in one array, in the order of the contexts.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define RES_FIELDS	5	/* usage:peak:soft:hard:fail */

static int grow(void **array, size_t *space, size_t need, size_t element)
{
	size_t want = *space ? *space : 64;
	void *new;

	if (need <= *space)
		return 0;
	while (want < need) {
		if (want > SIZE_MAX / 2 / element)
			return -ENOMEM;
		want *= 2;
	}
	new = realloc(*array, want * element);
	if (!new)
		return -ENOMEM;
	*array = new;
	*space = want;
	return 0;
}

/* A number of the kernel: digits, or "max" where there may be one. */
static int parse_field(const char *text, size_t len, int max,
		       unsigned long long *value)
{
	if (max && len == 3 && !memcmp(text, "max", 3)) {
		*value = VCTX_MAX;
		return 0;
	}
	return vctx_parse_u64(text, len, value);
}

/* "usage:peak:soft:hard:fail"; later kernels may add fields at the end */
static int parse_res(const char *text, size_t len,
		     unsigned long long field[RES_FIELDS])
{
	size_t at = 0;
	int i;

	for (i = 0; i < RES_FIELDS; i++) {
		const char *colon;
		size_t end;

		if (at > len)
			return -EINVAL;
		colon = memchr(text + at, ':', len - at);
		end = colon ? (size_t)(colon - text) : len;
		if (parse_field(text + at, end - at, i == 2 || i == 3,
				&field[i]))
			return -EINVAL;
		at = end + 1;
	}
	return 0;
}

static int key_is(const char *key, size_t len, const char *word)
{
	return strlen(word) == len && !memcmp(key, word, len);
}

/*
 * Known keys.  Return: 1 if it is one and good, 0 if it is none, -EINVAL if it
 * is one and its value is not.
 */
static int parse_key(struct vctx_info *info, const char *key, size_t klen,
		     const char *value, size_t vlen)
{
	int err;

	if (key_is(key, klen, "members")) {
		err = vctx_parse_u64(value, vlen, &info->members);
	} else if (key_is(key, klen, "age_usec")) {
		err = vctx_parse_u64(value, vlen, &info->age_usec);
	} else if (key_is(key, klen, "cpu_usec")) {
		err = vctx_parse_u64(value, vlen, &info->cpu_usec);
	} else if (key_is(key, klen, "parent")) {
		err = vctx_parse_u32(value, vlen, &info->parent);
	} else if (key_is(key, klen, "depth")) {
		err = vctx_parse_u32(value, vlen, &info->depth);
	} else if (key_is(key, klen, "flags")) {
		vctx_flags_from_text(info, value, vlen);
		err = vlen ? 0 : -EINVAL;
	} else if (key_is(key, klen, "name")) {
		if (!vlen || vlen >= sizeof(info->name))
			return -EINVAL;
		if (vlen != 1 || *value != '-')
			memcpy(info->name, value, vlen);
		err = 0;
	} else {
		return 0;
	}
	return err ? -EINVAL : 1;
}

/* Return: 1 if the line is good, 0 if it is to be left out, or -ENOMEM. */
static int parse_line(struct vctx_list *list, struct vctx_info *info,
		      size_t res_used, const char *line, size_t len)
{
	const char *end = line + len;
	const char *space = memchr(line, ' ', len);
	const char *p;

	if (memchr(line, '\0', len))
		return 0;
	memset(info, 0, sizeof(*info));
	info->ceiling = ULLONG_MAX;
	if (vctx_parse_u32(line, space ? (size_t)(space - line) : len,
			   &info->id))
		return 0;

	for (p = space ? space + 1 : end; p < end; ) {
		const char *stop = memchr(p, ' ', (size_t)(end - p));
		const char *equal;
		unsigned long long field[RES_FIELDS];
		size_t klen, vlen;
		struct vctx_res *res;
		int known;

		if (!stop)
			stop = end;
		equal = memchr(p, '=', (size_t)(stop - p));
		if (!equal)
			return 0;
		klen = (size_t)(equal - p);
		vlen = (size_t)(stop - equal - 1);
		known = parse_key(info, p, klen, equal + 1, vlen);
		if (known < 0)
			return 0;
		/* Whatever looks like a resource is one, others are skipped. */
		if (!known && klen && klen < VCTX_RES_NAME_LEN &&
		    !parse_res(equal + 1, vlen, field)) {
			if (grow((void **)&list->res, &list->res_space,
				 res_used + info->nr_res + 1, sizeof(*res)))
				return -ENOMEM;
			res = &list->res[res_used + info->nr_res++];
			memset(res->name, 0, sizeof(res->name));
			memcpy(res->name, p, klen);
			res->usage = field[0];
			res->peak = field[1];
			res->soft = field[2];
			res->hard = field[3];
			res->fail = field[4];
		}
		p = stop + 1;
	}
	return 1;
}

/**
 * vctx_parse_summary() - understand the text of summary
 * @list: receives the contexts; what it had is replaced, its memory reused
 * @text: the text, which need not end in a NUL byte
 * @len: its length
 *
 * For who has the text from elsewhere, as a monitor that replays a recording.
 * A line that is cut off or not understood is left out and counted in
 * @list->skipped; keys that are not known are skipped.  If a context is there
 * twice in a row, the later line counts.
 *
 * Return: 0; -ENOMEM, with an empty list.
 */
int vctx_parse_summary(struct vctx_list *list, const char *text, size_t len)
{
	const char *end = text + len;
	size_t res_used = 0;
	size_t i;
	int good;

	list->nr = 0;
	list->skipped = 0;
	list->unsorted = 0;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		struct vctx_info *info;

		if (!stop) {
			list->skipped++;
			break;
		}
		if (grow((void **)&list->info, &list->info_space, list->nr + 1,
			 sizeof(*info))) {
			list->nr = 0;
			return -ENOMEM;
		}
		info = &list->info[list->nr];
		good = parse_line(list, info, res_used, text,
				  (size_t)(stop - text));
		if (good < 0) {
			list->nr = 0;
			return good;
		}
		text = stop + 1;
		if (!good) {
			list->skipped++;
			continue;
		}
		if (list->nr && info[-1].id == info->id) {
			size_t old = info[-1].nr_res;

			res_used -= old;
			if (info->nr_res)
				memmove(&list->res[res_used],
					&list->res[res_used + old],
					info->nr_res * sizeof(*list->res));
			info[-1] = *info;
			info--;
		} else {
			if (list->nr && info[-1].id > info->id)
				list->unsorted = 1;
			list->nr++;
		}
		res_used += info->nr_res;
	}

	/* Only now the array of resources moves no more. */
	for (i = 0, res_used = 0; i < list->nr; i++) {
		list->info[i].res = list->info[i].nr_res ?
				    &list->res[res_used] : NULL;
		res_used += list->info[i].nr_res;
	}
	return 0;
}

/**
 * vctx_read_summary() - read all contexts
 * @list: receives them; VCTX_LIST_INIT before the first time
 *
 * Return: 0; -ENOENT if there is no vctxfs, or the caller is a member of a
 * context (and not the watcher); -ENOMEM; or what read(2) failed with.  If
 * reading fails, the list keeps what it had.
 */
int vctx_read_summary(struct vctx_list *list)
{
	char path[VCTX_PATH_LEN];
	size_t len;
	int err;

	err = vctx_path(path, sizeof(path), "%s/summary", vctx_root());
	if (!err)
		err = vctx_read_file(path, &list->text, &list->text_space,
				     &len);
	if (err)
		return err;
	return vctx_parse_summary(list, list->text, len);
}

/**
 * vctx_list_free() - give the memory of a list back
 * @list: empty afterwards, and may be used again
 */
void vctx_list_free(struct vctx_list *list)
{
	free(list->info);
	free(list->res);
	free(list->text);
	memset(list, 0, sizeof(*list));
}

static int compare_id(const void *key, const void *element)
{
	unsigned int id = *(const unsigned int *)key;
	const struct vctx_info *info = element;

	return id < info->id ? -1 : id > info->id;
}

/**
 * vctx_list_find() - a context of a list by its id
 * @list: the list
 * @id: the context
 *
 * Return: the context, valid until the list is read again; NULL if it is not
 * there.
 */
struct vctx_info *vctx_list_find(const struct vctx_list *list, unsigned int id)
{
	size_t i;

	if (!list->nr)
		return NULL;
	if (!list->unsorted)
		return bsearch(&id, list->info, list->nr, sizeof(*list->info),
			       compare_id);
	for (i = 0; i < list->nr; i++)
		if (list->info[i].id == id)
			return &list->info[i];
	return NULL;
}

/**
 * vctx_info_res() - a resource of a context by its name
 * @info: the context
 * @name: "nproc", ...
 *
 * Return: the resource; NULL if the kernel has none of that name.
 */
const struct vctx_res *vctx_info_res(const struct vctx_info *info,
				     const char *name)
{
	size_t i;

	for (i = 0; i < info->nr_res; i++)
		if (!strcmp(info->res[i].name, name))
			return &info->res[i];
	return NULL;
}
