#!/bin/sh
# coverage.sh SOURCE CORPUS [EXECUTIONS]: line coverage of the decoder by corpus and mutations; at least 95 per cent.
set -eu
source=$1 corpus=$2 executions=${3:-200000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
command -v gcc >/dev/null && command -v gcov >/dev/null || exit 77
base=$source/base
for file in arena bytes names why wire-decode wire-encode wire-parts wire-path wire-print wire-schema wire-tree \
	wire-validate wire-value; do
	gcc -std=gnu17 -O1 --coverage -I"$base/include" -I"$base" -c "$base/$file.c" -o "$file.o" &
	[ "$file" != wire-encode ] || wait
done
wait
for file in "$source/ikev2/formats.c" "$source/ikev2/fuzz/fuzz-decode.c" "$base/fuzz/standalone.c" \
	"$base/fuzz/mutate.c"; do
	gcc -std=gnu17 -O1 -I"$base/include" -I"$source/ikev2/include" -I"$base" -I"$base/fuzz" \
		-c "$file" -o "$(basename "$file" .c).o"
done
gcc --coverage ./*.o -o fuzz
./fuzz -n "$executions" -s 7 "$corpus"
gcov wire-decode.o wire-encode.o >gcov.txt 2>&1
low=0
for file in wire-decode wire-encode; do
	lines=$(grep -A1 "^File '.*/$file.c'" gcov.txt | sed -n 's/^Lines executed:\([0-9.]*\)%.*/\1/p')
	echo "$file.c: $lines% of lines"
	grep '#####' "$file.c.gcov" || true
	[ "${lines%.*}" -ge 95 ] || low=1
done
exit $low
