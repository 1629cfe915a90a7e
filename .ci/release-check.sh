#!/usr/bin/env bash
# Makes a release twice, in two folders, and checks what is in it: release-check.sh [--all]
# Without --all for one platform of each operating system, and one of 32 bits: compiling for
# a further one takes 20 s and more.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${1-} == --all ]]; then
	unset PLATFORMS
else
	export PLATFORMS="linux/amd64 linux/arm/v7 darwin/arm64 windows/amd64 freebsd/amd64"
fi

bash .ci/apt.sh jq rpm unzip >&2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "release-check: $*" >&2
	exit 1
}

. .ci/version.sh
export REVISION BUILD_DATE

go -C .ci/sbom mod tidy -diff
go -C .ci/sbom vet .

# The second time from a copy without git, on a machine of another name and with other
# settings of the user.
dist=$work/dist
bash .ci/release.sh --dirty "$dist" 2>"$work/log" || fail "$(cat "$work/log")"
mkdir "$work/copy"
git ls-files -z --cached --others --exclude-standard | tar -c --null --files-from - | tar -x -C "$work/copy"
(umask 077 && cd "$work/copy" && TZ=Asia/Shanghai unshare --uts \
	bash -c 'hostname elsewhere && exec bash .ci/release.sh --dirty ../second') 2>"$work/log" ||
	fail "in a copy: $(cat "$work/log")"
diff "$dist/SHA256SUMS" "$work/second/SHA256SUMS" || fail "two builds differ"
rm -r "$work/copy" "$work/second"

# The archives.
cd "$dist"
for archive in cbr_exporter-"$VERSION".*.tar.gz; do
	tar -C "$work" -xzf "$archive"
done
unzip -q cbr_exporter-"$VERSION".*.zip -d "$work"
for archive in "$work/cbr_exporter-$VERSION".*; do
	wanted="LICENSE THIRD_PARTY_LICENSES CHANGELOG.md cbr_exporter.1 config.example.yml rules/cbr.rules.yml dashboards/cbr-overview.json completion/cbr_exporter.bash completion/_cbr_exporter"
	case $archive in
	*.linux-*) wanted+=" cbr_exporter systemd/cbr_exporter.service systemd/cbr_exporter.socket systemd/cbr_exporter.default" ;;
	*.windows-*) wanted+=" cbr_exporter.exe" ;;
	*) wanted+=" cbr_exporter" ;;
	esac
	for file in $wanted; do
		[[ -s $archive/$file ]] || fail "$(basename "$archive") has no $file"
	done
done
binary=$work/cbr_exporter-$VERSION.linux-amd64/cbr_exporter
shown=$("$binary" --version 2>&1)
[[ $shown == *"version $VERSION "*"revision: $REVISION"*"build date: "*"$BUILD_DATE"* ]] || fail "--version shows $shown"

# The bill of materials names each module of each binary, with its licence, and so do the licences.
go version -m "$work"/cbr_exporter-*/ | awk '$1 == "dep" { print $2 }' | sort -u >"$work/linked"
jq -r '.packages[] | select(.licenseDeclared != "").name' "cbr_exporter-$VERSION.spdx.json" | sort >"$work/listed"
sed -n 's/^======== \(.*\), .* ========$/\1/p' "$(dirname "$binary")/THIRD_PARTY_LICENSES" | sort -u >"$work/licensed"
for list in listed licensed; do
	missing=$(comm -13 "$work/$list" "$work/linked")
	[[ -s $work/linked && -z $missing ]] || fail "these modules are not $list: $missing"
done

# The image.
mkdir "$work/image"
tar -C "$work/image" -xf "cbr_exporter-$VERSION.oci.tar"
blob() { echo "$work/image/blobs/${1/://}"; }
index=$(blob "$(jq -r '.manifests[0].digest' "$work/image/index.json")")
for archive in *.linux-*.tar.gz; do
	platform=${archive#*.linux-}
	echo "linux/${platform%.tar.gz}"
done | sort >"$work/wanted"
jq -r '.manifests[].platform | .os + "/" + .architecture + (if .architecture == "arm" then .variant else "" end)' "$index" | sort | diff "$work/wanted" - ||
	fail "the image has other platforms"
manifest=$(blob "$(jq -r '.manifests[] | select(.platform.architecture == "amd64").digest' "$index")")
config=$(blob "$(jq -r .config.digest "$manifest")")
jq -e --arg version "$VERSION" --arg revision "$REVISION" --arg date "$BUILD_DATE" '.config
	| .Labels["org.opencontainers.image.version"] == $version
	and .Labels["org.opencontainers.image.revision"] == $revision
	and .Labels["org.opencontainers.image.created"] == $date' "$config" >/dev/null || fail "the image has the configuration $(cat "$config")"
mkdir "$work/root"
jq -r '.layers[].digest' "$manifest" | while read -r layer; do
	tar -C "$work/root" -xzf "$(blob "$layer")"
done
cmp "$work/root/bin/cbr_exporter" "$binary"
cmp "$work/root/THIRD_PARTY_LICENSES" "$(dirname "$binary")/THIRD_PARTY_LICENSES"
grep -q 'BEGIN CERTIFICATE' "$work/root/etc/ssl/certs/ca-certificates.crt" || fail "the image has no certificates"

# The chart.
chart=$(tar -xzOf "cbr-exporter-$VERSION.tgz" cbr-exporter/Chart.yaml)
[[ $chart == *"version: $VERSION"* && $chart == *"appVersion: $VERSION"* ]] || fail "the chart has $chart"

# The packages, installed into folders that have a shell, and a systemctl that takes notes.
root() {
	root=$work/$1
	mkdir -p "$root"/{run/systemd/system,bin,usr,var/lib/dpkg/info,var/lib/dpkg/updates}
	touch "$root/var/lib/dpkg/status"
	local program
	for program in sh rm; do
		cp -L "/bin/$program" "$root/bin/"
		ldd "/bin/$program" | grep -o '/[^ ]*' | xargs -I{} cp -L --parents {} "$root"
	done
	printf '#!/bin/sh\necho "$@" >>/notes\n' >"$root/bin/systemctl"
	chmod +x "$root/bin/systemctl"
}
# calls STEP WANTED: what systemctl was called with since the last time.
calls() {
	local noted=
	[[ ! -e $root/notes ]] || noted=$(paste -sd ';' "$root/notes")
	[[ $noted == "$2" ]] || fail "$1 calls systemctl with '$noted', not with '$2'"
	rm -f "$root/notes"
}
installed() {
	local file modes
	for file in usr/bin/cbr_exporter usr/lib/systemd/system/cbr_exporter.{service,socket} etc/cbr_exporter/config.example.yml \
		usr/share/doc/cbr-exporter/THIRD_PARTY_LICENSES usr/share/cbr_exporter/{rules/cbr.rules.yml,dashboards/cbr-overview.json} usr/share/man/man1/cbr_exporter.1.gz \
		usr/share/bash-completion/completions/cbr_exporter "$@"; do
		[[ -s $root/$file ]] || fail "$(basename "$root") does not install $file"
	done
	modes=$(cd "$root" && stat -c '%a %U' usr/bin/cbr_exporter etc/cbr_exporter etc/cbr_exporter/secrets etc/default/cbr_exporter | paste -sd ';')
	[[ $modes == "755 root;755 root;700 root;600 root" ]] || fail "$(basename "$root") installs with the modes $modes"
	cmp "$root/usr/bin/cbr_exporter" "$binary"
	[[ ! -e $root/etc/cbr_exporter/config.yml ]] || fail "$(basename "$root") installs a config.yml, which cannot work"
}
reload='daemon-reload;try-restart cbr_exporter.service'
disable='disable --now cbr_exporter.socket cbr_exporter.service;daemon-reload'

root deb
deb() { dpkg --root="$root" --log=/dev/null "$@" >"$work/log" 2>&1 || fail "dpkg $*: $(cat "$work/log")"; }
deb --install cbr-exporter_"$VERSION"_amd64.deb
installed usr/share/doc/cbr-exporter/{copyright,CHANGELOG.md.gz} usr/share/zsh/vendor-completions/_cbr_exporter
calls installation "$reload"
touch "$root"/etc/cbr_exporter/{config.yml,secrets/access-key}
echo ARGS=--log.level=debug >"$root/etc/default/cbr_exporter"
deb --install cbr-exporter_"$VERSION"_amd64.deb
calls upgrade "daemon-reload;$reload"
grep -q debug "$root/etc/default/cbr_exporter" || fail "an upgrade replaces /etc/default/cbr_exporter"
deb --remove cbr-exporter
calls removal "$disable"
[[ -e $root/etc/cbr_exporter/config.yml && ! -e $root/usr/bin/cbr_exporter ]] || fail "removal of the deb leaves the wrong files"
deb --purge cbr-exporter
[[ ! -e $root/etc/cbr_exporter && ! -e $root/etc/default/cbr_exporter ]] || fail "purge leaves files in /etc"

root rpm
rpms() { rpm --root "$root" --nodeps "$@" >"$work/log" 2>&1 || fail "rpm $*: $(cat "$work/log")"; }
rpms --install --ignorearch cbr-exporter-"$VERSION"-1.x86_64.rpm
installed usr/share/licenses/cbr-exporter/LICENSE usr/share/zsh/site-functions/_cbr_exporter
calls installation "$reload"
touch "$root/etc/cbr_exporter/config.yml"
rpms --upgrade --force --ignorearch cbr-exporter-"$VERSION"-1.x86_64.rpm
calls upgrade "$reload;daemon-reload"
rpms --erase cbr-exporter
calls removal "$disable"
[[ -e $root/etc/cbr_exporter/config.yml && ! -e $root/usr/bin/cbr_exporter ]] || fail "removal of the rpm leaves the wrong files"

echo "release ok: $(wc -l <SHA256SUMS) files, twice the same; $(wc -l <"$work/linked") modules, $(wc -l <"$work/wanted") platforms in the image"
