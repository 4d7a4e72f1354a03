// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: which sockets, devices and addresses a member sees, and the file
 * "addresses"
 *
 * Sockets are hidden from members of any context, devices and addresses from
 * those of a context that is bound to addresses.  Host and watcher see all:
 * what listens on a machine is its administrator's business.
 */

#include <linux/dcache.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/inet.h>
#include <linux/inetdevice.h>
#include <linux/init.h>
#include <linux/magic.h>
#include <linux/netdevice.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vctx_net.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/request_sock.h>

#include "net.h"

/* Sockets */

/*
 * A connection in TIME-WAIT is nobody's any more: it is known by its address
 * if the context is bound to addresses, else not shown.
 */
static bool timewait_hidden(const struct vctx *vctx, const struct sock *sk)
{
	if (!vctx_net_of(vctx))
		return true;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 &&
	    !ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr))
		return !vctx_net_has6(vctx, &sk->sk_v6_rcv_saddr);
#endif
	return !vctx_net_has4(vctx, sk->sk_rcv_saddr);
}

bool __vctx_sock_hidden(const struct sock *sk)
{
	const struct vctx *viewer = current_vctx();
	bool hidden;

	if (vctx_is_watcher(viewer))
		return false;
	if (likely(sk_fullsock(sk)))
		return sk->sk_vctx != viewer;
	if (sk->sk_state == TCP_NEW_SYN_RECV) {
		sk = inet_reqsk(sk)->rsk_listener;
		return !sk || sk->sk_vctx != viewer;
	}
	rcu_read_lock();
	hidden = timewait_hidden(viewer, sk);
	rcu_read_unlock();
	return hidden;
}
EXPORT_SYMBOL_GPL(__vctx_sock_hidden);

/* Is current within what @net is for?  Context: RCU read side. */
static bool current_has(const struct vctx_net *net)
{
	return net == vctx_net_of(current_vctx());
}

static __be32 net_name4(const struct vctx_net *net, __be32 addr)
{
	if (addr == net->lo4 && current_has(net))
		return htonl(INADDR_LOOPBACK);
	return addr;
}

__be32 __vctx_sock_name4(const struct sock *sk, __be32 addr)
{
	const struct vctx_net *net;

	rcu_read_lock();
	net = vctx_net_of(sk->sk_vctx);
	if (net)
		addr = net_name4(net, addr);
	rcu_read_unlock();
	return addr;
}
EXPORT_SYMBOL_GPL(__vctx_sock_name4);

__be32 __vctx_sock_list4(const struct sock *sk, __be32 addr)
{
	const struct vctx_net *net;

	if (addr || !sk->sk_num)
		return __vctx_sock_name4(sk, addr);
	rcu_read_lock();
	net = vctx_net_of(sk->sk_vctx);
	if (net && net->nr4 == 1)
		addr = net->addr4[0];
	rcu_read_unlock();
	return addr;
}
EXPORT_SYMBOL_GPL(__vctx_sock_list4);

/* The wildcard, if that is one address only */
static void net_any6(const struct sock *sk, const struct vctx_net *net,
		     struct in6_addr *addr)
{
	unsigned int nr4 = ipv6_only_sock(sk) ? 0 : net->nr4;

	if (!sk->sk_num || net->nr6 + nr4 != 1)
		return;
	if (nr4)
		ipv6_addr_set_v4mapped(net->addr4[0], addr);
	else
		*addr = net->addr6[0];
}

static void net_name6(const struct sock *sk, const struct vctx_net *net,
		      struct in6_addr *addr)
{
	const struct in6_addr *lo6;

	if (ipv6_addr_v4mapped(addr)) {
		addr->s6_addr32[3] = net_name4(net, addr->s6_addr32[3]);
		return;
	}
	if (!sk->sk_vctx_lo || !current_has(net))
		return;
	lo6 = vctx_net_lo6(sk->sk_vctx);
	if (lo6 && ipv6_addr_equal(addr, lo6))
		*addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
}

void __vctx_sock_name6(const struct sock *sk, struct in6_addr *addr)
{
	const struct vctx_net *net;

	rcu_read_lock();
	net = vctx_net_of(sk->sk_vctx);
	if (net)
		net_name6(sk, net, addr);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(__vctx_sock_name6);

void __vctx_sock_list6(const struct sock *sk, struct in6_addr *addr)
{
	const struct vctx_net *net;

	if (!ipv6_addr_any(addr)) {
		__vctx_sock_name6(sk, addr);
		return;
	}
	rcu_read_lock();
	net = vctx_net_of(sk->sk_vctx);
	if (net)
		net_any6(sk, net, addr);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(__vctx_sock_list6);

/* Devices and their addresses */

static bool dev_has4(const struct vctx *vctx, const struct net_device *dev)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev)
		if (vctx_net_has4(vctx, ifa->ifa_local))
			return true;
	return false;
}

static bool dev_has6(const struct vctx *vctx, const struct net_device *dev)
{
#if IS_ENABLED(CONFIG_IPV6)
	const struct inet6_dev *idev = __in6_dev_get(dev);
	const struct inet6_ifaddr *ifa;

	if (!idev)
		return false;
	list_for_each_entry_rcu(ifa, &idev->addr_list, if_list)
		if (vctx_net_has6(vctx, &ifa->addr))
			return true;
#endif
	return false;
}

/* Context: RCU read side. */
static bool net_has_dev(const struct vctx *vctx, const struct net_device *dev)
{
	return !vctx_net_of(vctx) || (dev->flags & IFF_LOOPBACK) ||
	       dev_has4(vctx, dev) || dev_has6(vctx, dev);
}

bool __vctx_dev_hidden(const struct net_device *dev)
{
	bool hidden;

	rcu_read_lock();
	hidden = !net_has_dev(current_vctx(), dev);
	rcu_read_unlock();
	return hidden;
}
EXPORT_SYMBOL_GPL(__vctx_dev_hidden);

bool __vctx_sock_has_dev(const struct sock *sk, int ifindex)
{
	const struct net_device *dev;
	bool has;

	rcu_read_lock();
	dev = dev_get_by_index_rcu(sock_net(sk), ifindex);
	/* A context that is not bound may name what is not there. */
	has = !vctx_net_of(sk->sk_vctx) ||
	      (dev && net_has_dev(sk->sk_vctx, dev));
	rcu_read_unlock();
	return has;
}

bool __vctx_addr4_hidden(__be32 addr)
{
	const struct vctx *vctx = current_vctx();
	bool hidden;

	rcu_read_lock();
	hidden = vctx_net_of(vctx) && addr != htonl(INADDR_LOOPBACK) &&
		 !vctx_net_has4(vctx, addr);
	rcu_read_unlock();
	return hidden;
}

bool __vctx_addr6_hidden(const struct in6_addr *addr)
{
	const struct vctx *vctx = current_vctx();
	bool hidden;

	rcu_read_lock();
	/* What cannot be bound is not there. */
	hidden = vctx_net_of(vctx) && !vctx_net_has6(vctx, addr) &&
		 !(ipv6_addr_loopback(addr) && vctx_net_lo6(vctx));
	rcu_read_unlock();
	return hidden;
}
EXPORT_SYMBOL_GPL(__vctx_addr6_hidden);

/* What is in /proc/net and shows what is own, or numbers that name nobody. */
static const char *const vctx_net_shown[] = {
	"dev", "icmp", "icmp6", "if_inet6", "netlink", "netstat", "packet",
	"protocols", "raw", "raw6", "snmp", "snmp6", "sockstat", "sockstat6",
	"tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "unix",
};

/**
 * vctx_net_file_open() - current, a member, opens a file
 * @file: the file
 *
 * The rest of /proc/net, such as route and fib_trie, tells addresses, devices
 * and neighbours of others.
 *
 * Context: process.
 * Return: 0, or -ENOENT if it is not to be shown.
 */
int vctx_net_file_open(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;
	const struct dentry *dir = dentry->d_parent;

	/* Names do not change in procfs, and @file pins those above it. */
	if (likely(file_inode(file)->i_sb->s_magic != PROC_SUPER_MAGIC) ||
	    strcmp(dir->d_name.name, "net") ||
	    !strcmp(dir->d_parent->d_name.name, "sys") ||
	    !vctx_net_current_bound())
		return 0;
	return match_string(vctx_net_shown, ARRAY_SIZE(vctx_net_shown),
			    dentry->d_name.name) < 0 ? -ENOENT : 0;
}

/* The file "addresses" */

static int vctx_addresses_show(struct seq_file *m, struct vctx *vctx)
{
	const struct vctx_net *net;
	unsigned int i;

	rcu_read_lock();
	net = vctx_net_of(vctx);
	if (!net)
		seq_puts(m, "address any\n");
	for (i = 0; net && i < net->nr4; i++)
		if (vctx_net_has4(vctx, net->addr4[i]))
			seq_printf(m, "address %pI4\n", &net->addr4[i]);
	for (i = 0; net && i < net->nr6; i++)
		if (vctx_net_has6(vctx, &net->addr6[i]))
			seq_printf(m, "address %pI6c\n", &net->addr6[i]);
	if (net && vctx_net_has_bcast(vctx, net->bcast))
		seq_printf(m, "broadcast %pI4\n", &net->bcast);
	if (net)
		seq_printf(m, "loopback %pI4\n", &net->lo4);
	rcu_read_unlock();
	return 0;
}

static int parse_address(struct vctx_net *net, const char *word)
{
	struct in6_addr addr6;
	__be32 addr4;

	if (in4_pton(word, -1, (u8 *)&addr4, -1, NULL))
		return vctx_net_add4(net, addr4);
	if (in6_pton(word, -1, addr6.s6_addr, -1, NULL))
		return vctx_net_add6(net, &addr6);
	return -EINVAL;
}

static int parse_addresses(struct vctx_net *net, char *line)
{
	char *word;
	int err;

	while ((word = strsep(&line, " "))) {
		if (strcmp(word, "broadcast")) {
			err = parse_address(net, word);
			if (err)
				return err;
			continue;
		}
		word = strsep(&line, " ");
		if (!word || !in4_pton(word, -1, (u8 *)&net->bcast, -1, NULL))
			return -EINVAL;
	}
	return net->nr4 || net->nr6 ? 0 : -EINVAL;
}

static int vctx_addresses_write(struct vctx *vctx, char *line)
{
	struct vctx_net *new;
	int err;

	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new) {
		WRITE_ONCE(vctx->last_error, "out of memory");
		return -ENOMEM;
	}
	err = parse_addresses(new, line);
	if (!err)
		err = vctx_net_set(vctx, new);
	if (!err)
		return 0;
	kfree(new);
	WRITE_ONCE(vctx->last_error, err == -EINVAL ?
		   "addresses of a host are needed, then perhaps: broadcast ADDRESS" :
		   err == -E2BIG ? "more than 16 addresses of a family" :
		   err == -ENOSPC ? "no loopback address is left" :
		   "out of memory");
	return err;
}

static const struct vctxfs_file vctx_net_files[] = {
	{ "addresses", 0644, vctx_addresses_show, vctx_addresses_write },
};

void __init vctx_net_init(void)
{
	vctxfs_add_files(vctx_net_files, ARRAY_SIZE(vctx_net_files));
}
