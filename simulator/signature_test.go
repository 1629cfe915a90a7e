package simulator_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// permanent and temporary are the access keys of newSignedCloud.
func permanent() simulator.AccessKey {
	return simulator.AccessKey{Access: "AKPERMANENT", Secret: "secret-of-permanent"}
}

func temporary() simulator.AccessKey {
	return simulator.AccessKey{
		Access: "AKTEMPORARY", Secret: "secret-of-temporary", SecurityToken: "token-of-temporary",
		ExpiresAt: someDay().Add(time.Hour),
	}
}

func newSignedCloud() (*simulator.Simulator, *clock) {
	c := newClock(someDay())
	return simulator.New(simulator.Options{
		Now: c.Now, Tokens: []string{fixedToken},
		AccessKeys: []simulator.AccessKey{permanent(), temporary()},
	}), c
}

// A signed request is one that can be spoiled before and after it is signed.
type signedRequest struct {
	key    simulator.AccessKey
	path   string
	body   string
	at     time.Time
	signed string // names of headers

	before func(*http.Request)
	after  func(*http.Request)
}

func (s signedRequest) do(h http.Handler) answer {
	r := httptest.NewRequest(http.MethodGet, s.path, strings.NewReader(s.body))
	r.Header.Set("X-Sdk-Date", s.at.UTC().Format("20060102T150405Z"))
	r.Header.Set("X-Project-Id", simulator.DefaultProjectID)
	if s.key.SecurityToken != "" {
		r.Header.Set("X-Security-Token", s.key.SecurityToken)
	}
	if s.before != nil {
		s.before(r)
	}
	signature := simulator.Signature(r, []byte(s.body), s.key.Secret, strings.Split(s.signed, ";"))
	r.Header.Set("Authorization", fmt.Sprintf("SDK-HMAC-SHA256 Access=%s, SignedHeaders=%s, Signature=%s", s.key.Access, s.signed, signature))
	if s.after != nil {
		s.after(r)
	}
	return do(h, r)
}

const (
	permanentHeaders = "host;x-project-id;x-sdk-date"
	temporaryHeaders = "host;x-project-id;x-sdk-date;x-security-token"
)

func signedWith(key simulator.AccessKey) signedRequest {
	s := signedRequest{key: key, path: taskPath(simulator.SampleTaskID), at: someDay(), signed: permanentHeaders}
	if key.SecurityToken != "" {
		s.signed = temporaryHeaders
	}
	return s
}

func TestSignature(t *testing.T) {
	elsewhere := strings.Repeat("0", 32)
	const calc = "calc aksk signature fail:"
	for name, test := range map[string]struct {
		change func(*signedRequest)
		want   string // of the message; "": accepted
	}{
		"permanent key":        {func(*signedRequest) {}, ""},
		"temporary key":        {func(s *signedRequest) { *s = signedWith(temporary()) }, ""},
		"the least of headers": {func(s *signedRequest) { s.signed, s.before = "x-sdk-date", without("X-Project-Id") }, ""},
		"query":                {func(s *signedRequest) { s.path += "?b=2&a=x+y&empty&a=%C3%A9" }, ""},
		"body":                 {func(s *signedRequest) { s.body = "{}" }, ""},
		"clock 15 minutes off": {func(s *signedRequest) { s.at = s.at.Add(15 * time.Minute) }, ""},
		"clock 15 minutes late": {
			func(s *signedRequest) { s.at = s.at.Add(-15 * time.Minute) }, "",
		},

		"unknown access key": {
			func(s *signedRequest) { s.key.Access = "AKOFNOBODY" },
			"Get secretKey failed,ak:AKOFNOBODY,err:ak not exist",
		},
		"wrong secret": {func(s *signedRequest) { s.key.Secret = "else" }, "verify aksk signature fail"},
		"tampered query": {
			func(s *signedRequest) {
				s.path += "?limit=1"
				s.after = func(r *http.Request) { r.URL.RawQuery = "limit=2" }
			}, "verify aksk signature fail",
		},
		"added query": {
			func(s *signedRequest) { s.after = func(r *http.Request) { r.URL.RawQuery = "limit=2" } },
			"verify aksk signature fail",
		},
		"tampered path": {
			func(s *signedRequest) {
				s.after = func(r *http.Request) { r.URL.Path = taskPath("11111111-2222-4333-8444-555555555555") }
			}, "verify aksk signature fail",
		},
		"signature for another project's path": {
			func(s *signedRequest) {
				s.after = func(r *http.Request) {
					r.URL.Path = strings.Replace(r.URL.Path, simulator.DefaultProjectID, elsewhere, 1)
				}
			}, "verify aksk signature fail",
		},
		"tampered host": {
			func(s *signedRequest) { s.after = func(r *http.Request) { r.Host = "cbr.example.org" } },
			"verify aksk signature fail",
		},
		"tampered method": {
			func(s *signedRequest) {
				s.before = func(r *http.Request) { r.Method = http.MethodDelete }
				s.after = func(r *http.Request) { r.Method = http.MethodGet }
			}, "verify aksk signature fail",
		},
		"tampered body": {
			func(s *signedRequest) {
				s.after = func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("{}")) }
			}, "verify aksk signature fail",
		},
		"tampered project": {
			func(s *signedRequest) { s.after = func(r *http.Request) { r.Header.Set("X-Project-Id", elsewhere) } },
			"verify aksk signature fail",
		},
		"long body": {
			func(s *signedRequest) { s.body = strings.Repeat("x", 2<<20) }, calc + "the body cannot be read",
		},
		"old": {
			func(s *signedRequest) { s.at = s.at.Add(-15*time.Minute - time.Second) },
			calc + "signature expired, signature time:20260314T091152Z,server time:20260314T092653Z",
		},
		"of the future": {
			func(s *signedRequest) { s.at = s.at.Add(15*time.Minute + time.Second) },
			calc + "signature expired, signature time:20260314T094154Z,server time:20260314T092653Z",
		},
		"no date": {
			func(s *signedRequest) { s.signed, s.before = "host;x-project-id", without("X-Sdk-Date") },
			calc + "x-sdk-date not found in the signed headers",
		},
		"unreadable date": {
			func(s *signedRequest) {
				s.before = func(r *http.Request) { r.Header.Set("X-Sdk-Date", r.Header.Get("X-Sdk-Date")+"+0800") }
			}, calc + "x-sdk-date not found in the signed headers",
		},
		"date not signed": {
			func(s *signedRequest) { s.signed = "host;x-project-id" }, calc + "x-sdk-date not found in the signed headers",
		},
		"project not signed": {
			func(s *signedRequest) { s.signed = "host;x-sdk-date" }, calc + "x-project-id not found in the signed headers",
		},
		"security token not signed": {
			func(s *signedRequest) { *s = signedWith(temporary()); s.signed = permanentHeaders },
			calc + "x-security-token not found in the signed headers",
		},
		"signed header removed": {
			func(s *signedRequest) { s.after = without("X-Project-Id") }, calc + "a signed header is missing",
		},
		"no security token": {
			func(s *signedRequest) {
				*s = signedWith(temporary())
				s.key.SecurityToken, s.signed = "", permanentHeaders
			},
			"decrypt token fail",
		},
		"wrong security token": {
			func(s *signedRequest) { *s = signedWith(temporary()); s.key.SecurityToken = "else" }, "decrypt token fail",
		},
		"security token with a permanent key": {
			func(s *signedRequest) { s.key.SecurityToken, s.signed = "else", temporaryHeaders }, "decrypt token fail",
		},
		"other algorithm": {
			func(s *signedRequest) { s.after = replaced("SDK-HMAC-SHA256", "SDK-HMAC-SM3") }, "Authorization format incorrect",
		},
		"no signature": {
			func(s *signedRequest) { s.after = replaced(", Signature=", "") }, "Authorization format incorrect",
		},
		"other words": {
			func(s *signedRequest) { s.after = replaced("Access=", "Credential=") }, "Authorization format incorrect",
		},
		"other signature": {
			func(s *signedRequest) { s.after = replaced("Signature=", "Signature=A") }, "verify aksk signature fail",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, _ := newSignedCloud()
			request := signedWith(permanent())
			test.change(&request)
			got := request.do(cloud)
			if test.want == "" {
				if got.status != http.StatusOK {
					t.Errorf("got %d %s, want 200", got.status, got.body)
				}
				if requests := cloud.Requests(); requests != (simulator.Requests{Seen: 1, Shown: 1}) {
					t.Errorf("counted %+v, want one that was not refused", requests)
				}
				return
			}
			body := decode(t, got.body)
			want := "Incorrect IAM authentication information: " + test.want
			if got.status != http.StatusUnauthorized || body["error_code"] != "APIGW.0301" || body["error_msg"] != want {
				t.Errorf("got %d %s, want 401 APIGW.0301 %s", got.status, got.body, want)
			}
			if body["request_id"] != got.header.Get("X-Request-Id") {
				t.Errorf("request ids differ: %v, %q", body["request_id"], got.header.Get("X-Request-Id"))
			}
			if requests := cloud.Requests(); requests != (simulator.Requests{Seen: 1, Refused: 1, Shown: 1}) {
				t.Errorf("counted %+v, want one that was refused", requests)
			}
			for _, secret := range []string{"secret-of", "token-of", "else"} {
				if strings.Contains(got.body, secret) {
					t.Errorf("the answer tells a secret: %s", got.body)
				}
			}
		})
	}
}

func without(header string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Del(header) }
}

func replaced(part, with string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), part, with, 1))
	}
}

func TestSignatureForAnotherProject(t *testing.T) {
	elsewhere := strings.Repeat("0", 32)
	cloud, _ := newSignedCloud()
	for name, change := range map[string]func(*signedRequest){
		"path and header": func(s *signedRequest) {
			s.path = strings.Replace(s.path, simulator.DefaultProjectID, elsewhere, 1)
			s.before = func(r *http.Request) { r.Header.Set("X-Project-Id", elsewhere) }
		},
		"path":   func(s *signedRequest) { s.path = strings.Replace(s.path, simulator.DefaultProjectID, elsewhere, 1) },
		"header": func(s *signedRequest) { s.before = func(r *http.Request) { r.Header.Set("X-Project-Id", elsewhere) } },
	} {
		request := signedWith(permanent())
		change(&request)
		for range 7 { // which would lock the access key, were it a failure of it
			if got := request.do(cloud); got.status != http.StatusForbidden || decode(t, got.body)["error_code"] != "APIGW.0306" {
				t.Errorf("%s: got %d %s, want 403 APIGW.0306", name, got.status, got.body)
			}
		}
	}
}

func TestTemporaryKeyExpires(t *testing.T) {
	cloud, clock := newSignedCloud()
	clock.advance(time.Hour - time.Second)
	request := signedWith(temporary())
	request.at = clock.Now()
	if got := request.do(cloud); got.status != http.StatusOK {
		t.Errorf("in the last second: got %d %s", got.status, got.body)
	}
	clock.advance(time.Second)
	got := request.do(cloud)
	want := "Incorrect IAM authentication information: token expires, expires_at:2026-03-14T10:26:53.000000Z"
	if got.status != http.StatusUnauthorized || decode(t, got.body)["error_msg"] != want {
		t.Errorf("afterwards: got %d %s, want 401 %s", got.status, got.body, want)
	}
}

func TestAccessKeyIsLocked(t *testing.T) {
	cloud, clock := newSignedCloud()
	good, bad := signedWith(permanent()), signedWith(permanent())
	bad.key.Secret = "else"
	send := func(when string, request signedRequest, status int, message string) {
		t.Helper()
		request.at = clock.Now()
		got := request.do(cloud)
		if got.status != status || !strings.Contains(got.body, message) {
			t.Errorf("%s: got %d %s, want %d %s", when, got.status, got.body, status, message)
		}
	}
	const (
		wrong  = "verify aksk signature fail"
		locked = "AK access failed to reach the limit,forbidden."
	)

	for range 3 {
		for range 5 {
			send("five in a row", bad, 401, wrong)
		}
		send("and a good one", good, 200, "")
	}
	for range 6 {
		send("six in a row", bad, 401, wrong)
	}
	send("locked, wrong", bad, 401, locked)
	send("locked, right", good, 401, locked)
	send("another key", signedWith(temporary()), 200, "")
	cloud.SetAccessKeys(permanent())
	send("locked, and set again", good, 401, locked)

	clock.advance(5*time.Minute - time.Second)
	send("locked for almost five minutes", good, 401, locked)
	clock.advance(time.Second)
	for range 5 {
		send("free again", bad, 401, wrong)
	}
	send("free again", good, 200, "")
	// 3 x 5, 6 and 5 wrong ones, and 4 that came while the key was locked.
	if got, want := cloud.Requests(), (simulator.Requests{Seen: 35, Refused: 30, Shown: 35}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

func TestSetAccessKeys(t *testing.T) {
	cloud, _ := newSignedCloud()
	next := permanent()
	next.Secret = "secret-of-the-next"
	cloud.SetAccessKeys(next)
	for key, want := range map[simulator.AccessKey]int{permanent(): 401, next: 200, temporary(): 401} {
		if got := signedWith(key).do(cloud); got.status != want {
			t.Errorf("%s: got %d %s, want %d", key.Access, got.status, got.body, want)
		}
	}
}

// Whoever sends both is asked for the signature.
func TestSignatureAndToken(t *testing.T) {
	cloud, _ := newSignedCloud()
	request := signedWith(permanent())
	request.key.Secret = "else"
	request.after = func(r *http.Request) { r.Header.Set("X-Auth-Token", fixedToken) }
	if got := request.do(cloud); got.status != http.StatusUnauthorized {
		t.Errorf("got %d %s, want 401", got.status, got.body)
	}
}

func TestRequestsCountsTokens(t *testing.T) {
	cloud, _ := newSignedCloud()
	show(cloud, simulator.SampleTaskID)
	get(cloud, taskPath(simulator.SampleTaskID), "MIIunknown")
	get(cloud, "/v3/nothing", "")
	if got, want := cloud.Requests(), (simulator.Requests{Seen: 3, Refused: 1, Shown: 2}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}
