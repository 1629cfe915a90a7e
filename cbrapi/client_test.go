package cbrapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/test/pause"
)

const noTask = `{"error_code":"BackupService.6500"}`

// newLookupClient returns a client that has to look its project id up. iam serves the
// requests to IAM; other requests are recorded with their paths, and find no task.
func newLookupClient(t *testing.T, visibleOnly bool, iam http.HandlerFunc) (c *cbrapi.Client, paths func() []string) {
	t.Helper()
	var (
		mu   sync.Mutex
		seen []string
	)
	o := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v3/projects" || r.URL.Path == "/v3/auth/projects" {
			iam(w, r)
			return
		}
		mu.Lock()
		seen = append(seen, r.URL.Path)
		mu.Unlock()
		reply(http.StatusNotFound, "application/json", noTask)(w, r)
	})
	var signed atomic.Pointer[string]
	next := o.Transport
	o.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		if cbrapi.Operation(req.Context()) == "ShowOpLog" {
			id := cbrapi.ProjectID(req.Context())
			signed.Store(&id)
		}
		return next.RoundTrip(req)
	})
	t.Cleanup(func() {
		if id := signed.Load(); id != nil && *id != projectID {
			t.Errorf("the transport sees the project id %q, want %q", *id, projectID)
		}
	})
	o.ProjectLookup = &cbrapi.ProjectLookup{IAM: newIAM(t, o), Name: "cn-north-4", VisibleOnly: visibleOnly}
	c, err := cbrapi.New(o, "")
	if err != nil {
		t.Fatal(err)
	}
	return c, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

func TestProjectIDIsLookedUpOnce(t *testing.T) {
	for name, visibleOnly := range map[string]bool{"all projects": false, "visible projects": true} {
		t.Run(name, func(t *testing.T) {
			var lookups atomic.Int64
			c, paths := newLookupClient(t, visibleOnly, func(w http.ResponseWriter, r *http.Request) {
				if lookups.Add(1); strings.HasPrefix(r.URL.Path, "/v3/auth") != visibleOnly {
					t.Errorf("the lookup requests %s", r.URL)
				}
				time.Sleep(10 * time.Millisecond) // so that the requests share it
				projectList("cn-north-4", projectID)(w, r)
			})
			if lookups.Load() != 0 || c.ProjectID() != "" {
				t.Errorf("%d lookups and the id %q before the first request", lookups.Load(), c.ProjectID())
			}
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if err := get(t.Context(), c); !cbrapi.IsNotFound(err) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			_ = get(t.Context(), c)
			if got := lookups.Load(); got != 1 || c.ProjectID() != projectID {
				t.Errorf("%d lookups and the id %q, want one and %s", got, c.ProjectID(), projectID)
			}
			for _, path := range paths() {
				if want := "/v3/" + projectID + "/operation-logs/" + taskID; path != want {
					t.Errorf("requested %s, want %s", path, want)
				}
			}
		})
	}
}

// A failed lookup fails the request, and the next request tries again.
func TestProjectLookupFails(t *testing.T) {
	for name, test := range map[string]struct {
		iam  http.HandlerFunc
		want string // in the error
	}{
		"no such project": {projectList("cn-north-1", otherID), `no project has the name "cn-north-4"; found: "cn-north-1" with the id ` + otherID},
		"no permission":   {reply(http.StatusForbidden, "application/json", `{}`), "HTTP status 403: {}"},
		"refused":         {reply(http.StatusUnauthorized, "application/json", `{}`), "HTTP status 401: {}"},
	} {
		t.Run(name, func(t *testing.T) {
			fails := true
			c, paths := newLookupClient(t, true, func(w http.ResponseWriter, r *http.Request) {
				if fails {
					test.iam(w, r)
					return
				}
				projectList("cn-north-4", projectID)(w, r)
			})
			for range 2 {
				err := get(t.Context(), c)
				if !errors.Is(err, cbrapi.ErrProjectID) || !cbrapi.StopsAll(err) || !strings.HasPrefix(err.Error(), "resolving the project id at 127.0.0.1:") || !strings.HasSuffix(err.Error(), test.want) {
					t.Errorf("the error is %v, want ErrProjectID with %q", err, test.want)
				}
			}
			if got := paths(); got != nil {
				t.Errorf("requested %q without a project id", got)
			}
			fails = false
			if err := get(t.Context(), c); !cbrapi.IsNotFound(err) {
				t.Error(err)
			}
		})
	}
}

// A lookup goes on when the request that began it ends, and serves the others.
func TestProjectLookupOutlivesItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lookups := 0
		o := cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			respond := reply(http.StatusNotFound, "application/json", noTask)
			if cbrapi.Operation(req.Context()) != "ShowOpLog" {
				lookups++
				if err := pause.For(req.Context(), 20*time.Second); err != nil {
					return nil, err
				}
				respond = projectList("cn-north-4", projectID)
			}
			w := httptest.NewRecorder()
			respond(w, req)
			response := w.Result()
			response.Request = req
			return response, nil
		})}
		iam := newIAM(t, cbrapi.Options{Endpoint: "https://iam.example.com", Transport: o.Transport})
		o.ProjectLookup = &cbrapi.ProjectLookup{IAM: iam, Name: "cn-north-4", VisibleOnly: true}
		c, err := cbrapi.New(o, "")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := getWithin(t, time.Second, c); !errors.Is(err, context.DeadlineExceeded) || err.Error() != "resolving the project id at iam.example.com: context deadline exceeded" {
				t.Errorf("the error is %v, want that IAM did not respond", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if err := get(t.Context(), c); !cbrapi.IsNotFound(err) {
				t.Error(err)
			}
		})
		wg.Wait()
		if lookups != 1 {
			t.Errorf("%d lookups, want one", lookups)
		}
	})
}

func TestLookupDeadlineStopsNothing(t *testing.T) {
	release := make(chan struct{})
	c, _ := newLookupClient(t, true, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	err := getWithin(t, 20*time.Millisecond, c)
	if !errors.Is(err, cbrapi.ErrProjectID) || cbrapi.ReasonOf(err) != cbrapi.ReasonDeadline || cbrapi.StopsAll(err) {
		t.Errorf("the error is %v, want ErrProjectID for the reason deadline", err)
	}
}

func TestClientNeedsAProject(t *testing.T) {
	if c, err := cbrapi.New(cbrapi.Options{Endpoint: "https://cbr.example.com"}, ""); err == nil {
		t.Errorf("New() = %v, want an error", c)
	}
}
