package exporter_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestReload loads another configuration, then an invalid one.
func TestReload(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		one, other := loadAPI(t, "three_tasks"), loadAPI(t, "vendor_sample")
		e := startAPI(t, configuration(one.project()), one, other)
		e.scrape(t)

		e.configuration = configuration(other.project())
		if status, body := e.do(t, http.MethodPost, "/-/reload", nil); status != http.StatusOK {
			t.Fatalf("reload: got status %d: %s", status, body)
		}
		page := e.scrape(t)
		if !strings.Contains(page, other.ids[0]) || strings.Contains(page, one.ids[0]) {
			t.Errorf("the page does not have the tasks of the new configuration:\n%s", page)
		}

		e.configuration = strings.ReplaceAll(e.configuration, "task_ids", "task_idz")
		status, body := e.do(t, http.MethodPost, "/-/reload", nil)
		if status != http.StatusInternalServerError || !strings.Contains(body, "task_idz") {
			t.Errorf("got status %d and %q, want 500 and the unknown key", status, body)
		}
		expectLines(t, "after an invalid configuration", e.scrape(t),
			"cbr_exporter_config_last_reload_successful 0", `cbr_up{project="test"} 1`)
		if got := e.log.String(); !strings.Contains(got, "reloading the configuration failed; keeping the current one") {
			t.Errorf("the log does not have the failure:\n%s", got)
		}
		if _, body := e.do(t, http.MethodGet, "/", nil); !strings.Contains(body, "The configuration was refused") || !strings.Contains(body, "task_idz") {
			t.Errorf("the page for people does not have the failure:\n%s", body)
		}

		e.configuration = strings.ReplaceAll(e.configuration, "task_idz", "task_ids")
		e.do(t, http.MethodPost, "/-/reload", nil)
		if _, body := e.do(t, http.MethodGet, "/", nil); strings.Contains(body, "refused") {
			t.Errorf("the page for people still has the failure:\n%s", body)
		}
	})
}

// TestReloadDuringScrape reloads the configuration while a scrape waits for an API that
// hangs. The scrape goes on with the new configuration and has no failure.
func TestReloadDuringScrape(t *testing.T) {
	cases := []struct {
		name, path string
		project    string // after the reload
		status     int
		want       string
	}{
		{"all projects", "/metrics", "test", 200, `cbr_scrape_error{project="test",reason="other"} 0`},
		{"project stays", "/probe?project=test", "test", 200, `cbr_scrape_collector_success{collector="tasks",project="test"} 1`},
		{"project is removed", "/probe?project=test", "other", 404, "There is no project \"test\". The projects are:\nother"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				hanging, working := loadAPI(t, "vendor_sample"), loadAPI(t, "three_tasks")
				hanging.everyFault = hang
				e := startAPI(t, configuration(hanging.project()), hanging, working)
				var status int
				var page string
				done := make(chan struct{})
				go func() {
					defer close(done)
					status, page = e.do(t, http.MethodGet, c.path, nil)
				}()
				synctest.Wait()
				e.configuration = configuration(named(working.project(), c.project))
				if err := e.Reload(); err != nil {
					t.Fatal(err)
				}
				<-done
				if status != c.status || !strings.Contains(page, c.want+"\n") {
					t.Errorf("got status %d, want %d and %s in\n%s", status, c.status, c.want, page)
				}
				if log := e.log.String(); strings.Contains(log, "level=warn") {
					t.Errorf("the log has a failure:\n%s", log)
				}
			})
		})
	}
}

// TestPageAfterReload has the page for people show after a reload what was known before.
func TestPageAfterReload(t *testing.T) {
	project := func(name, ids string) string {
		return fmt.Sprintf(`
  - name: %s
    project_id: %s
    endpoint: https://cbr.test
    credentials: {token: %s}
    vaults: {grace: 1h}
    discovery: {stuck_after: 1h}
    task_ids: [%s]
`, name, projectID, token, ids)
	}
	configured := project("test", taskID("1"))
	cases := []struct {
		name, configuration string
		want                []string // of each project: its name, state and the time of its pass
		resources           int      // in the inherited vaults at least
	}{
		{"same", configuration(configured), []string{"test attention 2026-11-20T12:00:00Z"}, 1},
		{"other judgement", configuration(strings.ReplaceAll(configured, "1h", "2h")), []string{"test attention 2026-11-20T12:00:00Z"}, 1},
		{"one more project", configuration(project("new", ""), configured), []string{"test attention 2026-11-20T12:00:00Z", "new blind <nil>"}, 1},
		{"other project", configuration(project("other", taskID("1"))), []string{"other blind <nil>"}, 0},
		{"other configured tasks", configuration(project("test", taskID("2"))), []string{"test attention <nil>"}, 1},
		{"other lookback", configuration(strings.Replace(configured, "stuck_after: 1h", "lookback: 20d", 1)), []string{"test attention <nil>"}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}})
				cloud.Add(backup("1", "failed", -60, -50))
				cloud.SetVaults(vault("1", "vault-db", bound("1")))
				e := start(t, hosts{"cbr.test": cloud}, configuration(configured))
				e.Refresh(t.Context())
				synctest.Wait()
				for range 2 { // the second one inherits what the first one has inherited
					time.Sleep(time.Minute)
					e.configuration = c.configuration
					if err := e.Reload(); err != nil {
						t.Fatal(err)
					}
				}
				got := e.status(t)
				var projects []string
				for _, p := range got.Projects {
					at := "<nil>"
					if p.At != nil {
						at = p.At.Format(time.RFC3339)
					}
					projects = append(projects, fmt.Sprint(p.Name, " ", p.State, " ", at))
				}
				if !slices.Equal(projects, c.want) || got.Resources.All != c.resources {
					t.Errorf("got projects %q and %d resources, want %q and %d", projects, got.Resources.All, c.want, c.resources)
				}
				e.Refresh(t.Context())
				synctest.Wait()
				if got := e.status(t); got.Resources.All == 0 || !got.At.Equal(minutes(2)) {
					t.Errorf("after the next scrape: got %d resources at %s, want some at %s", got.Resources.All, got.At, minutes(2))
				}
			})
		})
	}
}

// TestReloadKeepsFinishedTasks adds an id while the API fails: tasks that have ended
// stay on the page.
func TestReloadKeepsFinishedTasks(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "statuses")
		e := startAPI(t, configuration(api.project()), api)
		e.scrape(t)
		api.everyFault = answer(http.StatusServiceUnavailable, "")
		e.configuration = strings.Replace(e.configuration, "task_ids: [", "task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912, ", 1)
		if err := e.Reload(); err != nil {
			t.Fatal(err)
		}
		page := e.scrape(t)
		if got := strings.Count(page, `status="success",task_id=`); got != 4 {
			t.Errorf("got the status of %d tasks, want the 4 that have ended:\n%s", got, page)
		}
	})
}

// TestScrapeDuringSlowReload has the configuration take five seconds to load. A scrape
// does not wait for it, and the counters of a removed project go away.
func TestScrapeDuringSlowReload(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		cloud := answer(http.StatusBadGateway, "")
		name, slow := "old", time.Duration(0)
		e := start(t, hosts{"old.test": cloud, "new.test": cloud}, "", func(o *exporter.Options) {
			o.Load = func() (*config.Config, error) {
				time.Sleep(slow)
				return config.Parse("test.yml", ".", []byte("projects:"+projectAt(name, token, []string{"4827f2da-b008-4507-ab7d-42d0df5ed912"})), nil)
			}
		})
		e.get(t, "/metrics", "10")
		if page := e.get(t, "/-/metrics", "10"); !strings.Contains(page, `project="old"`) {
			t.Errorf("the page has no counters of the project:\n%s", page)
		}

		name, slow = "new", 5*time.Second
		done := make(chan error)
		go func() { done <- e.Reload() }()
		time.Sleep(time.Second)
		began := time.Now()
		e.get(t, "/metrics", "2")
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("a scrape during the reload took %s", took)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		e.get(t, "/metrics", "10")
		if page := e.get(t, "/metrics", "10"); strings.Contains(page, `project="old"`) || !strings.Contains(page, `project="new"`) {
			t.Errorf("after the reload:\n%s", page)
		}
	})
}
