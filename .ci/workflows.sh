#!/usr/bin/env bash
# Checks .github/workflows: actionlint, with shellcheck over the run lines, and that each
# action is pinned by a commit, since whoever owns an action can move its tags.
set -euo pipefail
cd "$(dirname "$0")/.."

bash .ci/apt.sh shellcheck >&2

# By its path: actionlint leaves out what it does not find.
bash .ci/tool.sh actionlint -shellcheck "$(command -v shellcheck)"

unpinned=$(grep -nE '^[ -]*uses:' .github/workflows/*.yml |
	grep -vE 'uses: (\./|[^@ ]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$)') || true
if [[ $unpinned ]]; then
	echo "workflows: write these as OWNER/NAME@COMMIT # vX.Y.Z:" >&2
	echo "$unpinned" >&2
	exit 1
fi
