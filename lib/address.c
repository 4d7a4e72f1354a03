// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvctx: the network addresses that a context is bound to, as text
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* As the kernel sees it: 127.128.0.0/9 is what it gives contexts itself. */
static int is_host4(const unsigned char byte[4])
{
	return byte[0] && (byte[0] & 0xf0) != 224 &&
	       memcmp(byte, "\xff\xff\xff\xff", 4) &&
	       !(byte[0] == 127 && byte[1] >= 128);
}

static int is_host6(const struct in6_addr *addr)
{
	return !IN6_IS_ADDR_UNSPECIFIED(addr) && !IN6_IS_ADDR_MULTICAST(addr);
}

/**
 * vctx_parse_addr() - read an address that a context can be bound to
 * @text: IPv4 or IPv6; one of IPv4 that is mapped to IPv6 is IPv4
 * @addr: receives it
 *
 * Return: 0; -EINVAL for what is none; -EADDRNOTAVAIL for one that is not that
 * of a host.
 */
int vctx_parse_addr(const char *text, struct vctx_addr *addr)
{
	struct in6_addr in6;

	memset(addr, 0, sizeof(*addr));
	if (inet_pton(AF_INET, text, addr->addr) == 1) {
		addr->family = AF_INET;
	} else if (inet_pton(AF_INET6, text, &in6) != 1) {
		return -EINVAL;
	} else if (IN6_IS_ADDR_V4MAPPED(&in6)) {
		addr->family = AF_INET;
		memcpy(addr->addr, in6.s6_addr + 12, sizeof(struct in_addr));
	} else {
		addr->family = AF_INET6;
		memcpy(addr->addr, &in6, sizeof(in6));
		return is_host6(&in6) ? 0 : -EADDRNOTAVAIL;
	}
	return is_host4(addr->addr) ? 0 : -EADDRNOTAVAIL;
}

/**
 * vctx_format_addr() - an address as text
 * @addr: the address
 * @buf: receives it
 * @size: of @buf; VCTX_ADDR_LEN suffices
 *
 * Return: @buf
 */
char *vctx_format_addr(const struct vctx_addr *addr, char *buf, size_t size)
{
	if (size && !inet_ntop(addr->family, addr->addr, buf, (socklen_t)size))
		*buf = '\0';
	return buf;
}

static int same_addr(const struct vctx_addr *a, const struct vctx_addr *b)
{
	return a->family == b->family && !memcmp(a->addr, b->addr,
						 sizeof(a->addr));
}

/**
 * vctx_add_addr() - add an address to a set
 * @set: gets it after those of its family, and keeps IPv4 before IPv6
 * @addr: the address; one that is there already is not added again
 *
 * Return: 0; -E2BIG if there are VCTX_BIND_MAX of its family.
 */
int vctx_add_addr(struct vctx_addresses *set, const struct vctx_addr *addr)
{
	size_t i, same = 0, at = 0;

	for (i = 0; i < set->nr; i++) {
		if (same_addr(&set->addr[i], addr))
			return 0;
		same += set->addr[i].family == addr->family;
		if (set->addr[i].family == addr->family ||
		    addr->family == AF_INET6)
			at = i + 1;
	}
	if (same == VCTX_BIND_MAX)
		return -E2BIG;
	memmove(&set->addr[at + 1], &set->addr[at],
		(set->nr - at) * sizeof(*addr));
	set->addr[at] = *addr;
	set->nr++;
	return 0;
}

/**
 * vctx_same_addresses() - is a context bound to the same by both?
 * @a: one
 * @b: the other; the order counts, as the first one of a family is special
 *
 * Return: 1 or 0.
 */
int vctx_same_addresses(const struct vctx_addresses *a,
			const struct vctx_addresses *b)
{
	size_t i;

	if (a->nr != b->nr || a->broadcast != b->broadcast)
		return 0;
	for (i = 0; i < a->nr; i++)
		if (!same_addr(&a->addr[i], &b->addr[i]))
			return 0;
	return 1;
}

static int parse_line(struct vctx_addresses *set, const char *line)
{
	static const char address[] = "address ", broadcast[] = "broadcast ";
	struct vctx_addr addr;

	if (!strncmp(line, broadcast, sizeof(broadcast) - 1))
		return inet_pton(AF_INET, line + sizeof(broadcast) - 1,
				 &set->broadcast) == 1 ? 0 : -EPROTO;
	/* A kernel may tell more. */
	if (strncmp(line, address, sizeof(address) - 1) ||
	    !strcmp(line + sizeof(address) - 1, "any"))
		return 0;
	if (vctx_parse_addr(line + sizeof(address) - 1, &addr) ||
	    vctx_add_addr(set, &addr))
		return -EPROTO;
	return 0;
}

/**
 * vctx_get_addresses() - the network addresses that a context is bound to
 * @id: the context
 * @set: receives them; none if it is not bound
 *
 * Return: 0; errors as vctx_read().
 */
int vctx_get_addresses(unsigned int id, struct vctx_addresses *set)
{
	char *text, *rest, *line;
	size_t len;
	int err;

	memset(set, 0, sizeof(*set));
	err = vctx_read_context_file(id, "addresses", &text, &len);
	if (err)
		return err;
	for (rest = text; !err && (line = vctx_next_line(&rest)); )
		err = parse_line(set, line);
	free(text);
	return err;
}

/**
 * vctx_set_addresses() - bind a context to network addresses, or to others
 * @id: the context
 * @set: the addresses, at least one
 *
 * Return: 0; -EINVAL for none; -ENOSPC if the kernel has no loopback address
 * left; else as vctx_set_limits().
 */
int vctx_set_addresses(unsigned int id, const struct vctx_addresses *set)
{
	char line[VCTX_LINE_LEN + 1], text[VCTX_ADDR_LEN];
	struct vctx_addr broadcast = { .family = AF_INET };
	size_t used = 0;
	size_t i;

	if (!set->nr)
		return -EINVAL;
	/* 32 of them, and what else there is, do fit. */
	for (i = 0; i < set->nr; i++)
		used += (size_t)snprintf(line + used, sizeof(line) - used,
					 "%s%s", used ? " " : "",
					 vctx_format_addr(&set->addr[i], text,
							  sizeof(text)));
	memcpy(broadcast.addr, &set->broadcast, sizeof(set->broadcast));
	if (set->broadcast)
		snprintf(line + used, sizeof(line) - used, " broadcast %s",
			 vctx_format_addr(&broadcast, text, sizeof(text)));
	return vctx_write_context_file(id, "addresses", line);
}
