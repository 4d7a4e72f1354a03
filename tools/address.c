// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Network addresses on the command lines of chbind and chcontext
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "libvctx.h"

static void add(const struct tool *tool, struct vctx_addresses *set,
		const struct vctx_addr *addr)
{
	if (vctx_add_addr(set, addr))
		tool_usage_error(tool, "more than %d addresses of a family",
				 VCTX_BIND_MAX);
}

/* The name of an interface stands for all of its addresses. */
static int add_interface(const struct tool *tool, struct vctx_addresses *set,
			 const char *name)
{
	struct ifaddrs *all, *i;
	int found = 0;

	if (getifaddrs(&all))
		return -errno;
	for (i = all; i; i = i->ifa_next) {
		const struct sockaddr_in6 *sin6 = (void *)i->ifa_addr;
		const struct sockaddr_in *sin = (void *)i->ifa_addr;
		struct vctx_addr addr = { .family = 0 };

		if (strcmp(i->ifa_name, name) || !i->ifa_addr)
			continue;
		addr.family = i->ifa_addr->sa_family;
		if (addr.family == AF_INET)
			memcpy(addr.addr, &sin->sin_addr,
			       sizeof(sin->sin_addr));
		/* Others may have the same one on their links. */
		else if (addr.family == AF_INET6 &&
			 !IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr))
			memcpy(addr.addr, &sin6->sin6_addr,
			       sizeof(sin6->sin6_addr));
		else
			continue;
		add(tool, set, &addr);
		found = 1;
	}
	freeifaddrs(all);
	return found ? 0 : -ENOENT;
}

static void add_word(const struct tool *tool, struct vctx_addresses *set,
		     char *word)
{
	struct vctx_addr addr;

	/* The original took a mask, which the network has anyway. */
	word[strcspn(word, "/")] = '\0';
	switch (vctx_parse_addr(word, &addr)) {
	case 0:
		add(tool, set, &addr);
		break;
	case -EADDRNOTAVAIL:
		tool_usage_error(tool, "'%s' is not the address of a host",
				 word);
	default:
		if (add_interface(tool, set, word))
			tool_usage_error(tool, "'%s' is neither an address nor an interface that has one",
					 word);
	}
}

/* @list: words with commas between */
void address_add(const struct tool *tool, struct vctx_addresses *set, char *list)
{
	char *word;

	while ((word = strsep(&list, ",")))
		add_word(tool, set, word);
}

void address_broadcast(const struct tool *tool, struct vctx_addresses *set,
		       const char *text)
{
	struct in_addr addr;

	if (inet_pton(AF_INET, text, &addr) != 1)
		tool_usage_error(tool, "'%s' is no IPv4 address", text);
	set->broadcast = addr.s_addr;
}

/* Binds the caller's context.  0, or -1 after an error was printed. */
int address_bind(const struct tool *tool, const struct vctx_addresses *set)
{
	int err = vctx_bind_addr(set->addr, set->nr, set->broadcast);

	switch (err) {
	case 0:
		return 0;
	case -EOPNOTSUPP:
		tool_error(tool, "the running kernel has no vctx");
		break;
	case -EINVAL:
		tool_error(tool, "one of the addresses is not that of a host, or the kernel cannot bind contexts");
		break;
	case -EBUSY:
		tool_error(tool, "the context has other members: its addresses are set by the host's administrator");
		break;
	case -EADDRNOTAVAIL:
		tool_error(tool, "this context is bound to addresses, and not to all of these");
		break;
	default:
		tool_error(tool, "cannot bind the context: %s", strerror(-err));
	}
	return -1;
}

/* As the original does */
void address_print(const struct vctx_addresses *set)
{
	char text[VCTX_ADDR_LEN];
	size_t i;

	printf("ipv4root is now");
	for (i = 0; i < set->nr; i++)
		printf(" %s", vctx_format_addr(&set->addr[i], text,
					       sizeof(text)));
	printf("\n");
}
