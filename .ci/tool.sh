#!/usr/bin/env bash
# Runs a tool in its pinned version, which is built on first use: tool.sh NAME ARGUMENT...
# tool.sh --dir NAME... builds tools and prints their folders, for a PATH.
# The tool runs in the root of the repository.
set -euo pipefail
cd "$(dirname "$0")/.."

. .ci/tool-versions

# build NAME builds a tool if need be, and sets its folder, bin.
build() {
	local name=$1 package flags=()
	case $name in
	actionlint) package=github.com/rhysd/actionlint/cmd/actionlint@$ACTIONLINT ;;
	alertmanager | amtool) package=github.com/prometheus/alertmanager/cmd/$name@$ALERTMANAGER ;;
	golangci-lint) package=github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$GOLANGCI_LINT ;;
	govulncheck) package=golang.org/x/vuln/cmd/govulncheck@$GOVULNCHECK ;;
	helm) package=helm.sh/helm/v4/cmd/helm@$HELM ;;
	helm-docs) package=github.com/norwoodj/helm-docs/cmd/helm-docs@$HELM_DOCS ;;
	kubeconform) package=github.com/yannh/kubeconform/cmd/kubeconform@$KUBECONFORM ;;
	kustomize) package=sigs.k8s.io/kustomize/kustomize/v5@$KUSTOMIZE ;;
	nfpm) package=github.com/goreleaser/nfpm/v2/cmd/nfpm@$NFPM ;;
	prometheus | promtool)
		package=github.com/prometheus/prometheus/cmd/$name@$PROMETHEUS
		# The clients of clouds are most of the build. Static, file and HTTP discovery remain.
		flags=(-tags remove_all_sd)
		;;
	vmagent | vmalert-tool) package=github.com/VictoriaMetrics/VictoriaMetrics/app/$name@$VICTORIAMETRICS ;;
	*)
		echo "tool.sh: unknown tool $name" >&2
		exit 2
		;;
	esac

	# The path has the version of Go: linters that an older Go has built refuse newer code.
	bin=${XDG_CACHE_HOME:-$HOME/.cache}/cbr_exporter-tools/$name-${package##*@}-$(go env GOVERSION)
	[[ ! -x $bin/$name ]] || return 0
	echo "building $package" >&2
	if [[ $name == alertmanager ]]; then
		build_alertmanager "${package%%/cmd/*}@${package##*@}" >&2
	else
		(cd / && GOBIN=$bin GOFLAGS='' go install "${flags[@]}" "$package") >&2
	fi
}

# build_alertmanager MODULE: it embeds its pages for people, which the module does not have. An
# empty file does.
build_alertmanager() {
	local copy
	copy=$(mktemp -d)
	cp -r --no-preserve=mode "$(cd / && go mod download -json "$1" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')/." "$copy"
	mkdir -p "$copy/ui/app/dist"
	touch "$copy/ui/app/dist/empty"
	(cd "$copy" && GOFLAGS='' go build -o "$bin/alertmanager" ./cmd/alertmanager)
	rm -rf "$copy"
}

if [[ $1 == --dir ]]; then
	shift
	dirs=
	for name; do
		build "$name"
		dirs+=${dirs:+:}$bin
	done
	echo "$dirs"
else
	build "$1"
	exec "$bin/$1" "${@:2}"
fi
