# charon in the namespaces, with its ESP in user space.
. "$CTL/orders"

daemon_start() {
	rm -f "$CTL/vici"
	export STRONGSWAN_CONF="$CTL/strongswan.conf" SWANCTL_DIR="$CTL"
	run_daemon /usr/sbin/charon-systemd
	wait_until [ -S "$CTL/vici" ] || return
	swanctl --load-all --noprompt --uri "unix://$CTL/vici"
}

place_start() {
	daemon_start
}

daemon_restart() {
	kill_daemon
	daemon_start
}

swan() {
	timeout 60 swanctl "$@" --uri "unix://$CTL/vici"
}

states() {
	swan --list-sas --raw ${1:+--ike "$1"}
}
