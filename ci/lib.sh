# Shared by ci/quickstart and ci/test: sourced, not run.
# say: a line for people.  need: packages that are missing get installed.  build: a build folder.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# Packages by name; only what is missing is asked for.
need() {
	local missing=() p
	for p in "$@"; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	command -v apt-get >/dev/null || die "please install: ${missing[*]}"
	local as=()
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "not root and no sudo; please install: ${missing[*]}"
		as=(sudo env "DEBIAN_FRONTEND=$DEBIAN_FRONTEND")
	fi
	say "installing ${missing[*]}"
	local log
	log=$(mktemp)
	if ! { "${as[@]}" apt-get update -qq &&
	       "${as[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		die "installing failed; the whole log is $log"
	fi
	rm -f "$log"
}

build_packages=(gcc libc6-dev meson ninja-build pkg-config libssl-dev libpcap-dev libxml2-dev libcmocka-dev
	libjansson-dev)

# A build folder, set up once with these options of meson and brought up to date; what went wrong goes to stderr.
build() { # FOLDER [options]
	local dir=$1 log rc=0
	shift
	log=$(mktemp)
	if [ ! -f "$dir/build.ninja" ]; then
		rm -rf "$dir"
		meson setup "$dir" "$top" "$@" >"$log" 2>&1 || { cat "$log" >&2; rm -rf "$dir"; rc=1; }
	fi
	if [ $rc -eq 0 ] && ! ninja -C "$dir" >"$log" 2>&1; then
		grep -vE '^\[[0-9]+/[0-9]+\] |^ninja: Entering' "$log" >&2
		rc=1
	fi
	rm -f "$log"
	return $rc
}
