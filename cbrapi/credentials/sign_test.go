package credentials_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

const (
	testKey    = "TESTAK"
	testSecret = "TESTSK"
	testURL    = "https://cbr.example.com/v3/p1/operation-logs/abc?x=1"
)

// signingTime is the time of the vectors, in another zone.
func signingTime() time.Time {
	return time.Date(2024, 3, 12, 9, 2, 3, 999, time.FixedZone("", 8*60*60))
}

func permanentKeys() credentials.Keys {
	return credentials.Keys{AccessKey: testKey, SecretKey: testSecret}
}

// sentBy returns the request that a signer sends for one to the given URL.
func sentBy(t *testing.T, keys credentials.Keys, projectID, method, url string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(contextFor(t, projectID), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "ua/1")
	req.Header.Set("Accept", "application/json")
	before, address := req.Header.Clone(), req.URL.String()
	var sent *http.Request
	status, err := send(credentials.Sign(keys, roundTripper(func(r *http.Request) (*http.Response, error) {
		sent = r
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
	}), signingTime), req)
	if err != nil || status != http.StatusOK {
		t.Fatalf("the response is %d, %v", status, err)
	}
	if diff := cmp.Diff(before, req.Header); diff != "" || req.URL.String() != address {
		t.Errorf("the caller's request was changed, it is to %s now (-want +got):\n%s", req.URL, diff)
	}
	return sent
}

// contextFor returns the context of a request that cbrapi sends for a project.
func contextFor(t *testing.T, projectID string) context.Context {
	t.Helper()
	if projectID == "" {
		return t.Context()
	}
	var ctx context.Context
	client, err := cbrapi.New(cbrapi.Options{
		Endpoint: "https://cbr.example.com",
		Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			ctx = req.Context()
			return nil, io.EOF
		}),
	}, projectID)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = client.OperationLog(t.Context(), "4827f2da-b008-4507-ab7d-42d0df5ed912")
	return context.WithoutCancel(ctx)
}

func TestSignedHeader(t *testing.T) {
	temporary := credentials.Keys{AccessKey: testKey, SecretKey: testSecret, SecurityToken: "TOK"}
	for name, test := range map[string]struct {
		keys      credentials.Keys
		projectID string
		want      http.Header
	}{
		// The signatures were computed by an independent implementation, in Python.
		"no project": {permanentKeys(), "", http.Header{
			"Authorization": {"SDK-HMAC-SHA256 Access=TESTAK, SignedHeaders=host;x-sdk-date, Signature=4b45dac7048e1c574646f57381cda74ef7d12906161d55def777832ad4765152"},
		}},
		"project": {permanentKeys(), "p1", http.Header{
			"Authorization": {"SDK-HMAC-SHA256 Access=TESTAK, SignedHeaders=host;x-project-id;x-sdk-date, Signature=79206106296adb5608051c9b0ff089e2727cb7078d67d4563c09f16f24e87d27"},
			"X-Project-Id":  {"p1"},
		}},
		"temporary keys": {temporary, "p1", http.Header{
			"Authorization":    {"SDK-HMAC-SHA256 Access=TESTAK, SignedHeaders=host;x-project-id;x-sdk-date;x-security-token, Signature=a577a99d97e2b67db511a67ea2a128d5478047d4fc61591b261ac9c4373ccd1c"},
			"X-Project-Id":     {"p1"},
			"X-Security-Token": {"TOK"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			test.want["User-Agent"] = []string{"ua/1"}
			test.want["Accept"] = []string{"application/json"}
			test.want["X-Sdk-Date"] = []string{"20240312T010203Z"}
			sent := sentBy(t, test.keys, test.projectID, http.MethodGet, testURL, nil)
			if diff := cmp.Diff(test.want, sent.Header); diff != "" {
				t.Errorf("the header differs (-want +got):\n%s", diff)
			}
			if sent.URL.String() != testURL {
				t.Errorf("the URL is %s, want %s", sent.URL, testURL)
			}
		})
	}
}

func TestSignatureCovers(t *testing.T) {
	signature := func(method, url, projectID, body string, secrets ...string) string {
		var reader io.Reader
		if body != "" {
			reader = strings.NewReader(body)
		}
		keys := credentials.Keys{AccessKey: testKey, SecretKey: secrets[0], SecurityToken: secrets[1]}
		return sentBy(t, keys, projectID, method, url, reader).Header.Get("Authorization")
	}
	const url = "https://cbr.example.com/v3/p1?a=1&b=2"
	original := signature("GET", url, "p1", "", "SK", "TOK")
	for name, other := range map[string]string{
		"method":         signature("PUT", url, "p1", "", "SK", "TOK"),
		"host":           signature("GET", strings.Replace(url, "cbr.", "rbc.", 1), "p1", "", "SK", "TOK"),
		"port":           signature("GET", strings.Replace(url, ".com", ".com:8443", 1), "p1", "", "SK", "TOK"),
		"path":           signature("GET", strings.Replace(url, "p1", "p2", 1), "p1", "", "SK", "TOK"),
		"query":          signature("GET", strings.Replace(url, "b=2", "b=3", 1), "p1", "", "SK", "TOK"),
		"project":        signature("GET", url, "p2", "", "SK", "TOK"),
		"body":           signature("GET", url, "p1", "{}", "SK", "TOK"),
		"secret key":     signature("GET", url, "p1", "", "KS", "TOK"),
		"security token": signature("GET", url, "p1", "", "SK", "KOT"),
	} {
		if other == original {
			t.Errorf("another %s has the same signature", name)
		}
	}
	for name, same := range map[string]string{
		"scheme":         signature("GET", strings.Replace(url, "https", "http", 1), "p1", "", "SK", "TOK"),
		"order of query": signature("GET", "https://cbr.example.com/v3/p1?b=2&a=1", "p1", "", "SK", "TOK"),
		"escapes":        signature("GET", "https://cbr.example.com/v3/%701?%61=1&b=2", "p1", "", "SK", "TOK"),
		"trailing slash": signature("GET", "https://cbr.example.com/v3/p1/?a=1&b=2", "p1", "", "SK", "TOK"),
	} {
		if same != original {
			t.Errorf("with another %s the signature is\n%s, want\n%s", name, same, original)
		}
	}
}

func TestSignedQueryIsSent(t *testing.T) {
	sent := sentBy(t, permanentKeys(), "", http.MethodGet, "https://cbr.example.com/v3?name=a+b%20c&id=z&empty&id=%61&t=*~:", nil)
	if want := "https://cbr.example.com/v3?empty=&id=a&id=z&name=a%20b%20c&t=%2A~%3A"; sent.URL.String() != want {
		t.Errorf("the URL is %s, want %s", sent.URL, want)
	}
}

func TestSignedBodyIsSent(t *testing.T) {
	sent := sentBy(t, permanentKeys(), "", http.MethodPost, testURL, strings.NewReader(`{"a":1}`))
	body, err := io.ReadAll(sent.Body)
	if want := `{"a":1}`; err != nil || string(body) != want {
		t.Errorf("the body is %q, %v, want %q", body, err, want)
	}
}

func TestKeysComeWithTheRequestsContext(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "of the request")
	gone := errors.New("gone")
	var got any
	rt := credentials.NewGuard(signingTime).WatchKeys(func(ctx context.Context) (credentials.Keys, error) {
		got = ctx.Value(key{})
		return credentials.Keys{}, gone
	}, unused(t))
	if _, err := send(rt, newRequest(t).WithContext(ctx)); !errors.Is(err, gone) {
		t.Errorf("the error is %v, want %v", err, gone)
	}
	if got != "of the request" {
		t.Errorf("got another context: %v", got)
	}
}

// unused is a transport that must not get a request.
func unused(t *testing.T) http.RoundTripper {
	return roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, io.EOF
	})
}

func TestUnusableKeys(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	fixed := credentials.Fixed
	for name, test := range map[string]struct {
		keys credentials.KeySource
		want string
	}{
		"no access key":     {credentials.KeysFrom(credentials.FromFile(missing), fixed("hunter2"), nil), "stat " + missing + ": no such file or directory"},
		"no secret key":     {credentials.KeysFrom(fixed("hunter2"), credentials.FromFile(missing), nil), "stat " + missing + ": no such file or directory"},
		"no security token": {credentials.KeysFrom(fixed("hunter2"), fixed("hunter2"), credentials.FromFile(missing)), "stat " + missing + ": no such file or directory"},
		"access key of two lines": {
			credentials.KeysFrom(fixed("hunter2\nhunter3"), fixed("hunter2"), nil),
			"the access key contains line breaks or other control characters",
		},
		"security token of two lines": {
			credentials.KeysFrom(fixed("hunter2"), fixed("hunter2"), fixed("hunter2\r\nX-Admin: 1")),
			"the security token contains line breaks or other control characters",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := send(credentials.NewGuard(signingTime).WatchKeys(test.keys, unused(t)), newRequest(t))
			if err == nil || err.Error() != "credentials cannot be used: "+test.want {
				t.Errorf("the error is %v, want %s", err, test.want)
			}
			if cbrapi.ReasonOf(err) != cbrapi.ReasonCredentials {
				t.Errorf("the reason of %v is %q", err, cbrapi.ReasonOf(err))
			}
		})
	}
}
