#!/usr/bin/env bash
# Runs the pinned prettier over JSON, YAML and Markdown: prettier.sh --check | --write
set -euo pipefail
cd "$(dirname "$0")/.."

. .ci/tool-versions

# Left out: test data and the simulator's samples, which are as they were found,
# and Helm templates, which are no YAML.
mapfile -t files < <(git ls-files --cached --others --exclude-standard -- \
	'*.json' '*.yml' '*.yaml' '*.md' ':!**/testdata/**' ':!simulator/*.json' ':!**/templates/**')

# Single quotes, because in YAML nothing is special between them.
npx --yes "prettier@$PRETTIER" --log-level warn --single-quote "$1" "${files[@]}"
