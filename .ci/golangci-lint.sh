#!/usr/bin/env bash
# Runs the pinned golangci-lint, which is built on first use: golangci-lint.sh ARGUMENT...
set -euo pipefail
cd "$(dirname "$0")/.."

. .ci/tool-versions

# The path has the version of Go: built by an older Go, it refuses newer code.
bin=${XDG_CACHE_HOME:-$HOME/.cache}/cbr_exporter-tools/golangci-lint-$GOLANGCI_LINT-$(go env GOVERSION)
if ! [[ -x $bin/golangci-lint ]]; then
	echo "building golangci-lint $GOLANGCI_LINT" >&2
	GOBIN=$bin go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$GOLANGCI_LINT"
fi

exec "$bin/golangci-lint" "$@"
