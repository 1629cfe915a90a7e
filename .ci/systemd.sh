#!/usr/bin/env bash
# Boots systemd in a container that has this machine's /usr and the shipped units, and runs
# test/systemd there. Needs root.
set -euo pipefail
umask 022 # other users read what it makes
cd "$(dirname "$0")/.."

bash .ci/apt.sh systemd systemd-container procps >&2

work=$(mktemp -d)
cleanup() {
	rm -rf "$work"
	# Without systemd on this machine, systemd-nspawn leaves its empty control groups.
	[[ -d /run/systemd/system ]] ||
		find /sys/fs/cgroup/{,*/}{payload,supervisor} -depth -type d -exec rmdir {} + 2>/dev/null || true
}
trap cleanup EXIT

# What a package has in /usr.
sh .ci/build.sh "$work/cbr_exporter"
install -D -t "$work/usr/bin" "$work/cbr_exporter"
install -D -m 0644 -t "$work/usr/lib/systemd/system" deploy/systemd/cbr_exporter.{service,socket}
CGO_ENABLED=0 go test -tags e2e -c -o "$work/usr/lib/systemd.test" ./test/systemd

# The rest of the container: an empty machine that runs the test and ends with its status.
root=$work/root
mkdir -p "$root/usr" "$root/etc/systemd/system"
install -D -m 0600 deploy/systemd/cbr_exporter.default "$root/etc/default/cbr_exporter"
for dir in bin lib lib64 sbin; do
	[[ ! -L /$dir ]] || ln -s "usr/$dir" "$root/$dir"
done
cp /usr/lib/os-release "$root/etc/os-release"
systemd-id128 new >"$root/etc/machine-id" # with one, nothing is enabled by presets
cat >"$root/etc/systemd/system/test.service" <<UNIT
[Unit]
SuccessAction=exit
FailureAction=exit
FailureActionExitStatus=1

[Service]
Type=oneshot
ExecStart=/usr/lib/systemd.test -test.v
StandardOutput=file:/log
UNIT

flags=(--quiet --register=no)
[[ -d /run/systemd/system ]] || flags+=(--keep-unit)
if ! timeout 200 systemd-nspawn "${flags[@]}" --machine=cbr-exporter --directory="$root" \
	--overlay-ro="/usr:$work/usr:/usr" --private-network --resolv-conf=off --timezone=off \
	--link-journal=no --console=pipe --boot systemd.unit=test.service </dev/null >"$work/console" 2>&1; then
	cat "$root/log" || cat "$work/console"
	false
fi
grep -e '^---' "$root/log"
