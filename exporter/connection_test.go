package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/exporter"
)

// connect checks the connection of the only project.
func connect(t *testing.T, e *running) exporter.Connection {
	t.Helper()
	connections := e.CheckConnections(t.Context())
	if len(connections) != 1 {
		t.Fatalf("got %d connections, want 1", len(connections))
	}
	return connections[0]
}

// TestClockOffset has answers say what time it is by the API's clock.
func TestClockOffset(t *testing.T) {
	const agrees = "; this machine's clock agrees with the API's"
	for name, test := range map[string]struct {
		ahead  time.Duration // of the API's clock, in the answer
		header http.Header   // besides, or instead
		took   time.Duration // by the request
		status int
		says   string // at the end; "" where nothing is said
	}{
		"the same time":      {status: 200, says: agrees},
		"a second ahead":     {ahead: time.Second, status: 200, says: agrees},
		"a second behind":    {ahead: -time.Second, status: 200, says: agrees},
		"ahead":              {ahead: 3 * time.Second, status: 200, says: "; this machine's clock is 4 s behind the API's"}, // with the half second that is cut off
		"behind":             {ahead: -3 * time.Second, status: 200, says: "; this machine's clock is 2 s ahead of the API's"},
		"far behind":         {ahead: -20 * time.Minute, status: 200, says: "; this machine's clock is 20 min ahead of the API's"},
		"a slow request":     {ahead: 5 * time.Second, took: 10 * time.Second, status: 200, says: agrees},
		"no such task":       {ahead: time.Hour, status: 404, says: "; check task_ids; this machine's clock is 60 min behind the API's"},
		"does not say":       {header: http.Header{"Date": nil}, status: 200},
		"cannot be read":     {header: http.Header{"Date": {"noon"}}, status: 200},
		"kept by a cache":    {ahead: -time.Hour, header: http.Header{"Age": {"3600"}}, status: 200},
		"something is amiss": {ahead: time.Hour, status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
			var c clock
			show := api.server.Config.Handler
			api.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", noon().Add(test.ahead).Format(http.TimeFormat))
				for name, values := range test.header {
					w.Header()[name] = values
				}
				c.pass(test.took)
				switch test.status {
				case http.StatusNotFound:
					answer(test.status, `{"error_code":"BackupService.6500"}`)(w, r)
				case http.StatusOK:
					show.ServeHTTP(w, r)
				default:
					answer(test.status, "")(w, r)
				}
			})
			got := connect(t, startAt(t, c.now, api.project()))
			said := got.String()
			if works := test.status != 503; (got.Err == nil) != works || works && !strings.HasSuffix(said, test.says) {
				t.Errorf("got %q, want %q at its end", said, test.says)
			}
			if test.says == "" && strings.Contains(said, "clock") {
				t.Errorf("got %q, want nothing of clocks", said)
			}
			if want := test.says != "" || test.status == 503; got.ClockKnown != want {
				t.Errorf("got an offset of %s, known: %t, want it to be known: %t", got.ClockOffset, got.ClockKnown, want)
			}
		})
	}
}

// TestClockOffsetAfterALogin has IAM's clock be another one: that of the answer
// which came last counts.
func TestClockOffsetAfterALogin(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	show := api.server.Config.Handler
	at := func(ahead time.Duration, h http.HandlerFunc) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", noon().Add(ahead).Format(http.TimeFormat))
			h(w, r)
		})
	}
	api.server.Config.Handler = at(time.Minute, show.ServeHTTP)
	iam := httptest.NewServer(at(24*time.Hour, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Subject-Token", token)
		answer(http.StatusCreated, `{"token":{}}`)(w, r)
	}))
	t.Cleanup(iam.Close)
	got := connect(t, start(t, strings.Replace(api.project(), "credentials: {token: "+token+"}",
		fmt.Sprintf("iam_endpoint: %s\n    credentials: {username: u, password: p, domain_name: d}", iam.URL), 1)))
	if want := time.Minute + time.Second/2; got.Err != nil || !got.ClockKnown || got.ClockOffset != want {
		t.Errorf("got the error %v and an offset of %s, known: %t, want %s", got.Err, got.ClockOffset, got.ClockKnown, want)
	}
}

// TestConnectionsShareARefusal checks two projects with one token, which is sent
// once: both are told what the API has against it.
func TestConnectionsShareARefusal(t *testing.T) {
	api := newAPI(t, filepath.Join("testdata", "vendor_sample.json"))
	api.everyFault = answer(http.StatusUnauthorized, `{"error_code":"APIGW.0301","error_msg":"decrypt token fail"}`)
	e := start(t, api.project()+strings.Replace(api.project(), "name: test", "name: other", 1))
	var refused, unsent int
	for _, c := range e.CheckConnections(t.Context()) {
		if !strings.Contains(c.String(), "ShowOpLog: HTTP status 401: APIGW.0301: decrypt token fail; ") {
			t.Errorf("the API's answer is not in: %s", c)
		}
		if strings.Contains(c.String(), "; they are tried again at ") {
			unsent++
		} else {
			refused++
		}
	}
	if refused != 1 || unsent != 1 {
		t.Errorf("got %d refusals and %d requests that were not sent, want one each", refused, unsent)
	}
}
