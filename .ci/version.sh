# shellcheck shell=sh disable=SC2034
# To be sourced, by sh too. Sets what the binary and the image say of themselves;
# what is already set wins: the image build has no git.
# The date is the commit's, so that building a commit twice gives the same bytes.

VERSION=$(cat VERSION)
: "${REVISION:=$(git rev-parse --quiet --verify HEAD 2>/dev/null || echo unknown)}"
: "${BRANCH:=$(git symbolic-ref --short HEAD 2>/dev/null || echo unknown)}"
: "${BUILD_DATE:=$(TZ=UTC0 git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ 2>/dev/null || echo unknown)}"
