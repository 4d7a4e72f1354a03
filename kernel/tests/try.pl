#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# try.pl: does what it is told, and prints a line for each: "done" or the name of
# the error.  It is told by its arguments, or by lines of its input:
#
#   bind ADDRESS PORT      be a server
#   connect ADDRESS PORT   be a client
#   dns ADDRESS NAME       ask for a name; prints who has answered, and what: an
#                          IPv4 address
#   ask ADDRESS NAME       likewise, from a socket that hears nobody else
#   write FILE, read FILE, signal PID

use strict;
use warnings;
use Errno;
use Socket qw(:DEFAULT :addrinfo);

# A guest may be slow; what is lost is sent again.
my $patience = 60;
my $again = 3;

sub result {
	my $ok = shift;
	my $errno = $! + 0;
	return 'done' if $ok;
	for my $name (sort keys %!) {
		# Two names of one number
		next if $name =~ /^(EWOULDBLOCK|EDEADLOCK|ENOTSUP)$/;
		return $name if Errno->can($name) && Errno->can($name)->() == $errno;
	}
	return "errno $errno";
}

# A socket and the other's address
sub endpoint {
	my ($address, $port, $type) = @_;
	my ($err, $info) = getaddrinfo($address, $port, {
		flags => AI_NUMERICHOST | AI_NUMERICSERV, socktype => $type });

	die "try.pl: $address: $err\n" if $err;
	socket(my $socket, $info->{family}, $type, 0)
		or die "try.pl: socket: $!\n";
	setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
	return ($socket, $info);
}

# Asks a name of three words; if the socket is not connected, it is seen who
# answers.  An error that comes back is told, too.
sub dns {
	my ($address, $name, $connected) = @_;
	my ($socket, $info) = endpoint($address, 53, SOCK_DGRAM);
	my $is_ipv6 = $info->{family} == AF_INET6;
	# One question, for an address (A) of the class internet
	my $question = pack('n6 C/a* C/a* C/a* C n2', 1, 0x100, 1, 0, 0, 0,
		split(/\./, $name), 0, 1, 1);
	my $end = time + $patience;

	# IPV6_RECVERR, IP_RECVERR
	setsockopt($socket, $is_ipv6 ? 41 : 0, $is_ipv6 ? 25 : 11, 1)
		or die "try.pl: RECVERR: $!\n";
	!$connected || connect($socket, $info->{addr}) or return result(0);
	while (time < $end) {
		defined($connected ? send($socket, $question, 0) :
			send($socket, $question, 0, $info->{addr}))
			or return result(0);
		my $ready = '';
		vec($ready, fileno($socket), 1) = 1;
		next unless select($ready, undef, undef, $again);
		my $from = recv($socket, my $answer, 4096, 0);
		return result(0) unless defined $from;
		my ($err, $host) = getnameinfo($from, NI_NUMERICHOST);
		die "try.pl: getnameinfo: $err\n" if $err;
		# The answer's data are the end of it.
		return "$host " . inet_ntoa(substr($answer, -4));
	}
	return 'silence';
}

my %what = (
	bind => sub {
		my ($socket, $info) = endpoint(@_, SOCK_STREAM);
		return result(bind($socket, $info->{addr}) && listen($socket, 1));
	},
	connect => sub {
		my ($socket, $info) = endpoint(@_, SOCK_STREAM);
		return result(connect($socket, $info->{addr}));
	},
	dns => \&dns,
	ask => sub { return dns(@_, 1) },
	write => sub { return result(open(my $file, '>', $_[0])) },
	read => sub { return result(open(my $file, '<', $_[0])) },
	signal => sub { return result(kill(0, $_[0])) },
);

sub try {
	my $do = $what{$_[0]} or die "try.pl: unknown word '$_[0]'\n";
	shift;
	print $do->(@_), "\n";
}

$| = 1;
if (@ARGV) {
	try(@ARGV);
} else {
	try(split) while <STDIN>;
}
