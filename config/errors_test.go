package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// with returns oneProject with parts of it replaced: old, new, old, new and so on.
func with(oldNew ...string) string {
	return strings.NewReplacer(oldNew...).Replace(oneProject)
}

const noCredentials = `no credentials in it; give access_key and secret_key, or username, password and domain_name, or token, or ecs_agency, or remove it, so that they come from the environment or else from the ECS agency`

// badConfigs are files named config.yml and all that is said about them.
var badConfigs = map[string]struct{ yaml, want string }{
	// The file as a whole.
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

	// Keys.
	"unknown key like another": {
		yaml: with("task_ids", "taskids"),
		want: `config.yml:2: projects[0].task_ids: no task, and no discovery; add discovery: {} to follow the task list, or list at least one id, from the console's task list or the API
config.yml:5: projects[0].taskids: unknown key; did you mean task_ids?`,
	},
	"unknown key in other letters": {
		yaml: "Scrape:\n" + oneProject,
		want: `config.yml:1: Scrape: unknown key; did you mean scrape?`,
	},
	"unknown key like no other": {
		yaml: "scrape: {retries: 2}\n" + oneProject,
		want: `config.yml:1: scrape.retries: unknown key; known here: concurrency, finished_task_ttl, requests_per_second, timeout`,
	},
	"unknown key like several": {
		yaml: "s: {}\n" + oneProject,
		want: `config.yml:1: s: unknown key; known here: projects, scrape`,
	},
	"unknown key between two": {
		yaml: oneProject + "    m_endpoint: x\n",
		want: `config.yml:6: projects[0].m_endpoint: unknown key; known here: credentials, discovery, endpoint, enterprise_project_id, http_client, iam_endpoint, name, project_id, project_name, region, task_ids, vaults`,
	},
	"keys of later versions": {
		yaml: with("{token: T}", "{token: T, mfa: {}}") + "    backups: {}\n",
		want: `config.yml:4: projects[0].credentials.mfa: unknown key; known here: access_key, domain_name, ecs_agency, password, password_file, secret_key, secret_key_file, security_token, security_token_file, token, token_file, username
config.yml:6: projects[0].backups: unknown key; known here: credentials, discovery, endpoint, enterprise_project_id, http_client, iam_endpoint, name, project_id, project_name, region, task_ids, vaults`,
	},
	"duplicate key": {
		yaml: with("project_id", "region: eu-de\n    project_id"),
		want: `config.yml:3: projects[0].region: set twice, first at line 2; remove one`,
	},
	"duplicate unknown key": {
		yaml: "x: 1\nx: 2\n" + oneProject,
		want: `config.yml:1: x: unknown key; known here: projects, scrape
config.yml:2: x: set twice, first at line 1; remove one`,
	},
	"no space after the colon": {
		yaml: with("{token: T}", "{token:T}"),
		want: `config.yml:4: projects[0].credentials: a key that is not a plain word; put a space after its colon
config.yml:4: projects[0].credentials: ` + noCredentials,
	},
	"a list as key": {
		yaml: "? [scrape]\n: 1\n" + oneProject,
		want: `config.yml:1: a key that is not a plain word; put a space after its colon`,
	},
	"merge of a string": {
		yaml: oneProject + "    <<: x\n",
		want: `config.yml:6: projects[0].<<: want a mapping, got a single value; merge an anchor of a mapping, for example <<: *defaults`,
	},
	"merge of itself": {
		yaml: "scrape: &s\n  <<: [*s, *s]\n  timeout: 0\n" + oneProject,
		want: `config.yml:3: scrape.timeout: 0s is too short; write a duration above zero, for example 30s`,
	},

	// Types.
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

	// Scrape.
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

	// The list of projects.
	"no projects": {
		yaml: "scrape: {timeout: 30s}\n",
		want: `config.yml:1: projects: no project; list at least one, with its region, project_id, credentials, and discovery or task_ids`,
	},
	"projects null": {
		yaml: "scrape: {timeout: 30s}\nprojects:\n",
		want: `config.yml:2: projects: no project; list at least one, with its region, project_id, credentials, and discovery or task_ids`,
	},
	"projects empty": {
		yaml: "projects: []\n",
		want: `config.yml:1: projects: no project; list at least one, with its region, project_id, credentials, and discovery or task_ids`,
	},
	"a project null": {
		yaml: "projects:\n  -\n",
		want: `config.yml:2: projects[0].project_id: missing, and so are region and project_name, by which it could be looked up; copy it from My Credentials in the console
config.yml:2: projects[0].region: missing, and so is endpoint; give one of them, for example region: cn-north-4
config.yml:2: projects[0].task_ids: no task, and no discovery; add discovery: {} to follow the task list, or list at least one id, from the console's task list or the API`,
	},
	"two projects, names missing": {
		yaml: oneProject + strings.TrimPrefix(oneProject, "projects:\n"),
		want: `config.yml:2: projects[0].name: missing; with two or more projects each needs a name
config.yml:6: projects[1].name: missing; with two or more projects each needs a name`,
	},
	"two projects of one name": {
		yaml: with("- region", "- name: prod\n    region") +
			strings.TrimPrefix(with("- region", "- name: prod\n    region"), "projects:\n"),
		want: `config.yml:7: projects[1].name: "prod" is already the name of the project at line 2; give each project a name of its own`,
	},
	"name too long": {
		yaml: with("- region", "- name: "+strings.Repeat("é", 129)+"\n    region"),
		want: `config.yml:2: projects[0].name: longer than 128 characters; choose a shorter name`,
	},
	"name with a control character": {
		yaml: with("- region", `- name: "a\tb"`+"\n    region"),
		want: `config.yml:2: projects[0].name: a line break or another character that cannot be printed; remove it`,
	},

	// Where a project is.
	"region in capitals": {
		yaml: with("cn-north-4", "CN-North-4"),
		want: `config.yml:2: projects[0].region: not a region; it has a-z, 0-9 and - only, for example cn-north-4`,
	},
	"project_id with a slash": {
		yaml: with("04f1829c788037ac2fb8c01eb2b04b95", "../x"),
		want: `config.yml:3: projects[0].project_id: not a project id; copy it from My Credentials in the console`,
	},
	"endpoint without scheme": {
		yaml: oneProject + "    endpoint: cbr.example.com\n",
		want: `config.yml:6: projects[0].endpoint: not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com`,
	},
	"endpoint of another scheme": {
		yaml: oneProject + "    endpoint: ftp://cbr.example.com\n",
		want: `config.yml:6: projects[0].endpoint: not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com`,
	},
	"endpoint without host": {
		yaml: oneProject + "    endpoint: https://:443/\n",
		want: `config.yml:6: projects[0].endpoint: not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com`,
	},
	"endpoint with user and password": {
		yaml: oneProject + "    endpoint: https://u:p@cbr.example.com\n",
		want: `config.yml:6: projects[0].endpoint: a user name or password in the URL; remove it, credentials has a place for them`,
	},
	"endpoint with an empty query": {
		yaml: oneProject + "    endpoint: https://cbr.example.com?\n",
		want: `config.yml:6: projects[0].endpoint: a query or fragment in the URL; remove everything from the ? or # on`,
	},
	"iam_endpoint with a fragment": {
		yaml: oneProject + "    iam_endpoint: https://iam.example.com/#x\n",
		want: `config.yml:6: projects[0].iam_endpoint: a query or fragment in the URL; remove everything from the ? or # on`,
	},
	"password login without region": {
		yaml: with("region: cn-north-4", "endpoint: https://cbr.example.com", "token: T", "username: u, password: p, domain_name: d"),
		want: `config.yml:2: projects[0].iam_endpoint: missing; a password login needs it where there is no region`,
	},

	// What a project id is looked up by.
	"neither project_id, project_name nor region": {
		yaml: with("region: cn-north-4\n    project_id: 04f1829c788037ac2fb8c01eb2b04b95", "endpoint: https://cbr.example.com"),
		want: `config.yml:2: projects[0].project_id: missing, and so are region and project_name, by which it could be looked up; copy it from My Credentials in the console`,
	},
	"project_name without a place to look it up": {
		yaml: with("region: cn-north-4\n    project_id: 04f1829c788037ac2fb8c01eb2b04b95", "endpoint: https://cbr.example.com\n    project_name: team"),
		want: `config.yml:2: projects[0].iam_endpoint: missing; a project id is looked up there, so it is needed where there is no region`,
	},
	"project_name too long": {
		yaml: oneProject + "    project_name: " + strings.Repeat("x", 129) + "\n",
		want: `config.yml:6: projects[0].project_name: longer than 128 characters; copy it from My Credentials in the console`,
	},

	"enterprise_project_id, another number": {
		yaml: oneProject + "    enterprise_project_id: 1\n",
		want: `config.yml:6: projects[0].enterprise_project_id: not an enterprise project id; write the UUID that the console shows for it, 0 for the default one, or all_granted_eps`,
	},
	"enterprise_project_id, a name": {
		yaml: oneProject + "    enterprise_project_id: default\n",
		want: `config.yml:6: projects[0].enterprise_project_id: not an enterprise project id; write the UUID that the console shows for it, 0 for the default one, or all_granted_eps`,
	},
	"enterprise_project_id, all in other letters": {
		yaml: oneProject + "    enterprise_project_id: ALL_GRANTED_EPS\n",
		want: `config.yml:6: projects[0].enterprise_project_id: not an enterprise project id; write the UUID that the console shows for it, 0 for the default one, or all_granted_eps`,
	},
	"enterprise_project_id, a query behind it": {
		yaml: oneProject + "    enterprise_project_id: 0&limit=1\n",
		want: `config.yml:6: projects[0].enterprise_project_id: not an enterprise project id; write the UUID that the console shows for it, 0 for the default one, or all_granted_eps`,
	},

	// The way to the services.
	"http_client with an unknown key": {
		yaml: oneProject + "    http_client:\n      proxy_uri: http://proxy.example.com\n",
		want: `config.yml:7: projects[0].http_client.proxy_uri: unknown key; did you mean proxy_url?`,
	},
	"tls_config with an unknown key": {
		yaml: oneProject + "    http_client:\n      tls_config:\n        ca: x\n",
		want: `config.yml:8: projects[0].http_client.tls_config.ca: unknown key; known here: ca_file, cert_file, insecure_skip_verify, key_file, min_version, server_name`,
	},
	"proxy_url without scheme": {
		yaml: oneProject + "    http_client: {proxy_url: 'proxy.example.com:3128'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_url: not the URL of a proxy; write it like http://proxy.example.com:3128, or with https or socks5`,
	},
	"proxy_url without host": {
		yaml: oneProject + "    http_client: {proxy_url: 'http://:3128'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_url: not the URL of a proxy; write it like http://proxy.example.com:3128, or with https or socks5`,
	},
	"proxy_url with a port that cannot be": {
		yaml: oneProject + "    http_client: {proxy_url: 'http://proxy.example.com:99999'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_url: a port that cannot be; write one from 1 to 65535, or none`,
	},
	"proxy_url with a placeholder": {
		yaml: oneProject + "    http_client: {proxy_url: 'http://<proxy>:3128'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_url: not the URL of a proxy; write it like http://proxy.example.com:3128, or with https or socks5`,
	},
	"proxy_url with a query": {
		yaml: oneProject + "    http_client: {proxy_url: 'http://proxy.example.com?k=v'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_url: a path, query or fragment in the URL; remove everything behind the host and port`,
	},
	"two proxies": {
		yaml: oneProject + "    http_client: {proxy_url: 'http://proxy.example.com', proxy_from_environment: true}\n",
		want: `config.yml:6: projects[0].http_client: proxy_url and proxy_from_environment exclude each other; keep one`,
	},
	"no_proxy without a proxy": {
		yaml: oneProject + "    http_client: {no_proxy: example.com}\n",
		want: `config.yml:6: projects[0].http_client.no_proxy: has no effect without proxy_url; add that, or set the environment variable NO_PROXY instead`,
	},
	"proxy_from_environment in quotes": {
		yaml: oneProject + "    http_client: {proxy_from_environment: 'true'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_from_environment: neither true nor false; write one of them, without quotes`,
	},
	"ca_file does not exist": {
		yaml: oneProject + "    http_client: {tls_config: {ca_file: none}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.ca_file: no such file; create it or correct the path, which starts at the folder of this file unless it is absolute`,
	},
	"ca_file is blank": {
		yaml: oneProject + "    http_client: {tls_config: {ca_file: testdata/secrets/blank}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.ca_file: the file is empty; write the certificates into it`,
	},
	"ca_file is not PEM": {
		yaml: oneProject + "    http_client: {tls_config: {ca_file: testdata/secrets/token}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.ca_file: has no certificate that can be used; write one or more in PEM form, which begins with -----BEGIN CERTIFICATE-----`,
	},
	"cert_file alone": {
		yaml: oneProject + "    http_client: {tls_config: {cert_file: testdata/tls/client.pem}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.key_file: missing; a client certificate needs cert_file and key_file`,
	},
	"key_file alone": {
		yaml: oneProject + "    http_client: {tls_config: {key_file: testdata/tls/client-key.pem}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.cert_file: missing; a client certificate needs cert_file and key_file`,
	},
	"certificate and key of two": {
		yaml: oneProject + "    http_client: {tls_config: {cert_file: testdata/tls/ca.pem, key_file: testdata/tls/client-key.pem}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.cert_file: cannot be used with key_file: tls: private key does not match public key; give a certificate and its key, both in PEM form`,
	},
	"certificate and key swapped": {
		yaml: oneProject + "    http_client: {tls_config: {cert_file: testdata/tls/client-key.pem, key_file: testdata/tls/client.pem}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.cert_file: cannot be used with key_file: tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched; give a certificate and its key, both in PEM form`,
	},
	"min_version unknown": {
		yaml: oneProject + "    http_client: {tls_config: {min_version: '1.2'}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.min_version: not a version of TLS; write one of TLS10, TLS11, TLS12, TLS13`,
	},
	"insecure_skip_verify a number": {
		yaml: oneProject + "    http_client: {tls_config: {insecure_skip_verify: 1}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.insecure_skip_verify: neither true nor false; write one of them, without quotes`,
	},

	// Credentials.
	"two kinds of credentials": {
		yaml: with("token: T", "username: u, token: T"),
		want: `config.yml:4: projects[0].credentials: two kinds of credentials, token and username; keep one kind`,
	},
	"two kinds of credentials, one of them a part": {
		yaml: with("token: T", "username: u, password: p, domain_name: d, security_token_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: two kinds of credentials, username and security_token_file; keep one kind`,
	},
	"three kinds of credentials": {
		yaml: with("token: T", "access_key: A, username: u, token: T"),
		want: `config.yml:4: projects[0].credentials: three kinds of credentials, token, username and access_key; keep one kind`,
	},
	"four kinds of credentials": {
		yaml: with("token: T", "ecs_agency: {}, access_key: A, username: u, token: T"),
		want: `config.yml:4: projects[0].credentials: four kinds of credentials, token, username, access_key and ecs_agency; keep one kind`,
	},
	"an agency and a token": {
		yaml: with("token: T", "ecs_agency: , token: T"),
		want: `config.yml:4: projects[0].credentials: two kinds of credentials, token and ecs_agency; keep one kind`,
	},
	"an agency that is no mapping": {
		yaml: with("token: T", "ecs_agency: true"),
		want: `config.yml:4: projects[0].credentials.ecs_agency: want a mapping, got a single value; write its keys one per line, each with a colon and a space after it`,
	},
	"an agency with an unknown key": {
		yaml: with("token: T", "ecs_agency: {name: cbr}"),
		want: `config.yml:4: projects[0].credentials.ecs_agency.name: unknown key; known here: endpoint`,
	},
	"an agency with a password in its endpoint": {
		yaml: with("token: T", "ecs_agency: {endpoint: 'http://u:p@169.254.169.254'}"),
		want: `config.yml:4: projects[0].credentials.ecs_agency.endpoint: a user name or password in the URL; remove it, credentials has a place for them`,
	},
	"secret key twice": {
		yaml: with("token: T", "access_key: A, secret_key: S, secret_key_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: secret_key and secret_key_file exclude each other; keep one`,
	},
	"security token twice": {
		yaml: with("token: T", "access_key: A, secret_key: S, security_token: T, security_token_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: security_token and security_token_file exclude each other; keep one`,
	},
	"access key alone": {
		yaml: with("token: T", "access_key: A"),
		want: `config.yml:4: projects[0].credentials.secret_key: missing, and so is secret_key_file; an access key needs one of them`,
	},
	"secret key alone": {
		yaml: with("token: T", "secret_key_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials.access_key: missing; an access key needs access_key and secret_key or secret_key_file`,
	},
	"security token alone": {
		yaml: with("token: T", "security_token: T"),
		want: `config.yml:4: projects[0].credentials.access_key: missing; an access key needs access_key and secret_key or secret_key_file
config.yml:4: projects[0].credentials.secret_key: missing, and so is secret_key_file; an access key needs one of them`,
	},
	"secret_key_file does not exist": {
		yaml: with("token: T", "access_key: A, secret_key_file: none"),
		want: `config.yml:4: projects[0].credentials.secret_key_file: no such file; create it or correct the path, which starts at the folder of this file unless it is absolute`,
	},
	"credentials of nothing but a merge": {
		yaml: with("token: T", "<<: {}"),
		want: `config.yml:4: projects[0].credentials: ` + noCredentials,
	},
	"token twice": {
		yaml: with("token: T", "token: T, token_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: token and token_file exclude each other; keep one`,
	},
	"password twice": {
		yaml: with("token: T", "username: u, domain_name: d, password: p, password_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: password and password_file exclude each other; keep one`,
	},
	"username alone": {
		yaml: with("token: T", "username: u"),
		want: `config.yml:4: projects[0].credentials.domain_name: missing; a password login needs username, domain_name and password or password_file
config.yml:4: projects[0].credentials.password: missing, and so is password_file; a password login needs one of them`,
	},
	"password alone": {
		yaml: with("token: T", "password: p"),
		want: `config.yml:4: projects[0].credentials.username: missing; a password login needs username, domain_name and password or password_file
config.yml:4: projects[0].credentials.domain_name: missing; a password login needs username, domain_name and password or password_file`,
	},
	"token_file does not exist": {
		yaml: with("token: T", "token_file: testdata/secrets/none"),
		want: `config.yml:4: projects[0].credentials.token_file: no such file; create it or correct the path, which starts at the folder of this file unless it is absolute`,
	},
	"token_file is a directory": {
		yaml: with("token: T", "token_file: testdata/secrets"),
		want: `config.yml:4: projects[0].credentials.token_file: cannot be read: is a directory; name a file in it`,
	},
	"token_file is blank": {
		yaml: with("token: T", "token_file: testdata/secrets/blank"),
		want: `config.yml:4: projects[0].credentials.token_file: the file is empty; write the secret into it`,
	},
	"token_file below a file": {
		yaml: with("token: T", "token_file: testdata/secrets/token/x"),
		want: `config.yml:4: projects[0].credentials.token_file: cannot be read: not a directory; correct the path`,
	},

	// Tasks.
	"task_ids empty": {
		yaml: with(backupID, ""),
		want: `config.yml:5: projects[0].task_ids: no task, and no discovery; add discovery: {} to follow the task list, or list at least one id, from the console's task list or the API`,
	},
	"task_ids null": {
		yaml: with("["+backupID+"]", ""),
		want: `config.yml:5: projects[0].task_ids: no task, and no discovery; add discovery: {} to follow the task list, or list at least one id, from the console's task list or the API`,
	},
	"not a UUID": {
		yaml: with("["+backupID+"]", "\n      - "+backupID+"\n      - abc\n      -\n      - {a: b}\n"),
		want: `config.yml:7: projects[0].task_ids[1]: "abc" is not a UUID; copy the task's id from the console's task list or the API
config.yml:8: projects[0].task_ids[2]: no value; add one or remove the line
config.yml:9: projects[0].task_ids[3]: want a single value, got a mapping; put a value that begins with [, { or ! in quotes`,
	},
	"long and not a UUID": {
		yaml: with(backupID, strings.Repeat("0123456789", 5)),
		want: `config.yml:5: projects[0].task_ids[0]: "0123456789012345678901234567890123456789" is not a UUID; copy the task's id from the console's task list or the API`,
	},
	"a task twice": {
		yaml: with("["+backupID+"]", "\n      - "+backupID+"\n      - "+syncID+"\n      - "+strings.ToUpper(backupID)),
		want: `config.yml:8: projects[0].task_ids[2]: "4827f2da-b008-4507-ab7d-42d0df5ed912" is already at line 6; remove one of them`,
	},

	// Placeholders.
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
		want: `config.yml:4: projects[0].credentials.token_file: there is still a placeholder in the file; write the secret into it`,
	},
	"placeholder in an endpoint": {
		yaml: oneProject + "    endpoint: https://cbr.<region>.myhuaweicloud.com\n",
		want: `config.yml:6: projects[0].endpoint: not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com`,
	},

	// Endpoints.
	"endpoint with a port that cannot be": {
		yaml: oneProject + "    endpoint: https://cbr.example.com:99999\n",
		want: `config.yml:6: projects[0].endpoint: a port that cannot be; write one from 1 to 65535, or none`,
	},
	"endpoint with port 0": {
		yaml: oneProject + "    endpoint: https://cbr.example.com:0\n",
		want: `config.yml:6: projects[0].endpoint: a port that cannot be; write one from 1 to 65535, or none`,
	},

	// Discovery.
	"discovery that is no mapping": {
		yaml: oneProject + "    discovery: true\n",
		want: `config.yml:6: projects[0].discovery: want a mapping, got a single value; write its keys one per line, each with a colon and a space after it`,
	},
	"discovery with an unknown key": {
		yaml: oneProject + "    discovery: {lookbak: 1h}\n",
		want: `config.yml:6: projects[0].discovery.lookbak: unknown key; did you mean lookback?`,
	},
	"lookback zero": {
		yaml: oneProject + "    discovery: {lookback: 0}\n",
		want: `config.yml:6: projects[0].discovery.lookback: 0s is too short; write a duration above zero, for example 30s`,
	},
	"lookback without unit": {
		yaml: oneProject + "    discovery: {lookback: 720}\n",
		want: `config.yml:6: projects[0].discovery.lookback: not a duration; write a number and a unit, for example 500ms, 30s, 15m or 1h30m`,
	},
	"lookback of a century": {
		yaml: oneProject + "    discovery: {lookback: 100y, window: 11y}\n",
		want: `config.yml:6: projects[0].discovery.lookback: 100y is too long; write 10y or less
config.yml:6: projects[0].discovery.window: 11y is too long; write 10y or less`,
	},
	"window negative": {
		yaml: oneProject + "    discovery: {window: -1d}\n",
		want: `config.yml:6: projects[0].discovery.window: -1d is too short; write a duration above zero, for example 30s`,
	},
	"window longer than lookback": {
		yaml: oneProject + "    discovery: {lookback: 12h, window: 13h}\n",
		want: `config.yml:6: projects[0].discovery.window: 13h is longer than lookback, which is 12h; shorten window or lengthen lookback`,
	},
	"window longer than the lookback that is left out": {
		yaml: oneProject + "    discovery: {window: 721h}\n",
		want: `config.yml:6: projects[0].discovery.window: 30d1h is longer than lookback, which is 30d; shorten window or lengthen lookback`,
	},
	"lookback shorter than the window that is left out": {
		yaml: oneProject + "    discovery: {lookback: 12h}\n",
		want: `config.yml:6: projects[0].discovery.lookback: 12h is shorter than window, which is 1d where it is left out; set window as well, to 12h or less`,
	},
	"bad lookback and a window that may be right": {
		yaml: oneProject + "    discovery: {lookback: soon, window: 9999h}\n",
		want: `config.yml:6: projects[0].discovery.lookback: not a duration; write a number and a unit, for example 500ms, 30s, 15m or 1h30m`,
	},
	"operation type like another": {
		yaml: oneProject + "    discovery: {operation_types: [Backup]}\n",
		want: `config.yml:6: projects[0].discovery.operation_types[0]: "Backup" is not a type of operation; did you mean backup?`,
	},
	"operation type like no other": {
		yaml: oneProject + "    discovery: {operation_types: [sync, everything]}\n",
		want: `config.yml:6: projects[0].discovery.operation_types[1]: "everything" is not a type of operation; known here: backup, copy, delete, migrate_resources, remove_resource, replication, restore, sync, vault_delete`,
	},
	"operation type twice": {
		yaml: oneProject + "    discovery: {operation_types: [sync, backup, sync]}\n",
		want: `config.yml:6: projects[0].discovery.operation_types[2]: "sync" is already at line 6; remove one of them`,
	},
	"operation type null": {
		yaml: oneProject + "    discovery: {operation_types: [sync, ~]}\n",
		want: `config.yml:6: projects[0].discovery.operation_types[1]: no value; add one or remove the line`,
	},
	"operation types that are no list": {
		yaml: oneProject + "    discovery: {operation_types: sync}\n",
		want: `config.yml:6: projects[0].discovery.operation_types: want a list, got a single value; begin each item with "- "`,
	},
	"vault id that is no UUID": {
		yaml: oneProject + "    discovery: {vault_ids: [prod]}\n",
		want: `config.yml:6: projects[0].discovery.vault_ids[0]: "prod" is not a UUID; copy the vault's id from its page in the console, or from the API`,
	},
	"vault twice": {
		yaml: oneProject + "    discovery: {vault_ids: [" + backupID + ", " + strings.ToUpper(backupID) + "]}\n",
		want: `config.yml:6: projects[0].discovery.vault_ids[1]: "4827f2da-b008-4507-ab7d-42d0df5ed912" is already at line 6; remove one of them`,
	},
	"max_tasks zero": {
		yaml: oneProject + "    discovery: {max_tasks: 0}\n",
		want: `config.yml:6: projects[0].discovery.max_tasks: not a whole number from 1 to 10000000; write one, without quotes`,
	},
	"max_tasks too large": {
		yaml: oneProject + "    discovery: {max_tasks: 10000001}\n",
		want: `config.yml:6: projects[0].discovery.max_tasks: not a whole number from 1 to 10000000; write one, without quotes`,
	},
	"discovery that is no mapping, and no task": {
		yaml: with("task_ids: ["+backupID+"]", "discovery: []"),
		want: `config.yml:5: projects[0].discovery: want a mapping, got a list; write its keys one per line, each with a colon and a space after it`,
	},
	"every key of discovery wrong": {
		yaml: oneProject + "    discovery:\n      lookback: 1h\n      window: 2h\n      operation_types: [x]\n      vault_ids: [x]\n      max_tasks: many\n",
		want: `config.yml:8: projects[0].discovery.window: 2h is longer than lookback, which is 1h; shorten window or lengthen lookback
config.yml:9: projects[0].discovery.operation_types[0]: "x" is not a type of operation; known here: backup, copy, delete, migrate_resources, remove_resource, replication, restore, sync, vault_delete
config.yml:10: projects[0].discovery.vault_ids[0]: "x" is not a UUID; copy the vault's id from its page in the console, or from the API
config.yml:11: projects[0].discovery.max_tasks: not a whole number from 1 to 10000000; write one, without quotes`,
	},

	// Vaults.
	"vaults that are no mapping": {
		yaml: oneProject + "    vaults: true\n",
		want: `config.yml:6: projects[0].vaults: want a mapping, got a single value; write its keys one per line, each with a colon and a space after it`,
	},
	"vaults that are no mapping, and no task": {
		yaml: with("task_ids: ["+backupID+"]", "vaults: []"),
		want: `config.yml:5: projects[0].vaults: want a mapping, got a list; write its keys one per line, each with a colon and a space after it`,
	},
	"vaults with an unknown key": {
		yaml: oneProject + "    vaults: {refesh: 1h}\n",
		want: `config.yml:6: projects[0].vaults.refesh: unknown key; did you mean refresh?`,
	},
	"refresh zero": {
		yaml: oneProject + "    vaults: {refresh: 0}\n",
		want: `config.yml:6: projects[0].vaults.refresh: 0s is too short; write a duration above zero, for example 30s`,
	},
	"refresh too often": {
		yaml: oneProject + "    vaults: {refresh: 29s}\n",
		want: `config.yml:6: projects[0].vaults.refresh: 29s is too short; write 30s or more`,
	},
	"refresh too rarely": {
		yaml: oneProject + "    vaults: {refresh: 25h}\n",
		want: `config.yml:6: projects[0].vaults.refresh: 1d1h is too long; write 1d or less`,
	},
	"refresh without unit": {
		yaml: oneProject + "    vaults: {refresh: 300}\n",
		want: `config.yml:6: projects[0].vaults.refresh: not a duration; write a number and a unit, for example 500ms, 30s, 15m or 1h30m`,
	},
	"tags that are no list": {
		yaml: oneProject + "    vaults: {tags: team}\n",
		want: `config.yml:6: projects[0].vaults.tags: want a list, got a single value; begin each item with "- "`,
	},
	"tag that is empty": {
		yaml: oneProject + "    vaults: {tags: [team, '']}\n",
		want: `config.yml:6: projects[0].vaults.tags[1]: no value; add one or remove the line`,
	},
	"tag with a value": {
		yaml: oneProject + "    vaults: {tags: [team: web]}\n",
		want: `config.yml:6: projects[0].vaults.tags[0]: want a single value, got a mapping; put a value that begins with [, { or ! in quotes`,
	},
	"tag that is too long": {
		yaml: oneProject + "    vaults: {tags: [" + strings.Repeat("é", 37) + "]}\n",
		want: `config.yml:6: projects[0].vaults.tags[0]: longer than 36 characters, which no tag's key is; copy it from the vault's tags in the console`,
	},
	"tag twice": {
		yaml: oneProject + "    vaults: {tags: [team, env, team]}\n",
		want: `config.yml:6: projects[0].vaults.tags[2]: "team" gives the label tag_team, as line 6 does already; remove one of them`,
	},
	"two tags that give one label": {
		yaml: oneProject + "    vaults:\n      tags:\n        - cost.center\n        - cost-center\n",
		want: `config.yml:9: projects[0].vaults.tags[1]: "cost-center" gives the label tag_cost_center, as line 8 does already; remove one of them`,
	},

	"everything wrong is said, in the order of the file": {
		yaml: `
projects:
  - name: prod
    credentials: {password: p}
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    task_ids: [abc]
  - name: test
    regin: cn-north-4
scrape:
  timeout: soon
`,
		want: `config.yml:3: projects[0].region: missing, and so is endpoint; give one of them, for example region: cn-north-4
config.yml:3: projects[0].iam_endpoint: missing; a password login needs it where there is no region
config.yml:4: projects[0].credentials.username: missing; a password login needs username, domain_name and password or password_file
config.yml:4: projects[0].credentials.domain_name: missing; a password login needs username, domain_name and password or password_file
config.yml:6: projects[0].task_ids[0]: "abc" is not a UUID; copy the task's id from the console's task list or the API
config.yml:7: projects[1].project_id: missing, and so are region and project_name, by which it could be looked up; copy it from My Credentials in the console
config.yml:7: projects[1].region: missing, and so is endpoint; give one of them, for example region: cn-north-4
config.yml:7: projects[1].task_ids: no task, and no discovery; add discovery: {} to follow the task list, or list at least one id, from the console's task list or the API
config.yml:8: projects[1].regin: unknown key; did you mean region?
config.yml:10: scrape.timeout: not a duration; write a number and a unit, for example 500ms, 30s, 15m or 1h30m`,
	},
}

func TestParseErrors(t *testing.T) {
	for name, test := range badConfigs {
		t.Run(name, func(t *testing.T) {
			c, err := config.Parse("config.yml", []byte(test.yaml), none)
			if err == nil {
				t.Fatalf("no error, but\n%s", c)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if c != nil {
				t.Error("a configuration besides the error")
			}
		})
	}
}

func TestLoadUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	file := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(file, []byte(oneProject), 0); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(file, none)
	if err == nil {
		t.Fatal("no error")
	}
	want := file + ": cannot be read: permission denied; let the user that runs the exporter read it"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestLoadErrors(t *testing.T) {
	tests := map[string]struct{ file, want string }{
		"missing":   {"testdata/none.yml", "testdata/none.yml: no such file; create it, or name another one with --config.file"},
		"directory": {"testdata", "testdata: cannot be read: is a directory; name a file in it"},
		"empty":     {"testdata/empty.yml", "testdata/empty.yml:1: the file has no content; start from the example config.yml"},
		"bad path":  {"testdata/secrets/token/x", "testdata/secrets/token/x: cannot be read: not a directory; correct the path"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(test.file, none)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
