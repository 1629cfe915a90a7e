#!/usr/bin/env bash
# Runs each fuzz target for a while: fuzz.sh 30s
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# One by one: go test takes a single target.
mapfile -t targets < <(grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort)
for line in "${targets[@]}"; do
	package=$(dirname "${line%%:*}")
	target=${line##*func }
	echo "$package $target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 20x "$package" >"$log" 2>&1 && continue

	# Before Go 1.27 the fuzzer sometimes reports its own deadline as a failure
	# (go.dev/issue/75804). A real failure leaves its input behind.
	if grep -q 'Failing input written' "$log" || ! grep -Eq '^ +context deadline exceeded$' "$log"; then
		cat "$log"
		exit 1
	fi
done
echo "${#targets[@]} fuzz targets, $1 each"
