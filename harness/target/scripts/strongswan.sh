# charon in the namespaces, with its ESP in user space.
. "$CTL/orders"

daemon_start() {
	rm -f "$CTL/vici"
	export STRONGSWAN_CONF="$CTL/strongswan.conf" SWANCTL_DIR="$CTL"
	run_daemon /usr/sbin/charon-systemd
	wait_until [ -S "$CTL/vici" ] || return
	swanctl --load-all --noprompt --uri "unix://$CTL/vici" || return
	keep_routes
	[ ! -e "$CTL/half-open" ] || leave_half_open
}

# Linux drops the routes over a device with its last IPv4 address, which a client's inner address would be when its
# IKE SA ends: then every other Child SA would send in clear.
keep_routes() {
	ip address replace 169.254.1.1/32 scope link dev ipsec0
}

# charon asks for cookies as long as enough IKE SAs are half-open: this is one, by an IKE_SA_INIT
# (AES-GCM-256, PRF-HMAC-SHA2-256, Curve25519) whose sender takes no answer.
leave_half_open() {
	perl -MIO::Socket::INET -e 'IO::Socket::INET->new(Proto => "udp",
		PeerAddr => "127.0.0.1:500")->send(pack("H*", shift))' "$(
		printf %s 010203040506070800000000000000002120220800000000 00000090
		printf %s 22000028 0000002401010003 0300000c01000014800e0100
		printf %s 0300000802000005 000000080400001f
		printf %s 28000028001f0000 09000000000000000000000000000000
		printf %s 00000000000000000000000000000000
		printf %s 00000024 000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f
	)"
}

place_start() {
	daemon_start
}

daemon_restart() {
	kill_daemon
	daemon_start
}
