#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# client.pl PORT STEP...: one who keeps HTTP connections to 127.0.0.1
#
#   open    one more, which has to be answered
#   over    one more, which may not: it is refused, reset or not heard
#   close   ends the last one that was opened
#   reopen  as open, but it may take some tries: what was closed is on its way
#
# Exits with 1, and says why, at the first step that does not come true.

use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

# A guest may be slow, so it gets time; silence has to be told from that.
my $patience = 60;
my $silence = 5;

my $port = shift or die "Usage: client.pl PORT STEP...\n";
my @kept;

$SIG{PIPE} = 'IGNORE';

# A socket that was answered, or undef and the reason
sub request {
	my $seconds = shift;
	my $socket = IO::Socket::INET->new(
		PeerAddr => '127.0.0.1',
		PeerPort => $port,
		Proto => 'tcp',
		Timeout => $seconds,
	) or return (undef, "connect: $!");

	$socket->syswrite("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		or return (undef, "write: $!");
	IO::Select->new($socket)->can_read($seconds)
		or return (undef, "no answer in $seconds s");
	my $n = $socket->sysread(my $answer, 65536);
	return (undef, "read: $!") unless defined $n;
	return (undef, 'closed without an answer') unless $n;
	return (undef, "answered '" . ($answer =~ /^(.*)/)[0] . "'")
		unless $answer =~ m{^HTTP/1.1 200 };
	return $socket;
}

my %step = (
	open => sub {
		my ($socket, $why) = request($patience);
		return $why unless $socket;
		push @kept, $socket;
		return;
	},
	over => sub {
		my ($socket, $why) = request($silence);
		return 'answered' if $socket;
		print "refused: $why\n";
		return;
	},
	close => sub {
		my $socket = pop @kept or return 'there is none';
		$socket->close;
		return;
	},
	reopen => sub {
		my ($socket, $why);
		my $end = time + $patience;

		do {
			($socket, $why) = request($silence);
			if ($socket) {
				push @kept, $socket;
				return;
			}
			sleep 1;
		} while (time < $end);
		return $why;
	},
);

my $n = 0;
for my $name (@ARGV) {
	my $do = $step{$name} or die "client.pl: unknown step '$name'\n";
	my $why = $do->();
	$n++;
	if (defined $why) {
		print "step $n ($name), with " . @kept . " open: $why\n";
		exit 1;
	}
}
