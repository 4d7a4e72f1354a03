// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that describe contexts, see conf.h
 *
 * A line is empty, a comment, "[SECTION]" or "KEY = VALUE"; of section quota,
 * "PATH LIMITS...", of section devices, "c|b MAJOR:MINOR ACCESS".  After an error
 * the next line is looked at, so that all errors of a file are told at once.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"

/* Whatever is longer was not meant to be read. */
#define FILE_LARGEST	(1 << 20)

/* Longest value, with its final NUL */
#define VALUE_LEN	256

/* Longest list of addresses, likewise */
#define ADDRESSES_LEN	(2 * VCTX_BIND_MAX * (VCTX_ADDR_LEN + 2))

/* Longest path, likewise */
#define PATH_LEN	4096

/* More resources than any kernel has */
#define LIMITS_MOST	256

/* More filesystems than a context has files on */
#define QUOTA_MOST	256

enum section {
	SECTION_TOP,
	SECTION_LIMITS,
	SECTION_SCHED,
	SECTION_QUOTA,
	SECTION_ADDRESSES,
	SECTION_DEVICES,
	SECTION_BAD,		/* its keys are passed over */
};

static const struct vctx_sched new_sched = VCTX_SCHED_INIT;

/* A piece of a line */
struct word {
	const char *text;
	size_t len;
};

struct parser {
	struct conf *conf;
	conf_report_fn report;
	void *arg;
	int errors;
	enum section section;
	unsigned int limits_line;
	unsigned int sched_line;
	unsigned int quota_line;
	unsigned int addresses_line;
	unsigned int devices_line;
	unsigned int device_line[VCTX_DEVICES_MAX];	/* of each device */
	struct conf_pos address_pos;			/* of the keys */
	struct conf_pos broadcast_pos;
	unsigned int flag_line;				/* of the flag sched */
	struct conf_pos setting_pos[VCTX_SCHED_NR];	/* of keys */
	struct conf_pos burst_pos;			/* of its value */
	unsigned int line;
	const char *begin;	/* of the line */
};

static struct conf_pos here(const struct parser *p, const char *where)
{
	return (struct conf_pos){
		.line = p->line,
		.column = (unsigned int)(where - p->begin) + 1,
	};
}

static void bad_at(struct parser *p, struct conf_pos pos, const char *text)
{
	p->errors++;
	p->report(p->arg, p->conf->file, pos, text);
}

static void __attribute__((format(printf, 3, 4)))
bad(struct parser *p, const char *where, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	bad_at(p, here(p, where), text);
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int word_is(struct word w, const char *text)
{
	return strlen(text) == w.len && !memcmp(w.text, text, w.len);
}

static const char *skip_blanks(const char *s, const char *end)
{
	while (s < end && is_blank(*s))
		s++;
	return s;
}

static struct word trim(const char *s, const char *end)
{
	s = skip_blanks(s, end);
	while (end > s && is_blank(end[-1]))
		end--;
	return (struct word){ s, (size_t)(end - s) };
}

/* Where a comment begins: "#", first in the line or after a blank. */
static const char *find_comment(const char *s, const char *end)
{
	const char *begin = s;

	for (; s < end; s++)
		if (*s == '#' && (s == begin || is_blank(s[-1])))
			return s;
	return end;
}

/* A copy with a NUL; false, after an error, if it is too long. */
static int copy_word(struct parser *p, struct word w, char text[VALUE_LEN])
{
	if (w.len >= VALUE_LEN) {
		bad(p, w.text, "the value is too long");
		return 0;
	}
	memcpy(text, w.text, w.len);
	text[w.len] = '\0';
	return 1;
}

static int is_second(struct parser *p, struct word key, struct conf_pos first)
{
	if (!first.line)
		return 0;
	bad(p, key.text, "%.*s is set in line %u already", (int)key.len,
	    key.text, first.line);
	return 1;
}

static void parse_id(struct parser *p, struct word key, struct word value)
{
	char text[VALUE_LEN];
	unsigned int id;

	if (is_second(p, key, p->conf->id_pos) || !copy_word(p, value, text))
		return;
	p->conf->id_pos = here(p, key.text);
	if (vctx_parse_id(text, &id))
		bad(p, value.text, "'%s' is not an id, a number from %u to %u",
		    text, VCTX_ID_STATIC_MIN, VCTX_ID_STATIC_MAX);
	else if (id < VCTX_ID_STATIC_MIN || id > VCTX_ID_STATIC_MAX)
		bad(p, value.text, "id %u is not from %u to %u", id,
		    VCTX_ID_STATIC_MIN, VCTX_ID_STATIC_MAX);
	else
		p->conf->id = id;
}

static void parse_name(struct parser *p, struct word key, struct word value)
{
	char text[VALUE_LEN];

	if (is_second(p, key, p->conf->name_pos) || !copy_word(p, value, text))
		return;
	p->conf->name_pos = here(p, key.text);
	if (vctx_valid_name(text))
		strcpy(p->conf->name, text);
	else
		bad(p, value.text, "'%s' is not a name: a letter or _, then letters, digits, _ . -, %d at most",
		    text, VCTX_NAME_LEN - 1);
}

static void add_flag(struct parser *p, const char *where, unsigned int flag)
{
	if (flag == VCTX_FLAG_SCHED) {
		p->conf->sched.on = 1;
		p->conf->sched_pos = here(p, where);
		p->flag_line = p->line;
	} else {
		p->conf->flags |= flag;
	}
}

static void parse_flags(struct parser *p, struct word key, struct word value)
{
	const char *end = value.text + value.len;
	const char *s = value.text;

	if (is_second(p, key, p->conf->flags_pos))
		return;
	p->conf->flags_pos = here(p, key.text);
	for (;;) {
		const char *comma = memchr(s, ',', (size_t)(end - s));
		struct word w = trim(s, comma ? comma : end);
		char text[VALUE_LEN];
		unsigned int flag;

		if (!w.len)
			bad(p, w.text, "a flag is missing");
		else if (!copy_word(p, w, text))
			return;
		else if (vctx_parse_flags(text, &flag))
			bad(p, w.text, "unknown flag '%s'", text);
		else if (flag == VCTX_FLAG_FAKEINIT)
			bad(p, w.text, "flag '%s' is given at entry: chcontext --flag %s",
			    text, text);
		else
			add_flag(p, w.text, flag);
		if (!comma)
			return;
		s = comma + 1;
	}
}

/**
 * conf_find_limit() - the limits of a resource
 * @conf: what a file says
 * @name: the resource
 *
 * Return: its limits; NULL if the file has none.
 */
const struct conf_limit *conf_find_limit(const struct conf *conf,
					 const char *name)
{
	size_t i;

	for (i = 0; i < conf->nr_limits; i++)
		if (!strcmp(conf->limit[i].name, name))
			return &conf->limit[i];
	return NULL;
}

static struct conf_limit *add_limit(struct conf *conf, const char *name,
				    size_t len)
{
	struct conf_limit *limit;

	limit = realloc(conf->limit, (conf->nr_limits + 1) * sizeof(*limit));
	if (!limit)
		return NULL;
	conf->limit = limit;
	limit += conf->nr_limits++;
	memset(limit, 0, sizeof(*limit));
	memcpy(limit->name, name, len);
	limit->soft = VCTX_MAX;
	limit->hard = VCTX_MAX;
	return limit;
}

static void parse_limit(struct parser *p, struct word key, struct word value)
{
	struct vctx_limit parsed;
	const struct conf_limit *old;
	struct conf_limit *limit;
	char text[VALUE_LEN];
	int err;

	if (key.len >= sizeof(limit->name) ||
	    p->conf->nr_limits == LIMITS_MOST) {
		bad(p, key.text, "unknown resource '%.*s'", (int)key.len,
		    key.text);
		return;
	}
	limit = add_limit(p->conf, key.text, key.len);
	if (!limit) {
		bad(p, key.text, "%s", strerror(ENOMEM));
		return;
	}
	old = conf_find_limit(p->conf, limit->name);
	if (old != limit) {
		p->conf->nr_limits--;
		is_second(p, key, old->pos);
		return;
	}
	limit->pos = here(p, key.text);
	if (!copy_word(p, value, text))
		return;
	err = vctx_parse_limit(text, &parsed);
	if (err == -ERANGE) {
		bad(p, value.text, "limit '%s' is too large", text);
	} else if (err) {
		bad(p, value.text, "limit '%s' is not SOFT:HARD, SOFT:, :HARD or one value",
		    text);
	} else {
		if (parsed.set & VCTX_LIMIT_SOFT)
			limit->soft = parsed.soft;
		if (parsed.set & VCTX_LIMIT_HARD)
			limit->hard = parsed.hard;
		if (limit->soft != VCTX_MAX && limit->soft > limit->hard)
			bad(p, value.text, "the soft limit is above the hard limit");
	}
}

/**
 * conf_find_quota() - the limits on a filesystem
 * @conf: what a file says
 * @path: what it calls the filesystem
 *
 * Return: the limits; NULL if there are none.
 */
const struct conf_quota *conf_find_quota(const struct conf *conf,
					 const char *path)
{
	size_t i;

	for (i = 0; i < conf->nr_quota; i++)
		if (!strcmp(conf->quota[i].path, path))
			return &conf->quota[i];
	return NULL;
}

/**
 * conf_add_quota() - limit a context on one more filesystem
 * @conf: gets it
 * @path: names the filesystem
 * @quota: has limits
 * @pos: of the path
 *
 * Return: 0; -ENOMEM.
 */
int conf_add_quota(struct conf *conf, const char *path,
		   const struct vctx_quota *quota, struct conf_pos pos)
{
	struct conf_quota *more = realloc(conf->quota,
					  (conf->nr_quota + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	conf->quota = more;
	more += conf->nr_quota;
	more->path = strdup(path);
	if (!more->path)
		return -ENOMEM;
	more->quota = *quota;
	more->pos = pos;
	conf->nr_quota++;
	return 0;
}

/* A path, in which blanks and the like are in octal: "\040" */
static int parse_path(struct parser *p, struct word w, char text[PATH_LEN])
{
	const char *end = w.text + w.len;
	const char *s = w.text;
	char *to = text;

	if (w.len >= PATH_LEN) {
		bad(p, w.text, "the path is too long");
		return 0;
	}
	while (s < end) {
		if (*s != '\\') {
			*to++ = *s++;
			continue;
		}
		if (end - s < 4 || s[1] < '0' || s[1] > '3' || s[2] < '0' ||
		    s[2] > '7' || s[3] < '0' || s[3] > '7' ||
		    !memcmp(s + 1, "000", 3)) {
			bad(p, s, "a \\ is not followed by an octal number of three digits");
			return 0;
		}
		*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
			       (s[3] - '0'));
		s += 4;
	}
	*to = '\0';
	if (*text == '/')
		return 1;
	bad(p, w.text, "'%.*s' is not a path from /", (int)w.len, w.text);
	return 0;
}

/* "blocks=SOFT:HARD" or "inodes=SOFT:HARD" */
static void parse_quota_limit(struct parser *p, struct word w,
			      struct vctx_quota_limits *limits)
{
	char text[VALUE_LEN];

	if (!copy_word(p, w, text))
		return;
	switch (vctx_parse_quota(text, limits)) {
	case 0:
		break;
	case -ENOENT:
		bad(p, w.text, "'%s' is neither blocks=LIMIT nor inodes=LIMIT",
		    text);
		break;
	case -EEXIST:
		bad(p, w.text, "%.6s is set twice", text);
		break;
	case -ERANGE:
		bad(p, w.text, "limit '%s' is too large", text);
		break;
	default:
		bad(p, w.text, "limit '%s' is not SOFT:HARD, SOFT:, :HARD or one value",
		    text);
		break;
	}
}

/* The next word of a line */
static struct word next_word(const char **s, const char *end)
{
	struct word w = { skip_blanks(*s, end), 0 };

	for (*s = w.text; *s < end && !is_blank(**s); )
		(*s)++;
	w.len = (size_t)(*s - w.text);
	return w;
}

/* "PATH blocks=SOFT:HARD inodes=SOFT:HARD" */
static void parse_quota(struct parser *p, const char *s, const char *end)
{
	struct vctx_quota quota = { .id = 0 };
	struct vctx_quota_limits limits = { .space = { .set = 0 } };
	const struct conf_quota *old;
	int errors = p->errors;
	char path[PATH_LEN];
	struct word key, w;
	const char *why;

	end = find_comment(s, end);
	key = next_word(&s, end);
	if (!parse_path(p, key, path))
		return;
	old = conf_find_quota(p->conf, path);
	if (old) {
		is_second(p, key, old->pos);
		return;
	}
	if (p->conf->nr_quota == QUOTA_MOST) {
		bad(p, key.text, "too many filesystems");
		return;
	}
	w = next_word(&s, end);
	if (!w.len)
		bad(p, w.text, "%.*s has no limit", (int)key.len, key.text);
	for (; w.len; w = next_word(&s, end))
		parse_quota_limit(p, w, &limits);
	quota.space = quota.inodes = (struct vctx_quota_use){
		.soft = VCTX_MAX,
		.hard = VCTX_MAX,
	};
	vctx_merge_quota(&quota, &limits);
	why = vctx_check_quota(&quota);
	if (why && errors == p->errors)
		bad(p, key.text, "%s", why);
	if (conf_add_quota(p->conf, path, &quota, here(p, key.text)))
		bad(p, key.text, "%s", strerror(ENOMEM));
}

static int find_setting(struct word key, enum vctx_sched_setting *setting)
{
	char text[VALUE_LEN];

	if (key.len >= sizeof(text))
		return -ENOENT;
	memcpy(text, key.text, key.len);
	text[key.len] = '\0';
	return vctx_sched_setting(text, setting);
}

static void parse_sched(struct parser *p, struct word key, struct word value)
{
	struct vctx_sched parsed = p->conf->sched;
	enum vctx_sched_setting setting;
	char text[VALUE_LEN];
	const char *why;

	if (find_setting(key, &setting)) {
		bad(p, key.text, "unknown setting '%.*s'; there are: "
		    VCTX_SCHED_KEYS, (int)key.len, key.text);
		return;
	}
	if (is_second(p, key, p->setting_pos[setting]))
		return;
	p->setting_pos[setting] = here(p, key.text);
	if (!copy_word(p, value, text))
		return;
	if (vctx_parse_sched(setting, text, &parsed)) {
		bad(p, value.text, "'%s' is not a value for %s", text,
		    vctx_sched_key(setting));
		return;
	}
	/* The cap may come after the burst, see check_burst(). */
	why = setting == VCTX_SCHED_BURST ? NULL :
					    vctx_check_sched(setting, &parsed);
	if (why)
		bad(p, value.text, "%s", why);
	else if (setting == VCTX_SCHED_ON && p->flag_line && !parsed.on)
		bad(p, value.text, "sched is among the flags in line %u",
		    p->flag_line);
	else
		p->conf->sched = parsed;
	if (setting == VCTX_SCHED_BURST)
		p->burst_pos = here(p, value.text);
}

static void check_burst(struct parser *p)
{
	const char *why;

	if (!p->burst_pos.line)
		return;
	why = vctx_check_sched(VCTX_SCHED_BURST, &p->conf->sched);
	if (why)
		bad_at(p, p->burst_pos, why);
}

/* "address = ADDRESS, ADDRESS" */
static void parse_address(struct parser *p, struct word value)
{
	const char *end = value.text + value.len;
	const char *s = value.text;

	for (;;) {
		const char *comma = memchr(s, ',', (size_t)(end - s));
		struct word w = trim(s, comma ? comma : end);
		char text[VALUE_LEN];
		struct vctx_addr addr;
		int err;

		if (!w.len) {
			bad(p, w.text, "an address is missing");
		} else if (!copy_word(p, w, text)) {
			return;
		} else {
			err = vctx_parse_addr(text, &addr);
			if (err == -EADDRNOTAVAIL)
				bad(p, w.text, "'%s' is not the address of a host",
				    text);
			else if (err)
				bad(p, w.text, "'%s' is not an address", text);
			else if (vctx_add_addr(&p->conf->addresses, &addr))
				bad(p, w.text, "more than %d addresses of a family",
				    VCTX_BIND_MAX);
		}
		if (!comma)
			return;
		s = comma + 1;
	}
}

static void parse_addresses(struct parser *p, struct word key,
			    struct word value)
{
	struct in_addr broadcast;
	char text[VALUE_LEN];

	if (word_is(key, "address")) {
		if (is_second(p, key, p->address_pos))
			return;
		p->address_pos = here(p, key.text);
		parse_address(p, value);
	} else if (word_is(key, "broadcast")) {
		if (is_second(p, key, p->broadcast_pos) ||
		    !copy_word(p, value, text))
			return;
		p->broadcast_pos = here(p, key.text);
		if (inet_pton(AF_INET, text, &broadcast) != 1 ||
		    !broadcast.s_addr)
			bad(p, value.text, "'%s' is no IPv4 address", text);
		else
			p->conf->addresses.broadcast = broadcast.s_addr;
	} else {
		bad(p, key.text, "unknown key '%.*s'; address and broadcast are known here",
		    (int)key.len, key.text);
	}
}

static void check_addresses(struct parser *p)
{
	if (p->addresses_line && !p->address_pos.line)
		bad_at(p, p->conf->addresses_pos, "there is no address");
}

/* "c MAJOR:MINOR ACCESS" */
static void parse_device(struct parser *p, const char *s, const char *end)
{
	struct vctx_devices *list = &p->conf->devices;
	struct word w = trim(s, find_comment(s, end));
	const struct vctx_device *old;
	struct vctx_device dev;
	char text[VALUE_LEN];
	const char *why;
	size_t at;

	if (!copy_word(p, w, text))
		return;
	why = vctx_parse_device(text, &dev, &at);
	if (why) {
		bad(p, w.text + at, "%s", why);
		return;
	}
	old = vctx_find_device(list, &dev);
	if (old) {
		bad(p, w.text, "this device is in line %u already",
		    p->device_line[old - list->dev]);
		return;
	}
	if (vctx_add_device(list, &dev))
		bad(p, w.text, "more than %d devices", VCTX_DEVICES_MAX);
	else
		p->device_line[list->nr - 1] = p->line;
}

/* True, after an error, if a section has begun before. */
static int begins_again(struct parser *p, const char *where, const char *name,
			unsigned int *line)
{
	if (*line) {
		bad(p, where, "section [%s] has begun in line %u already", name,
		    *line);
		return 1;
	}
	*line = p->line;
	return 0;
}

/* "[SECTION]" */
static void parse_section(struct parser *p, const char *s, const char *end)
{
	const char *close = memchr(s, ']', (size_t)(end - s));
	struct word name, rest;

	p->section = SECTION_BAD;
	if (!close) {
		bad(p, s, "']' is missing");
		return;
	}
	name = trim(s + 1, close);
	rest = trim(close + 1, find_comment(close + 1, end));
	if (rest.len) {
		bad(p, rest.text, "there is something after ']'");
		return;
	}
	if (word_is(name, "limits")) {
		p->section = SECTION_LIMITS;
		begins_again(p, s, "limits", &p->limits_line);
	} else if (word_is(name, "sched")) {
		p->section = SECTION_SCHED;
		if (begins_again(p, s, "sched", &p->sched_line))
			return;
		p->conf->sched.on = 1;
		p->conf->sched_pos = here(p, s);
	} else if (word_is(name, "quota")) {
		p->section = SECTION_QUOTA;
		if (!begins_again(p, s, "quota", &p->quota_line))
			p->conf->quota_pos = here(p, s);
	} else if (word_is(name, "addresses")) {
		p->section = SECTION_ADDRESSES;
		if (!begins_again(p, s, "addresses", &p->addresses_line))
			p->conf->addresses_pos = here(p, s);
	} else if (word_is(name, "devices")) {
		p->section = SECTION_DEVICES;
		if (begins_again(p, s, "devices", &p->devices_line))
			return;
		p->conf->devices_pos = here(p, s);
		p->conf->devices.nr = 0;
	} else {
		bad(p, s, "unknown section [%.*s]", (int)name.len, name.text);
	}
}

/* "KEY = VALUE" */
static void parse_setting(struct parser *p, const char *s, const char *end)
{
	struct word key = { s, 0 };
	struct word value;

	while (s < end && (isalnum((unsigned char)*s) || *s == '_'))
		s++;
	key.len = (size_t)(s - key.text);
	s = skip_blanks(s, end);
	if (!key.len || s == end || *s != '=') {
		bad(p, s, key.len ? "'=' is missing" :
		    "neither a comment, nor [SECTION], nor KEY = VALUE");
		return;
	}
	value = trim(s + 1, find_comment(s + 1, end));
	if (p->section == SECTION_BAD)
		return;
	if (!value.len) {
		bad(p, value.text, "%.*s has no value", (int)key.len, key.text);
		return;
	}
	if (p->section == SECTION_LIMITS)
		parse_limit(p, key, value);
	else if (p->section == SECTION_SCHED)
		parse_sched(p, key, value);
	else if (p->section == SECTION_ADDRESSES)
		parse_addresses(p, key, value);
	else if (word_is(key, "id"))
		parse_id(p, key, value);
	else if (word_is(key, "name"))
		parse_name(p, key, value);
	else if (word_is(key, "flags"))
		parse_flags(p, key, value);
	else
		bad(p, key.text, "unknown key '%.*s'; id, name and flags are known here",
		    (int)key.len, key.text);
}

static void parse_line(struct parser *p, const char *end)
{
	const char *s;

	for (s = p->begin; s < end; s++) {
		if (!is_blank(*s) && ((unsigned char)*s < ' ' || *s == 0x7f)) {
			bad(p, s, "there is a control character");
			return;
		}
	}
	s = skip_blanks(p->begin, end);
	if (s == end || *s == '#')
		return;
	if (*s == '[')
		parse_section(p, s, end);
	else if (p->section == SECTION_QUOTA)
		parse_quota(p, s, end);
	else if (p->section == SECTION_DEVICES)
		parse_device(p, s, end);
	else
		parse_setting(p, s, end);
}

/* The name that a file has by its own name, if that is one */
static void name_of_file(struct conf *conf)
{
	const char *slash = strrchr(conf->file, '/');
	const char *base = slash ? slash + 1 : conf->file;
	size_t len = strlen(base);
	size_t suffix = strlen(CONF_SUFFIX);

	if (len > suffix && !strcmp(base + len - suffix, CONF_SUFFIX))
		len -= suffix;
	if (len >= sizeof(conf->name))
		return;
	memcpy(conf->name, base, len);
	if (!vctx_valid_name(conf->name))
		memset(conf->name, 0, sizeof(conf->name));
}

/**
 * conf_parse() - understand the text of a file
 * @conf: receives what it says, also if that is wrong; conf_free() it
 * @file: what it is called
 * @text: its text, which need not end in a NUL byte
 * @len: how long that is
 * @report: called for each error
 * @arg: handed to @report
 *
 * Return: how many errors there are.
 */
int conf_parse(struct conf *conf, const char *file, const char *text,
	       size_t len, conf_report_fn report, void *arg)
{
	struct parser p = { .conf = conf, .report = report, .arg = arg };
	const char *end = text + len;

	memset(conf, 0, sizeof(*conf));
	conf->sched = new_sched;
	vctx_default_devices(&conf->devices);
	conf->file = strdup(file);
	if (!conf->file) {
		report(arg, file, (struct conf_pos){ 0 }, strerror(ENOMEM));
		return 1;
	}
	for (p.begin = text; p.begin < end; ) {
		const char *stop = memchr(p.begin, '\n',
					  (size_t)(end - p.begin));

		p.line++;
		parse_line(&p, stop ? stop : end);
		p.begin = stop ? stop + 1 : end;
	}
	check_burst(&p);
	check_addresses(&p);
	if (!conf->id_pos.line) {
		p.line = 1;
		p.begin = text;
		bad(&p, text, "there is no id");
	}
	if (!conf->name_pos.line)
		name_of_file(conf);
	return p.errors;
}

/* All of a regular file; NULL with errno. */
static char *read_all(const char *file, size_t *len)
{
	/* O_NONBLOCK: not even a FIFO makes this wait. */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	size_t used = 0;
	struct stat st;
	ssize_t got;
	int err = 0;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st))
		err = errno;
	else if (S_ISDIR(st.st_mode))
		err = EISDIR;
	else if (!S_ISREG(st.st_mode))
		err = EINVAL;
	else if (st.st_size > FILE_LARGEST)
		err = EFBIG;
	else if (!(text = malloc(FILE_LARGEST + 1)))
		err = ENOMEM;
	while (!err) {
		got = read(fd, text + used, FILE_LARGEST + 1 - used);
		if (got > 0)
			used += (size_t)got;
		else if (!got)
			break;
		else if (errno != EINTR)
			err = errno;
		if (used > FILE_LARGEST)
			err = EFBIG;
	}
	close(fd);
	if (err) {
		free(text);
		errno = err;
		return NULL;
	}
	*len = used;
	return text;
}

/**
 * conf_read() - read a file
 * @conf: receives what it says, also if that is wrong; conf_free() it
 * @file: its path
 * @report: called for each error
 * @arg: handed to @report
 *
 * Return: how many errors there are; a file that cannot be read is one.
 */
int conf_read(struct conf *conf, const char *file, conf_report_fn report,
	      void *arg)
{
	size_t len;
	char *text = read_all(file, &len);
	int errors;

	if (!text) {
		memset(conf, 0, sizeof(*conf));
		report(arg, file, (struct conf_pos){ 0 }, strerror(errno));
		return 1;
	}
	errors = conf_parse(conf, file, text, len, report, arg);
	free(text);
	return errors;
}

/**
 * conf_from_state() - what a file would say of a running context
 * @conf: receives it; conf_free() it
 * @state: the context
 *
 * Return: 0; -ENOMEM.
 */
int conf_from_state(struct conf *conf, const struct conf_state *state)
{
	const struct vctx_info *info = &state->info;
	size_t i;

	memset(conf, 0, sizeof(*conf));
	conf->id = info->id;
	strcpy(conf->name, info->name);
	conf->flags = info->flags & ~(VCTX_FLAG_SCHED | VCTX_FLAG_FAKEINIT);
	conf->sched = state->sched;
	conf->addresses = state->addresses;
	conf->devices = state->devices;
	for (i = 0; i < info->nr_res; i++) {
		const struct vctx_res *res = &info->res[i];
		struct conf_limit *limit;

		if (res->soft == VCTX_MAX && res->hard == VCTX_MAX)
			continue;
		limit = add_limit(conf, res->name, strlen(res->name));
		if (!limit) {
			conf_free(conf);
			return -ENOMEM;
		}
		limit->soft = res->soft;
		limit->hard = res->hard;
	}
	return 0;
}

/**
 * conf_free() - give back what reading a file gave
 * @conf: all zeros afterwards
 */
void conf_free(struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->nr_quota; i++)
		free(conf->quota[i].path);
	free(conf->quota);
	free(conf->file);
	free(conf->limit);
	memset(conf, 0, sizeof(*conf));
}

/* "RESOURCE = SOFT:HARD", as short as it can be without losing anything */
static void write_limit(FILE *f, const char *sign,
			const struct conf_limit *limit)
{
	char soft[VCTX_VALUE_LEN], hard[VCTX_VALUE_LEN];
	enum vctx_style style;
	unsigned int kind;

	vctx_res_kind(limit->name, &kind);
	style = kind & VCTX_RES_BYTES ? VCTX_EXACT : VCTX_DIGITS;
	vctx_format_value(limit->soft, style, soft, sizeof(soft));
	vctx_format_value(limit->hard, style, hard, sizeof(hard));
	if (limit->soft == VCTX_MAX)
		fprintf(f, "%s%s = %s\n", sign, limit->name, hard);
	else if (limit->hard == VCTX_MAX)
		fprintf(f, "%s%s = %s:\n", sign, limit->name, soft);
	else
		fprintf(f, "%s%s = %s:%s\n", sign, limit->name, soft, hard);
}

static void write_text(FILE *f, const char *sign, const char *key,
		       const char *value)
{
	if (*value)
		fprintf(f, "%s%s = %s\n", sign, key, value);
}

/* "" for what a new context has */
static const char *setting_text(enum vctx_sched_setting setting,
				const struct vctx_sched *sched,
				char text[VCTX_SCHED_VALUE_LEN])
{
	char new[VCTX_SCHED_VALUE_LEN];

	vctx_format_sched(setting, &new_sched, new, sizeof(new));
	vctx_format_sched(setting, sched, text, VCTX_SCHED_VALUE_LEN);
	return strcmp(text, new) ? text : "";
}

/* The section itself says "on".  A new context needs none. */
static void write_sched(FILE *f, const struct vctx_sched *sched)
{
	char text[VCTX_SCHED_NR][VCTX_SCHED_VALUE_LEN];
	const char *value[VCTX_SCHED_NR];
	int any = 0;
	int i;

	for (i = 0; i < VCTX_SCHED_NR; i++) {
		value[i] = setting_text(i, sched, text[i]);
		any |= *value[i];
	}
	if (!any)
		return;
	value[VCTX_SCHED_ON] = sched->on ? "" : "off";
	fprintf(f, "\n"
		"# SETTING = VALUE, as vsched(8) has them.\n"
		"# What is not listed is as in a new context.\n"
		"[sched]\n");
	for (i = 0; i < VCTX_SCHED_NR; i++)
		write_text(f, "", vctx_sched_key(i), value[i]);
}

static int has_limits(const struct conf_quota *quota)
{
	char text[VCTX_QUOTA_LEN];

	return quota && *vctx_format_quota(&quota->quota, text, sizeof(text));
}

/**
 * conf_has_quota() - is there a limit on a filesystem?
 * @conf: what a file says, or what is so
 *
 * Return: 1 or 0.
 */
int conf_has_quota(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->nr_quota; i++)
		if (has_limits(&conf->quota[i]))
			return 1;
	return 0;
}

/* "PATH blocks=SOFT:HARD inodes=SOFT:HARD", nothing without limits */
static void write_quota(FILE *f, const char *sign,
			const struct conf_quota *quota)
{
	char text[VCTX_QUOTA_LEN];
	const char *s;

	if (!has_limits(quota))
		return;
	fputs(sign, f);
	for (s = quota->path; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c <= ' ' || c == '\\' || c == '#' || c == 0x7f)
			fprintf(f, "\\%03o", c);
		else
			fputc(c, f);
	}
	fprintf(f, " %s\n", vctx_format_quota(&quota->quota, text,
					      sizeof(text)));
}

static void write_quotas(FILE *f, const struct conf *conf)
{
	size_t i;

	if (!conf_has_quota(conf))
		return;
	fprintf(f, "\n"
		"# PATH blocks=SOFT:HARD inodes=SOFT:HARD\n"
		"# Filesystems that are not listed have no limit.\n"
		"[quota]\n");
	for (i = 0; i < conf->nr_quota; i++)
		write_quota(f, "", &conf->quota[i]);
}

/* "ADDRESS, ADDRESS"; "" for none */
static const char *address_text(const struct vctx_addresses *set, char *text,
				size_t size)
{
	char one[VCTX_ADDR_LEN];
	size_t used = 0;
	size_t i;

	text[0] = '\0';
	for (i = 0; i < set->nr; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 used ? ", " : "",
					 vctx_format_addr(&set->addr[i], one,
							  sizeof(one)));
	return text;
}

static const char *broadcast_text(const struct vctx_addresses *set,
				  char text[VCTX_ADDR_LEN])
{
	struct vctx_addr addr = { .family = AF_INET };

	memcpy(addr.addr, &set->broadcast, sizeof(set->broadcast));
	return set->broadcast ? vctx_format_addr(&addr, text, VCTX_ADDR_LEN) :
				"";
}

static void write_addresses(FILE *f, const struct vctx_addresses *set)
{
	char all[ADDRESSES_LEN], text[VCTX_ADDR_LEN];

	if (!set->nr)
		return;
	fprintf(f, "\n"
		"# A context that was bound to addresses cannot be set free.\n"
		"[addresses]\n");
	write_text(f, "", "address", address_text(set, all, sizeof(all)));
	write_text(f, "", "broadcast", broadcast_text(set, text));
}

static void write_device(FILE *f, const char *sign,
			 const struct vctx_device *dev)
{
	char text[VCTX_DEVICE_LEN];

	fprintf(f, "%s%s\n", sign, vctx_format_device(dev, text, sizeof(text)));
}

static void write_devices(FILE *f, const struct vctx_devices *list)
{
	struct vctx_devices new;
	size_t i;

	vctx_default_devices(&new);
	if (vctx_same_devices(list, &new))
		return;
	fprintf(f, "\n"
		"# c|b MAJOR:MINOR ACCESS; ACCESS is some of r, w and m (mknod).\n"
		"# What is not listed is refused; without the section, a context has\n"
		"# null, zero, full, random, urandom, tty, ptmx and pts.\n"
		"[devices]\n");
	for (i = 0; i < list->nr; i++)
		write_device(f, "", &list->dev[i]);
}

/**
 * conf_write() - write a file
 * @f: where to; the caller looks whether that went well
 * @conf: what to write
 */
void conf_write(FILE *f, const struct conf *conf)
{
	char flags[VCTX_FLAGS_LEN];
	size_t i;

	fprintf(f, "# A context as \"vctl save\" has found it; see vctx.conf(5).\n"
		"# \"vctl apply\" sets all of it, and at boot vctx.service does.\n\n"
		"id = %u\n", conf->id);
	write_text(f, "", "name", conf->name);
	write_text(f, "", "flags", vctx_format_flags(conf->flags, flags,
						     sizeof(flags)));
	fprintf(f, "\n"
		"# RESOURCE = HARD, SOFT:HARD or SOFT:\n"
		"# What is not listed has no limit.\n"
		"[limits]\n");
	for (i = 0; i < conf->nr_limits; i++)
		write_limit(f, "", &conf->limit[i]);
	write_sched(f, &conf->sched);
	write_addresses(f, &conf->addresses);
	write_devices(f, &conf->devices);
	write_quotas(f, conf);
}

static int diff_text(FILE *f, const char *key, const char *a, const char *b)
{
	if (!strcmp(a, b))
		return 0;
	write_text(f, "-", key, a);
	write_text(f, "+", key, b);
	return 1;
}

static int same_limits(const struct conf_limit *a, const struct conf_limit *b)
{
	unsigned long long soft = b ? b->soft : VCTX_MAX;
	unsigned long long hard = b ? b->hard : VCTX_MAX;

	return a->soft == soft && a->hard == hard;
}

static void diff_limit(FILE *f, const struct conf_limit *a,
		       const struct conf_limit *b, int *found)
{
	if (!(*found)++)
		fprintf(f, " [limits]\n");
	if (a)
		write_limit(f, "-", a);
	if (b)
		write_limit(f, "+", b);
}

static int diff_limits(FILE *f, const struct conf *file,
		       const struct conf *kernel)
{
	int found = 0;
	size_t i;

	for (i = 0; i < file->nr_limits; i++) {
		const struct conf_limit *a = &file->limit[i];
		const struct conf_limit *b = conf_find_limit(kernel, a->name);

		if (!same_limits(a, b))
			diff_limit(f, a, b, &found);
	}
	for (i = 0; i < kernel->nr_limits; i++) {
		const struct conf_limit *b = &kernel->limit[i];

		if (!conf_find_limit(file, b->name) && !same_limits(b, NULL))
			diff_limit(f, NULL, b, &found);
	}
	return found;
}

static int diff_sched(FILE *f, const struct vctx_sched *file,
		      const struct vctx_sched *kernel)
{
	char a[VCTX_SCHED_VALUE_LEN], b[VCTX_SCHED_VALUE_LEN];
	int found = 0;
	int i;

	for (i = 0; i < VCTX_SCHED_NR; i++) {
		const char *x = setting_text(i, file, a);
		const char *y = setting_text(i, kernel, b);

		if (!strcmp(x, y))
			continue;
		if (!found++)
			fprintf(f, " [sched]\n");
		diff_text(f, vctx_sched_key(i), x, y);
	}
	return found;
}

static int same_quota(const struct conf_quota *a, const struct conf_quota *b)
{
	char x[VCTX_QUOTA_LEN] = "", y[VCTX_QUOTA_LEN] = "";

	if (a)
		vctx_format_quota(&a->quota, x, sizeof(x));
	if (b)
		vctx_format_quota(&b->quota, y, sizeof(y));
	return !strcmp(x, y);
}

static void diff_quota(FILE *f, const struct conf_quota *a,
		       const struct conf_quota *b, int *found)
{
	if (same_quota(a, b))
		return;
	if (!(*found)++)
		fprintf(f, " [quota]\n");
	write_quota(f, "-", a);
	write_quota(f, "+", b);
}

/* Without the section, disk quota is not the file's concern. */
static int diff_quotas(FILE *f, const struct conf *file,
		       const struct conf *kernel)
{
	int found = 0;
	size_t i;

	if (!file->quota_pos.line)
		return 0;
	for (i = 0; i < file->nr_quota; i++)
		diff_quota(f, &file->quota[i],
			   conf_find_quota(kernel, file->quota[i].path), &found);
	for (i = 0; i < kernel->nr_quota; i++)
		if (!conf_find_quota(file, kernel->quota[i].path))
			diff_quota(f, NULL, &kernel->quota[i], &found);
	return found;
}

static int diff_addresses(FILE *f, const struct vctx_addresses *file,
			  const struct vctx_addresses *kernel)
{
	char a[ADDRESSES_LEN], b[ADDRESSES_LEN];
	char x[VCTX_ADDR_LEN], y[VCTX_ADDR_LEN];

	if (vctx_same_addresses(file, kernel))
		return 0;
	fprintf(f, " [addresses]\n");
	return diff_text(f, "address", address_text(file, a, sizeof(a)),
			 address_text(kernel, b, sizeof(b))) +
	       diff_text(f, "broadcast", broadcast_text(file, x),
			 broadcast_text(kernel, y));
}

static int same_device(const struct vctx_device *a, const struct vctx_device *b)
{
	return a && b && a->access == b->access;
}

static int diff_devices(FILE *f, const struct vctx_devices *file,
			const struct vctx_devices *kernel)
{
	int found = 0;
	size_t i;

	if (vctx_same_devices(file, kernel))
		return 0;
	fprintf(f, " [devices]\n");
	for (i = 0; i < file->nr; i++) {
		const struct vctx_device *a = &file->dev[i];
		const struct vctx_device *b = vctx_find_device(kernel, a);

		if (same_device(a, b))
			continue;
		found++;
		write_device(f, "-", a);
		if (b)
			write_device(f, "+", b);
	}
	for (i = 0; i < kernel->nr; i++) {
		if (vctx_find_device(file, &kernel->dev[i]))
			continue;
		found++;
		write_device(f, "+", &kernel->dev[i]);
	}
	return found;
}

/**
 * conf_diff() - print what differs
 * @f: where to
 * @file: what the file says; these lines begin with "-"
 * @kernel: what is so, from conf_from_state(); these lines begin with "+"
 *
 * Both are of the same context, and call filesystems the same.  The flags of
 * @kernel may be more than a file can take away: that is a difference
 * nevertheless.
 *
 * Return: how many differences there are.
 */
int conf_diff(FILE *f, const struct conf *file, const struct conf *kernel)
{
	char a[VCTX_FLAGS_LEN], b[VCTX_FLAGS_LEN];
	int found;

	found = diff_text(f, "name", file->name, kernel->name);
	found += diff_text(f, "flags",
			   vctx_format_flags(file->flags, a, sizeof(a)),
			   vctx_format_flags(kernel->flags, b, sizeof(b)));
	found += diff_limits(f, file, kernel);
	found += diff_sched(f, &file->sched, &kernel->sched);
	found += diff_addresses(f, &file->addresses, &kernel->addresses);
	found += diff_devices(f, &file->devices, &kernel->devices);
	return found + diff_quotas(f, file, kernel);
}
