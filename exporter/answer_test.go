package exporter_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/exporter"
)

// TestSlowReaders has clients ask for 1 MB of metrics and read only the status: four times as
// many as there may be scrapes. A good client gets its page meanwhile. A slow one is
// disconnected when its own scrape would be over.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	big := prometheus.NewGauge(prometheus.GaugeOpts{Name: "big", Help: strings.Repeat("help ", 1<<20/5)})
	registry.MustRegister(big)
	api := loadAPI(t, "vendor_sample")
	e := start(t, hosts{api.host: api}, configuration(api.project()), exposing(registry), func(o *exporter.Options) { o.MaxRequests = 2 })
	const timeout = "X-Prometheus-Scrape-Timeout-Seconds"
	ended := make(chan string, 10) // the timeouts, in the order in which requests end
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- r.Header.Get(timeout) }()
		e.handler.ServeHTTP(w, r)
	}))
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		_ = c.(*net.TCPConn).SetWriteBuffer(4096)
		return ctx
	}
	server.Start()
	defer server.Close()
	readStatus := func(seconds string) io.Closer {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.(*net.TCPConn).SetReadBuffer(4096)
		_, _ = io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost: cbr\r\n"+timeout+": "+seconds+"\r\n\r\n")
		status := make([]byte, len("HTTP/1.1 200"))
		if _, err := io.ReadFull(conn, status); err != nil || string(status) != "HTTP/1.1 200" {
			t.Fatalf("a slow client got %q and the error %v, want status 200", status, err)
		}
		return conn
	}

	for range 8 {
		defer func(c io.Closer) { _ = c.Close() }(readStatus("100"))
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(timeout, "50")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(page, []byte(`cbr_up{project="test"} 1`)) {
		t.Errorf("a good client got status %d, %d bytes and the error %v", resp.StatusCode, len(page), err)
	}
	first := <-ended
	defer func(c io.Closer) { _ = c.Close() }(readStatus("0.5"))
	if second := <-ended; first != "50" || second != "0.5" {
		t.Errorf("the requests with the timeouts %s and %s ended first, want 50 and 0.5", first, second)
	}
}

// TestEncodings requests metrics by clients that accept different encodings.
func TestEncodings(t *testing.T) {
	cases := []struct {
		accepted string
		zipped   bool
	}{
		{"", false},
		{"identity", false},
		{"gzip", true},
		{"deflate, GZIP;q=0.5", true},
		{"gzip; q=1.0, *;q=0", true},
		{"gzip;q=0, identity", false},
		{"zstd", false},
		{"gzipped", false},
	}
	t.Parallel()
	api := loadAPI(t, "three_tasks")
	e := startAPI(t, configuration(api.project()), api)
	for _, path := range []string{"/metrics", "/probe?project=test", "/-/metrics"} {
		for _, c := range cases {
			t.Run(fmt.Sprint(path, " ", c.accepted), func(t *testing.T) {
				got := e.fetch(t, http.MethodGet, path, http.Header{"Accept-Encoding": {c.accepted}})
				body := io.Reader(strings.NewReader(got.body))
				if got.header.Get("Content-Encoding") == "gzip" != c.zipped {
					t.Errorf("got the header %v, want it zipped: %t", got.header, c.zipped)
				}
				if c.zipped {
					if length := got.header.Get("Content-Length"); length != strconv.Itoa(len(got.body)) {
						t.Errorf("got a length of %s, want %d", length, len(got.body))
					}
					var err error
					if body, err = gzip.NewReader(body); err != nil {
						t.Fatal(err)
					}
				}
				page, err := io.ReadAll(body)
				if err != nil || !bytes.Contains(page, []byte("\ncbr_exporter_config_last_reload_successful 1\n")) && !bytes.Contains(page, []byte("cbr_up")) {
					t.Errorf("got the error %v and the page\n%s", err, page)
				}
			})
		}
	}
}
