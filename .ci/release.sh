#!/usr/bin/env bash
# Makes all files of a release: release.sh [--dirty] [DIR], by default in dist/.
# PLATFORMS, for example "linux/amd64 windows/amd64", leaves out the others.
# The same commit and the same Go give the same bytes, in any folder.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${PLATFORMS:=linux/amd64 linux/arm64 linux/arm/v7 linux/ppc64le linux/s390x linux/riscv64 darwin/amd64 darwin/arm64 windows/amd64 freebsd/amd64}"

fail() {
	echo "release: $*" >&2
	exit 1
}

if [[ ${1-} == --dirty ]]; then
	shift
elif [[ $(git status --porcelain) ]]; then
	fail "there are changes that no commit has, so --version would name the wrong source; commit them, or give --dirty to try out"
fi
dist=${1:-dist}

bash .ci/apt.sh buildah ca-certificates zip >&2

# No branch: the same commit may be built from a tag.
export BRANCH=HEAD
. .ci/version.sh
export REVISION BUILD_DATE
SOURCE_DATE_EPOCH=$(date -d "$BUILD_DATE" +%s) || fail "the date of the commit is $BUILD_DATE; build from a clone, or set BUILD_DATE and REVISION"
export SOURCE_DATE_EPOCH VERSION
export GOFLAGS='' LC_ALL=C TZ=UTC0
umask 022

mkdir -p "$dist"
[[ -z $(ls -A "$dist") ]] || fail "$dist is not empty; remove it, or name another folder"
dist=$(cd "$dist" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# pack FORMAT DIR: an archive of a folder in the current one, with the commit's times.
pack() {
	find "$2" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
	case $1 in
	tar) tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -c "$2" ;;
	tar.gz) pack tar "$2" | gzip -9n ;;
	zip) find "$2" | sort | zip -9 -X -q - -@ ;;
	esac
}

echo "binaries" >&2
# binary PLATFORM: its file.
binary() { echo "$work/binaries/${1//\//-}/cbr_exporter"; }
binaries=()
for platform in $PLATFORMS; do
	IFS=/ read -r os arch variant <<<"$platform"
	binaries+=("$(binary "$platform")")
	GOOS=$os GOARCH=$arch GOARM=${variant#v} sh .ci/build.sh "${binaries[-1]}"
done

# What goes into archives and packages beside the binary, in the layout of an archive.
sh .ci/build.sh "$work/cbr_exporter"
files=$work/files
mkdir -p "$files"/{completion,dashboards,rules}
"$work/cbr_exporter" --help-man >"$files/cbr_exporter.1"
"$work/cbr_exporter" --completion-script-bash >"$files/completion/cbr_exporter.bash"
"$work/cbr_exporter" --completion-script-zsh >"$files/completion/_cbr_exporter"
cp LICENSE CHANGELOG.md "$files"
bash .ci/licenses.sh "${binaries[@]}" >"$files/THIRD_PARTY_LICENSES"
# Another name than the one that is read by default, as in the image.
cp config.yml "$files/config.example.yml"
cp dashboards/*.json "$files/dashboards"
cp rules/*.rules.yml "$files/rules"

echo "archives" >&2
for platform in $PLATFORMS; do
	IFS=/ read -r os arch variant <<<"$platform"
	name=cbr_exporter-$VERSION.$os-$arch$variant
	mkdir "$work/$name"
	cp -r "$files/." "$work/$name"
	format=tar.gz suffix=
	case $os in
	linux) mkdir "$work/$name/systemd" && cp deploy/systemd/cbr_exporter.* "$work/$name/systemd" ;;
	windows) format=zip suffix=.exe ;;
	esac
	install "$(binary "$platform")" "$work/$name/cbr_exporter$suffix"
	(cd "$work" && pack "$format" "$name" >"$dist/$name.$format")
done

echo "packages" >&2
gzip -9n "$files/cbr_exporter.1" "$files/CHANGELOG.md"
for platform in $PLATFORMS; do
	[[ $platform == linux/* ]] || continue
	IFS=/ read -r os arch variant <<<"$platform"
	for packager in deb rpm; do
		ARCH=$arch${variant#v} BINARY=$(binary "$platform") FILES=$files \
			bash .ci/tool.sh nfpm package --config deploy/nfpm.yaml --packager $packager --target "$dist" >"$work/log" ||
			fail "nfpm: $(cat "$work/log")"
	done
done
# A candidate is 0.2.0~rc.1 there. GitHub does not keep a tilde in the name of a file.
for package in "$dist"/*~*; do
	[[ ! -e $package ]] || mv "$package" "$dist/$(basename "$package" | tr '~' -)"
done

echo "image" >&2
# The Dockerfile gets the binaries in place of its stage that builds them. The certificates
# are those of Debian's package alone, without those that this machine trusts besides.
b() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }
image=ghcr.io/cbr-exporter/cbr_exporter:$VERSION
mkdir -p "$work/build/etc/ssl/certs"
cat /usr/share/ca-certificates/mozilla/*.crt >"$work/build/etc/ssl/certs/ca-certificates.crt"
cp "$files/THIRD_PARTY_LICENSES" "$work/build"
for platform in $PLATFORMS; do
	[[ $platform == linux/* ]] || continue
	cp "$(binary "$platform")" "$work/build/cbr_exporter"
	b bud --quiet --isolation chroot --pull-never --platform "$platform" --manifest "$image" \
		--build-context build="$work/build" --timestamp "$SOURCE_DATE_EPOCH" \
		--build-arg VERSION="$VERSION" --build-arg REVISION="$REVISION" \
		--build-arg BUILD_DATE="$BUILD_DATE" . >"$work/log" 2>&1 || fail "image: $(cat "$work/log")"
done
b manifest push --quiet --all --format oci "$image" "oci:$work/image:$image" >/dev/null
(cd "$work/image" && pack tar . >"$dist/cbr_exporter-$VERSION.oci.tar")

echo "chart" >&2
# Helm stamps the time of the build into its archive.
bash .ci/tool.sh helm package deploy/helm/cbr-exporter --version "$VERSION" --app-version "$VERSION" --destination "$work" >"$work/log" 2>&1 ||
	fail "helm: $(cat "$work/log")"
tar -C "$work" -xzf "$work/cbr-exporter-$VERSION.tgz"
(cd "$work" && pack tar.gz cbr-exporter >"$dist/cbr-exporter-$VERSION.tgz")

echo "bill of materials, checksums" >&2
go -C .ci/sbom build -o "$work/sbom" .
"$work/sbom" "$VERSION" "$BUILD_DATE" "${binaries[@]}" >"$dist/cbr_exporter-$VERSION.spdx.json"
(cd "$dist" && sha256sum -- * >"$work/SHA256SUMS" && mv "$work/SHA256SUMS" .)
