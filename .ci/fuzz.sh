#!/usr/bin/env bash
# Runs each fuzz target for a while: fuzz.sh 30s [-fuzz.report FILE]
set -euo pipefail
cd "$(dirname "$0")/.."

go test ./test/fuzz -count=1 -timeout 0 -v -run TestFuzz -fuzz.time "$@"
