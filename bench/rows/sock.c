// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../cost.h"

static void socket_close(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || close(fd))
		cost_die("socket");
}

COST_ROW(socket,
	.title = "socket+close",
	.ops = 20000,
	.op = socket_close,
	.near = { { "nsock", 4 } },
	.outside_max = 1.0,
	.inside_max = 3.0,
);

static int listener;
static struct sockaddr_in address = {
	.sin_family = AF_INET,
};

static void make_listener(void)
{
	socklen_t len = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&address, len) ||
	    listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&address, &len))
		cost_die("listen");
}

/* The client is reset: nothing of the connection stays for later. */
static void connect_accept(void)
{
	struct linger linger = { .l_onoff = 1 };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;

	if (client < 0 || connect(client, (struct sockaddr *)&address,
				  sizeof(address)))
		cost_die("connect");
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0 || setsockopt(client, SOL_SOCKET, SO_LINGER, &linger,
				     sizeof(linger)) ||
	    close(client) || close(server))
		cost_die("accept");
}

COST_ROW(connect,
	.title = "TCP connect+accept+close",
	.ops = 2000,
	.setup = make_listener,
	.op = connect_accept,
	.near = { { "nsock", 4 } },
);
