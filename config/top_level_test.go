package config_test

import (
	"net/url"
	"strings"
	"testing"

	commoncfg "github.com/prometheus/common/config"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// withoutCredentials is oneProject without credentials of its own.
func withoutCredentials() string { return with("    credentials: {token: T}\n", "") }

// twoProjects have no credentials of their own.
func twoProjects() string {
	project := strings.TrimPrefix(withoutCredentials(), "projects:\n")
	return "projects:\n" + strings.Replace(project, "- region", "- name: one\n    region", 1) +
		strings.Replace(project, "- region", "- name: two\n    region", 1)
}

// topToken is a token of the top level, and the credentials of a project that takes it.
func topToken() (top, taken config.Credentials) {
	return config.Credentials{Token: "T"}, config.Credentials{Token: "T", Source: "at the top level"}
}

// What projects take over from the top level.
var topLevelSettings = settings{
	"credentials": {
		yaml: "credentials: {token: T}\n" + twoProjects(),
		differ: func(c *config.Config) {
			c.Projects = append(c.Projects, c.Projects[0])
			for i, name := range []string{"one", "two"} {
				c.Projects[i].Name = name
				c.Credentials, c.Projects[i].Credentials = topToken()
			}
		},
	},
	"credentials of a project": {
		yaml:   "credentials: {access_key: A, secret_key: S}\n" + oneProject,
		differ: func(c *config.Config) { c.Credentials = config.Credentials{AccessKey: "A", SecretKey: "S"} },
	},
	"empty credentials of a project": {
		yaml:   "credentials: {token: T}\n" + with("{token: T}", "{}"),
		differ: func(c *config.Config) { c.Credentials, c.Projects[0].Credentials = topToken() },
	},
	"empty credentials": {
		yaml:   "credentials: {}\n" + oneProject,
		differ: func(*config.Config) {},
	},
	"credentials in files": {
		yaml: "credentials: {access_key_file: secrets/token, secret_key_file: secrets/token}\n" + withoutCredentials(),
		differ: func(c *config.Config) {
			c.Credentials = config.Credentials{AccessKeyFile: "testdata/secrets/token", SecretKeyFile: "testdata/secrets/token"}
			c.Projects[0].Credentials = c.Credentials
			c.Projects[0].Credentials.Source = "at the top level"
		},
	},
	"http_client": {
		yaml: "http_client: {proxy_url: 'http://proxy.example.com', tls_config: {ca_file: tls/ca.pem}}\n" + oneProject,
		differ: func(c *config.Config) {
			c.HTTPClient = &config.HTTPClient{
				ProxyURL:  commoncfg.URL{URL: &url.URL{Scheme: "http", Host: "proxy.example.com"}},
				TLSConfig: config.TLSConfig{CAFile: "testdata/tls/ca.pem"},
			}
			c.Projects[0].HTTPClient = c.HTTPClient
		},
	},
	"http_client of a project": { // nothing is merged
		yaml: "http_client: {proxy_from_environment: false, tls_config: {ca_file: tls/ca.pem}}\n" +
			oneProject + "    http_client: {tls_config: {server_name: cbr.example.com}}\n",
		differ: func(c *config.Config) {
			c.HTTPClient = &config.HTTPClient{TLSConfig: config.TLSConfig{CAFile: "testdata/tls/ca.pem"}}
			c.Projects[0].HTTPClient.TLSConfig.ServerName = "cbr.example.com"
		},
	},
	"empty http_client": {
		yaml:   "http_client: {}\n" + oneProject,
		differ: func(c *config.Config) { c.HTTPClient = c.Projects[0].HTTPClient },
	},
}

// Mistakes of the top level are found once, there.
var topLevelMistakes = mistakes{
	"half an access key": {
		yaml: "credentials: {access_key: A}\n" + twoProjects(),
		want: `config.yml:1: credentials.secret_key: missing; an access key needs access_key and secret_key, or the file of each`,
	},
	"two kinds": {
		yaml: "credentials: {token: T, ecs_agency: {}}\n" + twoProjects(),
		want: `config.yml:1: credentials: more than one kind of credentials: token, ECS agency; keep one`,
	},
	"no value": {
		yaml: "credentials:\n  token:\n" + oneProject,
		want: `config.yml:2: credentials.token: no value; add one or remove it`,
	},
	"a file that does not exist": {
		yaml: "credentials: {token_file: none}\n" + twoProjects(),
		want: `config.yml:1: credentials.token_file: cannot read the file: no such file or directory; correct the path, which is relative to the directory of the configuration, or the file`,
	},
	"unused": {
		yaml: "credentials: {token_file: none}\n" + oneProject,
		want: `config.yml:1: credentials.token_file: cannot read the file: no such file or directory; correct the path, which is relative to the directory of the configuration, or the file`,
	},
	"login without a region": { // of the project
		yaml: "credentials: {username: u, password: p, domain_name: d}\n" +
			strings.Replace(withoutCredentials(), "region: cn-north-4", "endpoint: https://cbr.example.com", 1),
		want: `config.yml:3: projects[0].iam_endpoint: missing; a password login needs it or a region`,
	},
	"ca_file": {
		yaml: "http_client: {tls_config: {ca_file: none}}\n" + twoProjects(),
		want: `config.yml:1: http_client.tls_config.ca_file: cannot read the file: no such file or directory; correct the path, which is relative to the directory of the configuration, or the file`,
	},
	"proxy_url": {
		yaml: "http_client: {proxy_url: 'proxy.example.com:3128'}\n" + twoProjects(),
		want: `config.yml:1: http_client.proxy_url: not the URL of a proxy; write it like http://proxy.example.com:3128, or with https or socks5`,
	},
	"unknown key": {
		yaml: "http_client: {proxy_uri: 'http://proxy.example.com'}\n" + twoProjects(),
		want: `config.yml:1: http_client.proxy_uri: unknown key; correct or remove it, the commented example shows all keys`,
	},
}

// TestTopLevelBeforeEnvironment checks that the environment is not read, even if it has
// half of an access key.
func TestTopLevelBeforeEnvironment(t *testing.T) {
	got, err := config.Parse("config.yml", ".", []byte("credentials: {token: T}\n"+withoutCredentials()), config.Environment{"HW_ACCESS_KEY=A"})
	if err != nil {
		t.Fatal(err)
	}
	want := prod()
	want.Credentials, want.Projects[0].Credentials = topToken()
	if d := diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// TestStringOfTopLevel checks that the configuration shows each block where it is, masked,
// and is still a valid one.
func TestStringOfTopLevel(t *testing.T) {
	const secrets = "credentials: {access_key: A, secret_key: " + hidden + "}\n" +
		"http_client: {proxy_url: 'http://u:" + hidden + "@proxy.example.com'}\n"
	c, err := config.Parse("config.yml", ".", []byte(secrets+twoProjects()), none)
	if err != nil {
		t.Fatal(err)
	}
	shown := c.String()
	if reveals(shown) {
		t.Errorf("reveals it:\n%s", shown)
	}
	for part, times := range map[string]int{
		"\ncredentials:\n  access_key: A\n  secret_key: <secret>\n":                                                    1,
		"\nhttp_client:\n  proxy_url: http://xxxxx@proxy.example.com\n":                                                1,
		"\n    credentials: {} # access key from credentials.access_key and credentials.secret_key at the top level\n": 2,
	} {
		if n := strings.Count(shown, part); n != times {
			t.Errorf("has %q %d times, want %d:\n%s", part, n, times, shown)
		}
	}

	c, err = config.Parse("config.yml", ".", []byte("credentials: {token_file: testdata/secrets/token}\nhttp_client: {no_proxy: a, proxy_url: 'http://b'}\n"+twoProjects()), none)
	if err != nil {
		t.Fatal(err)
	}
	again, err := config.Parse("config.yml", ".", []byte(c.String()), none)
	if err != nil {
		t.Fatalf("%v\n%s", err, c)
	}
	if d := diff(c, again); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
