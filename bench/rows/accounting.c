// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/socket.h>
#include <unistd.h>

#include "../cost.h"

static int to[2], from[2], pair[2];

/* Echoes each byte, until there are no more. */
static void make_echo(void)
{
	char byte;

	if (pipe(to) || pipe(from))
		cost_die("pipe");
	switch (fork()) {
	case -1:
		cost_die("fork");
	case 0:
		close(to[1]);
		while (read(to[0], &byte, 1) == 1)
			if (write(from[1], &byte, 1) != 1)
				break;
		_exit(0);
	}
	close(to[0]);
}

static void round_trip(void)
{
	char byte = 0;

	if (write(to[1], &byte, 1) != 1 || read(from[0], &byte, 1) != 1)
		cost_die("pipe");
}

/* Two switches between processes, few of which are accounted. */
COST_ROW(pipe,
	.title = "pipe round trip",
	.ops = 20000,
	.setup = make_echo,
	.op = round_trip,
	.outside_max = 0.5,
	.inside_max = 0.5,
);

static void make_pair(void)
{
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		cost_die("socketpair");
}

static void send_receive(void)
{
	char byte = 0;

	if (send(pair[0], &byte, 1, 0) != 1 || recv(pair[1], &byte, 1, 0) != 1)
		cost_die("socketpair");
}

COST_ROW(sendrecv,
	.title = "unix send+recv",
	.ops = 50000,
	.setup = make_pair,
	.op = send_receive,
	.outside_max = 1.0,
);
