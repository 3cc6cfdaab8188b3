# pluto, in the namespaces or in a guest, with the kernel's ESP.
. "$CTL/orders"

# The CA, what it revoked, and the target's certificates with their keys.
import_certificates() {
	[ -s "$CTL/ca.pem" ] || return 0
	certutil -A -d sql:/run/nss -n ca -t CT,, -a -i "$CTL/ca.pem" || return
	sed '/^-/d' "$CTL/crl.pem" | base64 -d >/run/ca.crl
	crlutil -I -d sql:/run/nss -i /run/ca.crl -B
	for file in "$CTL"/*.p12; do
		pk12util -i "$file" -d sql:/run/nss -w "$CTL/password" || return
	done
}

daemon_start() {
	mkdir -p /run/pluto /run/ipsec.d
	if [ ! -d /run/nss ]; then
		cp -a /var/lib/ipsec/nss /run/nss
		import_certificates || return
	fi
	rm -f /run/pluto/pluto.ctl
	# shellcheck disable=SC2046
	run_daemon /usr/libexec/ipsec/pluto --nofork --config "$CTL/ipsec.conf" \
		--rundir /run/pluto --nssdir /run/nss --ipsecdir /run/ipsec.d \
		--secretsfile "$CTL/ipsec.secrets" --logfile "$CTL/log" --no-dnssec \
		$(cat "$CTL/options")
	wait_until [ -S /run/pluto/pluto.ctl ] || return
	# pluto runs an addconn of its own, so nothing is marked for that: it would not say when.
	# shellcheck disable=SC2046
	/usr/libexec/ipsec/addconn --ctlsocket /run/pluto/pluto.ctl --config "$CTL/ipsec.conf" \
		$(cat "$CTL/names") && w --listen || return
	# What the peer deletes stays deleted: a target acts when it is told to.
	w --impair revival
}

# A helper for orders that begin with "@".
helper_start() {
	[ -p /run/helper ] || mkfifo /run/helper
	exec 5<>/run/helper
	perl "$CTL/whack.pl" <&5 >>"$CTL/said" 2>&1 3<&- &
}

daemon_restart() {
	kill_daemon
	ip xfrm state flush
	ip xfrm policy flush
	daemon_start
}

w() {
	/usr/libexec/ipsec/whack --rundir /run/pluto "$@"
}

place_start() {
	if [ ! -e "$CTL/guest-net" ]; then
		helper_start
		daemon_start
		return
	fi
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	guest_start
}

# A guest's only ways in and out are its card, the FIFO of orders (ttyS0) and the files of $CTL.
guest_start() {
	ulimit -n 65536
	(
		linux.uml mem=192M umid=uml uml_dir="$CTL/" quiet ro \
			rootfstype=hostfs rootflags="$TREE" init=/sbin/guest-init "ctl=$CTL" \
			con=null con0=null,fd:1 ssl0=fd:4,null random.trust_cpu=on \
			cryptomgr.notests initcall_blacklist=raid6_select_algo \
			"vec0:transport=tap,ifname=guest,mac=02:00:00:00:00:01,depth=128,gro=0" \
			3<&- 4<>"$CTL/guest-cmd" >"$CTL/guest.log" 2>&1 </dev/null
		[ -s "$CTL/out/exit" ] || echo 255 >"$CTL/out/exit"
	) &
	turns=2500
	until [ -s "$CTL/out/guest" ]; do
		turns=$((turns - 1))
		if [ $turns = 0 ] || [ -s "$CTL/out/exit" ]; then
			cat "$CTL/guest.log" "$CTL/guest-first.log"
			return 1
		fi
		sleep 0.02
	done
	[ "$(cat "$CTL/out/guest")" = ready ]
}
