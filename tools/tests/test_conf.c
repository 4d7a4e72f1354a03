// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that describe contexts: what is good, and what is wrong and where */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/tests/test.h"
#include "../conf.h"

static const char example[] =
	"# The web server\n"
	"id = 100\n"
	"name = web\t# its name\n"
	"flags = lock, private\n"
	"\n"
	"[sched]\n"
	"weight = 200\n"
	" cpu=150%/50ms # and a half\n"
	"burst = 50ms\n"
	"nice\t= -5\n"
	"rt = allow\n"
	"\n"
	"[limits]\n"
	"  nproc = 90:100\n"
	"nofile=4K\n"
	"\tntask = 5:\n"
	"memory = :512M   # not a byte more\n"
	"nsock = max\n"
	"npty = max:7\n"
	"\n"
	"[addresses]\n"
	"address = fd00::2 ,10.0.0.2,10.0.0.3\n"
	"broadcast = 10.0.0.255 # of the first\n"
	"\n"
	"[devices]\n"
	"c 1:3 rwm\n"
	"\tb\t8:*  r # a disk\n";

/* What is reported: "LINE:COLUMN: MESSAGE", one a line */
static char reported[8192];
static size_t nr_reported;

static void report(void *arg, const char *file, struct conf_pos pos,
		   const char *message)
{
	size_t used = strlen(reported);

	assert_ptr_equal(arg, reported);
	assert_non_null(file);
	assert_true(strlen(message) > 0);
	assert_null(strchr(message, '\n'));
	snprintf(reported + used, sizeof(reported) - used, "%u:%u: %s\n",
		 pos.line, pos.column, message);
	nr_reported++;
}

static int parse(struct conf *conf, const char *file, const char *text,
		 size_t len)
{
	/* A copy that ends where the text does, for the sanitizer */
	char *copy = malloc(len ? len : 1);
	int errors;

	assert_non_null(copy);
	memcpy(copy, text, len);
	reported[0] = '\0';
	nr_reported = 0;
	errors = conf_parse(conf, file, copy, len, report, reported);
	assert_int_equal(errors, nr_reported);
	free(copy);
	return errors;
}

static int parse_text(struct conf *conf, const char *text)
{
	return parse(conf, "/etc/vctx/file.conf", text, strlen(text));
}

static void check_limit(const struct conf *conf, const char *name,
			unsigned long long soft, unsigned long long hard)
{
	const struct conf_limit *limit = conf_find_limit(conf, name);

	assert_non_null(limit);
	assert_true(limit->soft == soft);
	assert_true(limit->hard == hard);
}

static void test_example(void **state)
{
	struct conf conf;

	(void)state;
	assert_int_equal(parse_text(&conf, example), 0);
	assert_string_equal(conf.file, "/etc/vctx/file.conf");
	assert_int_equal(conf.id, 100);
	assert_int_equal(conf.id_pos.line, 2);
	assert_string_equal(conf.name, "web");
	assert_int_equal(conf.flags, VCTX_FLAG_LOCK | VCTX_FLAG_PRIVATE);
	assert_int_equal(conf.nr_limits, 6);
	check_limit(&conf, "nproc", 90, 100);
	check_limit(&conf, "nofile", VCTX_MAX, 4096);
	check_limit(&conf, "ntask", 5, VCTX_MAX);
	check_limit(&conf, "memory", VCTX_MAX, 512ULL << 20);
	check_limit(&conf, "nsock", VCTX_MAX, VCTX_MAX);
	check_limit(&conf, "npty", VCTX_MAX, 7);
	assert_int_equal(conf.sched.on, 1);
	assert_int_equal(conf.sched_pos.line, 6);
	assert_int_equal(conf.sched.weight, 200);
	assert_int_equal(conf.sched.idle, 0);
	assert_true(conf.sched.quota_usec == 75000);
	assert_true(conf.sched.period_usec == 50000);
	assert_true(conf.sched.burst_usec == 50000);
	assert_int_equal(conf.sched.nice, -5);
	assert_int_equal(conf.sched.rt, 1);
	assert_int_equal(conf.limit[0].pos.line, 14);
	assert_int_equal(conf.limit[0].pos.column, 3);
	assert_null(conf_find_limit(&conf, "nproc "));
	assert_int_equal(conf.addresses_pos.line, 21);
	assert_int_equal(conf.addresses.nr, 3);
	assert_int_equal(conf.addresses.addr[0].addr[3], 2);
	assert_int_equal(conf.addresses.addr[1].addr[3], 3);
	assert_int_equal(conf.addresses.addr[2].family, AF_INET6);
	assert_int_equal(conf.addresses.broadcast, inet_addr("10.0.0.255"));
	assert_int_equal(conf.devices_pos.line, 25);
	assert_int_equal(conf.devices.nr, 2);
	assert_int_equal(conf.devices.dev[1].block, 1);
	assert_int_equal(conf.devices.dev[1].major, 8);
	assert_true(conf.devices.dev[1].minor == VCTX_DEVICE_ANY);
	assert_int_equal(conf.devices.dev[1].access, VCTX_DEVICE_READ);
	conf_free(&conf);
	assert_null(conf.file);
}

static void test_good(void **state)
{
	static const char *const good[] = {
		"id=2", "id=65534\n", " \t id \t = \t 2 \t ", "id = 2 #", "#\nid=2",
		"id = 2\n[ limits ]\n", "id = 2\n[limits] # none\n\n\n",
		"id = 2\nflags = lock\n", "id = 2\nflags=lock ,lock\t,private\n",
		"id = 2\n[limits]\nnproc = 0\n", "id = 2\n[limits]\nnproc = 5:5\n",
		"id = 2\n[limits]\nnproc = 9223372036854775806\n",
		"id = 2\n[limits]\nwhatever_1 = 1\n",
		"id = 2\nname = _a-b.C9\n# \xc3\xa4 in a comment\n",
		"id = 2\n[sched]\n", "id = 2\n[sched]\nsched = on\n",
		"id = 2\nflags = sched\n[sched]\nsched=on\nidle=yes\n",
		"id = 2\n[sched]\nsched = off\nnice = 5\n",
		/* the cap is known only after the burst */
		"id = 2\n[sched]\nburst = 1s\ncpu = 1000%\n",
		"id = 2\n[limits]\nnproc = 5\n[sched]\nburst = 1s\n",
		"id = 2\n[devices]\n", "id = 2\n[devices] # none\n# c 1:3 x\n",
		"id = 2\n[devices]\nc *:* rwm #\nb *:* rwm",
		"id = 2\n[addresses]\naddress=::1\n",
		"id = 2\n[addresses]\nbroadcast = 10.0.0.255\naddress = 10.0.0.2, 10.0.0.2\n",
	};
	struct conf conf;
	size_t i;

	(void)state;
	for (i = 0; i < NR(good); i++) {
		assert_int_equal(parse_text(&conf, good[i]), 0);
		conf_free(&conf);
	}
}

/* "on" is said by the flag, the section, or both. */
static void test_sched(void **state)
{
	static const struct {
		const char *text;
		const char *line;
		unsigned int line_of;
	} scheds[] = {
		{ "id = 2\n", "", 0 },
		{ "id = 2\nflags = lock\n[limits]\n", "", 0 },
		{ "id = 2\nflags = lock,sched\n", "sched on", 2 },
		{ "id = 2\n[sched]\n", "sched on", 2 },
		{ "id = 2\nflags = sched\n[sched]\n", "sched on", 3 },
		{ "id = 2\nflags = sched\n[sched]\nsched = on\n", "sched on", 3 },
		{ "id = 2\nflags = sched\n[sched]\nweight = 5\n",
		  "weight 5 sched on", 3 },
		{ "id = 2\n[sched]\nnice = 5\n", "nice 5 sched on", 2 },
		{ "id = 2\n[sched]\nsched = off\n", "", 2 },
		{ "id = 2\n[sched]\nnice = 5\nsched = off\n", "nice 5", 2 },
		{ "id = 2\n[sched]\nsched = off\nweight = 5\n", "weight 5", 2 },
		{ "id = 2\n[sched]\nweight = 100\ncpu = max\nnice = -20\n",
		  "sched on", 2 },
	};
	static const struct vctx_sched new = VCTX_SCHED_INIT;
	char line[VCTX_SCHED_LINE_LEN];
	struct conf conf;
	size_t i;

	(void)state;
	for (i = 0; i < NR(scheds); i++) {
		assert_int_equal(parse_text(&conf, scheds[i].text), 0);
		vctx_sched_line(&conf.sched, vctx_sched_changes(&conf.sched, &new),
				line, sizeof(line));
		assert_string_equal(line, scheds[i].line);
		assert_int_equal(conf.sched_pos.line, scheds[i].line_of);
		assert_false(conf.flags & VCTX_FLAG_SCHED);
		conf_free(&conf);
	}
}

/* Without a name in it, a file's own name is the context's. */
static void test_file_name(void **state)
{
	static const struct {
		const char *file;
		const char *name;
	} names[] = {
		{ "web.conf", "web" },
		{ "/etc/vctx/web.conf", "web" },
		{ "/etc/vctx/web.example.conf", "web.example" },
		{ "dir.conf/web", "web" },
		{ "100.conf", "" },
		{ ".conf", "" },
		{ "/etc/vctx/a b.conf", "" },
		{ "a234567890123456789012345678901.conf",
		  "a234567890123456789012345678901" },
		{ "a2345678901234567890123456789012.conf", "" },
	};
	struct conf conf;
	size_t i;

	(void)state;
	for (i = 0; i < NR(names); i++) {
		assert_int_equal(parse(&conf, names[i].file, "id=2", 4), 0);
		assert_string_equal(conf.name, names[i].name);
		assert_int_equal(conf.name_pos.line, 0);
		conf_free(&conf);
	}
	assert_int_equal(parse(&conf, "web.conf", "id=2\nname=www", 13), 0);
	assert_string_equal(conf.name, "www");
	conf_free(&conf);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} bad[] = {
		{ "", "1:1: there is no id\n" },
		{ "# nothing\n\n", "1:1: there is no id\n" },
		{ "id = 1", "1:6: id 1 is not from 2 to 65534\n" },
		{ "id = 0", "1:6: id 0 is not from 2 to 65534\n" },
		{ "id = 65535", "1:6: id 65535 is not from 2 to 65534\n" },
		{ "id = 65536", "1:6: id 65536 is not from 2 to 65534\n" },
		{ "id = -2", "1:6: '-2' is not an id, a number from 2 to 65534\n" },
		{ "id = 99999999999999999999",
		  "1:6: '99999999999999999999' is not an id, a number from 2 to 65534\n" },
		{ "id = 2 3", "1:6: '2 3' is not an id, a number from 2 to 65534\n" },
		{ "id = 2#3", "1:6: '2#3' is not an id, a number from 2 to 65534\n" },
		{ "id = 2\nid = 2\n", "2:1: id is set in line 1 already\n" },
		{ "id =\n", "1:5: id has no value\n1:1: there is no id\n" },
		{ "id = # 2\n", "1:6: id has no value\n1:1: there is no id\n" },
		{ "id 2\n", "1:4: '=' is missing\n1:1: there is no id\n" },
		{ "id\n", "1:3: '=' is missing\n1:1: there is no id\n" },
		{ "ID = 2\nid = 2\n",
		  "1:1: unknown key 'ID'; id, name and flags are known here\n" },
		{ "id = 2\nnproc = 5\n",
		  "2:1: unknown key 'nproc'; id, name and flags are known here\n" },
		{ "id = 2\n= 5\n",
		  "2:1: neither a comment, nor [SECTION], nor KEY = VALUE\n" },
		{ "id = 2\n; comment\n",
		  "2:1: neither a comment, nor [SECTION], nor KEY = VALUE\n" },
		{ "id = 2\n\xc3\xa4 = 5\n",
		  "2:1: neither a comment, nor [SECTION], nor KEY = VALUE\n" },
		{ "id = 2\nname = 2b\n",
		  "2:8: '2b' is not a name: a letter or _, then letters, digits, _ . -, 31 at most\n" },
		{ "id = 2\nname = a b\n",
		  "2:8: 'a b' is not a name: a letter or _, then letters, digits, _ . -, 31 at most\n" },
		{ "id = 2\nname = \"web\"\n",
		  "2:8: '\"web\"' is not a name: a letter or _, then letters, digits, _ . -, 31 at most\n" },
		{ "id = 2\nname = a\nname = b\n", "3:1: name is set in line 2 already\n" },
		{ "id = 2\nflags = lock,,private\n", "2:14: a flag is missing\n" },
		{ "id = 2\nflags = lock,\n", "2:14: a flag is missing\n" },
		{ "id = 2\nflags = lock nonsense\n", "2:9: unknown flag 'lock nonsense'\n" },
		{ "id = 2\nflags = lock, Lock, x\n",
		  "2:15: unknown flag 'Lock'\n2:21: unknown flag 'x'\n" },
		{ "id = 2\nflags = lock\nflags = private\n",
		  "3:1: flags is set in line 2 already\n" },
		{ "id = 2\n[limits\nnproc = 1\n", "2:1: ']' is missing\n" },
		{ "id = 2\n[limits] nproc = 1\n", "2:10: there is something after ']'\n" },
		{ "id = 2\n  [limit]\n", "2:3: unknown section [limit]\n" },
		{ "id = 2\n[]\n", "2:1: unknown section []\n" },
		{ "id = 2\n[Limits]\n", "2:1: unknown section [Limits]\n" },
		{ "id = 2\n[sched]\nwait = 100\nid = 3\n",
		  "3:1: unknown setting 'wait'; there are: weight, idle, cpu, burst, nice, rt, sched\n"
		  "4:1: unknown setting 'id'; there are: weight, idle, cpu, burst, nice, rt, sched\n" },
		{ "id = 2\n[sched]\nweight = 0\ncpu = 50\nburst = 5m\nnice = 20\nrt=yes\n  idle = 1\nsched=1\n",
		  "3:10: a weight is from 1 to 10000\n"
		  "4:7: '50' is not a value for cpu\n"
		  "5:9: '5m' is not a value for burst\n"
		  "6:8: a nice value is from -20 to 19\n"
		  "7:4: 'yes' is not a value for rt\n"
		  "8:10: '1' is not a value for idle\n"
		  "9:7: '1' is not a value for sched\n" },
		{ "id = 2\n[sched]\nweight =\n", "3:9: weight has no value\n" },
		{ "id = 2\n[sched]\nweight = 5\nweight = 5\n",
		  "4:1: weight is set in line 3 already\n" },
		{ "id = 2\n[sched]\nweight = x\nweight = 5\n",
		  "3:10: 'x' is not a value for weight\n"
		  "4:1: weight is set in line 3 already\n" },
		{ "id = 2\n[sched]\n[limits]\n[sched]\nrt = 5\n",
		  "4:1: section [sched] has begun in line 2 already\n"
		  "5:6: '5' is not a value for rt\n" },
		{ "flags = lock, sched\nid = 2\n[sched]\nsched = off\n",
		  "4:9: sched is among the flags in line 1\n" },
		{ "id = 2\n[sched]\nburst = 200ms\nnice = 99\ncpu = 150%\n",
		  "4:8: a nice value is from -20 to 19\n"
		  "3:9: a burst is above what the cap allows in a period\n" },
		{ "id = 2\n[sched]\ncpu = 50%/2s\n", "3:7: a period is from 1 ms to 1 s\n" },
		{ "id = 2\n[sched]\ncpu = 0.5%\nburst = 5s\n",
		  "3:7: a cap is at least 1 ms in each period\n" },
		{ "id = 2\n[addresses]\n", "2:1: there is no address\n" },
		{ "id = 2\n[addresses]\nbroadcast = 10.0.0.255\n",
		  "2:1: there is no address\n" },
		{ "id = 2\n[addresses]\naddress = 10.0.0.2,, 10.0.0,0.0.0.0, ff02::1 ,x\n",
		  "3:20: an address is missing\n"
		  "3:22: '10.0.0' is not an address\n"
		  "3:29: '0.0.0.0' is not the address of a host\n"
		  "3:38: 'ff02::1' is not the address of a host\n"
		  "3:47: 'x' is not an address\n" },
		{ "id = 2\n[addresses]\naddress = 10.0.0.2 10.0.0.3\n",
		  "3:11: '10.0.0.2 10.0.0.3' is not an address\n" },
		{ "id = 2\n[addresses]\naddress = 10.0.0.2\naddress = 10.0.0.3\nbroadcast = fd00::1\nbroadcast = 10.0.0.255\nmask = 5\naddress\n",
		  "4:1: address is set in line 3 already\n"
		  "5:13: 'fd00::1' is no IPv4 address\n"
		  "6:1: broadcast is set in line 5 already\n"
		  "7:1: unknown key 'mask'; address and broadcast are known here\n"
		  "8:8: '=' is missing\n" },
		{ "id = 2\n[addresses]\naddress =\nbroadcast = 0.0.0.0\n[addresses]\n",
		  "3:10: address has no value\n"
		  "4:13: '0.0.0.0' is no IPv4 address\n"
		  "5:1: section [addresses] has begun in line 2 already\n"
		  "2:1: there is no address\n" },
		{ "id = 2\n[addresses]\naddress = 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,10.0.0.9,10.0.0.10,10.0.0.11,10.0.0.12,10.0.0.13,10.0.0.14,10.0.0.15,10.0.0.16,10.0.0.17\n",
		  "3:162: more than 16 addresses of a family\n" },
		{ "id = 2\n[devices]\nc 1:3 rwm\n  a 1:3 r\nc 1 r\nc 1:x r\nc 4096:1 r\nb 1:3\nb 1:3 rz # x\nc 1:5 r w\nc = 5\n c 1:3 r\n[devices]\n",
		  "4:3: c or b is wanted here, for a character or a block device\n"
		  "5:3: numbers are wanted here: MAJOR:MINOR, of which each may be *\n"
		  "6:5: numbers are wanted here: MAJOR:MINOR, of which each may be *\n"
		  "7:3: a major is 4095, a minor 1048575 at most\n"
		  "8:6: what is allowed is missing: some of r, w and m\n"
		  "9:8: what is allowed is some of r, w and m\n"
		  "10:9: there is something after it\n"
		  "11:3: numbers are wanted here: MAJOR:MINOR, of which each may be *\n"
		  "12:2: this device is in line 3 already\n"
		  "13:1: section [devices] has begun in line 2 already\n" },
		/* what follows a bad section is looked at nevertheless */
		{ "id = 2\n[address]\nweight = 1\nrubbish\n[limits]\nnproc = x\n",
		  "2:1: unknown section [address]\n"
		  "4:8: '=' is missing\n"
		  "6:9: limit 'x' is not SOFT:HARD, SOFT:, :HARD or one value\n" },
		{ "id = 2\n[quota]\nsrv blocks=5\n/srv\n/a bytes=5\n/b blocks=x\n",
		  "3:1: 'srv' is not a path from /\n"
		  "4:5: /srv has no limit\n"
		  "5:4: 'bytes=5' is neither blocks=LIMIT nor inodes=LIMIT\n"
		  "6:4: limit 'blocks=x' is not SOFT:HARD, SOFT:, :HARD or one value\n" },
		{ "id = 2\n[quota]\n/a blocks=5 blocks=6\n/b inodes=1 # /c\n/b inodes=2\n[quota]\n",
		  "3:13: blocks is set twice\n"
		  "5:1: /b is set in line 4 already\n"
		  "6:1: section [quota] has begun in line 2 already\n" },
		{ "id = 2\n[quota]\n/a blocks=7:6\n/b inodes=0\n/c inodes = 5\n",
		  "4:1: a limit of a disk quota is at least 1; max is none\n"
		  "5:4: 'inodes' is neither blocks=LIMIT nor inodes=LIMIT\n"
		  "5:11: '=' is neither blocks=LIMIT nor inodes=LIMIT\n"
		  "5:13: '5' is neither blocks=LIMIT nor inodes=LIMIT\n" },
		{ "id = 2\n[quota]\n/a inodes=7:6\n",
		  "3:1: the soft limit is above the hard limit\n" },
		{ "id = 2\n[quota]\n/a\\04 inodes=6\n/a\\x40 inodes=6\n/\\000 inodes=1\n /b inodes=99999999999999999999\n",
		  "3:3: a \\ is not followed by an octal number of three digits\n"
		  "4:3: a \\ is not followed by an octal number of three digits\n"
		  "5:2: a \\ is not followed by an octal number of three digits\n"
		  "6:5: limit 'inodes=99999999999999999999' is too large\n" },
		{ "id = 2\n[limits]\n[limits]\n",
		  "3:1: section [limits] has begun in line 2 already\n" },
		{ "id = 2\n[limits]\nid = 3\n", "" },
		{ "id = 2\n[limits]\nnproc = 5\nnofile = 6\nnproc = 5\n",
		  "5:1: nproc is set in line 3 already\n" },
		{ "id = 2\n[limits]\nnproc =\n", "3:8: nproc has no value\n" },
		{ "id = 2\n[limits]\nnproc = 9:5\n", "3:9: the soft limit is above the hard limit\n" },
		{ "id = 2\n[limits]\nnproc = max:5\n", "" },
		{ "id = 2\n[limits]\nnproc = :\n",
		  "3:9: limit ':' is not SOFT:HARD, SOFT:, :HARD or one value\n" },
		{ "id = 2\n[limits]\nnproc = 1:2:3\n",
		  "3:9: limit '1:2:3' is not SOFT:HARD, SOFT:, :HARD or one value\n" },
		{ "id = 2\n[limits]\nnproc = 5 6\n",
		  "3:9: limit '5 6' is not SOFT:HARD, SOFT:, :HARD or one value\n" },
		{ "id = 2\n[limits]\nnproc = 1.5G\n",
		  "3:9: limit '1.5G' is not SOFT:HARD, SOFT:, :HARD or one value\n" },
		{ "id = 2\n[limits]\nnproc = 9223372036854775807\n",
		  "3:9: limit '9223372036854775807' is too large\n" },
		{ "id = 2\n[limits]\na2345678901234567890123456789012 = 1\n",
		  "3:1: unknown resource 'a2345678901234567890123456789012'\n" },
		{ "id = 2\r\n", "1:7: there is a control character\n1:1: there is no id\n" },
		{ "id = 2\nname = a\x7f\n", "2:9: there is a control character\n" },
		{ "id = 2\n# \x1b[2J\n", "2:3: there is a control character\n" },
	};
	struct conf conf;
	size_t i;

	(void)state;
	for (i = 0; i < NR(bad); i++) {
		parse_text(&conf, bad[i].text);
		assert_string_equal(reported, bad[i].want);
		conf_free(&conf);
	}
	parse(&conf, "x.conf", "id = 2\nname = a\0b\n", 18);
	assert_string_equal(reported, "2:9: there is a control character\n");
	conf_free(&conf);
}

static void test_long(void **state)
{
	char text[2048];
	struct conf conf;
	size_t len;
	int i;

	(void)state;
	len = (size_t)snprintf(text, sizeof(text), "id = 2\nname = ");
	memset(text + len, 'a', 300);
	strcpy(text + len + 300, "\n");
	assert_int_equal(parse_text(&conf, text), 1);
	assert_string_equal(reported, "2:8: the value is too long\n");
	conf_free(&conf);

	memcpy(text, "id = 2\nflags= ", len);
	assert_int_equal(parse_text(&conf, text), 1);
	conf_free(&conf);
	len = (size_t)snprintf(text, sizeof(text), "id = 2\n[limits]\n");
	memset(text + len, 'a', 300);
	strcpy(text + len + 300, "=1\n");
	assert_int_equal(parse_text(&conf, text), 1);
	conf_free(&conf);

	len = (size_t)snprintf(text, sizeof(text), "id = 2\n[sched]\n");
	memset(text + len, 'a', 300);
	strcpy(text + len + 300, "=1\nweight = ");
	memset(text + len + 312, '1', 300);
	strcpy(text + len + 612, "\n");
	assert_int_equal(parse_text(&conf, text), 2);
	assert_non_null(strstr(reported, "\n4:10: the value is too long\n"));
	conf_free(&conf);

	/* more devices than there may be, and a line that is too long */
	{
		char *many = malloc(1 << 16);

		assert_non_null(many);
		len = (size_t)sprintf(many, "id = 2\n[devices]\n");
		for (i = 0; i < 300; i++)
			len += (size_t)sprintf(many + len, "c 200:%d r\n", i);
		len += (size_t)sprintf(many + len, "c %0300d:1 r\n", 1);
		assert_int_equal(parse_text(&conf, many), 300 - 256 + 1);
		assert_int_equal(conf.devices.nr, 256);
		assert_non_null(strstr(reported, "259:1: more than 256 devices\n"));
		assert_non_null(strstr(reported, "303:1: the value is too long\n"));
		conf_free(&conf);
		free(many);
	}

	/* more resources than there may be */
	{
		char *many = malloc(1 << 16);

		assert_non_null(many);
		len = (size_t)sprintf(many, "id = 2\n[limits]\n");
		for (i = 0; i < 300; i++)
			len += (size_t)sprintf(many + len, "r%d = 1\n", i);
		assert_int_equal(parse_text(&conf, many), 300 - 256);
		assert_int_equal(conf.nr_limits, 256);
		conf_free(&conf);
		free(many);
	}
}

/* Cut off anywhere, it is understood or refused, and nothing worse. */
static void test_cut(void **state)
{
	struct conf conf;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(example); len++) {
		parse(&conf, "web.conf", example, len);
		conf_free(&conf);
	}
}

/* Bytes changed, left out and put in at random, the same ones each time */
static void test_noise(void **state)
{
	static const char bytes[] = "\0\n\n\t [[]]==:#,09amx\x7f\xff";
	char text[2 * sizeof(example)];
	unsigned int random = 1;
	struct conf conf;
	int round, i;

	(void)state;
	for (round = 0; round < 20000; round++) {
		size_t len = sizeof(example) - 1;

		memcpy(text, example, len);
		for (i = 0; i < 1 + round % 5; i++) {
			size_t at;
			char byte;

			random = random * 1103515245 + 12345;
			at = (random >> 8) % len;
			byte = bytes[(random >> 3) % sizeof(bytes)];
			switch (random >> 30) {
			case 0:
				memmove(text + at, text + at + 1, len - at - 1);
				len--;
				break;
			case 1:
				memmove(text + at + 1, text + at, len - at);
				text[at] = byte;
				len++;
				break;
			default:
				text[at] = byte;
			}
		}
		parse(&conf, "web.conf", text, len);
		assert_true(conf.nr_limits <= 256);
		conf_free(&conf);
	}
}

static char *print(void (*fn)(FILE *, const struct conf *),
		   const struct conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fn(f, conf);
	assert_int_equal(fclose(f), 0);
	return text;
}

static int diff(const struct conf *a, const struct conf *b, const char *want)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int found;

	assert_non_null(f);
	found = conf_diff(f, a, b);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, want);
	free(text);
	return found;
}

/* What is written is read as the same. */
static void test_round_trip(void **state)
{
	struct vctx_res res[] = {
		{ "nproc", 1, 2, VCTX_MAX, 200, 0 },
		{ "ntask", 1, 2, 0, 0, 0 },
		{ "nofile", 1, 2, 1024, VCTX_MAX, 0 },
		{ "nsock", 1, 2, VCTX_MAX, VCTX_MAX, 0 },
		{ "memory", 1, 2, 3ULL << 40, 9223372036854775806ULL, 0 },
		{ "rss", 1, 2, 1 << 20, 1048577, 0 },
		{ "nwhatever", 1, 2, 4096, 8192, 0 },
	};
	struct conf_state kernel = {
		.info = {
			.id = 65534, .name = "web",
			.flags = VCTX_FLAG_LOCK | VCTX_FLAG_SCHED,
			.nr_res = NR(res), .res = res,
		},
		.sched = VCTX_SCHED_INIT,
	};
	struct vctx_sched sched = VCTX_SCHED_INIT;
	static const struct vctx_sched new = VCTX_SCHED_INIT;
	struct conf conf, again;
	char *text;

	(void)state;
	vctx_default_devices(&kernel.devices);
	sched.on = 1;
	sched.weight = 10000;
	sched.quota_usec = 16667;
	sched.period_usec = 50001;
	sched.burst_usec = 16666;
	sched.nice = -19;
	sched.running = 77;
	kernel.sched = sched;
	assert_int_equal(conf_from_state(&conf, &kernel), 0);
	assert_int_equal(conf.nr_limits, 6);
	text = print(conf_write, &conf);
	assert_non_null(strstr(text, "\nid = 65534\nname = web\nflags = lock\n"));
	assert_non_null(strstr(text, "\n[limits]\n"
			       "nproc = 200\n"
			       "ntask = 0:0\n"
			       "nofile = 1024:\n"
			       "memory = 3T:9223372036854775806\n"
			       "rss = 1M:1048577\n"
			       "nwhatever = 4096:8192\n"));
	assert_non_null(strstr(text, "\n[sched]\n"
			       "weight = 10000\n"
			       "cpu = 33.333333%/50001us\n"
			       "burst = 16666us\n"
			       "nice = -19\n"));
	assert_int_equal(parse_text(&again, text), 0);
	assert_int_equal(diff(&again, &conf, ""), 0);
	assert_int_equal(again.id, 65534);
	free(text);
	conf_free(&conf);
	conf_free(&again);

	/* nothing but an id */
	memset(&kernel, 0, sizeof(kernel));
	kernel.info.id = 2;
	kernel.sched = new;
	vctx_default_devices(&kernel.devices);
	assert_int_equal(conf_from_state(&conf, &kernel), 0);
	text = print(conf_write, &conf);
	assert_null(strstr(text, "sched"));
	assert_null(strstr(text, "addresses"));
	assert_null(strstr(text, "devices"));
	assert_int_equal(parse(&again, "2.conf", text, strlen(text)), 0);
	assert_int_equal(diff(&again, &conf, ""), 0);
	free(text);
	conf_free(&conf);
	conf_free(&again);
}

/* Likewise, of all that can be said in section sched */
static void test_round_trip_sched(void **state)
{
	static const struct {
		const char *in;		/* after "id = 2" */
		const char *out;	/* from [sched] on */
	} trips[] = {
		{ "flags = sched\n", "[sched]\n" },
		{ "[sched]\n", "[sched]\n" },
		{ "[sched]\nsched = off\n", NULL },
		{ "[sched]\nsched = off\nrt = allow\n",
		  "[sched]\nrt = allow\nsched = off\n" },
		{ "[sched]\nrt = allow\nnice = 19\nburst = 7\ncpu = max\nidle = yes\nweight = 1\n",
		  "[sched]\nweight = 1\nidle = yes\nburst = 7us\nnice = 19\nrt = allow\n" },
		{ "[sched]\ncpu = 0.5%/1000ms\nsched = off\n",
		  "[sched]\ncpu = 0.5%/1s\nsched = off\n" },
	};
	struct conf conf, again;
	char in[256];
	size_t i;

	(void)state;
	for (i = 0; i < NR(trips); i++) {
		char *text, *section;

		snprintf(in, sizeof(in), "id = 2\nname = x\n%s", trips[i].in);
		assert_int_equal(parse_text(&conf, in), 0);
		text = print(conf_write, &conf);
		section = strstr(text, "[sched]");
		if (trips[i].out)
			assert_string_equal(section, trips[i].out);
		else
			assert_null(section);
		assert_null(strstr(text, "flags"));
		assert_int_equal(parse_text(&again, text), 0);
		assert_int_equal(diff(&again, &conf, ""), 0);
		assert_int_equal(vctx_sched_changes(&again.sched, &conf.sched), 0);
		free(text);
		conf_free(&conf);
		conf_free(&again);
	}
}

/* Likewise, of addresses and devices */
static void test_round_trip_lists(void **state)
{
	static const struct {
		const char *in;		/* after "id = 2" */
		const char *out;	/* from the first of both sections on */
	} trips[] = {
		{ "[addresses]\naddress=FD00:0::2,10.0.0.2\n",
		  "[addresses]\naddress = 10.0.0.2, fd00::2\n" },
		{ "[addresses]\nbroadcast=10.0.0.255\naddress=10.0.0.2\n",
		  "[addresses]\naddress = 10.0.0.2\nbroadcast = 10.0.0.255\n" },
		{ "[devices]\n", "[devices]\n" },
		{ "[devices]\nb 8:* mr\nc  *:3\tw\n",
		  "[devices]\nb 8:* rm\nc *:3 w\n" },
		/* what a new context has, in another order */
		{ "[devices]\nc 136:* rwm\nc 5:2 rwm\nc 5:0 rwm\nc 1:9 rwm\n"
		  "c 1:8 rwm\nc 1:7 rwm\nc 1:5 rwm\nc 1:3 mwr\n", NULL },
	};
	static char most[4096] = "[addresses]\naddress = ";
	struct conf conf, again;
	char in[8192];
	size_t i;

	(void)state;
	for (i = 0; i < NR(trips); i++) {
		char *text, *section;

		snprintf(in, sizeof(in), "id = 2\nname = x\n%s", trips[i].in);
		assert_int_equal(parse_text(&conf, in), 0);
		text = print(conf_write, &conf);
		section = strstr(text, "[addresses]");
		if (!section)
			section = strstr(text, "[devices]");
		if (trips[i].out)
			assert_string_equal(section, trips[i].out);
		else
			assert_null(section);
		assert_int_equal(parse_text(&again, text), 0);
		assert_int_equal(diff(&again, &conf, ""), 0);
		assert_true(vctx_same_addresses(&again.addresses, &conf.addresses));
		assert_true(vctx_same_devices(&again.devices, &conf.devices));
		free(text);
		conf_free(&conf);
		conf_free(&again);
	}

	/* as many addresses as there may be, each as long as can be */
	for (i = 0; i < VCTX_BIND_MAX; i++)
		sprintf(most + strlen(most), "%s2001:1111:2222:3333:4444:5555:6666:%x, 200.200.200.%d",
			i ? ", " : "", 0x7000 + (int)i, 200 + (int)i);
	snprintf(in, sizeof(in), "id = 2\nname = x\n%s\n", most);
	assert_int_equal(parse_text(&conf, in), 0);
	assert_int_equal(conf.addresses.nr, 2 * VCTX_BIND_MAX);
	{
		char *text = print(conf_write, &conf);

		assert_int_equal(parse_text(&again, text), 0);
		assert_true(vctx_same_addresses(&again.addresses, &conf.addresses));
		free(text);
	}
	conf_free(&conf);
	conf_free(&again);
}

static void test_diff_lists(void **state)
{
	struct conf file, kernel;

	(void)state;
	parse_text(&file, "id=100\nname=web\n[addresses]\naddress=10.0.0.2\n"
		   "[devices]\nc 1:3 rwm\nc 1:5 r\nb 8:0 r\n");
	parse_text(&kernel, "id=100\nname=web\n[addresses]\naddress=10.0.0.2,10.0.0.3\nbroadcast=10.0.0.255\n"
		   "[devices]\nc 136:* rw\nc 1:5 rw\nc 1:3 rwm\n");
	assert_int_equal(diff(&file, &kernel,
		" [addresses]\n"
		"-address = 10.0.0.2\n"
		"+address = 10.0.0.2, 10.0.0.3\n"
		"+broadcast = 10.0.0.255\n"
		" [devices]\n"
		"-c 1:5 r\n"
		"+c 1:5 rw\n"
		"-b 8:0 r\n"
		"+c 136:* rw\n"), 5);
	conf_free(&file);
	parse_text(&file, "id=100\nname=web\n");
	conf_free(&kernel);
	parse_text(&kernel, "id=100\nname=web\n[addresses]\naddress=10.0.0.2\n[devices]\n");
	assert_int_equal(diff(&file, &kernel,
		" [addresses]\n"
		"+address = 10.0.0.2\n"
		" [devices]\n"
		"-c 1:3 rwm\n"
		"-c 1:5 rwm\n"
		"-c 1:7 rwm\n"
		"-c 1:8 rwm\n"
		"-c 1:9 rwm\n"
		"-c 5:0 rwm\n"
		"-c 5:2 rwm\n"
		"-c 136:* rwm\n"), 9);
	conf_free(&kernel);
	conf_free(&file);
}

static void test_diff_sched(void **state)
{
	struct conf file, kernel;

	(void)state;
	parse_text(&file, "id=100\nname=web\n[sched]\nweight=200\ncpu=150%\nnice=5\n");
	parse_text(&kernel, "id=100\nname=web\n[limits]\nnpty=1\n");
	assert_int_equal(diff(&file, &kernel,
		" [limits]\n"
		"+npty = 1\n"
		" [sched]\n"
		"-weight = 200\n"
		"-cpu = 150%\n"
		"-nice = 5\n"
		"-sched = on\n"), 5);
	conf_free(&kernel);
	parse_text(&kernel, "id=100\nname=web\nflags=sched\n[sched]\n"
		   "weight=20\ncpu=150%/50ms\nrt=allow\nnice=5\n");
	assert_int_equal(diff(&file, &kernel,
		" [sched]\n"
		"-weight = 200\n"
		"+weight = 20\n"
		"-cpu = 150%\n"
		"+cpu = 150%/50ms\n"
		"+rt = allow\n"), 3);
	conf_free(&file);
	/* Both mean the same.  The period of no cap is nobody's concern. */
	parse_text(&file, "id=100\nname=web\nflags=sched\n");
	conf_free(&kernel);
	parse_text(&kernel, "id=100\nname=web\n[sched]\n");
	kernel.sched.period_usec = 5000;
	assert_int_equal(diff(&file, &kernel, ""), 0);
	conf_free(&kernel);
	conf_free(&file);
}

static void test_diff(void **state)
{
	struct conf file, kernel;

	(void)state;
	parse_text(&file, "id=100\nname=web\nflags=lock\n[limits]\n"
		   "nproc=90:100\nnofile=5\nmemory=:512M\nnpty=max\nsame=3\n");
	parse_text(&kernel, "id=100\nname=www\nflags=private,lock\n[limits]\n"
		   "same=3\nnsock=7:\nnproc=max:100\nmemory=1K:512M\n");
	assert_int_equal(diff(&file, &kernel,
		"-name = web\n"
		"+name = www\n"
		"-flags = lock\n"
		"+flags = lock,private\n"
		" [limits]\n"
		"-nproc = 90:100\n"
		"+nproc = 100\n"
		"-nofile = 5\n"
		"-memory = 512M\n"
		"+memory = 1K:512M\n"
		"+nsock = 7:\n"), 6);
	assert_int_equal(diff(&file, &file, ""), 0);
	conf_free(&kernel);
	parse(&kernel, "1.conf", "id=100\n", 7);
	assert_int_equal(diff(&kernel, &file,
		"+name = web\n"
		"+flags = lock\n"
		" [limits]\n"
		"+nproc = 90:100\n"
		"+nofile = 5\n"
		"+memory = 512M\n"
		"+same = 3\n"), 6);
	conf_free(&kernel);
	conf_free(&file);
}

static void test_quota(void **state)
{
	static const char text[] =
		"id = 2\nname = x\n[quota]\n"
		"/srv blocks=1G:2G\tinodes=90K:100K # much\n"
		"/a\\040b\\134 inodes=5:\n"
		"/none blocks=max\n";
	struct conf file, kernel;
	char *again;

	(void)state;
	assert_int_equal(parse_text(&file, text), 0);
	assert_int_equal(file.quota_pos.line, 3);
	assert_int_equal(file.nr_quota, 3);
	assert_int_equal(file.quota[1].pos.line, 5);
	assert_string_equal(file.quota[1].path, "/a b\\");
	assert_true(file.quota[0].quota.space.soft == 1 << 30);
	assert_true(file.quota[1].quota.inodes.soft == 5);
	assert_true(file.quota[1].quota.space.hard == VCTX_MAX);
	assert_non_null(conf_find_quota(&file, "/none"));
	assert_null(conf_find_quota(&file, "/"));

	again = print(conf_write, &file);
	assert_string_equal(strstr(again, "[quota]"),
		"[quota]\n"
		"/srv blocks=1G:2G inodes=92160:102400\n"
		"/a\\040b\\134 inodes=5:\n");
	assert_int_equal(parse_text(&kernel, again), 0);
	assert_int_equal(diff(&file, &kernel, ""), 0);
	free(again);
	conf_free(&kernel);

	parse_text(&kernel, "id = 2\nname = x\n[quota]\n/more blocks=5K\n/srv inodes=90K:100K\n");
	assert_int_equal(diff(&file, &kernel,
		" [quota]\n"
		"-/srv blocks=1G:2G inodes=92160:102400\n"
		"+/srv inodes=92160:102400\n"
		"-/a\\040b\\134 inodes=5:\n"
		"+/more blocks=5K\n"), 3);
	conf_free(&file);
	/* Without the section it is no concern of the file. */
	parse_text(&file, "id = 2\nname = x\n");
	assert_int_equal(diff(&file, &kernel, ""), 0);
	assert_true(conf_has_quota(&kernel));
	assert_false(conf_has_quota(&file));
	conf_free(&file);
	parse_text(&file, "id = 2\nname = x\n[quota]\n");
	assert_int_equal(diff(&file, &kernel,
		" [quota]\n"
		"+/more blocks=5K\n"
		"+/srv inodes=92160:102400\n"), 2);
	conf_free(&kernel);
	conf_free(&file);
}

static void check_read(const char *file, const char *want)
{
	struct conf conf;
	int errors;

	reported[0] = '\0';
	nr_reported = 0;
	errors = conf_read(&conf, file, report, reported);
	assert_int_equal(errors, nr_reported);
	assert_string_equal(reported, want);
	conf_free(&conf);
}

static void test_read(void **state)
{
	char dir[] = "/tmp/vctxXXXXXX";
	char path[64];
	FILE *f;
	int i;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/web.conf", dir);
	check_read(path, "0:0: No such file or directory\n");
	check_read(dir, "0:0: Is a directory\n");
	assert_int_equal(mkfifo(path, 0600), 0);
	check_read(path, "0:0: Invalid argument\n");
	unlink(path);

	f = fopen(path, "w");
	assert_non_null(f);
	fputs(example, f);
	assert_int_equal(fclose(f), 0);
	check_read(path, "");
	f = fopen(path, "a");
	assert_non_null(f);
	fputs("c 1:3 r\n", f);
	assert_int_equal(fclose(f), 0);
	check_read(path, "28:1: this device is in line 26 already\n");
	f = fopen(path, "a");
	assert_non_null(f);
	for (i = 0; i < 1 << 20; i++)
		putc('\n', f);
	assert_int_equal(fclose(f), 0);
	check_read(path, "0:0: File too large\n");
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_sched),
		cmocka_unit_test(test_file_name),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_round_trip_sched),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_diff_sched),
		cmocka_unit_test(test_round_trip_lists),
		cmocka_unit_test(test_diff_lists),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests_name("tools-conf", tests, NULL, NULL);
}
