package config_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	commoncfg "github.com/prometheus/common/config"

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

// with returns oneProject with parts of it replaced: old, new, old, new and so on.
func with(oldNew ...string) string {
	return strings.NewReplacer(oldNew...).Replace(oneProject)
}

// discoveryAlone is the shortest valid configuration that names no task.
const discoveryAlone = `projects:
  - region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    credentials: {token: T}
    discovery: {}
`

// diff compares configurations.
func diff(want, got any) string {
	return cmp.Diff(want, got,
		cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b commoncfg.URL) bool { return reflect.DeepEqual(a, b) }),
	)
}

// none is an environment without variables.
var none config.Environment

// prod is the configuration that oneProject stands for, with its defaults.
func prod() *config.Config {
	return &config.Config{
		Scrape: config.Scrape{
			Timeout:           config.Duration(30 * time.Second),
			Concurrency:       16,
			RequestsPerSecond: 20,
			FinishedTaskTTL:   config.Duration(15 * time.Minute),
		},
		Projects: []config.Project{{
			Name:        "cn-north-4",
			Region:      "cn-north-4",
			ProjectID:   "04f1829c788037ac2fb8c01eb2b04b95",
			Endpoint:    "https://cbr.cn-north-4.myhuaweicloud.com",
			IAMEndpoint: "https://iam.cn-north-4.myhuaweicloud.com",
			Credentials: config.Credentials{Token: "T"},
			HTTPClient:  &config.HTTPClient{ProxyFromEnvironment: true},
			TaskIDs:     []string{backupID},
		}},
	}
}

// followed is a discovery with its defaults.
func followed() *config.Discovery {
	return &config.Discovery{
		Lookback:         config.Duration(720 * time.Hour),
		Window:           config.Duration(24 * time.Hour),
		ExpectedInterval: config.Duration(24 * time.Hour),
		StuckAfter:       config.Duration(12 * time.Hour),
	}
}

// watchedVaults is the reading of vaults with its defaults.
func watchedVaults() *config.Vaults {
	return &config.Vaults{Refresh: config.Duration(5 * time.Minute), Grace: config.Duration(6 * time.Hour)}
}

// settings are configurations, and how they differ from prod.
type settings map[string]struct {
	yaml   string
	differ func(*config.Config)
}

// allSettings are those of each part of the configuration, by that part.
var allSettings = map[string]settings{
	"none":        {"defaults": {yaml: oneProject, differ: func(*config.Config) {}}},
	"keys":        keySettings,
	"values":      valueSettings,
	"scrape":      scrapeSettings,
	"projects":    projectSettings,
	"credentials": credentialsSettings,
	"http_client": httpClientSettings,
	"discovery":   discoverySettings,
	"vaults":      vaultsSettings,
	"backups":     backupsSettings,
	"top level":   topLevelSettings,
}

func TestParse(t *testing.T) {
	for part, cases := range allSettings {
		for name, test := range cases {
			t.Run(part+"/"+name, func(t *testing.T) {
				got, err := config.Parse("testdata/config.yml", "testdata", []byte(test.yaml), none)
				if err != nil {
					t.Fatal(err)
				}
				want := prod()
				test.differ(want)
				if d := diff(want, got); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
			})
		}
	}
}

// TestExample loads the example as it is, and with the credentials in its comments,
// with their placeholders replaced.
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
			ECSAgency: &config.ECSAgency{Endpoint: "http://169.254.169.254"}, Source: byDefault,
		}},
		{
			"with an access key",
			strings.NewReplacer("REPLACE-ME", "mine", "replace-me", "mine").Replace(commented.ReplaceAllString(string(content), "    $1")),
			config.Credentials{AccessKey: "mine", SecretKey: "mine"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := config.Parse(file, ".", []byte(test.text), none)
			if err != nil {
				t.Fatal(err)
			}
			want := prod()
			want.Projects[0].Name = "prod"
			want.Projects[0].Credentials = test.credentials
			want.Projects[0].TaskIDs = nil
			want.Projects[0].Discovery, want.Projects[0].Vaults = followed(), watchedVaults()
			want.Projects[0].Backups, want.Projects[0].Protectables = readBackups(), readProtectables()
			if d := diff(want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// mistakes are files named config.yml, and the errors about them.
type mistakes map[string]struct{ yaml, want string }

// allMistakes are those of each part of the configuration, by that part.
var allMistakes = map[string]mistakes{
	"syntax":       syntaxMistakes,
	"keys":         keyMistakes,
	"values":       valueMistakes,
	"scrape":       scrapeMistakes,
	"projects":     projectMistakes,
	"endpoints":    endpointMistakes,
	"task_ids":     taskIDsMistakes,
	"credentials":  credentialsMistakes,
	"http_client":  httpClientMistakes,
	"discovery":    discoveryMistakes,
	"vaults":       vaultsMistakes,
	"backups":      backupsMistakes,
	"top level":    topLevelMistakes,
	"placeholders": placeholderMistakes,
}

func TestParseErrors(t *testing.T) {
	for part, cases := range allMistakes {
		for name, test := range cases {
			t.Run(part+"/"+name, func(t *testing.T) {
				c, err := config.Parse("config.yml", ".", []byte(test.yaml), none)
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
}

var scrapeSettings = settings{
	"scrape without keys": {
		yaml:   "scrape:\n  # timeout: 30s\n" + oneProject,
		differ: func(*config.Config) {},
	},
	"every key of scrape": {
		yaml: "scrape: {timeout: 1m30s, concurrency: 256, requests_per_second: 0.5, finished_task_ttl: 0}\n" + oneProject,
		differ: func(c *config.Config) {
			c.Scrape = config.Scrape{Timeout: config.Duration(90 * time.Second), Concurrency: 256, RequestsPerSecond: 0.5}
		},
	},
}

var scrapeMistakes = mistakes{
	"too low": {
		yaml: "scrape: {timeout: 0s, concurrency: 0, requests_per_second: -0.1}\n" + oneProject,
		want: `config.yml:1: scrape.timeout: 0s is out of range; write a value from 1ms to 1h
config.yml:1: scrape.concurrency: 0 is out of range; write a value from 1 to 256
config.yml:1: scrape.requests_per_second: -0.1 is out of range; write a value from 0 to 10000`,
	},
	"too high": {
		yaml: "scrape: {timeout: 2y, concurrency: 257, requests_per_second: 10000.5, finished_task_ttl: 31d}\n" + oneProject,
		want: `config.yml:1: scrape.timeout: 2y is out of range; write a value from 1ms to 1h
config.yml:1: scrape.concurrency: 257 is out of range; write a value from 1 to 256
config.yml:1: scrape.requests_per_second: 10000.5 is out of range; write a value from 0 to 10000
config.yml:1: scrape.finished_task_ttl: 31d is out of range; write a value from 0s to 30d`,
	},
	"no number": {
		yaml: "scrape: {requests_per_second: .nan}\n" + oneProject,
		want: `config.yml:1: scrape.requests_per_second: NaN is out of range; write a value from 0 to 10000`,
	},
	"concurrency in quotes": {
		yaml: `scrape: {concurrency: "16"}` + "\n" + oneProject,
		want: `config.yml:1: scrape.concurrency: not a whole number; write one, without quotes`,
	},
	"a fraction": {
		yaml: "scrape: {concurrency: 1.5}\n" + oneProject,
		want: `config.yml:1: scrape.concurrency: not a whole number; write one, without quotes`,
	},
	"negative timeout": {
		yaml: "scrape: {timeout: -5s}\n" + oneProject,
		want: `config.yml:1: scrape.timeout: not a duration; write a number and a unit, for example 500ms, 30s, 1h30m or 7d`,
	},
}

func TestString(t *testing.T) {
	c, err := config.Parse("config.yml", ".", []byte(oneProject+"    discovery: {}\n"), none)
	if err != nil {
		t.Fatal(err)
	}
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
    discovery:
      lookback: 30d
      window: 1d
      expected_interval: 1d
      stuck_after: 12h
      operation_types: []
      vault_ids: []
`
	if d := diff(want, c.String()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// TestStringParses checks that the shown configuration means the same.
func TestStringParses(t *testing.T) {
	tests := map[string]string{ // without secrets, which would be masked
		"task ids":            "task_ids: [" + backupID + "]",
		"discovery":           "discovery: {}",
		"discovery and tasks": "task_ids: [" + backupID + "]\n    discovery: {}",
		"vaults":              "discovery: {}\n    vaults: {}",
		"no proxy":            "discovery: {}\n    http_client: {proxy_from_environment: false}",
		"proxy":               "discovery: {}\n    http_client: {proxy_url: 'http://proxy.example.com:3128', no_proxy: example.com}",
		"TLS":                 "discovery: {}\n    http_client: {tls_config: {server_name: cbr.example.com, min_version: TLS13}}",
		"tags":                "discovery: {}\n    vaults: {refresh: 90s, grace: 90m, tags: [team, 'cost: center']}",
		"backups":             "vaults: {}\n    discovery: {}\n    backups: {}\n    protectables: {}",
		"exclusions":          "vaults: {}\n    discovery: {}\n    backups: {refresh: 90s}\n    protectables: {types: [disk], refresh: 90m, exclude: ['*-test', 'web[0-9]', '!x']}",
		"other values": `discovery:
      lookback: 1h30m
      window: 90m
      expected_interval: 0
      stuck_after: 25h
      operation_types: [sync, backup]
      vault_ids: [` + syncID + `]
    enterprise_project_id: 0
scrape: {requests_per_second: 0.1}`,
	}
	for name, keys := range tests {
		t.Run(name, func(t *testing.T) {
			want, err := config.Parse("config.yml", ".", []byte("projects:\n  - region: cn-north-4\n    "+keys+"\n"), none)
			if err != nil {
				t.Fatal(err)
			}
			got, err := config.Parse("config.yml", ".", []byte(want.String()), none)
			if err != nil {
				t.Fatalf("%v\n%s", err, want)
			}
			if d := diff(want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// FuzzParse checks that Parse does not panic, and that a shown configuration is valid
// and means the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(oneProject))
	f.Add([]byte("scrape: {timeout: 1m30s, concurrency: 1, requests_per_second: 1e-7, finished_task_ttl: 0}\n" + oneProject))
	f.Add([]byte(oneProject + "    http_client: {proxy_url: 'http://u:p@proxy', no_proxy: a, tls_config: {server_name: b}}\n"))
	f.Add([]byte(oneProject + "    enterprise_project_id: 0\n    discovery: {lookback: 40d, window: 1w, expected_interval: 20d, stuck_after: 1h, operation_types: [copy], vault_ids: [" + syncID + "]}\n"))
	f.Add([]byte("credentials: {token: T}\nhttp_client: {proxy_from_environment: false}\n" + twoProjects()))
	f.Add([]byte(discoveryAlone))
	f.Add([]byte(oneProject + "    vaults: {refresh: 1m, grace: 30m, tags: [team, cost.center]}\n"))
	f.Add([]byte(oneProject + "    vaults: {}\n    backups: {refresh: 1m}\n    protectables: {types: [disk, workspace], refresh: 5m, exclude: ['*-test', 'a[^b-c]', '\\\\*', " + strings.ToUpper(syncID) + "]}\n"))
	f.Add([]byte("projects:\n  - &a\n    <<: *a\n    name: [*a]\n"))
	f.Add([]byte("a: 1\n---\nb: *c\n"))
	for _, cases := range allMistakes {
		for _, test := range cases {
			f.Add([]byte(test.yaml))
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := config.Parse("config.yml", ".", content, none)
		if err != nil {
			return
		}
		shown := c.String()
		again, err := config.Parse("config.yml", ".", []byte(shown), none)
		if err != nil {
			t.Fatalf("%v\n%s", err, shown)
		}
		if diff := cmp.Diff(shown, again.String()); diff != "" {
			t.Errorf("(-first +second)\n%s", diff)
		}
	})
}
