#!/usr/bin/env bash
# Checks the rules and runs their unit tests with promtool, and with vmalert-tool if it is
# installed.
set -euo pipefail
cd "$(dirname "$0")/.."

promtool check rules --lint=all --lint-fatal rules/cbr.rules.yml
go test ./rules
