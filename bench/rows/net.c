// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../cost.h"

static struct sockaddr_in address = {
	.sin_family = AF_INET,
};

/* The client is reset: nothing of the connection stays for later. */
static void listen_connect(void)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct linger linger = { .l_onoff = 1 };
	socklen_t len = sizeof(address);
	int server;

	address.sin_port = 0;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listener < 0 || client < 0 ||
	    bind(listener, (struct sockaddr *)&address, len) ||
	    listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&address, &len) ||
	    connect(client, (struct sockaddr *)&address, len))
		cost_die("connect");
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0 || setsockopt(client, SOL_SOCKET, SO_LINGER, &linger,
				     sizeof(linger)) ||
	    close(client) || close(server) || close(listener))
		cost_die("accept");
}

COST_ROW(listen,
	.title = "TCP bind+listen+connect+accept+close",
	.ops = 2000,
	.op = listen_connect,
	.near = { { "nsock", 6 } },
	.outside_max = 0.5,
	.inside_max = 3,
);

static int ping, pong;
static struct sockaddr_in pong_address = {
	.sin_family = AF_INET,
};

static void make_pair(void)
{
	socklen_t len = sizeof(pong_address);

	pong_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ping = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pong = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ping < 0 || pong < 0 ||
	    bind(pong, (struct sockaddr *)&pong_address, len) ||
	    getsockname(pong, (struct sockaddr *)&pong_address, &len))
		cost_die("bind");
}

static void ping_pong(void)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char c = '.';

	if (sendto(ping, &c, 1, 0, (struct sockaddr *)&pong_address,
		   sizeof(pong_address)) != 1 ||
	    recvfrom(pong, &c, 1, 0, (struct sockaddr *)&from, &len) != 1 ||
	    sendto(pong, &c, 1, 0, (struct sockaddr *)&from, len) != 1 ||
	    recv(ping, &c, 1, 0) != 1)
		cost_die("ping");
}

COST_ROW(udp,
	.title = "UDP there and back",
	.ops = 20000,
	.setup = make_pair,
	.op = ping_pong,
	.outside_max = 0.5,
	.inside_max = 3,
);
