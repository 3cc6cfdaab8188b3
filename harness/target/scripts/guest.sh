# The first process of a guest: modules, addresses, the daemon, then orders from its serial line.
# shellcheck disable=SC2086
exec >/ctl/guest-first.log 2>&1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C CTL=/ctl
stamp() {
	read -r up _ </proc/uptime
	echo "$1 at $up"
}
stamp first
mount -t sysfs sys /sys
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
mount -t hostfs none /lib/modules -o /usr/lib/uml/modules
exec 3</dev/ttyS0
stty -F /dev/ttyS0 raw -echo
. /ctl/orders
. /ctl/daemon
stamp modules
modprobe -a xfrm_user esp4 esp6 gcm seqiv ctr ghash_generic sha512_generic authenc authencesn \
	echainiv cbc hmac drbg jitterentropy_rng
echo >/proc/sys/kernel/modprobe # asked for dozens of times by each new algorithm, in vain
stamp net
quiet_network
ip -batch /ctl/guest-net
stamp warm
# The first use of an algorithm costs seconds: not when a peer is waiting for it.
warm=0x00112233445566778899aabbccddeeff
spi=256
for bits in 128 256; do
	key=$warm
	[ $bits = 128 ] || key=$key${warm#0x}
	spi=$((spi + 1))
	ip xfrm state add src 127.0.0.1 dst 127.0.0.1 proto esp spi $spi mode tunnel \
		aead 'rfc4106(gcm(aes))' ${key}01020304 128
	for hash in 256:128 384:192 512:256; do
		spi=$((spi + 1))
		ip xfrm state add src 127.0.0.1 dst 127.0.0.1 proto esp spi $spi mode tunnel \
			enc 'cbc(aes)' $key \
			auth-trunc "hmac(sha${hash%:*})" $key ${hash#*:}
		ip xfrm state add src 127.0.0.1 dst 127.0.0.2 proto esp spi $spi mode tunnel \
			flag esn replay-window 64 replay-seq-hi 0 \
			enc 'cbc(aes)' $key \
			auth-trunc "hmac(sha${hash%:*})" $key ${hash#*:}
	done
done
ip xfrm state flush
stamp daemon
helper_start
if daemon_start; then
	stamp ready
	echo ready >/ctl/out/guest
else
	stamp failed
	echo failed >/ctl/out/guest
fi
orders
