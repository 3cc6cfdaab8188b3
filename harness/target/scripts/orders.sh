# Orders: lines "TICKET FILE COMMAND" on descriptor 3, each run beside the others.  What a command
# says goes to out/FILE, then "TICKET CODE" to out/FILE.rc.  Files are used again, never unlinked: a
# guest's kernel holds on to each that it has written.

orders() {
	while read -r ticket file line <&3; do
		if [ "$ticket" = keep ]; then
			exec setpriv --pdeathsig clear /bin/sh "$CTL/first" again
		fi
		if [ "${line#@}" != "$line" ]; then # for a helper that reads descriptor 5
			echo "$ticket $file ${line#@}" >&5
			continue
		fi
		(
			eval "$line" >"$CTL/out/$file" 2>&1 </dev/null 3<&-
			echo "$ticket $?" >"$CTL/out/$file.rc"
		) &
	done
}

# Runs the daemon in the background; its end is noted in out/exit, which is empty until then.
run_daemon() {
	: >"$CTL/out/exit"
	(
		"$@" >>"$CTL/said" 2>&1 </dev/null 3<&- &
		echo $! >/run/daemon.pid
		wait $!
		echo $? >"$CTL/out/exit"
	) &
}

kill_daemon() {
	kill -KILL "$(cat /run/daemon.pid)" 2>/dev/null
	wait_until [ -s "$CTL/out/exit" ]
}

wait_until() {
	turns=600
	until "$@"; do
		turns=$((turns - 1))
		if [ $turns = 0 ] || [ -s "$CTL/out/exit" ]; then
			"$@" && return 0
			echo "waited for nothing: $*"
			return 1
		fi
		sleep 0.02
	done
}

write_all() {
	value=$1
	shift
	for knob in "$@"; do
		[ ! -e "$knob" ] || echo "$value" >"$knob"
	done
}

# Nothing but the tester's own packets on the wire, and no packet dropped for where it comes from.
quiet_network() {
	cd /proc/sys/net || return
	write_all 0 ipv6/conf/*/disable_ipv6 ipv6/conf/*/accept_dad ipv6/conf/*/dad_transmits
	write_all 0 ipv6/conf/*/accept_ra ipv6/conf/*/router_solicitations
	write_all 0 ipv4/conf/*/rp_filter ipv4/conf/*/send_redirects ipv4/conf/*/accept_redirects
	write_all 0 ipv4/icmp_ratelimit ipv6/icmp/ratelimit ipv4/icmp_echo_ignore_all
	write_all 1 ipv6/conf/*/addr_gen_mode
	[ ! -e "$CTL/gateway" ] || write_all 1 ipv4/ip_forward ipv6/conf/all/forwarding
	cd /
}
