package config_test

// What is no YAML, or not one mapping.
var syntaxMistakes = mistakes{
	"empty": {
		yaml: "",
		want: `config.yml:1: the file has no content; start from the example config.yml`,
	},
	"only comments": {
		yaml: "# scrape:\n",
		want: `config.yml:1: the file has no content; start from the example config.yml`,
	},
	"only a document marker": {
		yaml: "---\n",
		want: `config.yml:1: the file has no content; start from the example config.yml`,
	},
	"two documents": {
		yaml: oneProject + "---\n" + oneProject,
		want: `config.yml:6: a second YAML document begins here; keep one, without --- between its parts`,
	},
	"a list": {
		yaml: "- projects\n",
		want: `config.yml:1: want a mapping, got a list; write its keys one per line, each with a colon and a space after it`,
	},
	"bad indentation": {
		yaml: with("  project_id", " project_id"),
		want: `config.yml:3: not valid YAML: did not find expected '-' indicator; check indentation and quotes, here and in the line before`,
	},
	"a key below a value": {
		yaml: with("{token: T}", "x\n      token: T"),
		want: `config.yml:5: not valid YAML: mapping values are not allowed in this context; check indentation and quotes, here and in the line before`,
	},
	"tab": {
		yaml: with("    project_id", "\tproject_id"),
		want: `config.yml:3: not valid YAML: found a tab character that violates indentation; check indentation and quotes, here and in the line before`,
	},
	"unclosed quote": {
		yaml: with("T}", `"T}`),
		want: `config.yml:4: not valid YAML: found unexpected end of stream; check indentation and quotes, here and in the line before`,
	},
	"unclosed list": {
		yaml: with("5ed912]", "5ed912") + "scrape: {timeout: 1s}\n",
		want: `config.yml:5: not valid YAML: did not find expected ',' or ']'; check indentation and quotes, here and in the line before`,
	},
	"unclosed list after others": {
		yaml: "x: [\n  a,\n  b\n]\ny: [a, b\nz: c\n",
		want: `config.yml:5: not valid YAML: did not find expected ',' or ']'; check indentation and quotes, here and in the line before`,
	},
	"a value that begins with a star": {
		yaml: with("token: T", "token: *T"),
		want: `config.yml:4: not valid YAML: a value that begins with * refers to an anchor that does not exist; check indentation and quotes, here and in the line before`,
	},
	"a value that begins with an at sign": {
		yaml: with("token: T", "token: @T"),
		want: `config.yml:4: not valid YAML: found character that cannot start any token; check indentation and quotes, here and in the line before`,
	},
	"not UTF-8": {
		yaml: with("token: T", "token: \xff"),
		want: `config.yml:4: not valid YAML: invalid leading UTF-8 octet; check indentation and quotes, here and in the line before`,
	},
}
