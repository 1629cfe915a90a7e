package config_test

import (
	"strings"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// What a value is read as.
var valueSettings = settings{
	"digits are text": {
		yaml: strings.Replace(oneProject, "04f1829c788037ac2fb8c01eb2b04b95", "12345678901234567890123456789e12", 1),
		differ: func(c *config.Config) {
			c.Projects[0].ProjectID = "12345678901234567890123456789e12"
		},
	},
}

// Values of another kind than their key has.
var valueMistakes = mistakes{
	"list for a mapping": {
		yaml: "scrape: [timeout]\n" + oneProject,
		want: `config.yml:1: scrape: want a mapping, got a list; write its keys one per line, each with a colon and a space after it`,
	},
	"string for a mapping": {
		yaml: with("{token: T}", "T"),
		want: `config.yml:4: projects[0].credentials: want a mapping, got a single value; write its keys one per line, each with a colon and a space after it`,
	},
	"mapping for a list": {
		yaml: with("[4827f2da", "{4827f2da", "912]", "912}"),
		want: `config.yml:5: projects[0].task_ids: want a list, got a mapping; begin each item with "- "`,
	},
	"string for a list": {
		yaml: with("[4827f2da", "4827f2da", "912]", "912"),
		want: `config.yml:5: projects[0].task_ids: want a list, got a single value; begin each item with "- "`,
	},
	"list for a secret": {
		yaml: with("token: T", "token: [T]"),
		want: `config.yml:4: projects[0].credentials.token: want a single value, got a list; put a value that begins with [, { or ! in quotes`,
	},
	"mapping for a secret": {
		yaml: with("token: T", "token: {T: T}"),
		want: `config.yml:4: projects[0].credentials.token: want a single value, got a mapping; put a value that begins with [, { or ! in quotes`,
	},
	"tag for a secret": {
		yaml: with("{token: T}", "{token: !T x}"),
		want: `config.yml:4: projects[0].credentials.token: want a single value, got a YAML tag; put a value that begins with [, { or ! in quotes`,
	},
	"nothing for a secret": {
		yaml: with("token: T", "token: "),
		want: `config.yml:4: projects[0].credentials.token: no value; add one or remove the line`,
	},
	"blanks": {
		yaml: with("region: cn-north-4", `region: " "`),
		want: `config.yml:2: projects[0].region: no value; add one or remove the line`,
	},
	"line break in a secret": {
		yaml: with("{token: T}", "\n      token: |\n        T\n"),
		want: `config.yml:5: projects[0].credentials.token: a line break or another character that cannot be printed; remove it`,
	},
	"problem behind an alias": {
		yaml: "scrape:\n  concurrency: &c many\n  timeout: *c\n" + oneProject,
		want: `config.yml:2: scrape.concurrency: not a whole number from 1 to 256; write one, without quotes
config.yml:3: scrape.timeout: not a duration; write a number and a unit, for example 500ms, 30s, 15m or 1h30m`,
	},
}
