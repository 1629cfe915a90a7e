#!/bin/sh
# Builds the static binary: build.sh FILE. Make, CI and the Dockerfile all build with this.
set -eu

. .ci/version.sh
v=github.com/prometheus/common/version

# -buildvcs=false: the revision is given below, also where there is no git.
CGO_ENABLED=0 exec go build -trimpath -buildvcs=false -o "$1" -ldflags "-s -w \
	-X $v.Version=$VERSION -X $v.Revision=$REVISION -X $v.Branch=$BRANCH \
	-X $v.BuildUser=cbr_exporter -X $v.BuildDate=$BUILD_DATE" .
