#!/usr/bin/env bash
# Opens the demo in a headless Chromium and checks what people see and do there, in a minute.
# With --screenshots it writes the pictures in docs/images instead.
set -euo pipefail
cd "$(dirname "$0")/.."

. .ci/tool-versions

dir=$(mktemp -d)
cleanup() {
	[[ -z ${exporter-} ]] || kill "$exporter" || true
	rm -rf "$dir"
}
trap cleanup EXIT

fail() {
	echo "page: $*" >&2
	cat "$dir/log" >&2
	exit 1
}

CHROMIUM=$(command -v chromium) || {
	echo "page: chromium is missing; install the package chromium" >&2
	exit 1
}
npm install --prefix "$dir" --no-audit --no-fund --no-package-lock --loglevel=error \
	"playwright-core@$PLAYWRIGHT_CORE" "axe-core@$AXE_CORE"
cp test/page/*.mjs "$dir"
sh .ci/build.sh "$dir/cbr_exporter"

# It is read before the demo writes to it.
: >"$dir/log"
# Below a path, as behind a proxy: a link that is not relative fails.
TZ=UTC "$dir/cbr_exporter" --demo --web.listen-address=127.0.0.1:0 --web.route-prefix=/cbr 2>"$dir/log" &
exporter=$!
address=
for ((i = 0; i < 100; i++)); do
	address=$(sed -n 's/.*msg="Listening on" address=//p' "$dir/log")
	[[ -z $address ]] || break
	kill -0 "$exporter" 2>/dev/null || fail "the demo has stopped"
	sleep 0.1
done
[[ $address ]] || fail "the demo does not listen"

export CHROMIUM PAGE=http://$address/cbr/
if [[ ${1-} == --screenshots ]]; then
	node "$dir/screenshots.mjs" docs/images
else
	node --test --test-reporter=spec "$dir/page.test.mjs"
fi
