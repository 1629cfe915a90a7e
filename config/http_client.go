package config

import (
	"crypto/tls"
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

// TLSConfig names files in PEM form, which package config has checked.
type TLSConfig struct {
	CAFile             string               `yaml:"ca_file,omitempty"`
	CertFile           string               `yaml:"cert_file,omitempty"`
	KeyFile            string               `yaml:"key_file,omitempty"`
	ServerName         string               `yaml:"server_name,omitempty"`
	MinVersion         commoncfg.TLSVersion `yaml:"min_version,omitempty" json:"min_version,omitempty"`
	InsecureSkipVerify bool                 `yaml:"insecure_skip_verify,omitempty"`
}

// Load reads the files. A changed client certificate is used from the next connection.
func (t TLSConfig) Load() (*tls.Config, error) {
	return commoncfg.NewTLSConfig(&commoncfg.TLSConfig{
		CAFile: t.CAFile, CertFile: t.CertFile, KeyFile: t.KeyFile,
		ServerName: t.ServerName, MinVersion: t.MinVersion, InsecureSkipVerify: t.InsecureSkipVerify,
	})
}

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
func (h *HTTPClient) complete(dir string) {
	for _, file := range []*string{&h.TLSConfig.CAFile, &h.TLSConfig.CertFile, &h.TLSConfig.KeyFile} {
		*file = commoncfg.JoinDir(dir, *file)
	}
}

func (h *HTTPClient) validate(p problems) {
	if err := h.proxy().Validate(); err != nil {
		p.add("%v", err)
	}
	t, p := h.TLSConfig, p.at("tls_config")
	before := len(p.found)
	if (t.CertFile == "") != (t.KeyFile == "") {
		p.add("cert_file and key_file need each other; set both")
	}
	checkFile(t.CAFile, "the certificates", maxFile, p.at("ca_file"))
	checkFile(t.CertFile, "the certificate", maxFile, p.at("cert_file"))
	checkFile(t.KeyFile, "the key", maxFile, p.at("key_file"))
	if len(p.found) > before {
		return
	}
	if _, err := t.Load(); err != nil {
		p.add("%v; certificates and keys are in PEM form", err)
	}
}
