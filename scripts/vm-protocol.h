/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What scripts/vm-host.c (on the host) and scripts/vm-init.c (pid 1 of the
 * guest) say to each other over one virtio-serial port: frames of a header
 * and len bytes. One stream for everything keeps output in order and makes
 * "all of it has arrived" a simple acknowledgement.
 */
#ifndef VM_PROTOCOL_H
#define VM_PROTOCOL_H

#include <stdint.h>

#define VM_PORT_NAME "vctx"

/* len never exceeds this. */
#define VM_FRAME_MAX (1 << 20)

struct vm_frame {
	uint32_t type;
	uint32_t len;
};

enum vm_type {
	/* guest to host */
	VM_READY = 'R',		/* the guest is up: say what to run */
	VM_STDOUT = '1',
	VM_STDERR = '2',
	VM_EXIT = 'Z',		/* decimal: the exit status; the last frame */

	/*
	 * Host to guest. What to run comes as one frame for each string; each
	 * but VM_GO and VM_WINSIZE is a string without its NUL.
	 */
	VM_ARG = 'a',		/* one more argument of the command */
	VM_ENV = 'e',		/* NAME=VALUE */
	VM_CWD = 'c',		/* working directory */
	VM_STDIN_KIND = 'k',	/* enum vm_stdin, one character */
	VM_WINSIZE = 'w',	/* two uint16_t: rows, columns; at any time */
	VM_GO = 'g',		/* start it */
	VM_STDIN = '0',		/* data; no bytes: end of file */
	VM_ACK = 'A',		/* VM_EXIT has arrived, and so has all before */
};

enum vm_stdin {
	VM_STDIN_NULL = 'n',	/* /dev/null */
	VM_STDIN_PIPE = 'p',	/* a pipe fed with VM_STDIN */
	VM_STDIN_TTY = 't',	/* all three are one terminal */
};

#endif /* VM_PROTOCOL_H */
