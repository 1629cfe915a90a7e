#!/usr/bin/env bash
# Builds the Dockerfile without a container engine, checks the image and runs its binary.
# Stage bases are local stand-ins of the same name, so this checks the Dockerfile, not the
# base images: golang:* is Debian with this machine's Go.
set -euo pipefail
cd "$(dirname "$0")/.."

bash .ci/apt.sh buildah debootstrap ca-certificates curl >&2

work=$(mktemp -d)
cleanup() {
	[[ -z ${exporter-} ]] || kill "$exporter" 2>/dev/null || true
	b umount --all >/dev/null
	# Do not delete through a mount that is left: it has this machine's modules.
	grep -q " $work/" /proc/self/mounts || rm -rf "$work"
}
trap cleanup EXIT

# chroot isolation and plain folders need no support of the kernel.
b() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }

fail() {
	echo "image: $*" >&2
	exit 1
}

. .ci/version.sh
export REVISION BRANCH BUILD_DATE

# The base: as the official image, Debian with CA certificates and Go in /usr/local/go.
# Go itself is mounted, not copied.
base=$(sed -n 's/^FROM .*\(golang:[^ ]*\).*/\1/p' Dockerfile)
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
c=$(b from scratch)
debootstrap --variant=minbase --include=ca-certificates "$suite" "$(b mount "$c")" >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	fail "debootstrap failed"
}
b config --env GOPATH=/go --env PATH=/go/bin:/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin "$c"
b commit --quiet --rm "$c" "$base" >/dev/null

# Modules, compiled packages and trusted certificates are this machine's.
mkdir -p "$(go env GOMODCACHE)" "$(go env GOCACHE)"
certs=${SSL_CERT_DIR:-/etc/ssl/certs}
# The docker format, because the other one silently drops a HEALTHCHECK.
b bud --quiet --isolation chroot --pull-never --format docker --tag cbr_exporter \
	--platform "$(go env GOOS)/$(go env GOARCH)" \
	--build-arg VERSION="$VERSION" --build-arg REVISION="$REVISION" \
	--build-arg BRANCH="$BRANCH" --build-arg BUILD_DATE="$BUILD_DATE" \
	--volume "$(go env GOROOT):/usr/local/go:ro" \
	--volume "$(go env GOMODCACHE):/go/pkg/mod" \
	--volume "$(go env GOCACHE):/root/.cache/go-build" \
	--volume "${certs%%:*}:/etc/ssl/certs:ro" . >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	fail "build failed"
}

# Its metadata.
says() { b inspect --type image --format "{{$1}}" cbr_exporter; }
user=$(says .OCIv1.Config.User)
[[ $user =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || fail "runs as '$user', not as a numeric user other than root"
[[ $(says .Docker.Config.Healthcheck) == "<nil>" ]] || fail "has a HEALTHCHECK"
[[ $(says .OCIv1.Config.ExposedPorts) == *10065/tcp* ]] || fail "does not expose 10065"
[[ $(says 'index .OCIv1.Config.Labels "org.opencontainers.image.version"') == "$VERSION" ]] || fail "label of the version is wrong"

# Its files.
root=$(b mount "$(b from --pull-never cbr_exporter)")
bin=$root/bin/cbr_exporter
[[ -s $root/etc/ssl/certs/ca-certificates.crt ]] || fail "has no CA certificates"
size=$(stat -c %s "$bin")
((size < 20 * 1000 * 1000)) || fail "binary has $size bytes, more than 20 MB"
sh .ci/build.sh "$work/cbr_exporter"
cmp "$bin" "$work/cbr_exporter" || fail "build is not reproducible: the binary differs from one built outside"

# The binary, alone in its root as its own user. It starts there only if it is static.
in_image() { exec chroot --userspec="$user" "$root" /bin/cbr_exporter "$@"; }
# refuses CAUSE: the image without arguments exits with 1 and names the file and the cause.
refuses() {
	local code=0
	timeout 10 chroot --userspec="$user" "$root" /bin/cbr_exporter "$cmd" >"$work/log" 2>&1 || code=$?
	((code == 1)) || fail "exits with $code, not 1, where it should refuse: $(cat "$work/log")"
	grep -qF "$config: cannot be read: $1" "$work/log" || fail "does not say '$1': $(cat "$work/log")"
}
(in_image --version) >"$work/version" 2>&1 || fail "--version: $(cat "$work/version")"
grep -q "version $VERSION (.*revision: $REVISION" "$work/version" || fail "--version: $(cat "$work/version")"

# serves PATH ARGUMENTS: the image answers a request.
serves() {
	local path=$1 address
	shift
	address=127.0.0.1:$(shuf -i 20000-29999 -n 1)
	in_image "$@" --web.listen-address="$address" >"$work/log" 2>&1 &
	exporter=$!
	curl --silent --fail --retry 20 --retry-delay 1 --retry-connrefused "http://$address$path" -o "$work/page" ||
		fail "$*: $(cat "$work/log")"
	kill "$exporter"
	wait "$exporter" || fail "does not stop cleanly on SIGTERM"
	exporter=
}

# Without a mount, where the engine makes a directory for a file that does not exist on the
# host, and with a file.
cmd=$(says 'index .OCIv1.Config.Cmd 0')
config=${cmd#--config.file=}
example=/etc/cbr_exporter/config.example.yml
(in_image --config.file="$example" --config.check) >"$work/log" 2>&1 || fail "--config.check of the example: $(cat "$work/log")"
refuses "no such file or directory; name another file with --config.file, or in a container mount yours there"
mkdir "$root$config"
refuses "a directory, not a file (Docker makes one if the file to mount is missing on the host)"
rmdir "$root$config"
sed 's/- name: prod/- name: mounted/' config.yml >"$root$config"
serves /config "$cmd"
grep -q 'name: mounted' "$work/page" || fail "does not read the file that is mounted: $(cat "$work/page")"

serves /metrics --demo
grep -q '^cbr_up{.*} 1$' "$work/page" || fail "--demo: no cbr_up that is 1"

echo "image ok: binary $((size / 1000)) kB, user $user, $(grep -c '^cbr_' "$work/page") series in the demo"
