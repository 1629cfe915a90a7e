package config

import (
	"crypto/tls"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	prometheus "github.com/prometheus/common/config"
)

// HTTPClient says how requests reach the services of a project. The keys are
// those of every client of Prometheus, as far as they make sense here.
//
// See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config.
type HTTPClient struct {
	ProxyURL ProxyURL `yaml:"proxy_url,omitempty"`
	// NoProxy lists hosts that are reached without the proxy.
	NoProxy string `yaml:"no_proxy,omitempty"`
	// ProxyFromEnvironment is true unless the file says otherwise or names a proxy.
	ProxyFromEnvironment bool `yaml:"proxy_from_environment"`
	TLS                  TLS  `yaml:"tls_config,omitempty"`
}

// TLS says whom to believe, and who we are.
type TLS struct {
	// CAFile replaces the system's certificates.
	CAFile     string `yaml:"ca_file,omitempty"`
	CertFile   string `yaml:"cert_file,omitempty"`
	KeyFile    string `yaml:"key_file,omitempty"`
	ServerName string `yaml:"server_name,omitempty"`
	// MinVersion is empty or one that tlsVersions returns.
	MinVersion         string `yaml:"min_version,omitempty"`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify,omitempty"`
}

func defaultHTTPClient() HTTPClient { return HTTPClient{ProxyFromEnvironment: true} }

func (h *HTTPClient) read(n node) {
	m, ok := n.mapping(keys{
		"proxy_url":              proxyURL(&h.ProxyURL),
		"no_proxy":               text(&h.NoProxy),
		"proxy_from_environment": boolean(&h.ProxyFromEnvironment),
		"tls_config":             h.TLS.read,
	})
	if !ok {
		return
	}
	named, environment := !m.at("proxy_url").missing(), m.at("proxy_from_environment")
	switch {
	case named && environment.missing():
		h.ProxyFromEnvironment = false
	case named && h.ProxyFromEnvironment:
		m.problem("proxy_url and proxy_from_environment exclude each other; keep one")
	}
	if !named && !m.at("no_proxy").missing() {
		m.at("no_proxy").problem("has no effect without proxy_url; add that, or set the environment variable NO_PROXY instead")
	}
}

func (t *TLS) read(n node) {
	m, ok := n.mapping(keys{
		"ca_file":              certificateFile("the certificates", &t.CAFile),
		"cert_file":            certificateFile("the certificate", &t.CertFile),
		"key_file":             certificateFile("the key", &t.KeyFile),
		"server_name":          text(&t.ServerName),
		"min_version":          tlsVersion(&t.MinVersion),
		"insecure_skip_verify": boolean(&t.InsecureSkipVerify),
	})
	if !ok {
		return
	}
	if given := m.given("cert_file", "key_file"); len(given) == 1 {
		lacking := map[string]string{"cert_file": "key_file", "key_file": "cert_file"}[given[0]]
		m.at(lacking).problem("missing; a client certificate needs cert_file and key_file")
	}
	if t.CAFile != "" {
		if _, err := (TLS{CAFile: t.CAFile}).Config(); err != nil {
			m.at("ca_file").problem("has no certificate that can be used; write one or more in PEM form, which begins with -----BEGIN CERTIFICATE-----")
		}
	}
	if t.CertFile != "" && t.KeyFile != "" {
		if _, err := (TLS{CertFile: t.CertFile, KeyFile: t.KeyFile}).Config(); err != nil {
			// The cause alone: what is around it has the paths.
			m.at("cert_file").problem("cannot be used with key_file: %v; give a certificate and its key, both in PEM form", errors.Unwrap(err))
		}
	}
}

// Proxy returns the function that chooses the proxy of a request, or nil if no
// request has one.
func (h HTTPClient) Proxy() func(*http.Request) (*url.URL, error) {
	p := prometheus.ProxyConfig{NoProxy: h.NoProxy, ProxyFromEnvironment: h.ProxyFromEnvironment}
	if u, err := url.Parse(h.ProxyURL.Reveal()); err == nil && h.ProxyURL != "" {
		p.ProxyURL = prometheus.URL{URL: u}
	}
	return p.Proxy()
}

// Config returns what connections are made with. The certificates in CAFile are
// those that it has now; the client's own is read for each connection.
func (t TLS) Config() (*tls.Config, error) {
	return prometheus.NewTLSConfig(&prometheus.TLSConfig{
		CAFile:             t.CAFile,
		CertFile:           t.CertFile,
		KeyFile:            t.KeyFile,
		ServerName:         t.ServerName,
		MinVersion:         prometheus.TLSVersions[t.MinVersion],
		InsecureSkipVerify: t.InsecureSkipVerify,
	})
}

// tlsVersion reads the name that Prometheus has for a version of TLS.
func tlsVersion(to *string) reader {
	return func(n node) {
		value, ok := n.text()
		if !ok {
			return
		}
		if _, ok := prometheus.TLSVersions[value]; !ok {
			n.problem("not a version of TLS; write one of %s", strings.Join(slices.Sorted(maps.Keys(prometheus.TLSVersions)), ", "))
			return
		}
		*to = value
	}
}
