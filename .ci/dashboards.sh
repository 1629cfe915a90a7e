#!/usr/bin/env bash
# Checks the dashboards against the types of the pinned @grafana/schema: no unknown key, no value
# of another type.
set -euo pipefail
cd "$(dirname "$0")/.."

. .ci/tool-versions

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

npm install --prefix "$dir" --no-audit --no-fund --no-package-lock --loglevel=error \
	"@grafana/schema@$GRAFANA_SCHEMA" "typescript@$TYPESCRIPT"
cp .ci/dashboards.ts "$dir/types.ts"

# Each file becomes a literal: the compiler refuses unknown keys in literals only.
for file in dashboards/*.json; do
	{
		echo "import type { CBRDashboard } from './types';"
		echo 'export const dashboard: CBRDashboard ='
		cat "$file"
	} >"$dir/$(basename "$file" .json).ts"
done

cd "$dir"
node_modules/.bin/tsc --noEmit --strict --skipLibCheck --target es2022 --module nodenext --moduleResolution nodenext \
	./*.ts
