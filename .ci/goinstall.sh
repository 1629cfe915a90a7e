#!/usr/bin/env bash
# Installs this commit as `go install MODULE@latest` will, as if it were the release that
# VERSION names: go refuses a module with a replace in its go.mod or with names of files that
# are not allowed everywhere, and a build there has no -ldflags and none of the nested modules.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

module=$(go list -m)
version=v$(cat VERSION)
proxy=$dir/proxy/$module/@v
mkdir -p "$proxy"

# A module's zip has neither the modules below it nor symbolic links.
mapfile -t left_out < <(
	git ls-files '*/go.mod' | sed 's|/go.mod$||; s|^|:!|'
	git ls-files -s | sed -n 's|^120000 .*\t|:!|p'
)
git archive --format=zip --prefix="$module@$version/" --output="$proxy/$version.zip" HEAD -- . "${left_out[@]}"
git show HEAD:go.mod >"$proxy/$version.mod"
echo "{\"Version\": \"$version\"}" >"$proxy/$version.info"
echo "$version" >"$proxy/list"

# The other modules come from the module cache, which has checked them. A module cache of its
# own, because the version there is not the released one. As build.sh builds, so that packages
# are compiled once.
modules=$(go env GOMODCACHE)
(
	cd "$dir"
	export GOPROXY=file://$dir/proxy,file://$modules/cache/download GOSUMDB=off
	export GOMODCACHE=$dir/modules GOBIN=$dir/bin GOFLAGS='-modcacherw -trimpath' CGO_ENABLED=0
	go install "$module@latest"
)

first=$("$dir/bin/cbr_exporter" --version | head -n 1)
[[ $first == "cbr_exporter, version ${version#v} "* ]] || {
	echo "goinstall: --version says '$first', not version ${version#v}" >&2
	exit 1
}
echo "$first"
