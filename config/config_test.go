package config_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

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

// settings are configurations, and in what each differs from prod.
type settings map[string]struct {
	yaml   string
	differ func(*config.Config)
}

// allSettings are those of each part of the configuration, which are in the test
// file of that part.
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
}

func TestParse(t *testing.T) {
	for part, cases := range allSettings {
		for name, test := range cases {
			t.Run(part+"/"+name, func(t *testing.T) {
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
