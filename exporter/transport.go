package exporter

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// transport carries the requests of one project.
type transport struct {
	auth
	hosts     []string // that get the credentials
	closeIdle func()
}

// newTransport assembles the RoundTrippers of one project. In the order in which they
// see a request, they are:
//
//  1. guard: stops credentials that the cloud has refused
//  2. credentials: signs the request, or logs in and adds the token
//  3. telemetry: counts and times the request
//  4. base: the connections, shared with no other project
//
// Telemetry comes after the credentials because it counts what is sent: logins and
// requests that are repeated with a new token, but none that the guard stops. Rate
// limit and retries are before all of them, in package cbrapi.
func (e *Exporter) newTransport(p config.Project, s config.Scrape) (*transport, error) {
	base, closeIdle, err := e.baseTransport(*p.HTTPClient, s.Concurrency)
	if err != nil {
		return nil, err
	}
	measured := e.telemetry.Measure(p.Name, base)
	auth, err := e.newAuth(p, measured)
	if err != nil {
		return nil, err
	}
	return &transport{auth: auth, hosts: credentialHosts(p), closeIdle: closeIdle}, nil
}

// credentialHosts returns the hosts that get the credentials of a project: CBR's, and
// IAM's if the project id is not configured.
func credentialHosts(p config.Project) []string {
	endpoints := []string{p.Endpoint}
	if p.ProjectID == "" {
		endpoints = append(endpoints, p.IAMEndpoint)
	}
	var hosts []string
	for _, endpoint := range endpoints {
		hosts = append(hosts, host(endpoint))
	}
	return hosts
}

// host returns the host of a URL of the configuration, which is valid.
func host(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Host
}

// baseTransport returns a transport with its own connections, so that a project whose
// API hangs takes none from another project. The function closes idle connections.
func (e *Exporter) baseTransport(c config.HTTPClient, concurrency int) (http.RoundTripper, func(), error) {
	if e.options.Transport != nil {
		return e.options.Transport, func() {}, nil
	}
	tlsConfig, err := c.TLSConfig.Load()
	if err != nil {
		return nil, nil, err
	}
	t := &http.Transport{
		Proxy:             c.Proxy(),
		DialContext:       dial,
		TLSClientConfig:   tlsConfig,
		ForceAttemptHTTP2: true,
		// Without pings, requests on a connection that a firewall has dropped would time
		// out until TCP gives up after 15 minutes.
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
		MaxIdleConns:        2 * concurrency,
		MaxIdleConnsPerHost: concurrency,
		// Twice what requests can use. A SOCKS proxy that hangs keeps a connection if its
		// request got another one, until endDials ends it.
		MaxConnsPerHost:        2 * (concurrency + 4),
		IdleConnTimeout:        90 * time.Second, // longer than the usual scrape interval
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		OnProxyConnectResponse: refusalOfProxy,
		// IAM sends tokens of 100 KB and more in a header.
		MaxResponseHeaderBytes: 1 << 20,
	}
	return endDials(t), t.CloseIdleConnections, nil
}

// maxDials is how many connections one request may open. Package net/http sends a request
// again, without a pause or a limit, while a server of HTTP/2 goes away at once.
const maxDials = 5

// dialsKey is the key under which the context of a request has the number of connections
// that it has opened, an *atomic.Int32.
type dialsKey struct{}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	if dials, ok := ctx.Value(dialsKey{}).(*atomic.Int32); ok && dials.Add(1) > maxDials {
		return nil, fmt.Errorf("no response on %d new connections", maxDials)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// endDials returns a RoundTripper that gives up connecting with the request that needed
// the connection. Package net/http goes on, in case another request can use it, and waits
// for a SOCKS proxy without a limit: each request would leave a connection behind.
func endDials(t *http.Transport) http.RoundTripper {
	return promhttp.RoundTripperFunc(func(req *http.Request) (*http.Response, error) {
		ctx := context.WithValue(req.Context(), dialsKey{}, new(atomic.Int32))
		resp, err := t.RoundTrip(req.WithContext(ctx))
		if req.Context().Err() != nil {
			t.CloseIdleConnections() // cancels what is dialled for no request
		}
		return resp, err
	})
}

// refusalOfProxy returns an error if a proxy does not connect. That of net/http has the
// text of the status alone, as if the service had said it.
func refusalOfProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	err := fmt.Errorf("the proxy refuses the connection: HTTP status %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: err}
}
