#!/usr/bin/env bash
# Checks with VictoriaMetrics what is written for Prometheus: vmagent reads the scrape
# configurations, and vmalert-tool runs the unit tests of the rules. It takes a minute more
# than promtool, so only the weekly workflow runs it.
set -euo pipefail
cd "$(dirname "$0")/.."

for file in deploy/prometheus/*.yml; do
	# vmagent knows no remote_write.
	[[ $file == */agent.yml ]] || bash .ci/tool.sh vmagent -dryRun -loggerLevel=ERROR -promscrape.config="$file"
done

PATH=$(bash .ci/tool.sh --dir vmalert-tool):$PATH
export PATH
exec go test -count=1 -run TestStories/vmalert-tool ./rules
