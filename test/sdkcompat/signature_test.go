package sdkcompat

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/signer"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/request"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// generated is a random request, independent of both implementations.
type generated struct {
	method        string
	host          string
	path          string // decoded
	query         url.Values
	body          string
	projectID     string
	accessKey     string
	secretKey     string
	securityToken string
}

func generate(chance *rand.Rand) generated {
	pieces := []string{
		"", "a", "Z", "0", "-", "_", ".", "~", "*", "+", " ", "%", "%2F", "%zz", "&", "=", "?", "#", ":", ";", "@", "!",
		"$", "'", "(", ")", ",", "[", "]", "{", "|", "\\", "\"", "<", "\t", "é", "任务", "😀", "\u0301", "x=1&y", "vault-01",
	}
	text := func(from []string) string {
		var b strings.Builder
		for range chance.IntN(5) {
			b.WriteString(from[chance.IntN(len(from))])
		}
		return b.String()
	}
	g := generated{
		method:    []string{"GET", "GET", "GET", "POST", "PUT", "DELETE"}[chance.IntN(6)],
		host:      []string{"cbr.cn-north-4.myhuaweicloud.com", "cbr.example.com:8443", "127.0.0.1:80", "[::1]:8080"}[chance.IntN(4)],
		query:     url.Values{},
		accessKey: fmt.Sprintf("AK%018d", chance.Uint32()),
		secretKey: text(pieces) + "SK",
	}
	for range chance.IntN(6) {
		g.path += "/" + text(pieces)
	}
	for range chance.IntN(5) {
		name := text(pieces)
		for range 1 + chance.IntN(3) {
			g.query.Add(name, text(pieces))
		}
	}
	if g.method == "POST" || g.method == "PUT" {
		g.body = text(pieces)
	}
	if chance.IntN(2) == 0 {
		g.projectID = fmt.Sprintf("%032x", chance.Uint64())
	}
	if chance.IntN(2) == 0 {
		g.securityToken = fmt.Sprintf("%064x+/=", chance.Uint64())
	}
	return g
}

func signingTime() time.Time { return time.Date(2024, 3, 12, 1, 2, 3, 0, time.UTC) }

// byExporter returns the Authorization header of the exporter.
func (g generated) byExporter(t *testing.T) string {
	t.Helper()
	u := url.URL{Scheme: "https", Host: g.host, Path: g.path, RawQuery: g.query.Encode()}
	var body io.Reader
	if g.body != "" {
		body = strings.NewReader(g.body)
	}
	req, err := http.NewRequestWithContext(contextFor(t, g.projectID), g.method, "https://"+g.host, body)
	if err != nil {
		t.Fatal(err)
	}
	req.URL = &u
	resp, err := g.sign(echo{}, signingTime).RoundTrip(req)
	if err != nil {
		t.Fatalf("%+v: %v", g, err)
	}
	_ = resp.Body.Close()
	return resp.Request.Header.Get("Authorization")
}

// contextFor returns the context of a request that the exporter sends for a project.
func contextFor(t *testing.T, projectID string) context.Context {
	t.Helper()
	if projectID == "" {
		return t.Context()
	}
	var recorded recorder
	client, err := cbrapi.New(cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: &recorded}, projectID)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = client.OperationLog(t.Context(), "4827f2da-b008-4507-ab7d-42d0df5ed912")
	return context.WithoutCancel(recorded.ctx)
}

// recorder is a transport that keeps the context of a request and fails.
type recorder struct{ ctx context.Context }

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.ctx = req.Context()
	return nil, io.EOF
}

func (g generated) sign(next http.RoundTripper, now func() time.Time) http.RoundTripper {
	keys := credentials.Keys{AccessKey: g.accessKey, SecretKey: g.secretKey, SecurityToken: g.securityToken}
	return credentials.Sign(keys, next, now)
}

// echo is a transport that returns the request in an empty response.
type echo struct{}

func (echo) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
}

// bySDK returns the Authorization header of the SDK, which signs all headers that
// it is given.
func (g generated) bySDK(t *testing.T) string {
	t.Helper()
	b := request.NewHttpRequestBuilder().
		WithMethod(g.method).
		WithEndpoint("https://"+g.host).
		WithPath(g.path).
		AddHeaderParam("Host", g.host).
		AddHeaderParam("X-Sdk-Date", "20240312T010203Z")
	for name, values := range g.query {
		b.AddQueryParam(name, reflect.ValueOf(values))
	}
	if g.projectID != "" {
		b.AddHeaderParam("X-Project-Id", g.projectID)
	}
	if g.securityToken != "" {
		b.AddHeaderParam("X-Security-Token", g.securityToken)
	}
	if g.body != "" {
		b.WithBody("", g.body)
	}
	header, err := signer.Sign(b.Build(), g.accessKey, g.secretKey)
	if err != nil {
		t.Fatalf("%+v: %v", g, err)
	}
	return header["Authorization"]
}

func TestSignature(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	different := map[string]bool{}
	for range 5000 {
		g := generate(chance)
		got, want := g.byExporter(t), g.bySDK(t)
		if got != want {
			t.Fatalf("%+v\ngot signature\n%s, want\n%s", g, got, want)
		}
		different[got] = true
	}
	if len(different) < 4900 {
		t.Errorf("only %d different signatures, so this test proves little", len(different))
	}
}

// TestSignatureOverHTTP lets the simulated cloud check signatures over HTTP.
func TestSignatureOverHTTP(t *testing.T) {
	chance := rand.New(rand.NewPCG(3, 4))
	cloud := simulator.New(simulator.Options{Now: signingTime})
	server := httptest.NewServer(cloud)
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for range 500 {
		g := generate(chance)
		if g.projectID != "" {
			g.projectID = simulator.DefaultProjectID
		}
		cloud.SetAccessKeys(simulator.AccessKey{Access: g.accessKey, Secret: g.secretKey, SecurityToken: g.securityToken})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%s/v3/%s/operation-logs/%s?%s",
			server.URL, simulator.DefaultProjectID, simulator.SampleTaskID, g.query.Encode()), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := g.sign(transport, signingTime).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%+v\ngot response %d %s, %v", g, resp.StatusCode, body, err)
		}
	}
}
