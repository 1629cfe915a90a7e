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

// The requests and signatures are the vendor's SDK's, with the secret key TESTSK.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	const task = "/v3/p1/operation-logs/abc?x=1"
	for name, v := range map[string]struct {
		url    string
		header map[string]string
		body   string
		signed string
		want   string
	}{
		"A: one header": {
			url: task, signed: "x-sdk-date",
			want: "47ee06922d8b6720edb1f70227112758fd61ac0e5c279947b283acecaf9fba74",
		},
		"B: as the SDK sends it": {
			url: task, signed: "user-agent;x-project-id;x-sdk-date",
			header: map[string]string{"X-Project-Id": "p1", "User-Agent": "ua/1", "Content-Type": "application/json"},
			want:   "551947cfd98f8a8fede22c6d24146c32ce6565b021a389bc074b97789a9adcbc",
		},
		"C: temporary keys": {
			url: task, signed: "x-project-id;x-sdk-date;x-security-token",
			header: map[string]string{"X-Project-Id": "p1", "X-Security-Token": "TOK"},
			want:   "f7522e6d30bb1ae30b5b8bbf37fd570be3becd4e505018b9e7f09be95ac29a8a",
		},
		"D: query": {
			url: "/v3/p1/operation-logs?status=failed&resource_name=a+b%2Bc%2F%C3%A9~%2A%27%28%29&offset=0&limit=1000" +
				"&start_time=2018-02-01T12:00:00Z&end_time=2018-02-02T12%3A00%3A00Z&empty",
			header: map[string]string{"X-Project-Id": "p1"}, signed: "x-project-id;x-sdk-date",
			want: "88db6ad070c0dd463cda33c90da054b2a5678f9c205139a19e1fcdcc59c1ed0a",
		},
		"E: repeated name, host": {
			url: "/v3/p1/vaults?id=z&id=a", signed: "host;x-project-id;x-sdk-date",
			header: map[string]string{"X-Project-Id": "p1"},
			want:   "31b88f335f859292e1064154e8f1017b275c783b96e6a5eb194c2f8bdc8256f7",
		},
		"F: root": {
			url: "/", signed: "x-sdk-date",
			want: "fa60a18b696e95e51206728c1a2cc6e7e5f89eb63ed9e4cda10f0200889608f3",
		},
		"G: path": {
			url: "/v3/p1/operation-logs/a%20b~%252Fc:%C3%A9", signed: "x-sdk-date",
			want: "08dded01be1718bca1d0ca53e1bc4e006282701d76212a7619ab88b25283fc43",
		},
		"H: body": {
			url: "/v3/auth", body: `{"a":1}`, signed: "x-sdk-date",
			header: map[string]string{"Content-Type": "application/json"},
			want:   "d6a9417d26edc114ebb169d1f4b33d2e17783ebb27423c774e7091f75596bcb3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			method := http.MethodGet
			if v.body != "" {
				method = http.MethodPost
			}
			r := httptest.NewRequest(method, "https://cbr.example.com"+v.url, nil)
			r.Header.Set("X-Sdk-Date", "20240312T010203Z")
			for name, value := range v.header {
				r.Header.Set(name, value)
			}
			if got := simulator.Signature(r, []byte(v.body), "TESTSK", strings.Split(v.signed, ";")); got != v.want {
				t.Errorf("got %s, want %s", got, v.want)
			}
		})
	}
}

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

// A signedRequest can be changed before and after it is signed.
type signedRequest struct {
	key    simulator.AccessKey
	path   string
	body   string
	at     time.Time
	signed string // names of headers

	before func(*http.Request)
	after  func(*http.Request)
}

func (s signedRequest) do(h http.Handler) response {
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
	t.Parallel()
	const calc, wrong = "calc aksk signature fail:", "verify aksk signature fail"
	elsewhere := strings.Repeat("0", 32)
	before := func(f func(*http.Request)) func(*signedRequest) { return func(s *signedRequest) { s.before = f } }
	after := func(f func(*http.Request)) func(*signedRequest) { return func(s *signedRequest) { s.after = f } }
	at := func(d time.Duration) func(*signedRequest) { return func(s *signedRequest) { s.at = s.at.Add(d) } }
	headers := func(names string) func(*signedRequest) { return func(s *signedRequest) { s.signed = names } }
	for name, test := range map[string]struct {
		change func(*signedRequest)
		want   string // in the message; "": accepted
	}{
		"permanent key":         {func(*signedRequest) {}, ""},
		"temporary key":         {func(s *signedRequest) { *s = signedWith(temporary()) }, ""},
		"fewest headers":        {func(s *signedRequest) { s.signed, s.before = "x-sdk-date", without("X-Project-Id") }, ""},
		"query":                 {func(s *signedRequest) { s.path += "?b=2&a=x+y&empty&a=%C3%A9" }, ""},
		"body":                  {func(s *signedRequest) { s.body = "{}" }, ""},
		"clock 15 minutes fast": {at(15 * time.Minute), ""},
		"clock 15 minutes slow": {at(-15 * time.Minute), ""},

		"unknown access key": {func(s *signedRequest) { s.key.Access = "AKUNKNOWN" }, "Get secretKey failed,ak:AKUNKNOWN,err:ak not exist"},
		"wrong secret":       {func(s *signedRequest) { s.key.Secret = "else" }, wrong},
		"tampered query":     {after(func(r *http.Request) { r.URL.RawQuery = "limit=2" }), wrong},
		"tampered path":      {after(func(r *http.Request) { r.URL.Path = taskPath("11111111-2222-4333-8444-555555555555") }), wrong},
		"tampered host":      {after(func(r *http.Request) { r.Host = "cbr.example.org" }), wrong},
		"tampered method": {func(s *signedRequest) {
			s.before = func(r *http.Request) { r.Method = http.MethodDelete }
			s.after = func(r *http.Request) { r.Method = http.MethodGet }
		}, wrong},
		"tampered body":    {after(func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("{}")) }), wrong},
		"tampered project": {after(func(r *http.Request) { r.Header.Set("X-Project-Id", elsewhere) }), wrong},
		"long body":        {func(s *signedRequest) { s.body = strings.Repeat("x", 2<<20) }, calc + "the body cannot be read"},
		"old": {
			at(-15*time.Minute - time.Second),
			calc + "signature expired, signature time:20260314T091152Z,server time:20260314T092653Z",
		},
		"in the future": {
			at(15*time.Minute + time.Second),
			calc + "signature expired, signature time:20260314T094154Z,server time:20260314T092653Z",
		},
		"no date": {
			func(s *signedRequest) { s.signed, s.before = "host;x-project-id", without("X-Sdk-Date") },
			calc + "x-sdk-date not found in the signed headers",
		},
		"invalid date": {
			before(func(r *http.Request) { r.Header.Set("X-Sdk-Date", r.Header.Get("X-Sdk-Date")+"+0800") }),
			calc + "x-sdk-date not found in the signed headers",
		},
		"date not signed":    {headers("host;x-project-id"), calc + "x-sdk-date not found in the signed headers"},
		"project not signed": {headers("host;x-sdk-date"), calc + "x-project-id not found in the signed headers"},
		"security token not signed": {
			func(s *signedRequest) { *s = signedWith(temporary()); s.signed = permanentHeaders },
			calc + "x-security-token not found in the signed headers",
		},
		"signed header removed": {after(without("X-Project-Id")), calc + "a signed header is missing"},
		"no security token": {
			func(s *signedRequest) {
				*s = signedWith(temporary())
				s.key.SecurityToken, s.signed = "", permanentHeaders
			},
			"decrypt token fail",
		},
		"wrong security token":               {func(s *signedRequest) { *s = signedWith(temporary()); s.key.SecurityToken = "else" }, "decrypt token fail"},
		"security token for a permanent key": {func(s *signedRequest) { s.key.SecurityToken, s.signed = "else", temporaryHeaders }, "decrypt token fail"},
		"other algorithm":                    {after(replaced("SDK-HMAC-SHA256", "SDK-HMAC-SM3")), "Authorization format incorrect"},
		"no signature":                       {after(replaced(", Signature=", "")), "Authorization format incorrect"},
		"other field":                        {after(replaced("Access=", "Credential=")), "Authorization format incorrect"},
		"other signature":                    {after(replaced("Signature=", "Signature=A")), wrong},
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
					t.Errorf("counted %+v, want one request, not refused", requests)
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
				t.Errorf("counted %+v, want one request, refused", requests)
			}
			for _, secret := range []string{"secret-of", "token-of", "else"} {
				if strings.Contains(got.body, secret) {
					t.Errorf("the response contains a secret: %s", got.body)
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

func TestTemporaryKeyExpires(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
