package config

import (
	"net/http"
	"net/url"

	commoncfg "github.com/prometheus/common/config"
)

// HTTPClient says how requests reach the services of a project, by the keys of Prometheus'
// HTTP client configuration.
//
// See https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config.
type HTTPClient struct {
	ProxyURL commoncfg.URL `yaml:"proxy_url,omitempty"`
	NoProxy  string        `yaml:"no_proxy,omitempty"`
	// ProxyFromEnvironment is true unless the file sets it or another proxy.
	ProxyFromEnvironment bool      `yaml:"proxy_from_environment"`
	TLSConfig            TLSConfig `yaml:"tls_config,omitempty"`
}

// TLSConfig is Prometheus' without the checks on decoding, which would not name the line.
type TLSConfig commoncfg.TLSConfig

// Proxy returns the function that chooses the proxy of a request; nil for none.
func (h *HTTPClient) Proxy() func(*http.Request) (*url.URL, error) { return h.proxy().Proxy() }

func (h *HTTPClient) proxy() *commoncfg.ProxyConfig {
	return &commoncfg.ProxyConfig{ProxyURL: h.ProxyURL, NoProxy: h.NoProxy, ProxyFromEnvironment: h.ProxyFromEnvironment}
}

func defaultHTTPClient() *HTTPClient { return &HTTPClient{ProxyFromEnvironment: true} }

// UnmarshalYAML fills in defaults.
func (h *HTTPClient) UnmarshalYAML(unmarshal func(any) error) error {
	*h = HTTPClient{}
	type plain HTTPClient
	err := unmarshal((*plain)(h))
	if err == nil && h.ProxyURL.URL == nil && h.NoProxy == "" {
		h.ProxyFromEnvironment = true
		err = unmarshal((*plain)(h)) // the file may set it to false
	}
	return err
}

// MarshalYAML masks the user of the proxy like the password, since some proxies take a token
// there.
func (h HTTPClient) MarshalYAML() (any, error) {
	if u := h.ProxyURL.URL; u != nil && u.User != nil {
		masked := *u
		masked.User = url.User("xxxxx")
		h.ProxyURL.URL = &masked
	}
	type plain HTTPClient // without this method
	return plain(h), nil
}

// complete makes paths relative to dir.
func (h *HTTPClient) complete(dir string) { (*commoncfg.TLSConfig)(&h.TLSConfig).SetDirectory(dir) }

func (h *HTTPClient) validate(p problems) {
	if err := h.proxy().Validate(); err != nil {
		p.add("%v", err)
	}
	t, p := commoncfg.TLSConfig(h.TLSConfig), p.at("tls_config")
	before := len(p.found)
	checkFile(t.CAFile, "the certificates", maxFile, p.at("ca_file"))
	checkFile(t.CertFile, "the certificate", maxFile, p.at("cert_file"))
	checkFile(t.KeyFile, "the key", maxFile, p.at("key_file"))
	if len(p.found) > before {
		return
	}
	if _, err := commoncfg.NewTLSConfig(&t); err != nil {
		p.add("%v; certificates and keys are in PEM form", err)
	}
}
