package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/config"
)

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
	for _, cases := range allMistakes {
		for _, test := range cases {
			f.Add([]byte(test.yaml))
		}
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
