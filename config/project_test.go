package config_test

import (
	"strings"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// A project, and what it is called and looked up by.
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
			c.Projects = []config.Project{{
				Name:                "Große Wolke",
				Region:              "eu-de",
				ProjectID:           "private_cloud-1",
				EnterpriseProjectID: "0b8a1c06-6a0c-4c1f-9c3e-2f3d5f0b7a11",
				Endpoint:            "http://cbr.example.com:8080/cbr",
				IAMEndpoint:         "https://iam.example.com",
				Credentials:         config.Credentials{Username: "u", Password: "0123", DomainName: "d"},
				HTTPClient: config.HTTPClient{
					ProxyURL: "https://u:p@proxy.example.com:3128/",
					NoProxy:  "iam.example.com,10.0.0.0/8",
					TLS: config.TLS{
						CAFile:             "testdata/tls/ca.pem",
						CertFile:           "testdata/tls/client.pem",
						KeyFile:            "testdata/tls/client-key.pem",
						ServerName:         "cbr.example.org",
						MinVersion:         "TLS13",
						InsecureSkipVerify: true,
					},
				},
				TaskIDs: []string{backupID, syncID},
			}}
		},
	},
	"no region": {
		yaml: strings.Replace(oneProject, "region: cn-north-4", "endpoint: https://cbr.example.com", 1),
		differ: func(c *config.Config) {
			p := &c.Projects[0]
			p.Name = p.ProjectID
			p.Region = ""
			p.Endpoint = "https://cbr.example.com"
			p.IAMEndpoint = ""
		},
	},
	"project by its region": {
		yaml:   strings.Replace(oneProject, "    project_id: 04f1829c788037ac2fb8c01eb2b04b95\n", "", 1),
		differ: func(c *config.Config) { c.Projects[0].ProjectID = "" },
	},
	"project by its name": {
		yaml: strings.Replace(oneProject, "project_id: 04f1829c788037ac2fb8c01eb2b04b95", "project_name: cn-north-4_team", 1),
		differ: func(c *config.Config) {
			c.Projects[0].ProjectID, c.Projects[0].ProjectName = "", "cn-north-4_team"
		},
	},
	"project by its name alone": {
		yaml: strings.NewReplacer(
			"project_id: 04f1829c788037ac2fb8c01eb2b04b95", "project_name: team",
			"region: cn-north-4", "endpoint: https://cbr.example.com\n    iam_endpoint: https://iam.example.com",
		).Replace(oneProject),
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

// The list of projects, and their names and ids.
var projectMistakes = mistakes{
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
	"region in capitals": {
		yaml: with("cn-north-4", "CN-North-4"),
		want: `config.yml:2: projects[0].region: not a region; it has a-z, 0-9 and - only, for example cn-north-4`,
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
}
