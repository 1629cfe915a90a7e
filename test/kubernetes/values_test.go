package kubernetes

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// minimal are values that the chart accepts.
const minimal = "config: {projects: [{region: cn-north-4}]}\ncredentials: {existingSecret: cbr}\n"

// TestValuesRefused renders the chart with wrong values. The error names the place.
func TestValuesRefused(t *testing.T) {
	if _, err := renderValues(t, minimal); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		values string
		want   []string
	}{
		"no configuration":          {"{}", []string{"config.projects", "existingConfigMap", "demo"}},
		"two configurations":        {minimal + "existingConfigMap: mine\n", []string{"config.projects and existingConfigMap exclude each other"}},
		"misspelt key":              {minimal + "replica: 2\n", []string{"replica"}},
		"misspelt nested key":       {minimal + "serviceMonitor: {enable: true}\n", []string{"serviceMonitor", "enable"}},
		"text for a number":         {minimal + "replicas: two\n", []string{"replicas", "integer"}},
		"negative number":           {minimal + "replicas: -1\n", []string{"replicas", "0"}},
		"port":                      {minimal + "service: {port: 100650}\n", []string{"service/port", "65,535"}},
		"enumeration":               {minimal + "image: {pullPolicy: Sometimes}\n", []string{"image/pullPolicy", "IfNotPresent"}},
		"digest":                    {minimal + "image: {digest: latest}\n", []string{"image/digest"}},
		"duration":                  {minimal + "serviceMonitor: {interval: 60}\n", []string{"serviceMonitor/interval"}},
		"label that is no text":     {minimal + "podLabels: {team: 1}\n", []string{"podLabels/team"}},
		"projects as a map":         {"config: {projects: {region: cn-north-4}}\n", []string{"config/projects", "array"}},
		"misspelt key of a project": {"config: {projects: [{regoin: cn-north-4}]}\n", []string{"config/projects/0", "regoin"}},
		"misspelt key of a shard":   {"shards: {eu: {projects: [{region: eu-de, discovery: {look_back: 8d}}]}}\n", []string{"shards/eu/projects/0/discovery", "look_back"}},
		"number as an id":           {"config: {projects: [{region: cn-north-4, project_id: 4182977}]}\n", []string{"config/projects/0/project_id"}},
		"number as a user":          {minimal + "shards: {eu: {projects: [{region: eu-de, credentials: {username: 0123}}]}}\n", []string{"shards/eu/projects/0/credentials/username", "string"}},
		"number as an account":      {"config: {projects: [{region: eu-de}], credentials: {domain_name: 12345678901234567890}}\n", []string{"config/credentials/domain_name", "string"}},
		"number as a tag":           {"config: {projects: [{region: eu-de, vaults: {tags: [1.10]}}]}\n", []string{"config/projects/0/vaults/tags/0", "string"}},
		"shard without projects": {
			"shards: {eu: {scrape: {concurrency: 1}}}\n", []string{"shards/eu", "projects"},
		},
		"long name of a shard": {
			"shards: {a-name-of-more-than-twenty-characters: {projects: [{region: eu-de}]}}\n", []string{"a-name-of-more-than-twenty-characters"},
		},
		"flag without dashes": {minimal + "extraArgs: [log.level=debug]\n", []string{"extraArgs/0"}},
		"secret of a project": {
			"config: {projects: [{region: cn-north-4, credentials: {access_key: A, secret_key: S}}]}\n", []string{"config", "credentials.secret_key", "credentials.secret_key_file"},
		},
		"secret of all projects": {
			"config: {projects: [{region: cn-north-4}], credentials: {token: T}}\n", []string{"config", "credentials.token", "credentials.token_file"},
		},
		"secret of a shard": {
			"shards: {eu: {projects: [{region: eu-de}], credentials: {username: u, domain_name: d, password: P}}}\n", []string{"credentials.password", "credentials.password_file"},
		},
		"password of a proxy": {
			"config: {projects: [{region: cn-north-4, http_client: {proxy_url: 'http://u:secret@proxy:3128'}}]}\n", []string{"config", "HTTPS_PROXY"},
		},
		"token of a proxy": {
			"config: {projects: [{region: cn-north-4, http_client: {proxy_url: 'http://secret@proxy:3128'}}]}\n", []string{"config", "HTTPS_PROXY"},
		},
		"key of a certificate": {
			"config: {projects: [{region: cn-north-4, http_client: {tls_config: {key: K}}}]}\n", []string{"http_client/tls_config", "'key'"},
		},
		"time limit longer than the interval": {minimal + "serviceMonitor: {enabled: true, interval: 15s}\n", []string{"serviceMonitor", "scrapeTimeout 30s", "interval 15s"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := renderValues(t, tt.values)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got\n%v\nwant %q", err, want)
				}
			}
		})
	}
}

// TestValuesAccepted renders the chart with unusual values.
func TestValuesAccepted(t *testing.T) {
	for name, values := range map[string]string{
		"condition of a parent":        "enabled: true\n",
		"times":                        "serviceMonitor: {enabled: true, interval: 1m30s, scrapeTimeout: 90s}\n",
		"milliseconds":                 "serviceMonitor: {enabled: true, interval: 1s, scrapeTimeout: 900ms}\n",
		"times that are not used":      "serviceMonitor: {interval: 15s}\n",
		"nothing in place of defaults": "resources:\nsecurityContext:\npodSecurityContext:\nnodeSelector:\nserviceMonitor: {enabled: true, labels: }\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := renderValues(t, minimal+values); err != nil {
				t.Error(err)
			}
		})
	}
	// What is left of a block whose lines are comments is null.
	for _, values := range []string{"existingConfigMap: mine\nconfig:\ncredentials:\n", "shards: {eu: {projects: [{region: eu-de}]}}\nconfig:\ncredentials:\n"} {
		if _, err := renderValues(t, values); err != nil {
			t.Errorf("%s%v", values, err)
		}
	}
}

// TestChangesOfPods checks that a new configuration makes new pods, which refuse a wrong one,
// and that other changes leave the pods alone.
func TestChangesOfPods(t *testing.T) {
	_, before := installed(t, minimal)
	for _, tt := range []struct {
		values  string
		changes bool
	}{
		{strings.ReplaceAll(minimal, "cn-north-4", "cn-south-1"), true},
		{minimal + "extraArgs: [--log.level=debug]\n", true},
		{minimal + "serviceMonitor: {enabled: true}\nprometheusRule: {enabled: true}\nservice: {port: 80}\n", false},
	} {
		_, after := installed(t, tt.values)
		d := cmp.Diff(before.Spec.Template, after.Spec.Template)
		if (d != "") != tt.changes {
			t.Errorf("with the values\n%s\nthe pods change by (-before +after)\n%s", tt.values, d)
		}
	}
}

// TestValuesInReadme renders the chart with each example of its README.
func TestValuesInReadme(t *testing.T) {
	readme, err := os.ReadFile(chart + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?ms)^( *)```yaml\n(.*?)^ *```$").FindAllSubmatch(readme, -1)
	if len(examples) == 0 {
		t.Fatal("no examples")
	}
	for _, example := range examples {
		values := strings.ReplaceAll("\n"+string(example[2]), "\n"+string(example[1]), "\n")
		objects, err := renderValues(t, values)
		if err != nil && strings.Contains(err.Error(), "Nothing to watch") {
			objects, err = renderValues(t, values, "--set", "config.projects[0].region=cn-north-4")
		}
		if err != nil || len(objects) == 0 {
			t.Errorf("%s\n%v", values, err)
		}
	}
}
