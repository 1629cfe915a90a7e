#!/usr/bin/env bash
# Compiles the dashboards against the types of the pinned @grafana/schema: that no key is unknown,
# and no value of another type.
set -euo pipefail
cd "$(dirname "$0")/.."

. .ci/tool-versions

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

npm install --prefix "$dir" --no-audit --no-fund --no-package-lock --loglevel=error \
	"@grafana/schema@$GRAFANA_SCHEMA" "typescript@$TYPESCRIPT"
cp .ci/dashboards.ts "$dir/types.ts"

# A dashboard of each file, as a literal: only of those does the compiler refuse unknown keys.
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
