#!/usr/bin/env bash
# Writes base and operator anew from the Helm chart, and the schema of config.yml into that of
# the chart's values: generate.sh, or generate.sh --check to compare them.
set -euo pipefail
cd "$(dirname "$0")/../.."

render() {
	# What belongs to Helm, and the namespace, which kustomize or kubectl chooses.
	bash .ci/tool.sh helm template cbr-exporter deploy/helm/cbr-exporter \
		--values deploy/kustomize/values.yaml "${@/#/--show-only=templates/}" 2> >(grep -v level=INFO >&2) |
		sed '/^# Source:/d; /helm\.sh\/chart:/d; /managed-by: Helm$/d; /^  namespace: default$/d; /^ *$/d'
}

# Helm reads no second file, so links within the schema get the place where it is. Projects may
# also be those of shards. Helm shows a value that does not match a pattern, and the URL of a
# proxy may have a password.
schema() {
	jq --slurpfile config config.schema.json '.definitions.exporter = ($config[0]
		| del(."$schema", ."$id", .required, .properties.projects.minItems, .definitions.http_client.properties.proxy_url.pattern)
		| walk(if type == "object" and has("$ref") then ."$ref" |= sub("#/definitions"; "#/definitions/exporter/definitions") else . end))' \
		"$1"
}

# write FILE COMMAND... writes or compares what the command prints.
write() {
	local file=$1 new
	new=$("${@:2}")
	if [[ $mode != --check ]]; then
		echo "$new" >"$file"
	elif ! diff -u "$file" - <<<"$new"; then
		echo "$file differs; run bash deploy/kustomize/generate.sh" >&2
		exit 1
	fi
}

mode=${1-}
values=deploy/helm/cbr-exporter/values.schema.json
write $values schema $values
write deploy/kustomize/base/exporter.yaml render serviceaccount.yaml service.yaml deployment.yaml
write deploy/kustomize/operator/operator.yaml render servicemonitor.yaml prometheusrule.yaml
