# Runs the orders of a target that is not ours.
exec 3<>"$CTL/cmd"
. "$CTL/orders"
echo ready >"$CTL/out/ready"
orders
