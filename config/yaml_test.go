package config_test

import (
	"github.com/cbr-exporter/cbr_exporter/config"
)

// Files that are not YAML, or not one mapping.
var syntaxMistakes = mistakes{
	"empty": {
		yaml: "",
		want: `config.yml:1: the file has no content; start from the commented example`,
	},
	"only comments": {
		yaml: "# scrape:\n",
		want: `config.yml:1: the file has no content; start from the commented example`,
	},
	"two documents": {
		yaml: oneProject + "---\n" + oneProject,
		want: `config.yml:6: a second YAML document begins here; keep one, without --- between its parts`,
	},
	"a list": {
		yaml: "- projects\n",
		want: `config.yml:1: not a mapping; write its keys one per line, each with a colon and a space after it`,
	},
	"bad indentation": {
		yaml: with("  project_id", " project_id"),
		want: `config.yml:2: not valid YAML: did not find expected '-' indicator; check indentation and quotes from this line on`,
	},
	"a key below a value": {
		yaml: with("{token: T}", "x\n      token: T"),
		want: `config.yml:5: not valid YAML: mapping values are not allowed in this context; check indentation and quotes from this line on`,
	},
	"tab": {
		yaml: with("    project_id", "\tproject_id"),
		want: `config.yml:2: not valid YAML: found a tab character that violates indentation; check indentation and quotes from this line on`,
	},
	"unclosed quote": {
		yaml: with("T}", `"T}`),
		want: `config.yml:4: not valid YAML: found unexpected end of stream; check indentation and quotes from this line on`,
	},
	"unclosed list": {
		yaml: with("5ed912]", "5ed912") + "scrape: {timeout: 1s}\n",
		want: `config.yml:5: not valid YAML: did not find expected ',' or ']'; check indentation and quotes from this line on`,
	},
	"the first line": {
		yaml: "projects: - region\n",
		want: `config.yml:1: not valid YAML: block sequence entries are not allowed in this context; check indentation and quotes from this line on`,
	},
	"the first line, for the parser": {
		yaml: "projects: [a} \n",
		want: `config.yml:1: not valid YAML: did not find expected ',' or ']'; check indentation and quotes from this line on`,
	},
	"a value that begins with a star": {
		yaml: with("token: T", "token: *T"),
		want: `config.yml:4: not valid YAML: unknown anchor; put a value that begins with * or & in quotes`,
	},
	"a comment names it first": {
		yaml: "# see *T\n" + with("token: T", "token: *T"),
		want: `config.yml:5: not valid YAML: unknown anchor; put a value that begins with * or & in quotes`,
	},
	"a value that begins with an at sign": {
		yaml: with("token: T", "token: @T"),
		want: `config.yml:4: not valid YAML: found character that cannot start any token; check indentation and quotes from this line on`,
	},
}

// Anchors and merge keys of YAML.
var keySettings = settings{
	"aliases and merge keys": {
		yaml: `
projects:
  - &prod
    name: prod
    region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    credentials: &credentials {token: T}
    task_ids: &tasks [4827f2da-b008-4507-ab7d-42d0df5ed912]
  - <<: *prod
    name: test
  - <<: [{name: third}, {name: overridden}]
    region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    credentials: *credentials
    task_ids: *tasks
`,
		differ: func(c *config.Config) {
			p := c.Projects[0]
			c.Projects = nil
			for _, name := range []string{"prod", "test", "third"} {
				p.Name = name
				c.Projects = append(c.Projects, p)
			}
		},
	},
}

// Keys that are unknown, set twice, or not plain words.
var keyMistakes = mistakes{
	"unknown key in two items of one line": {
		yaml: "projects: [{regin: a}, {regin: b}]\n",
		want: `config.yml:1: projects[0].regin: unknown key; correct or remove it, the commented example shows all keys
config.yml:1: projects[1].regin: unknown key; correct or remove it, the commented example shows all keys`,
	},
	"unknown key like another": {
		yaml: with("task_ids", "taskids"),
		want: `config.yml:5: projects[0].taskids: unknown key; correct or remove it, the commented example shows all keys`,
	},
	"unknown key in other letters": {
		yaml: "Scrape:\n" + oneProject,
		want: `config.yml:1: an unknown key; correct it, put a space after its colon, or put quotes around a value with a comma`,
	},
	"duplicate key": {
		yaml: with("project_id", "region: eu-de\n    project_id"),
		want: `config.yml:3: projects[0].region: set twice, first at line 2; remove one`,
	},
	"no space after the colon": {
		yaml: with("{token: T}", "{token:T}"),
		want: `config.yml:4: projects[0].credentials: an unknown key; correct it, put a space after its colon, or put quotes around a value with a comma`,
	},
	"a secret with a comma": {
		yaml: with("{token: T}", "{token: Not, Shown}"),
		want: `config.yml:4: projects[0].credentials: an unknown key; correct it, put a space after its colon, or put quotes around a value with a comma`,
	},
	"a secret with a comma, in lower case": {
		yaml: with("{token: T}", "{token: not, shown}"),
		want: `config.yml:4: projects[0].credentials: an unknown key; correct it, put a space after its colon, or put quotes around a value with a comma`,
	},
	"a key of another section beside a secret": {
		yaml: with("{token: T}", "{token: T, project_id: abc, discovery: {}}"),
		want: `config.yml:4: projects[0].credentials: an unknown key; correct it, put a space after its colon, or put quotes around a value with a comma`,
	},
	"a key of another section beside a secret out of place": {
		yaml: with("credentials: {token: T}", "token: T\n    timeout: 3s"),
		want: `config.yml:4: projects[0].token: unknown key; correct or remove it, the commented example shows all keys
config.yml:5: projects[0]: an unknown key; correct it, put a space after its colon, or put quotes around a value with a comma`,
	},
	"unknown key beside a secret": {
		yaml: with("{token: T}", "\n      tokens: T"),
		want: `config.yml:5: projects[0].credentials: an unknown key; correct it, put a space after its colon, or put quotes around a value with a comma`,
	},
	"secret in a project": {
		yaml: with("credentials: {token: T}", "token: T"),
		want: `config.yml:4: projects[0].token: unknown key; correct or remove it, the commented example shows all keys`,
	},
	"secret set twice": {
		yaml: with("token: T", "token: T, token: T"),
		want: `config.yml:4: projects[0].credentials.token: set twice, first at line 4; remove one`,
	},
	"an alias of other keys": {
		yaml: "credentials: &c {token: T}\nscrape: *c\n" + oneProject,
		want: `config.yml:2: scrape: an alias of another kind of value; write the value itself`,
	},
	"aliases of other keys": {
		yaml: with("credentials: {token: T}", "credentials: &c {token: T}\n    vaults: *c", "task_ids:", "discovery: &d {lookback: 8d}\n    backups: *d\n    task_ids:"),
		want: `config.yml:5: projects[0].vaults: an alias of another kind of value; write the value itself
config.yml:7: projects[0].backups: an alias of another kind of value; write the value itself`,
	},
	"an alias in a cycle": {
		yaml: oneProject + "    discovery: &d {<<: *d}\n",
		want: `config.yml: not valid YAML: anchor contains itself; write the value itself in place of the alias`,
	},
	"an alias of a list for a merge key": {
		yaml: with("[4827f2da", "&t [4827f2da") + "    discovery: {<<: *t}\n",
		want: `config.yml:6: projects[0].discovery.<<: an alias of another kind of value; write the value itself`,
	},
	"lists in the list of a merge key": {
		yaml: with("[4827f2da", "&t [4827f2da") + "    discovery: {<<: [*t, []]}\n",
		want: `config.yml:6: projects[0].discovery.<<[0]: an alias of another kind of value; write the value itself
config.yml:6: projects[0].discovery.<<[1]: not a mapping; write its keys one per line, each with a colon and a space after it`,
	},
	"nothing for a merge key": {
		yaml: oneProject + "    discovery: {<<: }\n",
		want: `config.yml:6: projects[0].discovery.<<: no value; add one or remove it`,
	},
	"a list as key": {
		yaml: "? [scrape]\n: 1\n" + oneProject,
		want: `config.yml:1: not a single value; put a value that begins with [, { or ? in quotes`,
	},
}

// Values that YAML may take for another type.
var valueSettings = settings{
	"digits are text": {
		yaml: with("04f1829c788037ac2fb8c01eb2b04b95", "12345678901234567890123456789e12"),
		differ: func(c *config.Config) {
			c.Projects[0].ProjectID = "12345678901234567890123456789e12"
		},
	},
}

// Values of the wrong type.
var valueMistakes = mistakes{
	"list for a mapping": {
		yaml: "scrape: [timeout]\n" + oneProject,
		want: `config.yml:1: scrape: not a mapping; write its keys one per line, each with a colon and a space after it`,
	},
	"string for a mapping": {
		yaml: with("{token: T}", "T"),
		want: `config.yml:4: projects[0].credentials: not a mapping; write its keys one per line, each with a colon and a space after it`,
	},
	"mapping for a list": {
		yaml: with("[4827f2da", "{4827f2da", "912]", "912}"),
		want: `config.yml:5: projects[0].task_ids: not a list; begin each item with "- "`,
	},
	"aliases of a text": {
		yaml: with("region: cn-north-4", "region: &r cn-north-4", "[4827f2da-b008-4507-ab7d-42d0df5ed912]", "*r") + "    discovery: {lookback: *r}\n",
		want: `config.yml:5: projects[0].task_ids: not a list; begin each item with "- "
config.yml:6: projects[0].discovery.lookback: not a duration; write a number and a unit, for example 500ms, 30s, 1h30m or 7d`,
	},
	"alias of a list": {
		yaml: with("[4827f2da", "&t [4827f2da") + "    discovery: {lookback: *t}\n",
		want: `config.yml:6: projects[0].discovery.lookback: an alias of another kind of value; write the value itself`,
	},
	"list for a secret": {
		yaml: with("token: T", "token: [T]"),
		want: `config.yml:4: projects[0].credentials.token: not a single value; put a value that begins with [, { or ? in quotes`,
	},
	"tag for a secret": {
		yaml: with("{token: T}", "{token: !T x}"),
		want: `config.yml:4: projects[0].credentials.token: a YAML tag; put a value that begins with ! in quotes`,
	},
	"nothing for a secret": {
		yaml: with("token: T", "token: "),
		want: `config.yml:4: projects[0].credentials.token: no value; add one or remove it`,
	},
	"line break in a secret": {
		yaml: with("{token: T}", "\n      token: |\n        T\n"),
		want: `config.yml:5: projects[0].credentials.token: a line break or another character that cannot be printed; remove it`,
	},
}

// Placeholders of the example and of the documentation.
var placeholderMistakes = mistakes{
	"placeholders of the example": {
		yaml: with("{token: T}", "{access_key: REPLACE-ME, secret_key: 'replace-me'}"),
		want: `config.yml:4: projects[0].credentials.access_key: still a placeholder; write your own value in its place, or remove the line
config.yml:4: projects[0].credentials.secret_key: still a placeholder; write your own value in its place, or remove the line`,
	},
	"placeholders for ids": {
		yaml: with("04f1829c788037ac2fb8c01eb2b04b95", "REPLACE_ME", "4827f2da-b008-4507-ab7d-42d0df5ed912", "..."),
		want: `config.yml:3: projects[0].project_id: still a placeholder; write your own value in its place, or remove the line
config.yml:5: projects[0].task_ids[0]: still a placeholder; write your own value in its place, or remove the line`,
	},
	"placeholder in a file": {
		yaml: with("{token: T}", "{token_file: testdata/secrets/placeholder}"),
		want: `config.yml:4: projects[0].credentials.token_file: the file has a placeholder; write the secret into it`,
	},
}
