// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vm-init - pid 1 of the guests that scripts/vm starts
 *
 * Mounts the host's root (9p, read-only) under a tmpfs overlay, runs one
 * command, carries its input and output over a virtio-serial port, reaps
 * orphans, reports the command's exit status and powers off.
 *
 * All of it is in pid 1, because nothing that a test does, kill(-1) and the
 * OOM killer included, can take pid 1 away from under the command.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vm-protocol.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int port = -1;

static void power_off(void) __attribute__((noreturn));
static void power_off(void)
{
	/* Nothing to sync: all that is written goes away with the guest. */
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* To the console, where scripts/vm finds it if the guest never gets ready. */
static void die(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
static void die(const char *format, ...)
{
	int saved_errno = errno;
	char message[512];
	va_list args;
	int fd, len;

	va_start(args, format);
	len = vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(message))
		len = sizeof(message) - 1;
	snprintf(message + len, sizeof(message) - len, ": %s\n",
		 strerror(saved_errno));

	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fd = STDERR_FILENO;
	dprintf(fd, "vm-init: %s", message);
	power_off();
}

/* ------------------------------------------------------------------ mounts */

static void must_mount(const char *source, const char *target,
		       const char *type, unsigned long flags, const char *data)
{
	mkdir(target, 0755);
	if (mount(source, target, type, flags, data))
		die("mount %s on %s", type, target);
}

/* For what a kernel may lack, and where the directory may not exist. */
static void try_mount(const char *target, const char *type, const char *data)
{
	mount(type, target, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, data);
}

static void make_root(void)
{
	/*
	 * The host's files do not change while we look, in as far as anybody
	 * cares: cache=loose is what makes 9p bearable. No extended attributes:
	 * else each exec() asks the host for file capabilities.
	 */
	must_mount("root", "/lower", "9p", MS_RDONLY,
		   "trans=virtio,version=9p2000.L,msize=512000,cache=loose,access=any,noxattr");
	must_mount("tmpfs", "/rw", "tmpfs", 0, "mode=755");
	mkdir("/rw/upper", 0755);
	mkdir("/rw/work", 0755);
	/* /hot came with the initramfs: what is used all the time. */
	must_mount("root", "/root", "overlay", 0,
		   "lowerdir=/hot:/lower,upperdir=/rw/upper,workdir=/rw/work");

	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		die("switch to the new root");
	umask(022);
}

static void mount_all(void)
{
	must_mount("proc", "/proc", "proc", 0, NULL);
	must_mount("sysfs", "/sys", "sysfs", 0, NULL);
	must_mount("devtmpfs", "/dev", "devtmpfs", 0, "mode=755");
	must_mount("devpts", "/dev/pts", "devpts", 0,
		   "mode=620,gid=5,ptmxmode=666");
	must_mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777");
	must_mount("tmpfs", "/run", "tmpfs", 0, "mode=755");
	mkdir("/run/lock", 01777);
	chmod("/run/lock", 01777);
	mkdir("/dev/mqueue", 01777);
	try_mount("/dev/mqueue", "mqueue", NULL);
	try_mount("/sys/fs/cgroup", "cgroup2", NULL);
	try_mount("/sys/fs/vctx", "vctx", NULL);
	try_mount("/sys/kernel/security", "securityfs", NULL);
	try_mount("/sys/kernel/debug", "debugfs", NULL);
	try_mount("/sys/kernel/tracing", "tracefs", NULL);

	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
	/* One ptmx, the one of /dev/pts: see Documentation/filesystems/devpts */
	unlink("/dev/ptmx");
	symlink("pts/ptmx", "/dev/ptmx");
}

/* A fresh /tmp, if the project or the working directory is not in there. */
static void mount_tmp(const char *cwd)
{
	if (strncmp(cwd, "/tmp/", 5))
		mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV,
		      "mode=1777");
}

static void lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (!ioctl(fd, SIOCGIFFLAGS, &ifr)) {
		ifr.ifr_flags |= IFF_UP | IFF_RUNNING;
		ioctl(fd, SIOCSIFFLAGS, &ifr);
	}
	close(fd);
}

/* -------------------------------------------------------------------- port */

/* The name of our port arrives in a message of its own: wait for it. */
static void open_port(void)
{
	static const char class[] = "/sys/class/virtio-ports";
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		DIR *dir = opendir(class);
		struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			char path[300], name[32] = "";
			int fd;

			snprintf(path, sizeof(path), "%s/%s/name", class,
				 entry->d_name);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				continue;
			if (read(fd, name, sizeof(name) - 1) < 0)
				name[0] = '\0';
			close(fd);
			name[strcspn(name, "\n")] = '\0';
			if (strcmp(name, VM_PORT_NAME))
				continue;
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			port = open(path, O_RDWR | O_CLOEXEC);
			if (port >= 0)
				break;
		}
		if (dir)
			closedir(dir);
		if (port >= 0)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	errno = ENODEV;
	die("virtio-serial port '%s'", VM_PORT_NAME);
}

static void port_write(const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(port, p, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			die("write to the port");
		}
		p += n;
		len -= n;
	}
}

static void port_read(void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(port, p, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			die("read from the port");
		}
		if (!n) {
			/* The host has gone away. */
			errno = EPIPE;
			die("read from the port");
		}
		p += n;
		len -= n;
	}
}

/* @frame has room for the header before the data, to write both at once. */
static void send_frame(enum vm_type type, char *frame, size_t len)
{
	struct vm_frame header = { .type = type, .len = len };

	memcpy(frame, &header, sizeof(header));
	port_write(frame, sizeof(header) + len);
}

/* The data ends with a NUL that len does not count. */
static char *receive_frame(struct vm_frame *header)
{
	static char *data;

	port_read(header, sizeof(*header));
	if (header->len > VM_FRAME_MAX) {
		errno = EPROTO;
		die("frame of %u bytes", header->len);
	}
	free(data);
	data = malloc(header->len + 1);
	if (!data)
		die("malloc");
	port_read(data, header->len);
	data[header->len] = '\0';
	return data;
}

/* ----------------------------------------------------------------- command */

struct job {
	char **argv;
	int argc;
	char *cwd;
	enum vm_stdin stdin_kind;
	struct winsize winsize;
	pid_t pid;
	int in;			/* to its stdin, or the pty; -1: closed */
	int out[2];		/* from stdout (or the pty) and stderr */
	char *pending;		/* input that it has not taken yet */
	size_t pending_pos;
	size_t pending_len;
};

static void set_winsize(struct job *job, const char *data, size_t len)
{
	uint16_t size[2];

	if (len != sizeof(size))
		return;
	memcpy(size, data, sizeof(size));
	job->winsize.ws_row = size[0];
	job->winsize.ws_col = size[1];
}

static void receive_job(struct job *job)
{
	struct vm_frame header;
	char *data;

	do {
		data = receive_frame(&header);
		switch (header.type) {
		case VM_ARG:
			job->argv = realloc(job->argv, (job->argc + 2) *
					    sizeof(*job->argv));
			if (!job->argv)
				die("realloc");
			job->argv[job->argc] = strdup(data);
			job->argv[++job->argc] = NULL;
			break;
		case VM_ENV:
			putenv(strdup(data));
			break;
		case VM_CWD:
			job->cwd = strdup(data);
			break;
		case VM_STDIN_KIND:
			job->stdin_kind = data[0];
			break;
		case VM_WINSIZE:
			set_winsize(job, data, header.len);
			break;
		}
	} while (header.type != VM_GO);
}

static int open_pty(struct job *job)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char *name;
	int slave;

	if (master < 0 || unlockpt(master))
		die("posix_openpt");
	name = ptsname(master);
	slave = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	if (slave < 0)
		die("open the terminal");
	ioctl(slave, TIOCSWINSZ, &job->winsize);
	job->in = master;
	job->out[0] = master;
	job->out[1] = -1;
	return slave;
}

static void start_job(struct job *job)
{
	int in[2], out[2], err[2];
	bool tty = job->stdin_kind == VM_STDIN_TTY;
	sigset_t none;

	job->in = -1;
	if (tty) {
		in[0] = out[1] = err[1] = open_pty(job);
	} else {
		if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
			die("pipe");
		job->out[0] = out[0];
		job->out[1] = err[0];
		fcntl(err[0], F_SETFL, O_NONBLOCK);
		if (job->stdin_kind == VM_STDIN_PIPE) {
			if (pipe2(in, O_CLOEXEC))
				die("pipe");
			job->in = in[1];
		} else {
			in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		}
	}
	fcntl(job->out[0], F_SETFL, O_NONBLOCK);
	if (job->in >= 0)
		fcntl(job->in, F_SETFL, O_NONBLOCK);

	job->pid = fork();
	if (job->pid < 0)
		die("fork");
	if (!job->pid) {
		setsid();
		if (tty)
			ioctl(in[0], TIOCSCTTY, 0);
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		if (chdir(job->cwd))
			dprintf(STDERR_FILENO, "vm: %s: %s\n", job->cwd,
				strerror(errno));
		execvp(job->argv[0], job->argv);
		dprintf(STDERR_FILENO, "vm: %s: %s\n", job->argv[0],
			strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}

	close(in[0]);
	if (!tty) {
		close(out[1]);
		close(err[1]);
	}
}

/* Returns false if there is no more for now. */
static bool carry_output(struct job *job, int i)
{
	static char frame[sizeof(struct vm_frame) + 65536];
	char *data = frame + sizeof(struct vm_frame);
	ssize_t n;

	if (job->out[i] < 0)
		return false;
	n = read(job->out[i], data, sizeof(frame) - sizeof(struct vm_frame));
	if (n > 0) {
		send_frame(i ? VM_STDERR : VM_STDOUT, frame, n);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* End of file; EIO is the same for a terminal. */
	if (job->out[i] == job->in)
		job->in = -1;
	close(job->out[i]);
	job->out[i] = -1;
	return false;
}

static void drop_pending(struct job *job)
{
	free(job->pending);
	job->pending = NULL;
	job->pending_len = job->pending_pos = 0;
}

static void carry_input(struct job *job)
{
	ssize_t n = write(job->in, job->pending + job->pending_pos,
			  job->pending_len - job->pending_pos);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		/* Nobody reads it. */
		if (job->stdin_kind == VM_STDIN_PIPE)
			close(job->in);
		job->in = -1;
		drop_pending(job);
		return;
	}
	job->pending_pos += n;
	if (job->pending_pos == job->pending_len)
		drop_pending(job);
}

static void handle_port(struct job *job)
{
	struct vm_frame header;
	char *data = receive_frame(&header);

	switch (header.type) {
	case VM_STDIN:
		if (job->in < 0)
			break;
		if (!header.len) {
			if (job->stdin_kind == VM_STDIN_PIPE) {
				close(job->in);
				job->in = -1;
			}
			break;
		}
		job->pending = malloc(header.len);
		if (!job->pending)
			die("malloc");
		memcpy(job->pending, data, header.len);
		job->pending_len = header.len;
		job->pending_pos = 0;
		carry_input(job);
		break;
	case VM_WINSIZE:
		set_winsize(job, data, header.len);
		if (job->stdin_kind == VM_STDIN_TTY && job->in >= 0)
			ioctl(job->in, TIOCSWINSZ, &job->winsize);
		break;
	}
}

/* Carries data and reaps until the command has ended; returns its status. */
static int run_job(struct job *job, int sigfd)
{
	int status = -1;

	while (status < 0) {
		struct pollfd fds[5] = {
			{ .fd = sigfd, .events = POLLIN },
			{ .fd = job->out[0], .events = POLLIN },
			{ .fd = job->out[1], .events = POLLIN },
			{ .fd = job->pending ? -1 : port, .events = POLLIN },
			{ .fd = job->pending ? job->in : -1, .events = POLLOUT },
		};
		int i;

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			die("poll");
		}
		for (i = 0; i < 2; i++) {
			if (fds[1 + i].revents)
				carry_output(job, i);
		}
		if (fds[3].revents & POLLIN)
			handle_port(job);
		if (fds[4].revents && job->pending && job->in >= 0)
			carry_input(job);
		if (fds[0].revents & POLLIN) {
			struct signalfd_siginfo info;
			int wstatus;
			pid_t pid;

			if (read(sigfd, &info, sizeof(info)) < 0)
				continue;
			while ((pid = waitpid(-1, &wstatus, WNOHANG)) > 0) {
				if (pid != job->pid)
					continue;
				status = WIFEXITED(wstatus) ?
					 WEXITSTATUS(wstatus) :
					 128 + WTERMSIG(wstatus);
			}
		}
	}

	/* What it wrote before it ended; others may hold the pipes longer. */
	for (int i = 0; i < 2; i++) {
		while (carry_output(job, i))
			;
	}
	return status;
}

/*
 * End what the command has left behind, so that what the kernel has to say
 * about the release of its resources is said while somebody listens.
 */
static void kill_all(void)
{
	struct timespec pause = { .tv_nsec = 5000000 };
	int i;

	kill(-1, SIGKILL);
	for (i = 0; i < 400; i++) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid > 0)
			continue;
		if (pid < 0 && errno == ECHILD)
			return;
		nanosleep(&pause, NULL);
	}
}

int main(void)
{
	char exit_frame[sizeof(struct vm_frame) + 16];
	struct job job = { .stdin_kind = VM_STDIN_NULL };
	struct vm_frame header;
	sigset_t mask;
	int sigfd, status, len;

	if (getpid() != 1) {
		fprintf(stderr, "vm-init: for scripts/vm's guests only\n");
		return 1;
	}

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);

	make_root();
	mount_all();
	sethostname("vctx", 4);
	lo_up();
	open_port();
	send_frame(VM_READY, exit_frame, 0);
	receive_job(&job);
	if (!job.argc || !job.cwd) {
		errno = EINVAL;
		die("nothing to run");
	}
	mount_tmp(job.cwd);

	sigfd = signalfd(-1, &mask, SFD_CLOEXEC);
	if (sigfd < 0)
		die("signalfd");
	start_job(&job);
	status = run_job(&job, sigfd);

	kill_all();
	len = sprintf(exit_frame + sizeof(header), "%d", status);
	send_frame(VM_EXIT, exit_frame, len);
	do {
		receive_frame(&header);
	} while (header.type != VM_ACK);
	power_off();
}
