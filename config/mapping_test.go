package config_test

import (
	"github.com/cbr-exporter/cbr_exporter/config"
)

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

// Keys that are unknown, set twice, or none.
var keyMistakes = mistakes{
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
}
