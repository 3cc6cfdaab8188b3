#!/bin/sh
# planted.sh TARGET CORPUS: a target with a planted bug must fail within a minute.
set -u
target=$(realpath "$1") corpus=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
start=$(date +%s)
timeout 60 "$target" -n 100000000 -s 7 "$corpus" >out 2>&1
code=$?
took=$(($(date +%s) - start))
if [ ! -s crash.bin ] && ! grep -q 'input .* of the corpus' out; then
	echo "the planted bug was not found in $took s (exit $code)"
	tail -5 out
	exit 1
fi
echo "found in $took s (exit $code): $(grep -m1 -E 'ERROR|fuzz-[a-z]*:|runtime error' out)"
