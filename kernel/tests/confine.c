// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * confine DIRECTORY BIND CONNECT COMMAND [ARGUMENT]...: runs a command under
 * Landlock
 *
 * It and its children may make and write files below DIRECTORY and in /dev only,
 * bind TCP sockets to the port BIND only and connect them to the port CONNECT
 * only, and signal each other only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What linux/landlock.h of older kernels does not have */
#define ACCESS_NET_BIND_TCP	(1ULL << 0)
#define ACCESS_NET_CONNECT_TCP	(1ULL << 1)
#define SCOPE_SIGNAL		(1ULL << 1)
#define RULE_NET_PORT		2
#define ABI_OF_SCOPES		6

struct ruleset_attr {
	__u64 handled_access_fs;
	__u64 handled_access_net;
	__u64 scoped;
};

struct net_port_attr {
	__u64 allowed_access;
	__u64 port;
};

#define FS_WRITE	(LANDLOCK_ACCESS_FS_WRITE_FILE | \
			 LANDLOCK_ACCESS_FS_MAKE_REG | \
			 LANDLOCK_ACCESS_FS_MAKE_DIR | \
			 LANDLOCK_ACCESS_FS_REMOVE_FILE)

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "confine: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void add_rule(int ruleset, int type, const void *attr, const char *what)
{
	if (syscall(SYS_landlock_add_rule, ruleset, type, attr, 0))
		fail(what);
}

static void allow_below(int ruleset, const char *path)
{
	struct landlock_path_beneath_attr attr = {
		.allowed_access = FS_WRITE,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};

	if (attr.parent_fd < 0)
		fail(path);
	add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &attr, path);
	close(attr.parent_fd);
}

static void allow_port(int ruleset, const char *text, __u64 access)
{
	struct net_port_attr attr = {
		.allowed_access = access,
		.port = strtoul(text, NULL, 10),
	};

	add_rule(ruleset, RULE_NET_PORT, &attr, text);
}

int main(int argc, char *argv[])
{
	const struct ruleset_attr attr = {
		.handled_access_fs = FS_WRITE,
		.handled_access_net = ACCESS_NET_BIND_TCP |
				      ACCESS_NET_CONNECT_TCP,
		.scoped = SCOPE_SIGNAL,
	};
	long abi;
	int ruleset;

	if (argc < 5) {
		fprintf(stderr, "Usage: confine DIRECTORY BIND CONNECT COMMAND [ARGUMENT]...\n");
		return 125;
	}
	abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
		      LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 0)
		fail("the kernel has no Landlock");
	if (abi < ABI_OF_SCOPES) {
		fprintf(stderr, "confine: Landlock's ABI is %ld, and has to be %d\n",
			abi, ABI_OF_SCOPES);
		return 125;
	}
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr,
			       sizeof(attr), 0);
	if (ruleset < 0)
		fail("ruleset");
	allow_below(ruleset, argv[1]);
	allow_below(ruleset, "/dev");
	allow_port(ruleset, argv[2], ACCESS_NET_BIND_TCP);
	allow_port(ruleset, argv[3], ACCESS_NET_CONNECT_TCP);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0))
		fail("restrict");
	close(ruleset);
	execvp(argv[4], &argv[4]);
	fail(argv[4]);
}
