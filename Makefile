# `make` alone lists the targets. Versions of tools: .ci/tool-versions.

FUZZTIME ?= 30s
DOCKER   ?= docker
IMAGE    ?= cbr_exporter

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## the static binary, ./cbr_exporter
	sh .ci/build.sh cbr_exporter

.PHONY: man
man: build ## the manual page, ./cbr_exporter.1
	./cbr_exporter --help-man >cbr_exporter.1

.PHONY: test
test: ## the tests
	go test ./...

.PHONY: short
short: ## the fast tests, for the edit loop
	go test -short ./...

.PHONY: race
race: ## the tests under the race detector, shuffled
	go test -race -short -shuffle=on -count=1 ./...

SEEDS ?= 100

.PHONY: model
model: ## the model test with SEEDS (100) random seeds
	go test -count=1 -timeout 0 ./test/model -run TestModel -model.seeds $(SEEDS)

.PHONY: lint
lint: ## linters, formatting, import directions
	bash .ci/tool.sh golangci-lint run
	bash .ci/prettier.sh --check

.PHONY: fmt
fmt: ## format everything in place
	bash .ci/tool.sh golangci-lint fmt
	bash .ci/prettier.sh --write

.PHONY: rules
rules: ## the unit tests of the alerting rules
	PATH="$$(bash .ci/tool.sh --dir promtool):$$PATH" go test ./rules

.PHONY: victoriametrics
victoriametrics: ## the same with vmalert-tool, and the scrape configurations with vmagent
	bash .ci/victoriametrics.sh

RULES ?= cbr.rules.yml

.PHONY: bench-rules
bench-rules: ## one evaluation of RULES (the shipped ones; a list has commas) in a real Prometheus
	go test ./rules -run '^$$' -bench Rules -benchtime 1x -timeout 20m -rules.bench $(RULES)

.PHONY: dashboards
dashboards: ## write the dashboards anew
	go run ./dashboards/generate
	bash .ci/prettier.sh --write

.PHONY: page
page: ## the page for people in a headless Chromium (needs chromium, npm)
	bash .ci/page.sh

.PHONY: screenshots
screenshots: ## take the pictures in docs/images anew
	bash .ci/page.sh --screenshots

.PHONY: golden
golden: ## rewrite the golden files; review the diff as code
	go test ./exporter -count=1 -update

.PHONY: bench
bench: ## the benchmarks
	go test -run '^$$' -bench . -benchmem -timeout 60m ./...

.PHONY: bench-report
bench-report: ## write the figures of docs/performance.md anew (ten minutes; downloads the vendor's SDK)
	PATH="$$(bash .ci/tool.sh --dir prometheus):$$PATH" go test ./test/performance \
		-run TestReport -count=1 -timeout 30m -performance.report ../../docs/performance.md

.PHONY: faults
faults: ## what the exporter does when its API misbehaves, into docs/reliability.md (a quarter of an hour)
	go test ./test/faults -count=1 -timeout 60m -run TestFaults -faults.all \
		-faults.report ../../docs/reliability.md

SCRAPES ?= 100000

.PHONY: soak
soak: ## SCRAPES (100000) scrapes under random faults and reloads, likewise (half an hour at most)
	go test ./test/faults -count=1 -timeout 60m -v -run TestSoak -faults.soak $(SCRAPES) \
		-faults.report ../../docs/reliability.md

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (30s), into docs/reliability.md
	bash .ci/fuzz.sh $(FUZZTIME) -fuzz.report ../../docs/reliability.md

.PHONY: e2e
e2e: ## the exporter in front of a real Prometheus and Alertmanager
	PATH="$$(bash .ci/tool.sh --dir promtool prometheus amtool alertmanager):$$PATH" \
		go test -tags e2e -count=1 -timeout 20m ./test/e2e

.PHONY: sdkcompat
sdkcompat: ## the exporter compared with the vendor's SDK, which it downloads (250 MB)
	bash .ci/sdkcompat.sh

.PHONY: image
image: ## the container image, with DOCKER (docker)
	. .ci/version.sh && $(DOCKER) build --tag $(IMAGE):$$VERSION \
		--build-arg VERSION=$$VERSION --build-arg REVISION=$$REVISION \
		--build-arg BRANCH=$$BRANCH --build-arg BUILD_DATE=$$BUILD_DATE .

.PHONY: release
release: ## all files of a release, in dist/; as root
	rm -rf dist
	bash .ci/release.sh dist

.PHONY: release-check
release-check: ## make a release twice for a few platforms, and check it; as root
	bash .ci/release-check.sh

.PHONY: ci
ci: ## all that CI runs; installs Debian packages, so as root
	bash .ci/run
