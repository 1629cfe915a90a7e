package config_test

import (
	"time"

	"github.com/prometheus/common/model"

	"github.com/cbr-exporter/cbr_exporter/config"
)

var scrapeSettings = settings{
	"scrape without keys": {
		yaml:   "scrape:\n  # timeout: 30s\n" + oneProject,
		differ: func(*config.Config) {},
	},
	"every key of scrape": {
		yaml: "scrape: {timeout: 1m30s, concurrency: 256, requests_per_second: 0.5, finished_task_ttl: 0}\n" + oneProject,
		differ: func(c *config.Config) {
			c.Scrape = config.Scrape{Timeout: model.Duration(90 * time.Second), Concurrency: 256, RequestsPerSecond: 0.5}
		},
	},
	"no limit of requests": {
		yaml:   "scrape: {requests_per_second: 0}\n" + oneProject,
		differ: func(c *config.Config) { c.Scrape.RequestsPerSecond = 0 },
	},
	"as many requests as may be": {
		yaml:   "scrape: {requests_per_second: 1e4}\n" + oneProject,
		differ: func(c *config.Config) { c.Scrape.RequestsPerSecond = 10_000 },
	},
}

var scrapeMistakes = mistakes{
	"concurrency zero": {
		yaml: "scrape: {concurrency: 0}\n" + oneProject,
		want: `config.yml:1: scrape.concurrency: not a whole number from 1 to 256; write one, without quotes`,
	},
	"concurrency too large": {
		yaml: "scrape: {concurrency: 257}\n" + oneProject,
		want: `config.yml:1: scrape.concurrency: not a whole number from 1 to 256; write one, without quotes`,
	},
	"concurrency in quotes": {
		yaml: `scrape: {concurrency: "16"}` + "\n" + oneProject,
		want: `config.yml:1: scrape.concurrency: not a whole number from 1 to 256; write one, without quotes`,
	},
	"concurrency with a fraction": {
		yaml: "scrape: {concurrency: 1.5}\n" + oneProject,
		want: `config.yml:1: scrape.concurrency: not a whole number from 1 to 256; write one, without quotes`,
	},
	"requests_per_second below zero": {
		yaml: "scrape: {requests_per_second: -0.1}\n" + oneProject,
		want: `config.yml:1: scrape.requests_per_second: not a number from 0 to 10000; write one, without quotes`,
	},
	"requests_per_second too large": {
		yaml: "scrape: {requests_per_second: 10000.5}\n" + oneProject,
		want: `config.yml:1: scrape.requests_per_second: not a number from 0 to 10000; write one, without quotes`,
	},
	"requests_per_second beyond all numbers": {
		yaml: "scrape: {requests_per_second: 1e400}\n" + oneProject,
		want: `config.yml:1: scrape.requests_per_second: not a number from 0 to 10000; write one, without quotes`,
	},
	"requests_per_second infinite": {
		yaml: "scrape: {requests_per_second: .inf}\n" + oneProject,
		want: `config.yml:1: scrape.requests_per_second: not a number from 0 to 10000; write one, without quotes`,
	},
	"requests_per_second not a number": {
		yaml: "scrape: {requests_per_second: .nan}\n" + oneProject,
		want: `config.yml:1: scrape.requests_per_second: not a number from 0 to 10000; write one, without quotes`,
	},
	"requests_per_second with a unit": {
		yaml: "scrape: {requests_per_second: 20/s}\n" + oneProject,
		want: `config.yml:1: scrape.requests_per_second: not a number from 0 to 10000; write one, without quotes`,
	},
	"requests_per_second in quotes": {
		yaml: "scrape: {requests_per_second: '20'}\n" + oneProject,
		want: `config.yml:1: scrape.requests_per_second: not a number from 0 to 10000; write one, without quotes`,
	},
	"requests_per_second null": {
		yaml: "scrape:\n  requests_per_second:\n" + oneProject,
		want: `config.yml:2: scrape.requests_per_second: no value; add one or remove the line`,
	},
	"timeout without unit": {
		yaml: "scrape: {timeout: 30}\n" + oneProject,
		want: `config.yml:1: scrape.timeout: not a duration; write a number and a unit, for example 500ms, 30s, 15m or 1h30m`,
	},
	"timeout zero": {
		yaml: "scrape: {timeout: 0s}\n" + oneProject,
		want: `config.yml:1: scrape.timeout: 0s is too short; write a duration above zero, for example 30s`,
	},
	"timeout negative": {
		yaml: "scrape: {timeout: -5s}\n" + oneProject,
		want: `config.yml:1: scrape.timeout: -5s is too short; write a duration above zero, for example 30s`,
	},
	"finished_task_ttl negative": {
		yaml: "scrape: {finished_task_ttl: -1m}\n" + oneProject,
		want: `config.yml:1: scrape.finished_task_ttl: -1m is negative; write 0 or more, for example 15m`,
	},
	"timeout of years": {
		yaml: "scrape: {timeout: 2y}\n" + oneProject,
		want: `config.yml:1: scrape.timeout: 2y is too long; write 1h or less`,
	},
	"finished_task_ttl of years": {
		yaml: "scrape: {finished_task_ttl: 1y}\n" + oneProject,
		want: `config.yml:1: scrape.finished_task_ttl: 1y is too long; write 30d or less`,
	},
}
