package config_test

import (
	"github.com/cbr-exporter/cbr_exporter/config"
)

var httpClientSettings = settings{
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
}

var httpClientMistakes = mistakes{
	"http_client with an unknown key": {
		yaml: oneProject + "    http_client:\n      proxy_uri: http://proxy.example.com\n",
		want: `config.yml:7: projects[0].http_client.proxy_uri: unknown key; did you mean proxy_url?`,
	},
	"tls_config with an unknown key": {
		yaml: oneProject + "    http_client:\n      tls_config:\n        ca: x\n",
		want: `config.yml:8: projects[0].http_client.tls_config.ca: unknown key; known here: ca_file, cert_file, insecure_skip_verify, key_file, min_version, server_name`,
	},
	"proxy_url without scheme": {
		yaml: oneProject + "    http_client: {proxy_url: 'proxy.example.com:3128'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_url: not the URL of a proxy; write it like http://proxy.example.com:3128, or with https or socks5`,
	},
	"proxy_url without host": {
		yaml: oneProject + "    http_client: {proxy_url: 'http://:3128'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_url: not the URL of a proxy; write it like http://proxy.example.com:3128, or with https or socks5`,
	},
	"proxy_url with a port that cannot be": {
		yaml: oneProject + "    http_client: {proxy_url: 'http://proxy.example.com:99999'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_url: a port that cannot be; write one from 1 to 65535, or none`,
	},
	"proxy_url with a placeholder": {
		yaml: oneProject + "    http_client: {proxy_url: 'http://<proxy>:3128'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_url: not the URL of a proxy; write it like http://proxy.example.com:3128, or with https or socks5`,
	},
	"proxy_url with a query": {
		yaml: oneProject + "    http_client: {proxy_url: 'http://proxy.example.com?k=v'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_url: a path, query or fragment in the URL; remove everything behind the host and port`,
	},
	"two proxies": {
		yaml: oneProject + "    http_client: {proxy_url: 'http://proxy.example.com', proxy_from_environment: true}\n",
		want: `config.yml:6: projects[0].http_client: proxy_url and proxy_from_environment exclude each other; keep one`,
	},
	"no_proxy without a proxy": {
		yaml: oneProject + "    http_client: {no_proxy: example.com}\n",
		want: `config.yml:6: projects[0].http_client.no_proxy: has no effect without proxy_url; add that, or set the environment variable NO_PROXY instead`,
	},
	"proxy_from_environment in quotes": {
		yaml: oneProject + "    http_client: {proxy_from_environment: 'true'}\n",
		want: `config.yml:6: projects[0].http_client.proxy_from_environment: neither true nor false; write one of them, without quotes`,
	},
	"ca_file does not exist": {
		yaml: oneProject + "    http_client: {tls_config: {ca_file: none}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.ca_file: no such file; create it or correct the path, which starts at the folder of this file unless it is absolute`,
	},
	"ca_file is blank": {
		yaml: oneProject + "    http_client: {tls_config: {ca_file: testdata/secrets/blank}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.ca_file: the file is empty; write the certificates into it`,
	},
	"ca_file is not PEM": {
		yaml: oneProject + "    http_client: {tls_config: {ca_file: testdata/secrets/token}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.ca_file: has no certificate that can be used; write one or more in PEM form, which begins with -----BEGIN CERTIFICATE-----`,
	},
	"cert_file alone": {
		yaml: oneProject + "    http_client: {tls_config: {cert_file: testdata/tls/client.pem}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.key_file: missing; a client certificate needs cert_file and key_file`,
	},
	"key_file alone": {
		yaml: oneProject + "    http_client: {tls_config: {key_file: testdata/tls/client-key.pem}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.cert_file: missing; a client certificate needs cert_file and key_file`,
	},
	"certificate and key of two": {
		yaml: oneProject + "    http_client: {tls_config: {cert_file: testdata/tls/ca.pem, key_file: testdata/tls/client-key.pem}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.cert_file: cannot be used with key_file: tls: private key does not match public key; give a certificate and its key, both in PEM form`,
	},
	"certificate and key swapped": {
		yaml: oneProject + "    http_client: {tls_config: {cert_file: testdata/tls/client-key.pem, key_file: testdata/tls/client.pem}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.cert_file: cannot be used with key_file: tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched; give a certificate and its key, both in PEM form`,
	},
	"min_version unknown": {
		yaml: oneProject + "    http_client: {tls_config: {min_version: '1.2'}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.min_version: not a version of TLS; write one of TLS10, TLS11, TLS12, TLS13`,
	},
	"insecure_skip_verify a number": {
		yaml: oneProject + "    http_client: {tls_config: {insecure_skip_verify: 1}}\n",
		want: `config.yml:6: projects[0].http_client.tls_config.insecure_skip_verify: neither true nor false; write one of them, without quotes`,
	},
}
