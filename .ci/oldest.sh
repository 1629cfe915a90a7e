#!/usr/bin/env bash
# Tests rules, queries and configurations with the oldest Prometheus and Alertmanager that they
# are for, which are those of Debian 12: oldest.sh FOLDER, the one with promtool and amtool.
set -euo pipefail
cd "$(dirname "$0")/.."

# claimed FILE NAME prints the version in the head of a file: "NAME 1.2 and later".
claimed() {
	sed -n "1,3s/.*for $2 \([0-9.]*\) and later.*/\1/p" "$1"
}

# is TOOL VERSION fails unless the tool is of that version.
is() {
	[[ $("$dir/$1" --version 2>&1) == "$1, version $2."* ]] || {
		echo "oldest: $dir/$1 is not of version $2" >&2
		exit 1
	}
}

dir=$1
is promtool "$(claimed rules/cbr.rules.yml Prometheus)"
is amtool "$(claimed deploy/alertmanager.yml Alertmanager)"
PATH=$dir:$PATH
export PATH
go test -run 'TestStories/promtool|Promtool' ./rules
go test -run PromQL ./docs
go test -run 'Alertmanager|Prometheus' ./deploy
