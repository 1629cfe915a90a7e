package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const (
	keysPath          = "/openstack/latest/securitykey"
	metadataTokenPath = "/meta-data/latest/api/token"
)

// metadata sends a request with a header, unless its value is empty.
func metadata(m *simulator.Metadata, method, path, header, value string) response {
	r := httptest.NewRequest(method, path, nil)
	if value != "" {
		r.Header.Set(header, value)
	}
	return do(m, r)
}

func metadataToken(t *testing.T, m *simulator.Metadata, ttl string) string {
	t.Helper()
	got := metadata(m, http.MethodPut, metadataTokenPath, "X-Metadata-Token-Ttl-Seconds", ttl)
	if got.status != http.StatusOK || got.body == "" {
		t.Fatalf("no token: %d %s", got.status, got.body)
	}
	return got.body
}

// agencyKey returns the keys of a response.
func agencyKey(t *testing.T, r response) simulator.AccessKey {
	t.Helper()
	if r.status != http.StatusOK {
		t.Fatalf("no keys: %d %s", r.status, r.body)
	}
	c := decode(t, r.body)["credential"].(object)
	text := func(names ...string) string {
		for _, name := range names {
			if s, ok := c[name].(string); ok {
				return s
			}
		}
		t.Fatalf("none of %v in %s", names, r.body)
		return ""
	}
	expires, err := time.Parse("2006-01-02T15:04:05.000000Z", text("expires_at", "expiration"))
	if err != nil {
		t.Fatal(err)
	}
	return simulator.AccessKey{
		Access: text("access", "accessKeyId"), Secret: text("secret", "secretAccessKey"),
		SecurityToken: text("securitytoken", "securityToken"), ExpiresAt: expires,
	}
}

// readWith returns the status of a request for a task that is signed with the key.
func readWith(cloud *simulator.Simulator, c *clock, key simulator.AccessKey) int {
	return signedRequest{
		key: key, path: taskPath(simulator.SampleTaskID), at: c.Now(), signed: "host;x-project-id;x-sdk-date;x-security-token",
	}.do(cloud).status
}

func TestMetadataKeys(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]simulator.MetadataOptions{"as documented": {}, "camel case": {CamelCase: true}} {
		t.Run(name, func(t *testing.T) {
			cloud, c := newCloud(1)
			m := cloud.NewMetadata(o)
			first := metadata(m, http.MethodGet, keysPath, "", "")
			if strings.Contains(first.body, "accessKeyId") != o.CamelCase {
				t.Errorf("the spelling of %s", first.body)
			}
			if got := first.header.Get("Date"); got != c.Now().UTC().Format(http.TimeFormat) {
				t.Errorf("the date is %s", got)
			}
			old := agencyKey(t, first)
			if left := old.ExpiresAt.Sub(c.Now()); left <= 10*time.Minute || left > time.Hour {
				t.Errorf("the keys expire in %v, want 10 to 60 minutes", left)
			}
			if got := readWith(cloud, c, old); got != http.StatusOK {
				t.Errorf("keys: got %d, want 200", got)
			}

			c.set(old.ExpiresAt.Add(-10*time.Minute - time.Second))
			if again := agencyKey(t, metadata(m, http.MethodGet, keysPath, "", "")); again != old {
				t.Error("replaced more than ten minutes before their end")
			}
			c.advance(time.Second)
			young := agencyKey(t, metadata(m, http.MethodGet, keysPath, "", ""))
			if young.Access == old.Access || young.Secret == old.Secret || young.SecurityToken == old.SecurityToken {
				t.Error("not replaced ten minutes before their end")
			}
			c.set(old.ExpiresAt.Add(-time.Second))
			if a, b := readWith(cloud, c, old), readWith(cloud, c, young); a != http.StatusOK || b != http.StatusOK {
				t.Errorf("both valid: got %d and %d, want 200", a, b)
			}
			c.advance(time.Second)
			if a, b := readWith(cloud, c, old), readWith(cloud, c, young); a != http.StatusUnauthorized || b != http.StatusOK {
				t.Errorf("one expired: got %d and %d, want 401 and 200", a, b)
			}
			if got := m.Fetched(); got != 3 {
				t.Errorf("returned %d times, want 3", got)
			}
			if got := metadata(m, http.MethodPut, metadataTokenPath, "X-Metadata-Token-Ttl-Seconds", "60").status; got != http.StatusNotFound {
				t.Errorf("token of a service without tokens: got %d, want 404", got)
			}
		})
	}
}

func TestMetadataTokens(t *testing.T) {
	t.Parallel()
	cloud, c := newCloud(1)
	m := cloud.NewMetadata(simulator.MetadataOptions{Mode: simulator.TokensRequired})
	want := func(when, token string, status int) {
		t.Helper()
		if got := metadata(m, http.MethodGet, keysPath, "X-Metadata-Token", token); got.status != status {
			t.Errorf("%s: got %d %s, want %d", when, got.status, got.body, status)
		}
	}
	token := metadataToken(t, m, "21600")
	want("no token", "", 401)
	want("unknown token", "x", 401)
	want("token", token, 200)
	c.advance(6*time.Hour - time.Second)
	want("last second", token, 200)
	c.advance(time.Second)
	want("expired", token, 401)
	next := metadataToken(t, m, "1")
	want("the next one", next, 200)
	for _, ttl := range []string{"", "x", "0", "21601"} {
		if got := metadata(m, http.MethodPut, metadataTokenPath, "X-Metadata-Token-Ttl-Seconds", ttl).status; got != http.StatusBadRequest {
			t.Errorf("a token for %q seconds: got %d, want 400", ttl, got)
		}
	}
}

func TestMetadataWithoutAgency(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	m := cloud.NewMetadata(simulator.MetadataOptions{})
	m.Bind(false)
	got := metadata(m, http.MethodGet, keysPath, "", "")
	if got.status != http.StatusUnauthorized || !strings.Contains(got.body, "Please configure Cloud Service Agency first") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	m.Bind(true)
	agencyKey(t, metadata(m, http.MethodGet, keysPath, "", ""))
}
