package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/cbr-exporter/cbr_exporter/config"
)

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
