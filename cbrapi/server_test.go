package cbrapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	taskID    = "10000000-0000-4000-8000-000000000001"
	projectID = "20000000000040008000000000000001"
	userAgent = "cbr_exporter/test"
	token     = "MIIsecret/token+with/40+characters/and+more=="
)

// pathPrefix is the path of the endpoint: a client that drops it asks elsewhere.
const pathPrefix = "/cloud/api"

// serve starts an API below pathPrefix. What h sees has the prefix removed.
func serve(t *testing.T, h http.HandlerFunc) cbrapi.Options {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(pathPrefix+"/", http.StripPrefix(pathPrefix, h))
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request outside of the endpoint: %s %s", r.Method, r.URL)
	})
	server := httptest.NewServer(mux)
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return cbrapi.Options{Endpoint: server.URL + pathPrefix, Transport: transport, UserAgent: userAgent}
}

func newClient(t testing.TB, o cbrapi.Options) *cbrapi.Client {
	t.Helper()
	client, err := cbrapi.New(o, projectID)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// reply returns a handler that gives the same answer to every request.
func reply(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// withToken adds credentials as the package credentials does.
func withToken(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		req.Header.Set("X-Auth-Token", token)
		return next.RoundTrip(req)
	})
}

// inMemory answers every request without a network.
func inMemory(status int, contentType, body string) cbrapi.Options {
	return cbrapi.Options{
		Endpoint: "https://cbr.example.com",
		Transport: withToken(roundTripper(func(req *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: status,
				Header:     http.Header{"Content-Type": {contentType}},
				Body:       io.NopCloser(strings.NewReader(body)),
				Request:    req,
			}, nil
		})),
	}
}
