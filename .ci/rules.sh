#!/usr/bin/env bash
# Has promtool check the rules and run their unit tests, which takes a minute or two.
set -euo pipefail
cd "$(dirname "$0")/../rules"

promtool check rules --lint=all --lint-fatal cbr.rules.yml
promtool test rules cbr.rules.test.yml
