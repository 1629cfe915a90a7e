#!/usr/bin/env bash
# Runs a tool in its pinned version, which is built on first use: tool.sh NAME ARGUMENT...
# tool.sh --dir NAME builds it and prints its folder, for a PATH.
# The tool runs in the root of the repository.
set -euo pipefail
cd "$(dirname "$0")/.."

. .ci/tool-versions

dir=
if [[ $1 == --dir ]]; then
	dir=yes
	shift
fi
name=$1
shift

flags=()
case $name in
actionlint) package=github.com/rhysd/actionlint/cmd/actionlint@$ACTIONLINT ;;
amtool) package=github.com/prometheus/alertmanager/cmd/amtool@$ALERTMANAGER ;;
golangci-lint) package=github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$GOLANGCI_LINT ;;
helm) package=helm.sh/helm/v4/cmd/helm@$HELM ;;
kubeconform) package=github.com/yannh/kubeconform/cmd/kubeconform@$KUBECONFORM ;;
kustomize) package=sigs.k8s.io/kustomize/kustomize/v5@$KUSTOMIZE ;;
nfpm) package=github.com/goreleaser/nfpm/v2/cmd/nfpm@$NFPM ;;
prometheus | promtool)
	package=github.com/prometheus/prometheus/cmd/$name@$PROMETHEUS
	# The clients of clouds are most of the build. Static, file and HTTP discovery remain.
	flags=(-tags remove_all_sd)
	;;
vmalert-tool) package=github.com/VictoriaMetrics/VictoriaMetrics/app/vmalert-tool@$VICTORIAMETRICS ;;
*)
	echo "tool.sh: unknown tool $name" >&2
	exit 2
	;;
esac

# The path has the version of Go: linters that an older Go has built refuse newer code.
bin=${XDG_CACHE_HOME:-$HOME/.cache}/cbr_exporter-tools/$name-${package##*@}-$(go env GOVERSION)
if ! [[ -x $bin/$name ]]; then
	echo "building $package" >&2
	(cd / && GOBIN=$bin GOFLAGS='' go install "${flags[@]}" "$package") >&2
fi

if [[ $dir ]]; then
	echo "$bin"
else
	exec "$bin/$name" "$@"
fi
