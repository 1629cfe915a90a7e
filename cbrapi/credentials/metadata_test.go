package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

const (
	keyPath   = "GET /openstack/latest/securitykey"
	tokenPath = "PUT /meta-data/latest/api/token"

	keyAnswer = `{"credential":{"access":"AK-kiwi","secret":"SK-kiwi","securitytoken":"ST-kiwi","expires_at":"2026-03-14T10:26:53.231000Z"}}`
)

func agencyKeys() credentials.Keys {
	return credentials.Keys{AccessKey: "AK-kiwi", SecretKey: "SK-kiwi", SecurityToken: "ST-kiwi"}
}

// arrival is when keys are fetched.
func arrival() time.Time { return time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC) }

// A step is a request that the metadata service should get, and its answer.
type step struct {
	request string
	token   string // X-Metadata-Token that it should come with
	status  int
	body    string
}

// metadataService answers one request after the other, and without a Date.
type metadataService struct {
	*httptest.Server
	t     *testing.T
	steps []step
}

func newMetadataService(t *testing.T, steps ...step) *metadataService {
	t.Helper()
	m := &metadataService{t: t, steps: steps}
	m.Server = httptest.NewServer(m)
	t.Cleanup(func() {
		m.Close()
		if len(m.steps) > 0 {
			t.Errorf("lacks the requests %v", m.steps)
		}
	})
	return m
}

func (m *metadataService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(m.steps) == 0 {
		m.t.Errorf("one request too many: %s %s", r.Method, r.URL)
		return
	}
	s := m.steps[0]
	m.steps = m.steps[1:]
	if got := r.Method + " " + r.URL.Path; got != s.request {
		m.t.Errorf("the request is %s, want %s", got, s.request)
	}
	if got := r.Header.Get("X-Metadata-Token"); got != s.token {
		m.t.Errorf("%s: the token is %q, want %q", s.request, got, s.token)
	}
	ttl := ""
	if s.request == tokenPath {
		ttl = "21600"
	}
	if got := r.Header.Get("X-Metadata-Token-Ttl-Seconds"); got != ttl {
		m.t.Errorf("%s: the token is to live for %q seconds, want %q", s.request, got, ttl)
	}
	w.Header()["Date"] = nil
	w.Header().Set("Location", "/elsewhere")
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.body)
}

func fetchKeys(t *testing.T, steps ...step) (credentials.Keys, error) {
	t.Helper()
	return credentials.NewAgency(newMetadataService(t, steps...).URL, arrival).Keys(t.Context())
}

func TestAgencyProtocol(t *testing.T) {
	for name, steps := range map[string][]step{
		"token":                 {{tokenPath, "", 200, "T1\n"}, {keyPath, "T1", 200, keyAnswer}},
		"service too old":       {{tokenPath, "", 404, "x"}, {keyPath, "", 200, keyAnswer}},
		"method not known":      {{tokenPath, "", 405, "x"}, {keyPath, "", 200, keyAnswer}},
		"tokens not served":     {{tokenPath, "", 503, "x"}, {keyPath, "", 200, keyAnswer}},
		"token needed after it": {{tokenPath, "", 503, "x"}, {keyPath, "", 401, ""}, {tokenPath, "", 200, "T1"}, {keyPath, "T1", 200, keyAnswer}},
		"token refused once":    {{tokenPath, "", 200, "T1"}, {keyPath, "T1", 401, "expired"}, {tokenPath, "", 200, "T2"}, {keyPath, "T2", 200, keyAnswer}},
		"other spelling": {{tokenPath, "", 404, ""}, {keyPath, "", 200, `{"credential":
			{"accessKeyId":"AK-kiwi","secretAccessKey":"SK-kiwi","securityToken":"ST-kiwi","expiration":"2026-03-14T10:26:53Z"}}`}},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := fetchKeys(t, steps...)
			if err != nil {
				t.Fatal(err)
			}
			if keys != agencyKeys() {
				t.Errorf("the keys are %s %s %s", keys.AccessKey, keys.SecretKey, keys.SecurityToken)
			}
		})
	}
}

func TestAgencyErrors(t *testing.T) {
	const (
		operation = "ECS metadata /openstack/latest/securitykey"
		cannot    = "credentials cannot be used: "
		see       = "; see whether this is an ECS server with an agency, or configure other credentials"
	)
	keys := func(status int, body string) []step {
		return []step{{tokenPath, "", 404, ""}, {keyPath, "", status, body}}
	}
	noAgency := `{"error":{"code":401,"message":"Please configure Cloud Service Agency first. kiwi","title":"Unauthorized"}}`
	bind := cannot + "no agency is bound to this server; bind one that has the policy CBR ReadOnlyAccess, or configure other credentials"
	for name, test := range map[string]struct {
		steps  []step
		reason cbrapi.Reason
		want   string
	}{
		"no agency":                {keys(401, noAgency), cbrapi.ReasonCredentials, bind},
		"no agency, with a token":  {[]step{{tokenPath, "", 200, "T1"}, {keyPath, "T1", 401, noAgency}}, cbrapi.ReasonCredentials, bind},
		"no agency, second answer": {[]step{{tokenPath, "", 200, "T1"}, {keyPath, "T1", 401, ""}, {tokenPath, "", 200, "T2"}, {keyPath, "T2", 401, noAgency}}, cbrapi.ReasonCredentials, bind},
		"refused twice": {
			[]step{{tokenPath, "", 200, "T1"}, {keyPath, "T1", 401, ""}, {tokenPath, "", 200, "T2"}, {keyPath, "T2", 401, "kiwi"}},
			cbrapi.ReasonCredentials, cannot + operation + ": HTTP status 401" + see,
		},
		"not there": {keys(404, "kiwi"), cbrapi.ReasonCredentials, cannot + operation + ": HTTP status 404" + see},
		"forbidden token": {
			[]step{{tokenPath, "", 403, "kiwi"}},
			cbrapi.ReasonCredentials,
			cannot + "ECS metadata /meta-data/latest/api/token: HTTP status 403" + see,
		},
		"odd token": {
			[]step{{tokenPath, "", 200, "ki\x01wi"}},
			cbrapi.ReasonCredentials,
			cannot + "the token of the ECS metadata service has line breaks or other control characters inside",
		},
		"throttled":       {keys(429, "kiwi"), cbrapi.ReasonThrottled, operation + ": HTTP status 429: Too Many Requests"},
		"ill":             {keys(500, "kiwi"), cbrapi.ReasonUpstream, operation + ": HTTP status 500: Internal Server Error"},
		"redirect":        {keys(302, keyAnswer), cbrapi.ReasonUpstream, operation + ": HTTP status 302: Found"},
		"HTML":            {keys(200, "<html>kiwi"), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the answer is not JSON of the documented shape"},
		"other shape":     {keys(200, `{"credential":"kiwi"}`), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the answer is not JSON of the documented shape"},
		"empty":           {keys(200, `{}`), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the answer lacks the access key, its secret or the security token"},
		"no secret":       {keys(200, strings.Replace(keyAnswer, "SK-kiwi", "", 1)), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the answer lacks the access key, its secret or the security token"},
		"permanent":       {keys(200, strings.Replace(keyAnswer, "ST-kiwi", "", 1)), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the answer lacks the access key, its secret or the security token"},
		"too large":       {keys(200, keyAnswer+strings.Repeat(" ", 64<<10)), cbrapi.ReasonUpstream, operation + ": HTTP status 200: the answer is larger than 64 KiB"},
		"odd keys":        {keys(200, strings.Replace(keyAnswer, "AK-", `\n`, 1)), cbrapi.ReasonCredentials, cannot + "the access key has line breaks or other control characters inside"},
		"expired already": {keys(200, strings.Replace(keyAnswer, "T10:26:53.231", "T09:26:53.000", 1)), cbrapi.ReasonCredentials, cannot + "the keys from the ECS metadata service expired at 2026-03-14T09:26:53Z, and it has no others"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := fetchKeys(t, test.steps...)
			if err == nil || keys != (credentials.Keys{}) {
				t.Fatalf("the keys are %q, the error is %v", keys.AccessKey, err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := cbrapi.ReasonOf(err); got != test.reason {
				t.Errorf("the reason is %s, want %s", got, test.reason)
			}
			if got := errors.Is(err, cbrapi.ErrCredentials); got != (test.reason == cbrapi.ReasonCredentials) {
				t.Errorf("ErrCredentials is %v", got)
			}
		})
	}
}

// The token is kept, as it lives for hours.
func TestAgencyKeepsTheToken(t *testing.T) {
	m := newMetadataService(t,
		step{tokenPath, "", 200, "T1"}, step{keyPath, "T1", 200, keyAnswer},
		step{keyPath, "T1", 200, keyAnswer},
		step{keyPath, "T1", 401, ""}, step{tokenPath, "", 200, "T2"}, step{keyPath, "T2", 200, keyAnswer})
	now := arrival()
	a := credentials.NewAgency(m.URL, func() time.Time { return now })
	for _, after := range []time.Duration{0, 50*time.Minute + time.Second, 56 * time.Minute} {
		now = arrival().Add(after)
		if _, err := a.Keys(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAgencyNobodyListens(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := credentials.NewAgency(server.URL, arrival).Keys(t.Context())
	if err == nil || cbrapi.ReasonOf(err) != cbrapi.ReasonNetwork {
		t.Fatalf("the error is %v, want one of the network", err)
	}
	for _, want := range []string{
		"the ECS metadata service at " + server.URL + " did not answer: dial tcp ", "connection refused; ",
		"elsewhere than on an ECS server configure other credentials",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

// A service that is silent is a fault of the network, and not of the scrape's
// time limit, which somebody would then raise.
func TestAgencyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		silent := roundTripper(func(req *http.Request) (*http.Response, error) {
			requests++
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		a := credentials.NewAgencyThrough(silent, time.Now)
		began := time.Now()
		for range 100 { // a pass over many tasks
			_, err := a.Keys(t.Context())
			if cbrapi.ReasonOf(err) != cbrapi.ReasonNetwork {
				t.Fatalf("the error is %v, want one of the network", err)
			}
		}
		if waited := time.Since(began); waited != 3*time.Second || requests != 1 {
			t.Errorf("100 tasks waited %v for %d requests, want 3s for 1", waited, requests)
		}
		time.Sleep(10 * time.Second)
		if _, err := a.Keys(t.Context()); err == nil || requests != 2 {
			t.Errorf("after a pause: %d requests, want 2", requests)
		}

		// Who leaves earlier is told why it left.
		time.Sleep(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := a.Keys(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v, want %v", err, context.DeadlineExceeded)
		}
		time.Sleep(time.Minute) // until the fetch has ended
	})
}

// The server's own service is not to be asked of a proxy. Package http reads the
// environment once, so to set a proxy here would prove nothing.
func TestAgencyUsesNoProxy(t *testing.T) {
	if credentials.NewAgency("http://169.254.169.254", arrival).HasProxy() {
		t.Error("the metadata service is asked through a proxy")
	}
}

func TestAgencyMasksItsKeys(t *testing.T) {
	m := newMetadataService(t, step{tokenPath, "", 200, "T-kiwi"}, step{keyPath, "T-kiwi", 200, keyAnswer})
	a := credentials.NewAgency(m.URL, arrival)
	keys, err := a.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprintf("%v %+v %#v %s", keys, keys, keys, a.Current()); strings.Contains(shown, "kiwi") {
		t.Errorf("they are shown: %s", shown)
	}
}
