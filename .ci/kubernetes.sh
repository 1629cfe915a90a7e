#!/usr/bin/env bash
# Checks what is shipped for Kubernetes, without a cluster. kubernetes.sh -update writes the
# expected objects anew.
set -euo pipefail
cd "$(dirname "$0")/.."

bash .ci/apt.sh jq >&2
PATH=$PATH:$(bash .ci/tool.sh --dir helm kubeconform kustomize)
export PATH
# Helm says of each rendering that it follows the links to the rules and the dashboards.
helm() { command helm "$@" 2> >(grep -v level=INFO >&2); }
chart=deploy/helm/cbr-exporter

for values in "$chart"/ci/*-values.yaml; do
	helm lint --strict --quiet "$chart" --values "$values"
done
bash deploy/kustomize/generate.sh --check
bash .ci/tool.sh helm-docs --chart-search-root deploy/helm --dry-run 2>/dev/null | diff "$chart/README.md" -

(
	cd test/kubernetes
	go mod tidy -diff
	go vet ./...
	go test -count=1 ./... "$@"
)

# The tests find unknown fields, and the schemas of Kubernetes find missing ones. They come in
# a module whose version is 1 where that of k8s.io/api is 0.
version=$(go -C test/kubernetes list -m -f '{{.Version}}' k8s.io/api)
openapi=$(cd / && go mod download -json "k8s.io/kubernetes@v1${version#v0}" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')/api/openapi-spec/v3
schemas=$(mktemp -d)
trap 'rm -rf "$schemas"' EXIT

# schema NAME FILE TYPE writes a schema that is a part of a file of Kubernetes.
schema() {
	echo "{\"\$ref\": \"file://$openapi/$2_openapi.json#/components/schemas/io.k8s.api.$3\"}" >"$schemas/$1.json"
}
schema configmap-v1 api__v1 core.v1.ConfigMap
schema deployment-apps-v1 apis__apps__v1 apps.v1.Deployment
schema networkpolicy-networking-v1 apis__networking.k8s.io__v1 networking.v1.NetworkPolicy
schema poddisruptionbudget-policy-v1 apis__policy__v1 policy.v1.PodDisruptionBudget
schema service-v1 api__v1 core.v1.Service
schema serviceaccount-v1 api__v1 core.v1.ServiceAccount

# Those of Prometheus Operator are in no module.
for values in "$chart"/ci/*-values.yaml; do
	helm template cbr-exporter "$chart" --values "$values"
done | kubeconform -strict -skip PrometheusRule,ServiceMonitor \
	-schema-location "$schemas/{{.ResourceKind}}{{.KindSuffix}}.json" -
