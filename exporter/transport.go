package exporter

import (
	"net/http"
	"time"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// transport returns what carries the requests of one project, and what closes its
// connections.
func (e *Exporter) transport(c config.HTTPClient, concurrency int) (rt http.RoundTripper, closeIdle func(), err error) {
	if e.options.Transport != nil {
		return e.options.Transport, func() {}, nil
	}
	t, err := newTransport(c, concurrency)
	if err != nil {
		return nil, nil, err
	}
	return t, t.CloseIdleConnections, nil
}

// newTransport returns the transport of one project, so that a project whose
// API hangs takes no connection from another one.
func newTransport(c config.HTTPClient, concurrency int) (*http.Transport, error) {
	tlsConfig, err := c.TLS.Config()
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:             c.Proxy(),
		TLSClientConfig:   tlsConfig,
		ForceAttemptHTTP2: true,
		// Without pings a connection that a firewall has dropped would be used, and
		// every request on it time out, until TCP gives up after a quarter of an hour.
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
		MaxIdleConns:          2 * concurrency,
		MaxIdleConnsPerHost:   concurrency,
		IdleConnTimeout:       90 * time.Second, // longer than the usual scrape interval
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		// IAM sends tokens of 100 KB and more in a header.
		MaxResponseHeaderBytes: 1 << 20,
	}, nil
}
