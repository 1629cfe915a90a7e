#!/usr/bin/env bash
# Runs the pinned prettier over JSON, YAML, Markdown and scripts: prettier.sh --check | --write
set -euo pipefail
cd "$(dirname "$0")/.."

. .ci/tool-versions

# Without test data and the simulator's samples, which stay as they were found.
mapfile -t files < <(git ls-files --cached --others --exclude-standard -- \
	'*.json' '*.yml' '*.yaml' '*.md' '*.js' '*.mjs' ':!**/testdata/**' ':!simulator/*.json' \
	':!deploy/helm/*/files/*') # links, which prettier refuses

# Single quotes, because in YAML nothing is special between them.
npx --yes "prettier@$PRETTIER" --log-level warn --single-quote "$1" "${files[@]}"
