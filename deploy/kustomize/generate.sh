#!/usr/bin/env bash
# Writes base and operator anew from the Helm chart: generate.sh, or generate.sh --check
# to compare them with it.
set -euo pipefail
cd "$(dirname "$0")/../.."

render() {
	# What belongs to Helm, and the namespace, which kustomize or kubectl chooses.
	bash .ci/tool.sh helm template cbr-exporter deploy/helm/cbr-exporter \
		--values deploy/kustomize/values.yaml "${@/#/--show-only=templates/}" 2> >(grep -v level=INFO >&2) |
		sed '/^# Source:/d; /helm\.sh\/chart:/d; /managed-by: Helm$/d; /^  namespace: default$/d; /^ *$/d'
}

write() {
	local file=deploy/kustomize/$1
	shift
	if [[ $mode == --check ]]; then
		render "$@" | diff -u "$file" - || {
			echo "$file differs from the chart; run bash deploy/kustomize/generate.sh" >&2
			exit 1
		}
	else
		render "$@" >"$file"
	fi
}

mode=${1-}
write base/exporter.yaml serviceaccount.yaml service.yaml deployment.yaml
write operator/operator.yaml servicemonitor.yaml prometheusrule.yaml
