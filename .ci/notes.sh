#!/usr/bin/env bash
# Prints what CHANGELOG.md says of a release, as the text of the release: notes.sh TAG
# Fails if the tag, VERSION and CHANGELOG.md do not name the same release.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
	echo "notes: $*" >&2
	exit 1
}

tag=$1
version=$(cat VERSION)
[[ $tag == "v$version" ]] || fail "the tag $tag is not v$version, which VERSION asks for"

heading=$(grep -m 1 '^## ' CHANGELOG.md)
[[ $heading =~ ^"## $version / "[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] ||
	fail "the first heading of CHANGELOG.md is '$heading', not '## $version / YYYY-MM-DD'"

awk '/^## / { if (seen++) exit; next } seen' CHANGELOG.md | sed '1{/^$/d}'
