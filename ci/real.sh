# Shared by the jobs with real daemons: sourced, not run.
# shellcheck disable=SC2034
real_targets=(strongswan:5.9.8 strongswan:6.0.1 libreswan:4.10 libreswan:5.2)

# Exit 77 with the reason where this machine has no place for a real daemon.
real_targets_or_skip() {
	[ "$(id -u)" = 0 ] || { echo "SKIP real targets: not root"; exit 77; }
	[ -c /dev/net/tun ] || { echo "SKIP real targets: no /dev/net/tun"; exit 77; }
}

# The tree of a target, and the folder of its results.
real_tree() {
	case $1 in strongswan:5.9.8 | libreswan:4.10) echo "${1%%:*}" ;; *) echo "$1" ;; esac
}
real_folder() { echo "${1/:/-}"; }

# "P F S" of a result folder, and of one in which what was not well there was run again (if it is there); a failure if
# there is no result.
real_counts() {
	python3 - "$@" <<-'P'
	import json, os, sys
	def summary(folder):
	    s = json.load(open(folder + "/results.json"))["targets"][0]["summary"]
	    return s["passed"], s["failed"], s["skipped"]
	try:
	    p, f, k = summary(sys.argv[1])
	    if len(sys.argv) > 2 and os.path.exists(sys.argv[2] + "/results.json"):
	        again = summary(sys.argv[2])
	        p, f, k = p + again[0], again[1], k + again[2]
	    print(p, f, k)
	except Exception:
	    print(0, 1, 0)
	P
}
