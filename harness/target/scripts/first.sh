# The first process of the namespaces: addresses, then the daemon (or the guest), then orders.
ulimit -c 0
exec 3<>"$CTL/cmd"
. "$CTL/orders"
. "$CTL/daemon"
if [ "${1:-}" = again ]; then
	: >"$CTL/out/kept"
	orders
fi
quiet_network
if ip -batch "$CTL/net" && place_start; then
	echo ready >"$CTL/out/ready"
else
	echo failed >"$CTL/out/ready"
fi
orders
