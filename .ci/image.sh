#!/usr/bin/env bash
# Builds the Dockerfile, checks the image and runs it, with a root that is read-only.
# Stage bases are local stand-ins of the same name, so this checks the Dockerfile, not the
# base images: golang:* is Debian with this machine's Go.
set -euo pipefail
umask 022 # the user of the image reads what it makes
cd "$(dirname "$0")/.."

bash .ci/apt.sh buildah debootstrap podman runc ca-certificates curl >&2

work=$(mktemp -d)
cleanup() {
	p rm --all --force >/dev/null
	b umount --all >/dev/null
	# Do not delete through a mount that is left: it has this machine's modules.
	grep -q " $work/" /proc/self/mounts || rm -rf "$work"
}
trap cleanup EXIT

# chroot isolation and plain folders need no support of the kernel.
b() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }
# runc also where cgroups are mixed. The limits are those that root may have in a container.
p() { podman --root "$work/storage" --runroot "$work/run" --storage-driver vfs --tmpdir "$work/tmp" --runtime runc "$@"; }
run() {
	p run --rm --read-only --cap-drop all --security-opt no-new-privileges --network host \
		--ulimit nofile=1024:1024 --ulimit nproc=4000:4000 "$@"
}

fail() {
	echo "image: $*" >&2
	exit 1
}

. .ci/version.sh
export REVISION BRANCH BUILD_DATE

# The base: as the official image, Debian with CA certificates and Go in /usr/local/go.
# Go itself is mounted, not copied.
# The stand-in cannot have the digest, so the build is from a copy of the Dockerfile without.
sed 's/@sha256:[0-9a-f]\{64\}//' Dockerfile >"$work/Dockerfile"
base=$(sed -n 's/^FROM .*\(golang:[^ ]*\).*/\1/p' "$work/Dockerfile")
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
b bud --quiet --file "$work/Dockerfile" --isolation chroot --pull-never --tag cbr_exporter \
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
[[ $(says 'index .OCIv1.Config.Labels "org.opencontainers.image.version"') == "$VERSION" ]] || fail "label of the version is wrong"

# Its files.
root=$(b mount "$(b from --pull-never cbr_exporter)")
bin=$root/bin/cbr_exporter
[[ -s $root/etc/ssl/certs/ca-certificates.crt ]] || fail "has no CA certificates"
[[ -s $root/THIRD_PARTY_LICENSES ]] || fail "has no licences of the modules"
size=$(stat -c %s "$bin")
((size < 20 * 1000 * 1000)) || fail "binary has $size bytes, more than 20 MB"
sh .ci/build.sh "$work/cbr_exporter"
cmp "$bin" "$work/cbr_exporter" || fail "build is not reproducible: the binary differs from one built outside"

# refuses CAUSE OPTION...: the image without arguments exits with 1 and names the file and the
# cause.
refuses() {
	local code=0 cause=$1
	shift
	run --timeout 60 "$@" cbr_exporter >"$work/log" 2>&1 || code=$?
	((code == 1)) || fail "exits with $code, not 1, where it should refuse: $(cat "$work/log")"
	grep -qF "$config: cannot be read: $cause" "$work/log" || fail "does not say '$cause': $(cat "$work/log")"
}
run cbr_exporter --version >"$work/version" 2>&1 || fail "--version: $(cat "$work/version")"
grep -q "version $VERSION (.*revision: $REVISION" "$work/version" || fail "--version: $(cat "$work/version")"

# serves PATH OPTION... cbr_exporter ARGUMENT...: the image answers a request, as its user
# and without a file that it could write.
serves() {
	local path=$1 address exporter pid
	shift
	address=127.0.0.1:$(shuf -i 20000-29999 -n 1)
	run --name serves "$@" --web.listen-address="$address" >"$work/log" 2>&1 &
	exporter=$!
	curl --silent --fail --retry 20 --retry-delay 1 --retry-connrefused "http://$address$path" -o "$work/page" ||
		fail "$*: $(cat "$work/log")"
	pid=$(p inspect --format '{{.State.Pid}}' serves)
	grep -q "^Uid:.${user%:*}\b" "/proc/$pid/status" || fail "does not run as $user: $(cat "/proc/$pid/status")"
	grep -q '^CapEff:.0*$' "/proc/$pid/status" || fail "has capabilities: $(cat "/proc/$pid/status")"
	grep -q '^[^ ]* / [^ ]* ro[, ]' "/proc/$pid/mounts" || fail "can write to its root: $(cat "/proc/$pid/mounts")"
	p stop serves >/dev/null
	wait "$exporter" || fail "does not stop cleanly on SIGTERM: $(cat "$work/log")"
}

# Without a mount, where the engine makes a directory for a file that does not exist on the
# host, and with a file.
cmd=$(says 'index .OCIv1.Config.Cmd 0')
config=${cmd#--config.file=}
example=/etc/cbr_exporter/config.example.yml
run cbr_exporter --config.file="$example" --config.check >"$work/log" 2>&1 || fail "--config.check of the example: $(cat "$work/log")"
refuses "no such file or directory; name another file with --config.file, or in a container mount yours there"
mkdir "$work/directory"
refuses "a directory, not a file (Docker makes one if the file to mount is missing on the host)" --volume "$work/directory:$config:ro"
sed 's/- name: prod/- name: mounted/' config.yml >"$work/config.yml"
serves /config --volume "$work/config.yml:$config:ro" cbr_exporter "$cmd"
grep -q 'name: mounted' "$work/page" || fail "does not read the file that is mounted: $(cat "$work/page")"

serves /metrics cbr_exporter --demo
grep -q '^cbr_up{.*} 1$' "$work/page" || fail "--demo: no cbr_up that is 1"

echo "image ok: binary $((size / 1000)) kB, user $user, $(grep -c '^cbr_' "$work/page") series in the demo"
