// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * chcontext: run a command in a security context
 *
 * Options and messages are those of the original.  Its own errors exit 255, so
 * that they are told from what the command says.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "address.h"
#include "caps.h"
#include "common.h"
#include "libvctx.h"

#define EXIT_CHCONTEXT	255

enum {
	OPT_BCAST = OPT_TOOL,
	OPT_CAP,
	OPT_DEVICE,
	OPT_DISCONNECT,
	OPT_DOMAINNAME,
	OPT_FLAG,
	OPT_HOSTNAME,
	OPT_IP,
	OPT_SECURE,
	OPT_SILENT,
};

static const struct tool_option options[] = {
	{ 'c', "ctx", "CONTEXT", "enter this one, made if it is an id that does not exist (root)", COMPLETE_CONTEXTS },
	{ OPT_CAP, "cap", "[!]CAP", "keep CAP in spite of --secure; with ! remove it", NULL },
	{ OPT_SECURE, "secure", NULL, "remove all capabilities that a virtual server can do without", NULL },
	{ OPT_FLAG, "flag", "FLAG[,FLAG]", "set flags of the context: lock, private, sched, fakeinit, virt", "lock private sched fakeinit virt" },
	{ OPT_IP, "ip", "ADDRESS[,ADDRESS]", "bind the context to these, or to those of an interface", NULL },
	{ OPT_BCAST, "bcast", "ADDRESS", "also receive what is sent to this IPv4 broadcast address", NULL },
	{ OPT_DEVICE, "device", "DEVICE", "allow members this one, too: 'c|b MAJOR:MINOR rwm' or PATH[:rwm] (root)", NULL },
	{ OPT_HOSTNAME, "hostname", "NAME", "set the host name, in a new UTS namespace (root)", NULL },
	{ OPT_DOMAINNAME, "domainname", "NAME", "set the NIS domain name likewise (root)", NULL },
	{ OPT_DISCONNECT, "disconnect", NULL, "run the command in the background, away from the terminal", NULL },
	{ OPT_SILENT, "silent", NULL, "do not print the number of the context", NULL },
	TOOL_OPTIONS
};

static const struct tool tool = {
	.name = "chcontext",
	.usage = "[OPTION]... [--] COMMAND [ARGUMENT]...",
	.about = "Run a command in a security context, which it and its children never leave.",
	.more = "Without --ctx the context is a fresh one, which anybody may ask for.\n",
	.complete = COMPLETE_COMMAND,
	.usage_status = EXIT_CHCONTEXT,
	.in_order = 1,
	.option = options,
};

/* Flags of the original that are not here, and why */
static const struct {
	const char *name;
	int harmless;
	const char *why;
} other_flags[] = {
	{ "nproc", 1, "limits are always those of the whole context; set them with vlimit" },
	{ "hideinfo", 0, "a member never sees more than its own context" },
	{ "ulimit", 0, "set limits of the whole context with vlimit" },
	{ "namespace", 0, "run 'unshare --mount' in the context instead" },
};

struct request {
	struct vctx_enter enter;
	struct vctx_addresses addresses;
	struct vctx_devices devices;
	struct caps_request caps;
	const char *context;
	const char *hostname;
	const char *domainname;
	int disconnect;
	int silent;
};

static void parse_flag(struct request *r, const char *word)
{
	unsigned int flag;
	size_t i;

	if (!vctx_parse_flags(word, &flag)) {
		r->enter.flags |= flag;
		return;
	}
	for (i = 0; i < sizeof(other_flags) / sizeof(other_flags[0]); i++) {
		if (strcmp(word, other_flags[i].name))
			continue;
		if (!other_flags[i].harmless) {
			tool_error(&tool, "flag %s is not supported: %s", word,
				   other_flags[i].why);
			exit(EXIT_CHCONTEXT);
		}
		if (!r->silent)
			tool_error(&tool, "warning: flag %s has no effect: %s",
				   word, other_flags[i].why);
		return;
	}
	tool_usage_error(&tool, "unknown flag '%s'", word);
}

static void parse_flags(struct request *r, char *list)
{
	char *word;

	while ((word = strsep(&list, ",")))
		parse_flag(r, word);
}

/* Capabilities that the context shall not have */
static unsigned long long cap_drop(const struct request *r)
{
	unsigned long long drop = caps_drop(&r->caps);

	/*
	 * Who has no CAP_SETPCAP may not drop it, unless no_new_privs is set,
	 * which would make su inside of the context useless.  Kept, it gives
	 * nothing that the ceiling does not allow.
	 */
	if (r->caps.secure && !caps_has(CAP_SETPCAP) &&
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 &&
	    !(r->caps.remove & caps_bit(CAP_SETPCAP)))
		drop &= ~caps_bit(CAP_SETPCAP);
	return drop;
}

/* "PATH" or "PATH:ACCESS".  False after an error. */
static int parse_node(const char *text, struct vctx_device *dev)
{
	const char *colon = strrchr(text, ':');
	const char *end = text + strlen(text);
	const char *access = "rw";
	char path[PATH_MAX], words[64];
	struct stat st;
	size_t at;

	if (colon && colon[1] && !colon[1 + strspn(colon + 1, "rwm")]) {
		end = colon;
		access = colon + 1;
	}
	if ((size_t)(end - text) >= sizeof(path) || strlen(access) > 8) {
		tool_error(&tool, "device '%.64s...' is too long", text);
		return 0;
	}
	snprintf(path, sizeof(path), "%.*s", (int)(end - text), text);
	if (stat(path, &st)) {
		tool_error(&tool, "device %s: %s", path, strerror(errno));
		return 0;
	}
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) {
		tool_error(&tool, "device %s: it is not a device", path);
		return 0;
	}
	snprintf(words, sizeof(words), "%c %u:%u %s",
		 S_ISBLK(st.st_mode) ? 'b' : 'c', major(st.st_rdev),
		 minor(st.st_rdev), access);
	return !vctx_parse_device(words, dev, &at);
}

static void parse_device(struct request *r, const char *text)
{
	struct vctx_device dev;
	const char *why;
	size_t at;

	/* Numbers have none. */
	if (strchr(text, '/')) {
		if (!parse_node(text, &dev))
			exit(EXIT_CHCONTEXT);
	} else {
		why = vctx_parse_device(text, &dev, &at);
		if (why)
			tool_usage_error(&tool, "device '%s': at '%s': %s",
					 text, text + at, why);
	}
	if (vctx_add_device(&r->devices, &dev))
		tool_usage_error(&tool, "more than %d devices",
				 VCTX_DEVICES_MAX);
}

/* False after an error.  Lists are files of vctxfs, which entering needs not. */
static int may_allow_devices(void)
{
	int err = vctx_check();

	if (err) {
		tool_context_error(&tool, NULL, err);
		return 0;
	}
	if (!tool_is_host_root()) {
		tool_error(&tool, "--device: only root outside of all contexts may do that");
		return 0;
	}
	return 1;
}

/*
 * Members write nothing, and a fresh context has no number before it was
 * entered: a helper stays outside, waits for the number, and says how it went.
 */
struct answer {
	int err;
	char why[VCTX_ERROR_LEN];
};

static void allow_devices(const struct request *r, unsigned int id,
			  struct answer *answer)
{
	struct vctx_devices old, all;
	size_t i;

	answer->why[0] = '\0';
	answer->err = vctx_get_devices(id, &old);
	all = old;
	for (i = 0; !answer->err && i < r->devices.nr; i++)
		if (vctx_add_device(&all, &r->devices.dev[i]))
			answer->err = -ENOSPC;
	if (answer->err)
		return;
	answer->err = vctx_set_devices(id, &all);
	if (!answer->err)
		return;
	vctx_last_error(id, answer->why, sizeof(answer->why));
	vctx_set_devices(id, &old);
}

/* Return: the socket to the helper; -1 after an error. */
static int start_helper(const struct request *r)
{
	struct answer answer;
	unsigned int id;
	int ends[2];
	pid_t child;

	child = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ?
		-1 : fork();
	if (child < 0) {
		tool_error(&tool, "cannot fork: %s", strerror(errno));
		return -1;
	}
	if (!child) {
		close(ends[0]);
		/* The command shall not find it among its children. */
		child = fork();
		if (child)
			_exit(child < 0);
		if (recv(ends[1], &id, sizeof(id), 0) == sizeof(id)) {
			allow_devices(r, id, &answer);
			send(ends[1], &answer, sizeof(answer), MSG_NOSIGNAL);
		}
		_exit(0);
	}
	close(ends[1]);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return ends[0];
}

/* Return: 0; -1 after an error. */
static int ask_helper(int helper, unsigned int id)
{
	struct answer answer = { .err = -EPIPE };

	if (send(helper, &id, sizeof(id), MSG_NOSIGNAL) == sizeof(id) &&
	    recv(helper, &answer, sizeof(answer), 0) != sizeof(answer))
		answer.err = -EPIPE;
	close(helper);
	switch (answer.err) {
	case 0:
		return 0;
	case -ENOENT:
		tool_error(&tool, "the running kernel has no list of devices");
		break;
	case -ENOSPC:
		tool_error(&tool, "context %u: more than %d devices", id,
			   VCTX_DEVICES_MAX);
		break;
	default:
		tool_error(&tool, "context %u: its devices: %s", id,
			   *answer.why ? answer.why : strerror(-answer.err));
	}
	return -1;
}

static int set_names(const struct request *r)
{
	if (!r->hostname && !r->domainname)
		return 0;
	if (unshare(CLONE_NEWUTS)) {
		tool_error(&tool, "--%s: %s",
			   r->hostname ? "hostname" : "domainname",
			   errno == EPERM ? "only root may do that" :
					    strerror(errno));
		return -1;
	}
	if (r->hostname && sethostname(r->hostname, strlen(r->hostname))) {
		tool_error(&tool, "host name '%s': %s", r->hostname,
			   strerror(errno));
		return -1;
	}
	if (r->domainname &&
	    setdomainname(r->domainname, strlen(r->domainname))) {
		tool_error(&tool, "domain name '%s': %s", r->domainname,
			   strerror(errno));
		return -1;
	}
	return 0;
}

static void enter_error(const struct request *r, int err)
{
	const unsigned long long setters = caps_bit(CAP_SETUID) |
					   caps_bit(CAP_SETGID) |
					   caps_bit(CAP_SETPCAP);
	const char *name = r->context ? r->context : "new";
	struct vctx_self self = { 0 };

	vctx_self(&self);
	switch (err) {
	case -EOPNOTSUPP:
		tool_error(&tool, "the running kernel has no vctx");
		return;
	case -EPERM:
		if (self.flags & VCTX_FLAG_LOCK)
			tool_error(&tool, "this context is locked: its members create no contexts");
		else if (r->context && !tool_is_host_root())
			tool_error(&tool, "context %s: only root outside of all contexts may choose a context",
				   name);
		else if ((r->enter.cap_drop & setters) && !caps_has(CAP_SETPCAP))
			tool_error(&tool, "removing SETUID, SETGID or SETPCAP needs root, or no_new_privs: setpriv --no-new-privs chcontext ...");
		else if (r->context)
			tool_error(&tool, "context %s is private: nobody may enter it any more",
				   name);
		else
			tool_error(&tool, "not permitted");
		return;
	case -ENOENT:
		tool_error(&tool, "context %s: no such context", name);
		return;
	case -ENOSPC:
		tool_error(&tool, "contexts are nested deeper than %d, or no id is left",
			   VCTX_MAX_DEPTH);
		return;
	case -EBUSY:
		if (r->enter.flags & VCTX_FLAG_FAKEINIT)
			tool_error(&tool, "context %s: it has a process 1 (flag fakeinit), or chcontext is traced",
				   name);
		else
			tool_error(&tool, "context %s: chcontext is traced or shares its memory or files",
				   name);
		return;
	case -EINVAL:
		tool_error(&tool, "context %s: the kernel knows no such id, flag or capability",
			   name);
		return;
	}
	tool_error(&tool, "context %s: %s", name, strerror(-err));
}

static int enter_context(struct request *r)
{
	struct vctx_self self;
	int helper = -1;
	int err;

	if (r->devices.nr) {
		helper = start_helper(r);
		if (helper < 0)
			return -1;
	}
	r->enter.cap_drop = cap_drop(r);
	err = vctx_enter(&r->enter);
	if (err) {
		enter_error(r, err);
		return -1;
	}
	if (r->addresses.nr && address_bind(&tool, &r->addresses))
		return -1;
	if (r->silent && helper < 0)
		return 0;
	err = vctx_self(&self);
	if (err) {
		tool_error(&tool, "cannot read the context's number: %s",
			   strerror(-err));
		return -1;
	}
	if (helper >= 0 && ask_helper(helper, self.id))
		return -1;
	if (r->silent)
		return 0;
	printf("New security context is %u\n", self.id);
	if (r->addresses.nr)
		address_print(&r->addresses);
	if (fflush(stdout)) {
		tool_error(&tool, "cannot write the output: %s",
			   strerror(errno));
		return -1;
	}
	return 0;
}

/*
 * Fork away from the terminal.  The parent stays until the command runs or has
 * failed to, and reports which; the pipe closes when the command is executed.
 *
 * Return: the end of the pipe that a failure is written to, in the child.
 */
static int disconnect(void)
{
	unsigned char code = 0;
	int ends[2];
	ssize_t got;
	pid_t child;

	child = pipe2(ends, O_CLOEXEC) ? -1 : fork();
	if (child < 0) {
		tool_error(&tool, "cannot fork: %s", strerror(errno));
		exit(EXIT_CHCONTEXT);
	}
	if (!child) {
		close(ends[0]);
		setsid();
		return ends[1];
	}
	close(ends[1]);
	do {
		got = read(ends[0], &code, 1);
	} while (got < 0 && errno == EINTR);
	_exit(got == 1 ? code : 0);
}

static int to_dev_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int i;

	if (fd < 0)
		return -1;
	for (i = 0; i < 3; i++)
		if (fd != i && dup2(fd, i) < 0)
			return -1;
	if (fd > 2)
		close(fd);
	else
		fcntl(fd, F_SETFD, 0);
	return 0;
}

static void __attribute__((noreturn)) fail(int report)
{
	unsigned char code = EXIT_CHCONTEXT;

	if (report >= 0 && write(report, &code, 1) != 1)
		_exit(EXIT_CHCONTEXT);
	exit(EXIT_CHCONTEXT);
}

int main(int argc, char *argv[])
{
	struct request r = { .enter.id = VCTX_ID_NEW };
	int report = -1;
	int errors = -1;
	int key;

	/* --silent first: it counts for what stands before it, too */
	while ((key = tool_getopt(&tool, argc, argv)) != -1)
		if (key == OPT_SILENT)
			r.silent = 1;
	optind = 0;

	while ((key = tool_getopt(&tool, argc, argv)) != -1) {
		switch (key) {
		case 'c':
			if (tool_find_context(&tool, optarg, &r.enter.id))
				return EXIT_CHCONTEXT;
			if (r.enter.id == VCTX_ID_HOST) {
				tool_error(&tool, "there is no way back to context 0");
				return EXIT_CHCONTEXT;
			}
			r.context = optarg;
			break;
		case OPT_BCAST:
			address_broadcast(&tool, &r.addresses, optarg);
			break;
		case OPT_IP:
			address_add(&tool, &r.addresses, optarg);
			break;
		case OPT_CAP:
			caps_parse_option(&tool, &r.caps, optarg);
			break;
		case OPT_DEVICE:
			parse_device(&r, optarg);
			break;
		case OPT_DISCONNECT:
			r.disconnect = 1;
			break;
		case OPT_DOMAINNAME:
			r.domainname = optarg;
			break;
		case OPT_FLAG:
			parse_flags(&r, optarg);
			break;
		case OPT_HOSTNAME:
			r.hostname = optarg;
			break;
		case OPT_SECURE:
			r.caps.secure = 1;
			break;
		}
	}
	if (optind == argc)
		tool_usage_error(&tool, "a command is needed");
	if (r.addresses.broadcast && !r.addresses.nr)
		tool_usage_error(&tool, "--bcast needs --ip");
	if (r.devices.nr && !may_allow_devices())
		return EXIT_CHCONTEXT;

	if (r.disconnect)
		report = disconnect();
	if (set_names(&r) || enter_context(&r))
		fail(report);
	if (r.disconnect) {
		errors = fcntl(2, F_DUPFD_CLOEXEC, 3);
		if (to_dev_null()) {
			tool_error(&tool, "/dev/null: %s", strerror(errno));
			fail(report);
		}
	}

	execvp(argv[optind], &argv[optind]);
	key = errno;
	if (errors >= 0)
		dup2(errors, 2);
	tool_error(&tool, "%s: %s", argv[optind], strerror(key));
	fail(report);
}
