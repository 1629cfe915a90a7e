package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

// refusing answers with status 401 and what it is to say of the request.
func refusing(says func(*http.Request) string) roundTripper {
	return func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusUnauthorized,
			Header:     http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}},
			Body:       io.NopCloser(strings.NewReader(says(req))),
			Request:    req,
		}, nil
	}
}

// asking returns what asks the API for a task through the RoundTripper, as the
// exporter does, and returns the error.
func asking(t *testing.T, rt http.RoundTripper) func() string {
	t.Helper()
	client, err := cbrapi.New(cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: rt}, "p")
	if err != nil {
		t.Fatal(err)
	}
	return func() string {
		_, err := client.OperationLog(t.Context(), "4827f2da-b008-4507-ab7d-42d0df5ed912")
		if err == nil {
			t.Fatal("no error")
		}
		if cbrapi.ReasonOf(err) != cbrapi.ReasonCredentials && cbrapi.ReasonOf(err) != cbrapi.ReasonClock {
			t.Errorf("the reason of %q is %s", err, cbrapi.ReasonOf(err))
		}
		return err.Error()
	}
}

// TestGuardSaysWhatTheCloudSaid asks twice: the second error says why nothing is
// sent, and the first what the client has read after the guard. The bubble's clock
// begins with the year 2000.
func TestGuardSaysWhatTheCloudSaid(t *testing.T) {
	const (
		secret = "a-secret/which+nobody=may see"
		before = "ShowOpLog: the credentials were refused at 2000-01-01T00:00:00Z: "
		after  = "; they are tried again at 2000-01-01T00:05:00Z, or at once when they are changed"
	)
	long := strings.Repeat("x", 400)
	says := func(text string) func(*http.Request) string {
		return func(*http.Request) string { return text }
	}
	token := func(next http.RoundTripper) http.RoundTripper {
		return credentials.Token(credentials.Fixed(secret), next)
	}
	key := func(next http.RoundTripper, now func() time.Time) http.RoundTripper {
		return credentials.Sign(credentials.KeysFrom(credentials.Fixed("AKAKAKAK"), credentials.Fixed("SK"), credentials.Fixed(secret)), "", next, now)
	}
	cases := map[string]struct {
		rt   http.RoundTripper
		said string // by the cloud
		want string // all of the second error, where it is not the usual one
	}{
		"a token": {
			rt:   token(refusing(says(`{"error_code":"APIGW.0301","error_msg":"decrypt token fail","request_id":"r-1"}`))),
			said: "ShowOpLog: HTTP status 401: APIGW.0301: decrypt token fail (request id r-1)",
		},
		"the token itself": {
			rt: token(refusing(func(req *http.Request) string {
				return fmt.Sprintf(`{"error_msg":"cannot decrypt %s"}`, req.Header.Get("X-Auth-Token"))
			})),
			said: "ShowOpLog: HTTP status 401: cannot decrypt <secret>",
		},
		"the signature itself": {
			rt: key(refusing(func(req *http.Request) string {
				return req.Header.Get("Authorization") + " and " + req.Header.Get("X-Security-Token")
			}), time.Now),
			said: "ShowOpLog: HTTP status 401: <secret> and <secret>",
		},
		"more than is shown": {
			rt:   token(refusing(says(long))),
			said: "ShowOpLog: HTTP status 401: " + long[:300] + "…",
		},
		"nothing": {
			rt:   token(refusing(says(""))),
			said: "ShowOpLog: HTTP status 401: the answer is empty",
		},
		"a signature of another time": {
			rt:   key(refusing(says(`{"error_msg":"signature expired"}`)), func() time.Time { return time.Now().Add(-time.Hour) }),
			said: "ShowOpLog: HTTP status 401: signature expired (by the API's clock ours is 1h0m0s off)",
			want: "ShowOpLog: a signature was refused at 2000-01-01T00:00:00Z because our clock is off: " +
				"ShowOpLog: HTTP status 401: signature expired (by the API's clock ours is 1h0m0s off); the next is sent at 2000-01-01T00:05:00Z",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ask := asking(t, credentials.NewGuard(time.Now).Watch(credentials.Fixed("T"), credentials.RiskToken, test.rt))
				if got := ask(); got != test.said {
					t.Errorf("first, got\n%s, want\n%s", got, test.said)
				}
				want := test.want
				if want == "" {
					want = before + test.said + after
				}
				if got := ask(); got != want {
					t.Errorf("then, got\n%s, want\n%s", got, want)
				}
			})
		})
	}
}

// TestGuardSaysWhatTheLoginSaid has a login be refused for one project, and in the
// end for the user.
func TestGuardSaysWhatTheLoginSaid(t *testing.T) {
	const said = "KeystoneCreateUserTokenByPassword: HTTP status 401: 401: The username or password is wrong."
	login := func(context.Context) (cbrapi.Token, error) {
		return cbrapi.Token{}, fmt.Errorf("%w: %w", cbrapi.ErrLogin, &cbrapi.Error{
			Operation: "KeystoneCreateUserTokenByPassword", StatusCode: http.StatusUnauthorized,
			Code: "401", Message: "The username or password is wrong.",
		})
	}
	unused := roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("a request without a token")
	})
	synctest.Test(t, func(t *testing.T) {
		guard := credentials.NewGuard(time.Now)
		user := credentials.Fixed("user")
		project := func(name string) func() string {
			identity := credentials.Fixed(name)
			tokens := credentials.NewPassword(guard.Login(user, identity, login), unused, time.Now)
			return asking(t, guard.WatchLogin(user, identity, tokens))
		}
		const later = "ShowOpLog: the credentials were refused at 2000-01-01T00:00:00Z: " + said +
			"; they are tried again at 2000-01-01T01:00:00Z, or at once when they are changed"
		for _, name := range []string{"one", "two", "three"} {
			ask := project(name)
			if got, want := ask(), "ShowOpLog: login failed: "+said; got != want {
				t.Errorf("project %s: got\n%s, want\n%s", name, got, want)
			}
			if got := ask(); got != later {
				t.Errorf("project %s, then: got\n%s, want\n%s", name, got, later)
			}
		}
		if got := project("four")(); got != later {
			t.Errorf("a project that has not been tried: got\n%s, want\n%s", got, later)
		}
	})
}
