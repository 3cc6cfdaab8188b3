# Takes orders to pluto without a process for each: `perl whack.pl`, with lines on standard input.
#
# What whack says to pluto is recorded once for each form of an order, from whack itself on a socket
# of our own, and said again with another name or number.  Lines:
#
#   TICKET FILE say ARGUMENTS            the last argument may be a connection's name
#   TICKET FILE KIND PATTERN ARGUMENTS   KIND is IKE or CHILD; the arguments and then the name of
#                                        the newest established SA whose name matches (its number
#                                        after --deletestate)
#   TICKET FILE reset NAME               all SAs and routes of a slot's connections
#   TICKET FILE counters                 ip -s xfrm state, once for all who wait for it
#   TICKET FILE probe                    does pluto answer?  If it does not, what its process does: it is
#                                        busy as long as that uses the processor
#
# What pluto answers goes to out/FILE, then "TICKET CODE" to out/FILE.rc.
use Errno;
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use Socket;

my $out = "$ENV{CTL}/out";
my $pluto = '/run/pluto/pluto.ctl';
my $whack = '/usr/libexec/ipsec/whack';
my $select = IO::Select->new(\*STDIN);
my (%recorded, %job, @counters, @probes);
my $lines = '';

sub finish {
	my ($job, $code, $text) = @_;
	return if $job->{over}++;
	for ([$job->{file}, $text], ["$job->{file}.rc", "$job->{ticket} $code\n"]) {
		open(my $file, '>', "$out/$_->[0]") or next;
		print $file $_->[1];
		close $file;
	}
}

# What whack sends for these arguments.
sub record {
	my $path = '/run/whack.record';
	unlink $path;
	my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 1) or return '';
	my $pid = fork // return '';
	if ($pid == 0) {
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', '/dev/null';
		exec $whack, '--ctlsocket', $path, @_;
		exit 127;
	}
	my ($message, $from) = ('');
	$from = $listener->accept if IO::Select->new($listener)->can_read(20);
	sysread $from, $message, 1 << 16 if $from;
	close $from if $from;
	close $listener;
	waitpid $pid, 0;
	return $message;
}

# A message is a struct, then strings; newer ones bear the lengths of these, with their NULs.  So a name
# stands for another if its length can be told from everything else.
my $blank = 'Q' x 112;
my $blank_length = pack 'Q<', 113;

sub with_name {
	my ($message, $given) = @_;
	my $lengths = () = $message =~ /\Q$blank_length\E/g;
	my $length = pack 'Q<', 1 + length $given;
	return '' if $lengths > 1 || (() = $message =~ /$blank/g) != 1;
	$message =~ s/\Q$blank_length\E/$length/;
	return $message =~ s/$blank/$given/r;
}

my $no_number = unpack 'L<', 'QQQQ';

sub message {
	my @arguments = @_;
	my $option = @arguments > 1 ? $arguments[-2] : '';
	return $recorded{"@arguments"} ||= record(@arguments)
		unless $option eq '--name' || $option eq '--deletestate';
	my $given = pop @arguments;
	if ($option eq '--name') {
		my $message = $recorded{"@arguments"} ||= record(@arguments, $blank);
		return with_name($message, $given) || record(@arguments, $given);
	}
	my $message = $recorded{"@arguments"} ||= record(@arguments, $no_number);
	my $number = pack 'L<', $given;
	return $message =~ s/QQQQ/$number/r;
}

# State and processor time of pluto.
sub pulse {
	open(my $pid, '<', '/run/daemon.pid') or return ('gone', 0);
	my ($number) = <$pid> =~ /^(\d+)/ or return ('gone', 0);
	open(my $stat, '<', "/proc/$number/stat") or return ('gone', 0);
	my @fields = split ' ', (<$stat> =~ s/.*\) //r);
	return ($fields[0], $fields[11] + $fields[12]);
}

# pluto blocks while it tells much to one who does not read, and takes in nobody meanwhile.  So nothing here waits for a
# place in its queue: who finds none asks again, and what pluto says is read in between.
my @outside;

sub say_to_pluto {
	my ($job, @arguments) = @_;
	my $message = message(@arguments);
	$job->{text} = '' unless $job->{queue};
	$job->{text} //= '';
	return finish($job, 1, "whack says nothing for this order\n") unless length $message;
	$job->{message} = $message;
	push @outside, $job;
	let_in();
}

# By hand: to IO::Socket a full queue is a connection on its way, and on such a socket it never comes.
sub let_in {
	while (my $job = $outside[0]) {
		socket(my $socket, PF_UNIX, SOCK_STREAM, 0) or return;
		$socket->blocking(0);
		my $in = connect $socket, pack_sockaddr_un($pluto);
		return if !$in && $!{EAGAIN};
		shift @outside;
		if (!$in || !syswrite $socket, $job->{message}) {
			finish($job, 1, "pluto takes no order: $!\n");
			next;
		}
		$job{fileno $socket} = $job;
		$select->add($socket);
	}
}

# The newest established SA of the kind and pattern of a job: as --deletestate wants it, or its name.
sub newest {
	my ($job, $option) = @_;
	my ($best, $name) = (0);
	for (split /\n/, $job->{text}) {
		# An instance has a number and its peer after the name.
		next unless /#(\d+): "($job->{pattern})"(?:\[\d+\] \S+)?:.*ESTABLISHED_$job->{kind}_SA/;
		($best, $name) = ($1, $2) if $1 > $best;
	}
	return unless $best;
	return $option eq '--deletestate' ? ($best) : ('--name', $name);
}

# Numbers before the lines of pluto: those from 20 to 99 are errors.
sub code_of {
	return $_[0] =~ /^0([2-9]\d) /m ? $1 : 0;
}

sub answered {
	my ($socket) = @_;
	my $job = $job{fileno $socket};
	my $more = sysread $socket, $job->{text}, 1 << 16, length $job->{text};
	return if $more || (!defined $more && $!{EAGAIN});
	delete $job{fileno $socket};
	$select->remove($socket);
	close $socket;
	my $then = delete $job->{then};
	if (my $next = shift @{$job->{queue} || []}) {
		say_to_pluto($job, @$next);
	} elsif (!$then) {
		finish($job, code_of($job->{text}), $job->{text});
	} elsif (my @which = newest($job, $then->[-1])) {
		say_to_pluto($job, @$then, @which);
	} else {
		finish($job, 1, "there is no such SA\n");
	}
}

# A route outlives the SA that made it, and keeps others with the same selectors out.
sub reset_slot {
	my ($job, $name) = @_;
	open(my $file, '<', "$ENV{CTL}/names") or return finish($job, 1, "no names: $!\n");
	my @names = grep { /^\Q$name\E(-[a-z]+)*$/ } map { s/\s+$//r } <$file>;
	$job->{queue} = [map { ['--unroute', '--name', $_] } @names];
	say_to_pluto($job, '--terminate', '--name', "$name-all");
}

# Seconds, with hundredths: a small perl has no other clock that does not jump.
sub uptime {
	open(my $file, '<', '/proc/uptime') or return time;
	return (split ' ', <$file>)[0];
}

my $patience = 1.2;
my $turned = 0; # the last look at probes
sub probe {
	my ($job) = @_;
	@$job{'state', 'cpu'} = pulse();
	return finish($job, 1, "hung, state T\n") if $job->{state} eq 'T';
	$job->{until} = uptime() + $patience;
	$turned = uptime() unless @probes;
	push @probes, $job;
	say_to_pluto($job, '--fipsstatus');
}

# If we were late ourselves, pluto may have answered meanwhile: it has its time again.
sub look_at_probes {
	@probes = grep { !$_->{over} } @probes;
	my $now = uptime();
	if ($now > $turned + 0.4) {
		$_->{until} = $now + $patience for @probes;
	}
	$turned = $now;
	for my $job (grep { $now >= $_->{until} } @probes) {
		my ($state, $cpu) = pulse();
		my $busy = $state eq 'R' || ($state ne 'T' && $cpu > $job->{cpu});
		finish($job, $busy ? 0 : 1, ($busy ? 'busy' : 'hung') . ", state $state\n");
	}
}

sub order {
	my ($ticket, $file, $verb, @rest) = split ' ', shift;
	my $job = { ticket => $ticket, file => $file };
	if ($verb eq 'say') {
		say_to_pluto($job, @rest);
	} elsif ($verb eq 'reset') {
		reset_slot($job, @rest);
	} elsif ($verb eq 'probe') {
		probe($job);
	} elsif ($verb eq 'counters') {
		push @counters, $job;
	} else {
		@$job{'kind', 'pattern'} = ($verb, shift @rest);
		$job->{then} = [@rest];
		say_to_pluto($job, '--showstates');
	}
}

sub count {
	my $text = `ip -s xfrm state 2>&1`;
	if (open my $stat, '<', '/proc/net/xfrm_stat') {
		local $/;
		$text .= <$stat>;
	}
	finish($_, 0, $text) for splice @counters;
}

$SIG{PIPE} = 'IGNORE';
# The orders that every case needs, before the first asks for them: whack takes its time in a guest.
message(@$_) for ['--showstates'], ['--terminate', '--name', 'x'], ['--unroute', '--name', 'x'],
	['--initiate', '--asynchronous', '--name', 'x'], ['--fipsstatus'], ['--asynchronous', '--deletestate', 1];
while (1) {
	let_in();
	for my $ready ($select->can_read(@outside ? 0.02 : @probes ? 0.1 : undef)) {
		if ($ready != \*STDIN) {
			answered($ready);
			next;
		}
		exit 0 unless sysread STDIN, $lines, 4096, length $lines;
		order($1) while $lines =~ s/^([^\n]*)\n//;
	}
	count() if @counters;
	look_at_probes() if @probes;
}
