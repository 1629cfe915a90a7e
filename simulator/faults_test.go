package simulator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status  int
		code    string
		message string
	}{
		"error":        {500, "APIGW.0201", "Internal Server Error"},
		"unauthorized": {401, "APIGW.0301", "authentication"},
		"throttled":    {429, "APIGW.0308", "throttling threshold"},
		"forbidden":    {403, "APIGW.0306", "denied"},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, _ := newCloud(1)
			cloud.SetFault(func(*http.Request) simulator.Fault { return simulator.Fault{Status: test.status} })
			for _, path := range []string{listPath, taskPath(simulator.SampleTaskID), vaultsPath, policiesPath, backupsPath, protectablesPath("server")} {
				got := get(cloud, path, fixedToken)
				body := decode(t, got.body)
				if got.status != test.status || body["error_code"] != test.code || !strings.Contains(body["error_msg"].(string), test.message) {
					t.Errorf("got %d %s, want %d %s", got.status, got.body, test.status, test.code)
				}
				if body["request_id"] != got.header.Get("X-Request-Id") {
					t.Errorf("request id: got %s", got.body)
				}
			}
			if got := get(cloud, "/v3/auth/projects", fixedToken); got.status != 200 {
				t.Errorf("IAM: got %d", got.status)
			}
			cloud.SetFault(nil)
			if got := show(cloud, simulator.SampleTaskID); got.status != 200 {
				t.Errorf("afterwards: got %d", got.status)
			}
			if got, want := cloud.Requests(), (simulator.Requests{Seen: 8, Listed: 1, Shown: 2, Vaults: 1, Policies: 1, Backups: 1, Protectables: 1}); got != want {
				t.Errorf("counted %+v, want %+v", got, want)
			}
		})
	}
}

func TestFaultOfSomeRequests(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(1)
	cloud.SetFault(func(r *http.Request) (f simulator.Fault) {
		if r.URL.Query().Get("offset") == "1" {
			f.Status = 503
		}
		return f
	})
	for query, want := range map[string]int{"": 200, "offset=1": 503, "offset=2": 200} {
		if got := get(cloud, listPath+"?"+query, fixedToken).status; got != want {
			t.Errorf("%q: got %d, want %d", query, got, want)
		}
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Options{
			Now: time.Now, Tokens: []string{fixedToken}, Empty: true,
			Latency: func(r *http.Request) time.Duration {
				if r.URL.Path == listPath {
					return 3 * time.Second
				}
				return time.Second
			},
		})
		start := time.Now()
		cloud.Add(simulator.Task{Started: start.Add(2 * time.Second)})

		// The response describes the moment it is sent.
		got := get(cloud, listPath, fixedToken)
		if took := time.Since(start); took != 3*time.Second || got.header.Get("Date") != time.Now().UTC().Format(http.TimeFormat) {
			t.Errorf("took %v, Date %s", took, got.header.Get("Date"))
		}
		if !strings.Contains(got.body, `"running"`) {
			t.Errorf("got %s", got.body)
		}
		get(cloud, taskPath(simulator.SampleTaskID), fixedToken)
		if took := time.Since(start); took != 4*time.Second {
			t.Errorf("both took %v", took)
		}
		get(cloud, vaultsPath, fixedToken)
		get(cloud, policiesPath, fixedToken)
		if took := time.Since(start); took != 6*time.Second {
			t.Errorf("with vaults and policies they took %v", took)
		}
		get(cloud, "/v3/auth/projects", fixedToken)
		if took := time.Since(start); took != 6*time.Second {
			t.Errorf("with IAM it took %v", took)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		do(cloud, httptest.NewRequestWithContext(ctx, http.MethodGet, listPath, nil))
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("with a cancelled request it took %v", took)
		}
	})
}
