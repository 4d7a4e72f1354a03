// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vm-host - the host's half of scripts/vm
 *
 *	vm-host TIMEOUT STDIN QEMU OUTCOME [NAME=VALUE]... -- COMMAND...
 *
 * Starts QEMU (its arguments, each ended by a NUL, are in the file QEMU; the
 * other end of the guest's port is its descriptor 3), has the guest run
 * COMMAND in the same working directory with the given environment, carries
 * the input and output, and writes how it ended to the file OUTCOME:
 *
 *	exit N		the command ended with status N
 *	timeout		TIMEOUT seconds (0: none) were over
 *	signal N	vm-host was told to end
 *	lost		the guest ended without a word
 *	silent		and had not even begun
 *
 * STDIN is one of enum vm_stdin.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "vm-protocol.h"

/* Three of these in a row, Ctrl-], end a guest on a terminal. */
#define ESCAPE 0x1d

/* A guest that has said goodbye may take so many seconds to be off. */
#define POWER_OFF_SECONDS 10

static int port;
static struct termios saved_termios;
static bool raw;

static void restore_terminal(void)
{
	if (raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_termios);
	raw = false;
}

static void die(const char *what) __attribute__((noreturn));
static void die(const char *what)
{
	int saved_errno = errno;

	restore_terminal();
	fprintf(stderr, "vm-host: %s: %s\n", what, strerror(saved_errno));
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Returns false if nobody reads any more. */
static bool write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd pollfd = { .fd = fd, .events = POLLOUT };

			poll(&pollfd, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

static void send_frame(enum vm_type type, const void *data, size_t len)
{
	struct vm_frame header = { .type = type, .len = len };

	if (write_all(port, &header, sizeof(header)))
		write_all(port, data, len);
}

static void send_string(enum vm_type type, const char *string)
{
	size_t len = strlen(string);

	if (len > VM_FRAME_MAX) {
		errno = E2BIG;
		die("argument");
	}
	send_frame(type, string, len);
}

static void send_winsize(void)
{
	struct winsize winsize;
	uint16_t size[2];

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &winsize))
		return;
	size[0] = winsize.ws_row;
	size[1] = winsize.ws_col;
	send_frame(VM_WINSIZE, size, sizeof(size));
}

static void send_command(char **strings, char stdin_kind)
{
	char *cwd = get_current_dir_name();
	char kind[2] = { stdin_kind, '\0' };

	if (!cwd)
		die("current directory");
	for (; *strings && strcmp(*strings, "--"); strings++)
		send_string(VM_ENV, *strings);
	while (*strings && *++strings)
		send_string(VM_ARG, *strings);
	send_string(VM_CWD, cwd);
	free(cwd);
	send_string(VM_STDIN_KIND, kind);
	if (stdin_kind == VM_STDIN_TTY)
		send_winsize();
	send_frame(VM_GO, NULL, 0);
}

static char **read_arguments(const char *path)
{
	char **argv = NULL, *arg = NULL;
	size_t size = 0;
	int argc = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		die(path);
	while (getdelim(&arg, &size, '\0', file) > 0) {
		argv = realloc(argv, (argc + 2) * sizeof(*argv));
		if (!argv)
			die("realloc");
		argv[argc++] = arg;
		argv[argc] = NULL;
		arg = NULL;
		size = 0;
	}
	free(arg);
	fclose(file);
	if (!argv) {
		errno = EINVAL;
		die(path);
	}
	return argv;
}

static pid_t start_qemu(char **argv, int their_end, const sigset_t *mask)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;

	/* Signals of the terminal are for vm-host to judge. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigprocmask(SIG_UNBLOCK, mask, NULL);
	null = open("/dev/null", O_RDWR);
	/* QEMU's own messages go to stderr; stdout is the command's alone. */
	dup2(null, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	if (their_end == 3)
		fcntl(3, F_SETFD, 0);
	else
		dup2(their_end, 3);
	execvp(argv[0], argv);
	fprintf(stderr, "vm-host: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void make_raw(void)
{
	struct termios termios;

	if (tcgetattr(STDIN_FILENO, &saved_termios))
		return;
	termios = saved_termios;
	cfmakeraw(&termios);
	if (!tcsetattr(STDIN_FILENO, TCSADRAIN, &termios))
		raw = true;
}

/* Frames as they come in from the guest. */
struct inbox {
	char data[sizeof(struct vm_frame) + VM_FRAME_MAX];
	size_t len;
};

/* Returns false at the end of the stream. */
static bool fill_inbox(struct inbox *inbox)
{
	ssize_t n = recv(port, inbox->data + inbox->len,
			 sizeof(inbox->data) - inbox->len, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	inbox->len += n;
	return n > 0;
}

static bool next_frame(struct inbox *inbox, struct vm_frame *header,
		       char **data)
{
	if (inbox->len < sizeof(*header))
		return false;
	memcpy(header, inbox->data, sizeof(*header));
	if (header->len > VM_FRAME_MAX) {
		errno = EPROTO;
		die("guest");
	}
	*data = inbox->data + sizeof(*header);
	return inbox->len >= sizeof(*header) + header->len;
}

static void drop_frame(struct inbox *inbox, const struct vm_frame *header)
{
	size_t len = sizeof(*header) + header->len;

	inbox->len -= len;
	memmove(inbox->data, inbox->data + len, inbox->len);
}

struct guest {
	char **strings;		/* of the command line: environment, command */
	char stdin_kind;
	bool running;		/* the command */
	bool done;
	int status;
	bool stdin_open;
};

static void handle_frames(struct guest *guest, struct inbox *inbox)
{
	struct vm_frame header;
	char *data;

	while (next_frame(inbox, &header, &data)) {
		switch (header.type) {
		case VM_READY:
			send_command(guest->strings, guest->stdin_kind);
			guest->running = true;
			guest->stdin_open = guest->stdin_kind != VM_STDIN_NULL;
			break;
		case VM_STDOUT:
			write_all(STDOUT_FILENO, data, header.len);
			break;
		case VM_STDERR:
			write_all(STDERR_FILENO, data, header.len);
			break;
		case VM_EXIT:
			data[header.len] = '\0';
			guest->status = atoi(data);
			guest->done = true;
			guest->stdin_open = false;
			send_frame(VM_ACK, NULL, 0);
			break;
		}
		drop_frame(inbox, &header);
	}
}

/* Returns false if the user wants an end. */
static bool handle_stdin(struct guest *guest)
{
	static int escapes;
	char data[4096];
	ssize_t n = read(STDIN_FILENO, data, sizeof(data));
	ssize_t i;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) {
		guest->stdin_open = false;
		send_frame(VM_STDIN, NULL, 0);
		return true;
	}
	for (i = 0; guest->stdin_kind == VM_STDIN_TTY && i < n; i++) {
		escapes = data[i] == ESCAPE ? escapes + 1 : 0;
		if (escapes == 3)
			return false;
	}
	send_frame(VM_STDIN, data, n);
	return true;
}

int main(int argc, char **argv)
{
	static struct inbox inbox;
	struct guest guest = {};
	double deadline = 0;
	const char *outcome = NULL;
	bool connected = true;
	sigset_t mask;
	int sigfd, pair[2], ended_by = 0;
	pid_t qemu;
	FILE *file;

	if (argc < 6) {
		fprintf(stderr, "vm-host: for scripts/vm only\n");
		return 2;
	}
	guest.strings = argv + 5;
	guest.stdin_kind = argv[2][0];
	if (atof(argv[1]) > 0)
		deadline = now() + atof(argv[1]);

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGWINCH);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	/* A shell's background job has it ignored: not even queued then. */
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigfd = signalfd(-1, &mask, SFD_CLOEXEC);
	if (sigfd < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		die("start");
	port = pair[0];
	qemu = start_qemu(read_arguments(argv[3]), pair[1], &mask);
	close(pair[1]);

	if (guest.stdin_kind == VM_STDIN_TTY)
		make_raw();

	for (;;) {
		struct pollfd fds[3] = {
			{ .fd = sigfd, .events = POLLIN },
			{ .fd = connected ? port : -1, .events = POLLIN },
			{ .fd = guest.stdin_open ? STDIN_FILENO : -1,
			  .events = POLLIN },
		};
		double left = deadline - now();

		if (deadline && left <= 0) {
			outcome = "timeout";
			break;
		}
		if (poll(fds, 3, deadline ? (int)(left * 1000) + 1 : -1) < 0) {
			if (errno == EINTR)
				continue;
			die("poll");
		}
		if (fds[1].revents) {
			bool was_done = guest.done;

			connected = fill_inbox(&inbox);
			handle_frames(&guest, &inbox);
			if (guest.done && !was_done)
				deadline = now() + POWER_OFF_SECONDS;
		}
		if (fds[2].revents && !handle_stdin(&guest)) {
			outcome = "signal 15";
			break;
		}
		if (fds[0].revents) {
			struct signalfd_siginfo info;

			if (read(sigfd, &info, sizeof(info)) < 0)
				continue;
			if (info.ssi_signo == SIGCHLD) {
				if (waitpid(qemu, NULL, WNOHANG) == qemu) {
					qemu = 0;
					break;
				}
			} else if (info.ssi_signo == SIGWINCH) {
				if (guest.running &&
				    guest.stdin_kind == VM_STDIN_TTY)
					send_winsize();
			} else {
				ended_by = info.ssi_signo;
				outcome = "signal";
				break;
			}
		}
	}
	if (qemu) {
		kill(qemu, SIGKILL);
		waitpid(qemu, NULL, 0);
	}
	/* What QEMU had passed on before it ended. */
	while (connected && fill_inbox(&inbox) && inbox.len) {
		size_t before = inbox.len;

		handle_frames(&guest, &inbox);
		if (inbox.len == before)
			break;
	}
	restore_terminal();

	file = fopen(argv[4], "we");
	if (!file)
		die(argv[4]);
	if (guest.done)
		fprintf(file, "exit %d\n", guest.status);
	else if (ended_by)
		fprintf(file, "signal %d\n", ended_by);
	else if (outcome)
		fprintf(file, "%s\n", outcome);
	else
		fprintf(file, "%s\n", guest.running ? "lost" : "silent");
	fclose(file);
	return 0;
}
