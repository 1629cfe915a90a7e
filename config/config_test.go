package config_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/cbr-exporter/cbr_exporter/config"
)

const (
	backupID = "4827f2da-b008-4507-ab7d-42d0df5ed912"
	syncID   = "8a7f1c06-6a0c-4c1f-9c3e-2f3d5f0b7a11"
)

// oneProject is the shortest valid configuration.
const oneProject = `projects:
  - region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    credentials: {token: T}
    task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912]
`

// discoveryAlone is the shortest valid configuration that names no task.
const discoveryAlone = `projects:
  - region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    credentials: {token: T}
    discovery: {}
`

// none is an environment without variables.
func none(string) (string, bool) { return "", false }

// prod is the configuration that oneProject stands for, with its defaults.
func prod() *config.Config {
	return &config.Config{
		Scrape: config.Scrape{
			Timeout:           model.Duration(30 * time.Second),
			Concurrency:       16,
			RequestsPerSecond: 20,
			FinishedTaskTTL:   model.Duration(15 * time.Minute),
		},
		Projects: []config.Project{{
			Name:        "cn-north-4",
			Region:      "cn-north-4",
			ProjectID:   "04f1829c788037ac2fb8c01eb2b04b95",
			Endpoint:    "https://cbr.cn-north-4.myhuaweicloud.com",
			IAMEndpoint: "https://iam.cn-north-4.myhuaweicloud.com",
			Credentials: config.Credentials{Token: "T"},
			HTTPClient:  config.HTTPClient{ProxyFromEnvironment: true},
			TaskIDs:     []string{backupID},
		}},
	}
}

// followed is a discovery with its defaults.
func followed() *config.Discovery {
	return &config.Discovery{
		Lookback: model.Duration(720 * time.Hour),
		Window:   model.Duration(24 * time.Hour),
		MaxTasks: 100_000,
	}
}

// watchedVaults is the reading of vaults with its defaults.
func watchedVaults() *config.Vaults { return &config.Vaults{Refresh: model.Duration(5 * time.Minute)} }

func TestParse(t *testing.T) {
	tests := map[string]struct {
		yaml   string
		differ func(*config.Config) // from prod
	}{
		"defaults": {
			yaml:   oneProject,
			differ: func(*config.Config) {},
		},
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
		"http_client without keys": {
			yaml:   oneProject + "    http_client:\n      # proxy_url: http://proxy.example.com:3128\n",
			differ: func(*config.Config) {},
		},
		"no proxy": {
			yaml: oneProject + "    http_client: {proxy_from_environment: False}\n",
			differ: func(c *config.Config) {
				c.Projects[0].HTTPClient = config.HTTPClient{}
			},
		},
		"digits are text": {
			yaml: strings.Replace(oneProject, "04f1829c788037ac2fb8c01eb2b04b95", "12345678901234567890123456789e12", 1),
			differ: func(c *config.Config) {
				c.Projects[0].ProjectID = "12345678901234567890123456789e12"
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
		"files": {
			yaml: strings.Replace(oneProject, "token: T", "token_file: secrets/token", 1),
			differ: func(c *config.Config) {
				c.Projects[0].Credentials = config.Credentials{TokenFile: "testdata/secrets/token"}
			},
		},
		"password file": {
			yaml: strings.Replace(oneProject, "token: T", "username: u, domain_name: d, password_file: secrets/token", 1),
			differ: func(c *config.Config) {
				c.Projects[0].Credentials = config.Credentials{Username: "u", DomainName: "d", PasswordFile: "testdata/secrets/token"}
			},
		},
		"access key": {
			yaml: strings.Replace(oneProject, "token: T", "access_key: 0123, secret_key: S", 1),
			differ: func(c *config.Config) {
				c.Projects[0].Credentials = config.Credentials{AccessKey: "0123", SecretKey: "S"}
			},
		},
		"temporary access key": {
			yaml: strings.Replace(oneProject, "token: T", "access_key: A, secret_key: S, security_token: T", 1),
			differ: func(c *config.Config) {
				c.Projects[0].Credentials = config.Credentials{AccessKey: "A", SecretKey: "S", SecurityToken: "T"}
			},
		},
		"access key files": {
			yaml: strings.Replace(oneProject, "token: T", "access_key: A, secret_key_file: secrets/token, security_token_file: secrets/token", 1),
			differ: func(c *config.Config) {
				c.Projects[0].Credentials = config.Credentials{
					AccessKey: "A", SecretKeyFile: "testdata/secrets/token", SecurityTokenFile: "testdata/secrets/token",
				}
			},
		},
		"ECS agency": {
			yaml: strings.Replace(oneProject, "token: T", "ecs_agency: {}", 1),
			differ: func(c *config.Config) {
				c.Projects[0].Credentials = config.Credentials{ECSAgency: &config.ECSAgency{Endpoint: "http://169.254.169.254"}}
			},
		},
		"ECS agency, no value": {
			yaml: strings.Replace(oneProject, "{token: T}", "\n      ecs_agency:", 1),
			differ: func(c *config.Config) {
				c.Projects[0].Credentials = config.Credentials{ECSAgency: &config.ECSAgency{Endpoint: "http://169.254.169.254"}}
			},
		},
		"ECS agency elsewhere": {
			yaml: strings.Replace(oneProject, "token: T", "ecs_agency: {endpoint: 'http://[fd00::1]:8080/'}", 1),
			differ: func(c *config.Config) {
				c.Projects[0].Credentials = config.Credentials{ECSAgency: &config.ECSAgency{Endpoint: "http://[fd00::1]:8080"}}
			},
		},
		"discovery without keys": {
			yaml:   oneProject + "    discovery: {}\n",
			differ: func(c *config.Config) { c.Projects[0].Discovery = followed() },
		},
		"discovery, no value": {
			yaml:   oneProject + "    discovery:\n      # lookback: 720h\n",
			differ: func(c *config.Config) { c.Projects[0].Discovery = followed() },
		},
		"discovery alone": {
			yaml: discoveryAlone,
			differ: func(c *config.Config) {
				c.Projects[0].Discovery, c.Projects[0].TaskIDs = followed(), nil
			},
		},
		"discovery and no task": {
			yaml: discoveryAlone + "    task_ids: []\n",
			differ: func(c *config.Config) {
				c.Projects[0].Discovery, c.Projects[0].TaskIDs = followed(), nil
			},
		},
		"every key of discovery": {
			yaml: discoveryAlone[:len(discoveryAlone)-len(" {}\n")] + `
      lookback: 40d
      window: 40d
      operation_types: [backup, copy, replication, restore, delete, sync, vault_delete, remove_resource, migrate_resources]
      vault_ids: [8A7F1C06-6A0C-4C1F-9C3E-2F3D5F0B7A11, 4827f2da-b008-4507-ab7d-42d0df5ed912]
      max_tasks: 10000000
`,
			differ: func(c *config.Config) {
				c.Projects[0].TaskIDs = nil
				c.Projects[0].Discovery = &config.Discovery{
					Lookback: model.Duration(960 * time.Hour),
					Window:   model.Duration(960 * time.Hour),
					OperationTypes: []string{
						"backup", "copy", "replication", "restore", "delete", "sync", "vault_delete", "remove_resource", "migrate_resources",
					},
					VaultIDs: []string{syncID, backupID},
					MaxTasks: 10_000_000,
				}
			},
		},
		"discovery of everything": {
			yaml:   oneProject + "    discovery: {operation_types: [], vault_ids: }\n",
			differ: func(c *config.Config) { c.Projects[0].Discovery = followed() },
		},
		"a short lookback": {
			yaml: oneProject + "    discovery: {lookback: 1h, window: 1h, max_tasks: 1}\n",
			differ: func(c *config.Config) {
				hour := model.Duration(time.Hour)
				c.Projects[0].Discovery = &config.Discovery{Lookback: hour, Window: hour, MaxTasks: 1}
			},
		},
		"vaults without keys": {
			yaml:   oneProject + "    vaults: {}\n",
			differ: func(c *config.Config) { c.Projects[0].Vaults = watchedVaults() },
		},
		"vaults, no value": {
			yaml:   oneProject + "    vaults:\n      # refresh: 5m\n",
			differ: func(c *config.Config) { c.Projects[0].Vaults = watchedVaults() },
		},
		"vaults alone": {
			yaml: strings.Replace(discoveryAlone, "discovery", "vaults", 1),
			differ: func(c *config.Config) {
				c.Projects[0].Vaults, c.Projects[0].TaskIDs = watchedVaults(), nil
			},
		},
		"every key of vaults": {
			yaml: oneProject + "    vaults: {refresh: 30s, tags: [team, Team, 部门, " + strings.Repeat("é", 36) + "]}\n",
			differ: func(c *config.Config) {
				c.Projects[0].Vaults = &config.Vaults{
					Refresh: model.Duration(30 * time.Second),
					Tags:    []string{"team", "Team", "部门", strings.Repeat("é", 36)},
				}
			},
		},
		"vaults once a day": {
			yaml: oneProject + "    vaults: {refresh: 24h, tags: []}\n",
			differ: func(c *config.Config) {
				c.Projects[0].Vaults = &config.Vaults{Refresh: model.Duration(24 * time.Hour)}
			},
		},
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
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := config.Parse("testdata/config.yml", []byte(test.yaml), none)
			if err != nil {
				t.Fatal(err)
			}
			want := prod()
			test.differ(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestExample loads the example as it is, and with the credentials that it has in a
// comment, where their placeholders are replaced.
func TestExample(t *testing.T) {
	const file = "../config.yml"
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	commented := regexp.MustCompile(`(?m)^    # ((credentials:|  access_key: |  secret_key: ).*)$`)
	for _, test := range []struct {
		name, text  string
		credentials config.Credentials
	}{
		{"as it is", string(content), config.Credentials{
			ECSAgency: &config.ECSAgency{Endpoint: "http://169.254.169.254"}, Assumed: true,
		}},
		{
			"with an access key",
			strings.NewReplacer("REPLACE-ME", "mine", "replace-me", "mine").Replace(commented.ReplaceAllString(string(content), "    $1")),
			config.Credentials{AccessKey: "mine", SecretKey: "mine"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := config.Parse(file, []byte(test.text), none)
			if err != nil {
				t.Fatal(err)
			}
			want := prod()
			want.Projects[0].Name = "prod"
			want.Projects[0].Credentials = test.credentials
			want.Projects[0].TaskIDs = nil
			want.Projects[0].Discovery, want.Projects[0].Vaults = followed(), watchedVaults()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestString(t *testing.T) {
	c, err := config.Parse("config.yml", []byte(oneProject), none)
	if err != nil {
		t.Fatal(err)
	}
	got := c.String()
	want := `scrape:
  timeout: 30s
  concurrency: 16
  requests_per_second: 20
  finished_task_ttl: 15m
projects:
  - name: cn-north-4
    region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    endpoint: https://cbr.cn-north-4.myhuaweicloud.com
    iam_endpoint: https://iam.cn-north-4.myhuaweicloud.com
    credentials:
      token: <secret>
    http_client:
      proxy_from_environment: true
    task_ids:
      - 4827f2da-b008-4507-ab7d-42d0df5ed912
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var parsed map[string]any
	if err := yaml.Unmarshal([]byte(got), &parsed); err != nil {
		t.Errorf("is not YAML: %v", err)
	}
}

// TestStringParses reads back what is shown: it has to mean the same.
func TestStringParses(t *testing.T) {
	tests := map[string]string{ // no secrets in them, which are masked
		"task ids":            "task_ids: [" + backupID + "]",
		"discovery":           "discovery: {}",
		"discovery and tasks": "task_ids: [" + backupID + "]\n    discovery:",
		"vaults":              "vaults: {}",
		"tags":                "vaults: {refresh: 90s, tags: [team, 'cost: center']}",
		"other values": `discovery:
      lookback: 1h30m
      window: 90m
      operation_types: [sync, backup]
      vault_ids: [` + syncID + `]
      max_tasks: 7
    enterprise_project_id: 0
scrape: {requests_per_second: 0.1}`,
	}
	for name, keys := range tests {
		t.Run(name, func(t *testing.T) {
			want, err := config.Parse("config.yml", []byte("projects:\n  - region: cn-north-4\n    "+keys+"\n"), none)
			if err != nil {
				t.Fatal(err)
			}
			got, err := config.Parse("config.yml", []byte(want.String()), none)
			if err != nil {
				t.Fatalf("%v\n%s", err, want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestStringDiscovery shows what is in force where the file says nothing.
func TestStringDiscovery(t *testing.T) {
	c, err := config.Parse("config.yml", []byte(discoveryAlone), none)
	if err != nil {
		t.Fatal(err)
	}
	const want = `
    task_ids: []
    discovery:
      lookback: 30d
      window: 1d
      operation_types: []
      vault_ids: []
      max_tasks: 100000
`
	if got := c.String(); !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s\nwant at its end%s", got, want)
	}
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

func TestCredentialsKind(t *testing.T) {
	tests := map[string]struct {
		credentials config.Credentials
		want        config.CredentialsKind
	}{
		"none":          {config.Credentials{}, ""},
		"token":         {config.Credentials{Token: "T"}, config.KindToken},
		"token file":    {config.Credentials{TokenFile: "f"}, config.KindToken},
		"password":      {config.Credentials{Username: "u", Password: "p", DomainName: "d"}, config.KindPassword},
		"password file": {config.Credentials{Username: "u", PasswordFile: "f", DomainName: "d"}, config.KindPassword},
		"keys":          {config.Credentials{AccessKey: "A", SecretKey: "S"}, config.KindKeys},
		"keys file":     {config.Credentials{AccessKey: "A", SecretKeyFile: "f"}, config.KindKeys},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.credentials.Kind(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// FuzzParse checks that nothing makes Parse panic, and that a configuration in
// force, as it is shown, is a valid one that means the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(oneProject))
	f.Add([]byte("scrape: {timeout: 1m30s, concurrency: 1, requests_per_second: 1e-7, finished_task_ttl: 0}\n" + oneProject))
	f.Add([]byte(oneProject + "    http_client: {proxy_url: 'http://u:p@proxy', no_proxy: a, tls_config: {server_name: b}}\n"))
	f.Add([]byte(oneProject + "    enterprise_project_id: 0\n    discovery: {lookback: 40d, window: 1w, operation_types: [copy], vault_ids: [" + syncID + "], max_tasks: 1}\n"))
	f.Add([]byte(discoveryAlone))
	f.Add([]byte(oneProject + "    vaults: {refresh: 1m, tags: [team, cost.center]}\n"))
	f.Add([]byte("projects:\n  - &a\n    <<: *a\n    name: [*a]\n"))
	f.Add([]byte("a: 1\n---\nb: *c\n"))
	for _, test := range badConfigs {
		f.Add([]byte(test.yaml))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := config.Parse("config.yml", content, none)
		if err != nil {
			return
		}
		shown := c.String()
		again, err := config.Parse("config.yml", []byte(shown), none)
		if err != nil {
			t.Fatalf("%v\n%s", err, shown)
		}
		if diff := cmp.Diff(shown, again.String()); diff != "" {
			t.Errorf("(-first +second)\n%s", diff)
		}
	})
}
