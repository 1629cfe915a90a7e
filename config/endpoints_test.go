package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/config"
)

var endpointMistakes = mistakes{
	"endpoint without scheme": {
		yaml: oneProject + "    endpoint: cbr.example.com\n",
		want: `config.yml:6: projects[0].endpoint: not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com`,
	},
	"endpoint without host": {
		yaml: oneProject + "    endpoint: https://:443/\n",
		want: `config.yml:6: projects[0].endpoint: not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com`,
	},
	"endpoint with user and password": {
		yaml: oneProject + "    endpoint: https://u:p@cbr.example.com\n",
		want: `config.yml:6: projects[0].endpoint: a user name or password in the URL; move it to credentials`,
	},
	"iam_endpoint with a fragment": {
		yaml: oneProject + "    iam_endpoint: https://iam.example.com/#x\n",
		want: `config.yml:6: projects[0].iam_endpoint: a query or fragment in the URL; remove everything from the ? or # on`,
	},
	"endpoint with the version": {
		yaml: oneProject + "    endpoint: https://cbr.example.com/v3/\n",
		want: `config.yml:6: projects[0].endpoint: the path has /v3, which the exporter adds itself; remove it and everything after it`,
	},
	"endpoint with the version and the project": {
		yaml: oneProject + "    endpoint: https://cbr.example.com/cbr/v3/04f1829c788037ac2fb8c01eb2b04b95\n",
		want: `config.yml:6: projects[0].endpoint: the path has /v3, which the exporter adds itself; remove it and everything after it`,
	},
	"iam_endpoint like OS_AUTH_URL": {
		yaml: oneProject + "    iam_endpoint: https://iam.eu-de.otc.t-systems.com/v3\n",
		want: `config.yml:6: projects[0].iam_endpoint: the path has /v3, which the exporter adds itself; remove it and everything after it`,
	},
	"password login without region": {
		yaml: with("region: cn-north-4", "endpoint: https://cbr.example.com", "token: T", "username: u, password: p, domain_name: d"),
		want: `config.yml:2: projects[0].iam_endpoint: missing; a password login needs it or a region`,
	},
}

var httpClientSettings = settings{
	"http_client without keys": {
		yaml:   oneProject + "    http_client:\n      # proxy_url: http://proxy.example.com:3128\n",
		differ: func(*config.Config) {},
	},
	"no proxy": {
		yaml: oneProject + "    http_client: {proxy_from_environment: False}\n",
		differ: func(c *config.Config) {
			c.Projects[0].HTTPClient = &config.HTTPClient{}
		},
	},
}

var httpClientMistakes = mistakes{
	"http_client with an unknown key": {
		yaml: oneProject + "    http_client:\n      proxy_uri: http://proxy.example.com\n",
		want: `config.yml:7: projects[0].http_client.proxy_uri: unknown key; correct or remove it, the commented example shows all keys`,
	},
	"proxy_url without scheme": {
		yaml: oneProject + "    http_client: {proxy_url: 'proxy.example.com:3128'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_url: not the URL of a proxy; write it like http://proxy.example.com:3128, or with https or socks5`,
	},
	"two proxies": {
		yaml: oneProject + "    http_client: {proxy_url: 'http://proxy.example.com', proxy_from_environment: true}\n",
		want: `config.yml:6: projects[0].http_client: if proxy_from_environment is configured, proxy_url must not be configured`,
	},
	"no_proxy without a proxy": {
		yaml: oneProject + "    http_client: {no_proxy: example.com}\n",
		want: `config.yml:6: projects[0].http_client: if no_proxy is configured, proxy_url must also be configured`,
	},
	"proxy_from_environment in quotes": {
		yaml: oneProject + "    http_client: {proxy_from_environment: 'true'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_from_environment: neither true nor false; write one of them, without quotes`,
	},
	"ca_file does not exist": {
		yaml: oneProject + "    http_client: {tls_config: {ca_file: none}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.ca_file: cannot read the file: no such file or directory; correct the path, which is relative to the directory of the configuration, or the file`,
	},
	"ca_file is blank": {
		yaml: oneProject + "    http_client: {tls_config: {ca_file: testdata/secrets/blank}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.ca_file: the file is empty; write the certificates into it`,
	},
	"ca_file is not PEM": {
		yaml: oneProject + "    http_client: {tls_config: {ca_file: testdata/secrets/token}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config: unable to use specified CA cert file testdata/secrets/token; certificates and keys are in PEM form`,
	},
	"cert_file alone": {
		yaml: oneProject + "    http_client: {tls_config: {cert_file: testdata/tls/client.pem}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config: cert_file and key_file need each other; set both`,
	},
	"certificate and key of two": {
		yaml: oneProject + "    http_client: {tls_config: {cert_file: testdata/tls/ca.pem, key_file: testdata/tls/client-key.pem}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config: unable to use specified client cert (file testdata/tls/ca.pem) & key (file testdata/tls/client-key.pem): tls: private key does not match public key; certificates and keys are in PEM form`,
	},
	"min_version unknown": {
		yaml: oneProject + "    http_client: {tls_config: {min_version: '1.2'}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.min_version: unknown TLS version; write TLS10, TLS11, TLS12 or TLS13`,
	},
}

func TestProxySecretsMasked(t *testing.T) {
	for name, user := range map[string]string{
		"password":           "u:" + hidden,
		"user":               hidden,
		"user with a colon":  hidden + ":",
		"user and password":  hidden + ":" + hidden,
		"escaped characters": hidden + "%40%3A:" + hidden,
	} {
		t.Run(name, func(t *testing.T) {
			settings := "{proxy_url: 'http://" + user + "@proxy:3128', no_proxy: a}\n"
			c, err := config.Parse("config.yml", ".", []byte("http_client: "+settings+oneProject+"    http_client: "+settings), none)
			if err != nil {
				t.Fatal(err)
			}
			shown := c.String()
			if reveals(shown) || strings.Count(shown, "proxy_url: http://xxxxx@proxy:3128\n") != 2 {
				t.Errorf("the secret is shown, or the URL is not:\n%s", shown)
			}
			if got := c.HTTPClient.ProxyURL.User.String(); got != user {
				t.Errorf("the exporter uses the user %q, want %q", got, user)
			}
		})
	}
}

func TestRegions(t *testing.T) {
	const (
		telekom = ".otc.t-systems.com"
		orange  = ".prod-cloud-ocb.orange-business.com"
		begin   = "config.yml:2: projects[0].region: "
	)
	for region, want := range map[string]struct{ backup, identity, warning string }{
		"cn-north-4":  {"https://cbr.cn-north-4.myhuaweicloud.com", "https://iam.cn-north-4.myhuaweicloud.com", ""},
		"cn-south-4":  {"https://cbr.cn-south-4.myhuaweicloud.com", "https://iam.myhuaweicloud.com", ""},
		"eu-west-101": {"https://cbr.eu-west-101.myhuaweicloud.eu", "https://iam.eu-west-101.myhuaweicloud.eu", ""},
		"eu-de":       {"https://cbr.eu-de" + telekom, "https://iam.eu-de" + telekom, ""},
		"eu-nl":       {"https://cbr.eu-nl" + telekom, "https://iam.eu-nl" + telekom, ""},
		"eu-ch2":      {"https://cbr.eu-ch2.sc" + telekom, "https://iam-pub.eu-ch2.sc" + telekom, ""},
		"eu-west-0":   {"https://cbr.eu-west-0" + orange, "https://iam.eu-west-0" + orange, ""},
		"cn-nort-4": {
			"https://cbr.cn-nort-4.myhuaweicloud.com", "https://iam.cn-nort-4.myhuaweicloud.com",
			begin + "cn-nort-4 is not known to this version; correct it, or set endpoint and iam_endpoint",
		},
	} {
		t.Run(region, func(t *testing.T) {
			c, err := config.Parse("config.yml", ".", []byte(with("cn-north-4", region)), none)
			if err != nil {
				t.Fatal(err)
			}
			if p := c.Projects[0]; p.Endpoint != want.backup || p.IAMEndpoint != want.identity {
				t.Errorf("got %s and %s, want %s and %s", p.Endpoint, p.IAMEndpoint, want.backup, want.identity)
			}
			var warnings []string
			if want.warning != "" {
				warnings = []string{want.warning}
			}
			if d := cmp.Diff(warnings, c.Warnings); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// TestUnknownRegion checks that a region of a private cloud is no reason for a warning
// unless an endpoint follows from it.
func TestUnknownRegion(t *testing.T) {
	const at = "    endpoint: https://cbr.example.com\n"
	for name, test := range map[string]struct {
		yaml, want string
	}{
		"endpoint alone": {with("cn-north-4", "hcs-1") + at, ""},
		"login": {
			with("cn-north-4", "hcs-1", "token: T", "username: u, password: p, domain_name: d") + at,
			"config.yml:2: projects[0].region: hcs-1 is not known to this version; correct it, or set endpoint and iam_endpoint",
		},
		"both endpoints": {
			with("cn-north-4", "hcs-1", "token: T", "username: u, password: p, domain_name: d") + at + "    iam_endpoint: https://iam.example.com\n", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Parse("config.yml", ".", []byte(test.yaml), none)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(c.Warnings) > 0 {
				got = c.Warnings[0]
			}
			if got != test.want || len(c.Warnings) > 1 {
				t.Errorf("got %q, want %q", c.Warnings, test.want)
			}
		})
	}
}
