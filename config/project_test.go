package config_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	commoncfg "github.com/prometheus/common/config"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// The keys of a project.
var projectSettings = settings{
	"every key of a project": {
		yaml: `
projects:
  - name: Große Wolke
    region: eu-de
    project_id: private_cloud-1
    enterprise_project_id: 0B8A1C06-6A0C-4C1F-9C3E-2F3D5F0B7A11
    endpoint: http://cbr.example.com:8080/cbr/
    iam_endpoint: https://iam.example.com//
    credentials:
      username: u
      password: 0123
      domain_name: d
    http_client:
      proxy_url: https://u:p@proxy.example.com:3128/
      no_proxy: iam.example.com,10.0.0.0/8
      tls_config:
        ca_file: tls/ca.pem
        cert_file: tls/client.pem
        key_file: tls/client-key.pem
        server_name: cbr.example.org
        min_version: TLS13
        insecure_skip_verify: true
    task_ids:
      - 4827F2DA-B008-4507-AB7D-42D0DF5ED912
      - 8a7f1c06-6a0c-4c1f-9c3e-2f3d5f0b7a11
`,
		differ: func(c *config.Config) {
			proxy := commoncfg.URL{URL: &url.URL{Scheme: "https", User: url.UserPassword("u", "p"), Host: "proxy.example.com:3128", Path: "/"}}
			c.Projects = []config.Project{{
				Name:                "Große Wolke",
				Region:              "eu-de",
				ProjectID:           "private_cloud-1",
				EnterpriseProjectID: "0b8a1c06-6a0c-4c1f-9c3e-2f3d5f0b7a11",
				Endpoint:            "http://cbr.example.com:8080/cbr",
				IAMEndpoint:         "https://iam.example.com",
				Credentials:         config.Credentials{Username: "u", Password: "0123", DomainName: "d"},
				HTTPClient: &config.HTTPClient{
					ProxyURL: proxy, NoProxy: "iam.example.com,10.0.0.0/8",
					TLSConfig: config.TLSConfig{
						CAFile:             "testdata/tls/ca.pem",
						CertFile:           "testdata/tls/client.pem",
						KeyFile:            "testdata/tls/client-key.pem",
						ServerName:         "cbr.example.org",
						MinVersion:         commoncfg.TLSVersions["TLS13"],
						InsecureSkipVerify: true,
					},
				},
				TaskIDs: []string{backupID, syncID},
			}}
			c.Warnings = []string{"testdata/config.yml:5: projects[0].project_id: not 32 hexadecimal digits, as project ids of public clouds are; copy it from My Credentials in the console, in the row of the region"}
		},
	},
	"no region": {
		yaml: with("region: cn-north-4", "endpoint: https://cbr.example.com"),
		differ: func(c *config.Config) {
			p := &c.Projects[0]
			p.Name = p.ProjectID
			p.Region = ""
			p.Endpoint = "https://cbr.example.com"
			p.IAMEndpoint = ""
		},
	},
	"project by its region": {
		yaml:   with("    project_id: 04f1829c788037ac2fb8c01eb2b04b95\n", ""),
		differ: func(c *config.Config) { c.Projects[0].ProjectID = "" },
	},
	"project by its name alone": {
		yaml: with(
			"project_id: 04f1829c788037ac2fb8c01eb2b04b95", "project_name: team",
			"region: cn-north-4", "endpoint: https://cbr.example.com\n    iam_endpoint: https://iam.example.com",
		),
		differ: func(c *config.Config) {
			p := &c.Projects[0]
			p.Name, p.Region, p.ProjectID, p.ProjectName = "team", "", "", "team"
			p.Endpoint, p.IAMEndpoint = "https://cbr.example.com", "https://iam.example.com"
		},
	},
	"default enterprise project": {
		yaml:   oneProject + "    enterprise_project_id: 0\n",
		differ: func(c *config.Config) { c.Projects[0].EnterpriseProjectID = "0" },
	},
	"all enterprise projects": {
		yaml:   oneProject + "    enterprise_project_id: all_granted_eps\n",
		differ: func(c *config.Config) { c.Projects[0].EnterpriseProjectID = "all_granted_eps" },
	},
}

// Mistakes in the list of projects, and in their names and ids.
var projectMistakes = mistakes{
	"no projects": {
		yaml: "scrape: {timeout: 30s}\n",
		want: `config.yml:1: projects: no project; list at least one, with its region, project_id and discovery: {}`,
	},
	"a project null": {
		yaml: "projects:\n  -\n",
		want: `config.yml:2: projects[0]: no value; add one or remove it`,
	},
	"two projects, names missing": {
		yaml: oneProject + strings.TrimPrefix(oneProject, "projects:\n"),
		want: `config.yml:2: projects[0].name: missing; with two or more projects each needs a name
config.yml:6: projects[1].name: missing; with two or more projects each needs a name`,
	},
	"values are checked once the keys are right": {
		yaml: with("- region", "- name: prod\n    regoin") +
			strings.TrimPrefix(with("- region", "- name: other\n    region", "task_ids: ["+backupID, "task_ids: [abc"), "projects:\n"),
		want: `config.yml:3: projects[0].regoin: unknown key; correct or remove it, the commented example shows all keys`,
	},
	"two projects of one name": {
		yaml: with("- region", "- name: prod\n    region") +
			strings.TrimPrefix(with("- region", "- name: prod\n    region"), "projects:\n"),
		want: `config.yml:7: projects[1].name: "prod" is already the name of projects[0]; give each project its own name`,
	},
	"name with a control character": {
		yaml: with("- region", `- name: "a\tb"`+"\n    region"),
		want: `config.yml:2: projects[0].name: a line break or another character that cannot be printed; remove it`,
	},
	"region in capitals": {
		yaml: with("cn-north-4", "CN-North-4"),
		want: `config.yml:2: projects[0].region: not a region; it has a-z, 0-9 and - only, for example cn-north-4`,
	},
	"region with a blank, and a login": {
		yaml: with("cn-north-4", "CN North-Beijing4", "token: T", "username: u, password: p, domain_name: d"),
		want: `config.yml:2: projects[0].region: not a region; it has a-z, 0-9 and - only, for example cn-north-4`,
	},
	"region, the name of a sub-project": {
		yaml: with("cn-north-4", "cn-north-4_team"),
		want: `config.yml:2: projects[0].region: not a region; write the region alone, and the name of a sub-project under project_name`,
	},
	"project_id with a slash": {
		yaml: with("04f1829c788037ac2fb8c01eb2b04b95", "../x"),
		want: `config.yml:3: projects[0].project_id: not a project id; copy it from My Credentials in the console`,
	},
	"neither project_id, project_name nor region": {
		yaml: with("region: cn-north-4\n    project_id: 04f1829c788037ac2fb8c01eb2b04b95", "endpoint: https://cbr.example.com"),
		want: `config.yml:2: projects[0].project_id: missing, and so are region and project_name, by which it could be looked up; copy it from My Credentials in the console`,
	},
	"project_name without a place to look it up": {
		yaml: with("region: cn-north-4\n    project_id: 04f1829c788037ac2fb8c01eb2b04b95", "endpoint: https://cbr.example.com\n    project_name: team"),
		want: `config.yml:2: projects[0].iam_endpoint: missing; the lookup of the project id needs it or a region`,
	},
	"enterprise_project_id, a name": {
		yaml: oneProject + "    enterprise_project_id: default\n",
		want: `config.yml:6: projects[0].enterprise_project_id: not an enterprise project id; write its UUID from the console, 0 for the default one, or all_granted_eps`,
	},
}

var taskIDsMistakes = mistakes{
	"task_ids empty": {
		yaml: with(backupID, ""),
		want: `config.yml:5: projects[0].task_ids: no task, and no discovery; add discovery: {} to follow the task list, or list at least one id from the console's task list`,
	},
	"not a UUID": {
		yaml: with("["+backupID+"]", "\n      - "+backupID+"\n      - abc\n      -\n      - {a: b}\n"),
		want: `config.yml:8: projects[0].task_ids[2]: no value; add one or remove it
config.yml:9: projects[0].task_ids[3]: not a single value; put a value that begins with [, { or ? in quotes`,
	},
	"long and not a UUID": {
		yaml: with(backupID, strings.Repeat("0123456789", 5)),
		want: `config.yml:5: projects[0].task_ids[0]: not a UUID; copy the id from the console or the API`,
	},
}

var discoverySettings = settings{
	"discovery without keys": {
		yaml:   oneProject + "    discovery: {}\n",
		differ: func(c *config.Config) { c.Projects[0].Discovery = followed() },
	},
	"discovery alone": {
		yaml: discoveryAlone,
		differ: func(c *config.Config) {
			c.Projects[0].Discovery, c.Projects[0].TaskIDs = followed(), nil
		},
	},
	"every key of discovery": {
		yaml: discoveryAlone[:len(discoveryAlone)-len(" {}\n")] + `
      lookback: 40d
      window: 40d
      expected_interval: 20d
      stuck_after: 30d
      operation_types: [backup, copy, replication, restore, delete, sync, vault_delete, remove_resource, migrate_resources]
      vault_ids: [8A7F1C06-6A0C-4C1F-9C3E-2F3D5F0B7A11, 4827f2da-b008-4507-ab7d-42d0df5ed912]
`,
		differ: func(c *config.Config) {
			c.Projects[0].TaskIDs = nil
			c.Projects[0].Discovery = &config.Discovery{
				Lookback:         config.Duration(960 * time.Hour),
				Window:           config.Duration(960 * time.Hour),
				ExpectedInterval: config.Duration(480 * time.Hour),
				StuckAfter:       config.Duration(720 * time.Hour),
				OperationTypes: []string{
					"backup", "copy", "replication", "restore", "delete", "sync", "vault_delete", "remove_resource", "migrate_resources",
				},
				VaultIDs: []string{syncID, backupID},
			}
		},
	},
	"discovery of everything": {
		yaml:   oneProject + "    discovery: {operation_types: [], vault_ids: }\n",
		differ: func(c *config.Config) { c.Projects[0].Discovery = followed() },
	},
	"a short lookback": {
		yaml: oneProject + "    discovery: {lookback: 1h, window: 1h, expected_interval: 0, stuck_after: 1h}\n",
		differ: func(c *config.Config) {
			hour := config.Duration(time.Hour)
			c.Projects[0].Discovery = &config.Discovery{Lookback: hour, Window: hour, StuckAfter: hour}
		},
	},
	"an expected interval that vaults leave unused": {
		yaml: oneProject + "    discovery: {expected_interval: 365d}\n    vaults: {}\n",
		differ: func(c *config.Config) {
			c.Projects[0].Discovery, c.Projects[0].Vaults = followed(), watchedVaults()
			c.Projects[0].Discovery.ExpectedInterval = config.Duration(365 * 24 * time.Hour)
		},
	},
}

var discoveryMistakes = mistakes{
	"no value for discovery": {
		yaml: oneProject + "    discovery:\n      # lookback: 720h\n",
		want: `config.yml:6: projects[0].discovery: no value; write {} for the defaults, or remove the line`,
	},
	"out of range": {
		yaml: oneProject + "    discovery: {lookback: 0, window: 11y, expected_interval: 366d, stuck_after: 59m}\n    vaults: {}\n",
		want: `config.yml:6: projects[0].discovery.lookback: 0s is out of range; write a value from 1ms to 10y
config.yml:6: projects[0].discovery.window: 11y is out of range; write a value from 1ms to 10y
config.yml:6: projects[0].discovery.expected_interval: 366d is out of range; write a value from 0s to 1y
config.yml:6: projects[0].discovery.stuck_after: 59m is out of range; write a value from 1h to 30d
config.yml:6: projects[0].discovery.window: 11y is longer than lookback, which is 0s; shorten window or lengthen lookback`,
	},
	"lookback shorter than the window that is left out": {
		yaml: oneProject + "    discovery: {lookback: 12h}\n",
		want: `config.yml:6: projects[0].discovery.window: 1d is longer than lookback, which is 12h; shorten window or lengthen lookback
config.yml:6: projects[0].discovery.expected_interval: 1d is longer than half of lookback, which is 12h; shorten it or lengthen lookback, write 0 to expect no backup, or add vaults: {} to go by the policies`,
	},
	"expected interval just too long": {
		yaml: oneProject + "    discovery: {lookback: 14d, expected_interval: 7d1ms}\n",
		want: `config.yml:6: projects[0].discovery.expected_interval: 7d1ms is longer than half of lookback, which is 2w; shorten it or lengthen lookback, write 0 to expect no backup, or add vaults: {} to go by the policies`,
	},
	"stuck_after too long": {
		yaml: oneProject + "    discovery: {stuck_after: 31d}\n",
		want: `config.yml:6: projects[0].discovery.stuck_after: 31d is out of range; write a value from 1h to 30d`,
	},
	"operation type like no other": {
		yaml: oneProject + "    discovery: {operation_types: [sync, everything]}\n",
		want: `config.yml:6: projects[0].discovery.operation_types[1]: not a type of operation; write one of backup, copy, delete, migrate_resources, remove_resource, replication, restore, sync, vault_delete`,
	},
	"an item twice": {
		yaml: oneProject + "    discovery:\n      operation_types: [sync, backup, sync]\n      vault_ids: [" + backupID + ", " + strings.ToUpper(backupID) + "]\n",
		want: `config.yml:7: projects[0].discovery.operation_types[2]: "sync" is in the list twice; remove one
config.yml:8: projects[0].discovery.vault_ids[1]: "4827f2da-b008-4507-ab7d-42d0df5ed912" is in the list twice; remove one`,
	},
}

var vaultsSettings = settings{
	"vaults without keys": {
		yaml:   oneProject + "    vaults: {}\n",
		differ: func(c *config.Config) { c.Projects[0].Vaults, c.Warnings = watchedVaults(), notJudged() },
	},
	"vaults alone": {
		yaml: strings.Replace(discoveryAlone, "discovery", "vaults", 1),
		differ: func(c *config.Config) {
			c.Projects[0].Vaults, c.Projects[0].TaskIDs, c.Warnings = watchedVaults(), nil, notJudged()
		},
	},
	"every key of vaults": {
		yaml: oneProject + "    vaults: {refresh: 30s, grace: 30m, tags: [team, Team, 部门]}\n",
		differ: func(c *config.Config) {
			c.Projects[0].Vaults = &config.Vaults{
				Refresh: config.Duration(30 * time.Second),
				Grace:   config.Duration(30 * time.Minute),
				Tags:    []string{"team", "Team", "部门"},
			}
			c.Warnings = notJudged()
		},
	},
}

// notJudged returns the warning about vaults without discovery.
func notJudged() []string {
	return []string{"testdata/config.yml:2: projects[0].discovery: missing, so nothing is judged to be overdue or failing; add discovery: {} to judge it by the policies"}
}

var vaultsMistakes = mistakes{
	"refresh too short": {
		yaml: oneProject + "    vaults: {refresh: 29s}\n",
		want: `config.yml:6: projects[0].vaults.refresh: 29s is out of range; write a value from 30s to 1d`,
	},
	"grace too short": {
		yaml: oneProject + "    vaults: {grace: 29m}\n",
		want: `config.yml:6: projects[0].vaults.grace: 29m is out of range; write a value from 30m to 30d`,
	},
	"tag twice": {
		yaml: oneProject + "    vaults: {tags: [team, env, team]}\n",
		want: `config.yml:6: projects[0].vaults.tags[2]: "team" has the label tag_team, as has "team"; remove one of them`,
	},
}

func TestTagLabel(t *testing.T) {
	for key, want := range map[string]string{
		"team":        "tag_team",
		"Team_2":      "tag_Team_2",
		"cost.center": "tag_cost_center",
		"a b:c":       "tag_a_b_c",
		"部门":          "tag___",
		"2nd":         "tag_2nd",
	} {
		if got := config.TagLabel(key); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}
