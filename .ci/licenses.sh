#!/usr/bin/env bash
# Prints the licences and notices of Go and of the modules in binaries, which most of them ask
# to ship with a binary: licenses.sh BINARY...
set -euo pipefail

# text NAME FILE
text() {
	printf '======== %s ========\n\n' "$1"
	cat "$2"
	printf '\n\n'
}

text "Go, $(go env GOVERSION)" "$(go env GOROOT)/LICENSE"
modules=$(go version -m "$@" | awk '$1 == "dep" { print $2 }' | LC_ALL=C sort -u)
for module in $modules; do
	dir=$(go list -m -f '{{.Dir}}' "$module")
	# Also those of code that a module has copied.
	files=$(cd "$dir" && find . -type f -regex '.*/\(LICEN[CS]E\|COPYING\|NOTICE\)[^/]*' | LC_ALL=C sort)
	[[ $files ]] || {
		echo "licenses: $module has none" >&2
		exit 1
	}
	for file in $files; do
		text "$module, ${file#./}" "$dir/$file"
	done
done
