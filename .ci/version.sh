# shellcheck shell=sh disable=SC2034
# Sourced by sh and bash. Sets what the binary and the image show of their build. Values
# that are already set stay, since the image build has no git.
# The date is the commit's, so that two builds of a commit are equal.

VERSION=$(cat VERSION)
: "${REVISION:=$(git rev-parse --quiet --verify HEAD 2>/dev/null || echo unknown)}"
: "${BRANCH:=$(git symbolic-ref --short HEAD 2>/dev/null || echo unknown)}"
: "${BUILD_DATE:=$(TZ=UTC0 git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ 2>/dev/null || echo unknown)}"
