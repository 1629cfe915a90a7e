package overview_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

const healthy = "Tasks: read at 12:00:00 UTC."

// configured returns a snapshot of a project with task_ids alone, just after a pass.
func configured(all ...tasks.Task) protection.Snapshot {
	return protection.Snapshot{Snapshot: tasks.Snapshot{Project: "test", Complete: true, LastComplete: noon, At: noon, Tasks: all}}
}

func configuredTask(status cbrapi.Status) tasks.Task {
	return tasks.Task{ID: "1", Known: true, Log: operationLog("1", status, hoursAgo(2), hoursAgo(2), hoursAgo(1))}
}

func with(s protection.Snapshot, change func(*protection.Snapshot)) protection.Snapshot {
	s.Info.Hints.Project = "project_id"
	change(&s)
	return s
}

// refused is a project of which the lists are refused for an hour.
func refused(s protection.Snapshot, reason cbrapi.Reason) protection.Snapshot {
	return with(s, func(s *protection.Snapshot) {
		s.Discovered.Complete, s.Discovered.LastComplete = false, hoursAgo(1)
		s.Reasons = map[cbrapi.Reason]bool{reason: true}
		s.Problems = []problem.Problem{{Reason: reason, Err: errors.New("ListOpLogs: HTTP status 403 <b>"), Since: hoursAgo(1)}}
	})
}

// TestProjects checks what is said of a project.
func TestProjects(t *testing.T) {
	t.Parallel()
	success := state("1", cbrapi.StatusSuccess, hoursAgo(1))
	const permission = "Tasks could not be read. Reason: permission; allow cbr:tasks:list and cbr:tasks:get, for example with the system policy CBR ReadOnlyAccess; " +
		"if that is granted, check project_id, and set enterprise_project_id if it is granted in an enterprise project. "
	for name, c := range map[string]struct {
		snapshot protection.Snapshot
		state    overview.State
		summary  string
		reading  string
	}{
		"in time":    {discovered(success), overview.StateOK, "The only backup that is judged is in time.", healthy},
		"one failed": {discovered(state("1", cbrapi.StatusFailed, hoursAgo(1))), overview.StateAttention, "1 backup is failing.", healthy},
		"no resource": {
			discovered(), overview.StateOK,
			"No finished task of a resource is known. If there should be some, check project_id, enterprise_project_id and discovery.", healthy,
		},
		"refused, no resource": {
			refused(discovered(), cbrapi.ReasonPermission), overview.StateBlind, "",
			permission + "Tasks: last read completely at 11:00:00 UTC.",
		},
		"refused, in time": {
			refused(discovered(success), cbrapi.ReasonPermission), overview.StateBlind, "",
			permission + "Tasks: last read completely at 11:00:00 UTC.",
		},
		"refused, failing": {
			refused(discovered(state("1", cbrapi.StatusFailed, hoursAgo(1))), cbrapi.ReasonPermission), overview.StateAttention, "1 backup is failing.",
			permission + "Tasks: last read completely at 11:00:00 UTC.",
		},
		"one task":        {configured(configuredTask(cbrapi.StatusSuccess)), overview.StateOK, "", "Configured tasks: read at 12:00:00 UTC."},
		"one failed task": {configured(configuredTask(cbrapi.StatusTimeout)), overview.StateAttention, "1 configured task failed.", "Configured tasks: read at 12:00:00 UTC."},
		"tasks and discovery": {
			with(discovered(success), func(s *protection.Snapshot) {
				s.Tasks, s.LastComplete = []tasks.Task{configuredTask(cbrapi.StatusFailed), configuredTask(cbrapi.StatusFailed)}, noon
			}),
			overview.StateAttention, "2 configured tasks failed.", "Configured tasks: read at 12:00:00 UTC. " + healthy,
		},
		"three days later": {
			with(configured(configuredTask(cbrapi.StatusSuccess)), func(s *protection.Snapshot) { s.At, s.LastComplete = hoursAgo(72), hoursAgo(72) }),
			overview.StateBlind, "", "Configured tasks: read at 2026-11-17 12:00:00 UTC. Nothing has been read for 3 days. Is Prometheus still scraping?",
		},
		"before the first full sync": {
			with(discovered(), func(s *protection.Snapshot) {
				s.Discovered = &tasks.Discovered{}
			}),
			overview.StateBlind, "Resources are shown once the whole task list has been read.", "Tasks: not read completely yet.",
		},
		"before the vaults are read": {
			with(discovered(success), func(s *protection.Snapshot) {
				s.Inventory = &inventory.Snapshot{Reading: inventory.Reading{Waiting: true, Reasons: map[cbrapi.Reason]bool{cbrapi.ReasonDeadline: true}}}
			}),
			overview.StateBlind, "Tasks and resources are shown once the vaults have been read.",
			"Vaults or policies could not be read. Reason: deadline; raise the scrape_timeout of Prometheus and scrape.timeout, or find out why the API is slow. " +
				"Tasks: not read completely yet. Vaults and policies: not read completely yet.",
		},
		"vaults were read": {
			with(discovered(success), func(s *protection.Snapshot) {
				s.Inventory = inventoryOf(t, []*cbrapi.Vault{vault("vault-1", "vault-db", "resource-1")}, policy("nightly", daily, "vault-1"))
				s.Inventory.Complete, s.Inventory.LastComplete = false, noon.Add(-7*time.Minute)
				s.Inventory.Reasons = map[cbrapi.Reason]bool{cbrapi.ReasonUpstream: true}
				s.Inventory.Problems = []problem.Problem{{Reason: cbrapi.ReasonUpstream, Err: errors.New("ListVault: HTTP status 500"), Since: noon.Add(-time.Minute)}}
			}),
			overview.StateBlind, "", "Vaults or policies could not be read. Reason: upstream; check ; if it is right, the service is failing. " +
				healthy + " Vaults and policies: last read completely at 11:53:00 UTC.",
		},
		"every verdict": {
			everyVerdict(t), overview.StateAttention,
			"3 backups are overdue, the longest without a success for 30 days; 4 operations are failing; 1 vault is not available; 1 vault is full; " +
				"3 resources are not covered by a policy; 1 failed task names no resource; 1 policy is disabled. " +
				"Policies that run too rarely to be judged at all times by the tasks that are known: yearly.",
			healthy + " Vaults and policies: read at 11:59:00 UTC.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := get(t, "", source(c.snapshot)).Projects[0]
			if got.State != c.state || got.Summary != c.summary || got.Reading != c.reading {
				t.Errorf("got %s:\n%s\n%s\nwant %s:\n%s\n%s", got.State, got.Summary, got.Reading, c.state, c.summary, c.reading)
			}
			if count := len(c.snapshot.Problems); c.snapshot.Inventory == nil && len(got.Problems) != count {
				t.Errorf("got the problems %v, want %d", got.Problems, count)
			}
		})
	}
}

// TestUnscrapedBetweenMinutes is about ages that are relative to the last full minute: all
// are, so that the page is the same until the next one.
func TestUnscrapedBetweenMinutes(t *testing.T) {
	t.Parallel()
	s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)))
	s.At = noon.Add(-5*time.Minute - 20*time.Second)
	s.Discovered.LastComplete, s.Discovered.SyncedAt = s.At, s.At
	o := options(source(s))
	o.Now = func() time.Time { return noon.Add(40 * time.Second) }
	got := decode[overview.Status](t, overview.New(o).ServeStatus, "/api/v1/status", http.StatusOK)
	want := "Tasks: read at 11:54:40 UTC. Nothing has been read for 5 min. Is Prometheus still scraping?"
	if reading := got.Projects[0].Reading; reading != want {
		t.Errorf("got %q, want %q", reading, want)
	}
}

// TestProject has all that is said of a project.
func TestProject(t *testing.T) {
	t.Parallel()
	s := refused(discovered(), cbrapi.ReasonUpstream)
	s.Info.Hints.Endpoint = "endpoint"
	s.Inventory = &inventory.Snapshot{Reading: inventory.Reading{
		Complete: true, LastComplete: noon,
		Problems: []problem.Problem{{Reason: cbrapi.ReasonPermission, Err: errors.New("ListVault: HTTP status 403"), Since: noon.Add(-time.Minute)}},
	}}
	want := overview.Project{
		Name: "test", State: overview.StateBlind, Blind: true,
		Reading: "Tasks could not be read. Reason: upstream; check endpoint; if it is right, the service is failing. " +
			"Tasks: last read completely at 11:00:00 UTC. Vaults and policies: read at 12:00:00 UTC.",
		At: new(noon),
		Problems: []overview.Problem{
			{Reason: "upstream", Error: "ListOpLogs: HTTP status 403 <b>", Since: hoursAgo(1)},
			{Reason: "permission", Error: "ListVault: HTTP status 403", Since: noon.Add(-time.Minute)},
		},
	}
	if diff := cmp.Diff(want, get(t, "", source(s)).Projects[0]); diff != "" {
		t.Errorf("the project differs (-want +got):\n%s", diff)
	}
	unscraped := overview.Source{Snapshot: protection.Snapshot{Snapshot: tasks.Snapshot{Project: "test"}}}
	want = overview.Project{
		Name: "test", State: overview.StateBlind, Blind: true, Problems: []overview.Problem{},
		Summary: "No data yet. The exporter reads the API when it is scraped.",
	}
	if diff := cmp.Diff(want, get(t, "", unscraped).Projects[0]); diff != "" {
		t.Errorf("the project before the first scrape differs (-want +got):\n%s", diff)
	}
}

// TestOrderOfProjects has the worst project last in the configuration.
func TestOrderOfProjects(t *testing.T) {
	t.Parallel()
	good := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)))
	got := get(t, "",
		source(called("good", good)),
		source(called("blind", refused(discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1))), cbrapi.ReasonNetwork))),
		source(called("also good", good)),
		source(called("failing", discovered(state("1", cbrapi.StatusFailed, hoursAgo(1))))))
	names := lines(got.Projects, func(p overview.Project) string { return p.Name })
	if diff := cmp.Diff([]string{"failing", "blind", "good", "also good"}, names); diff != "" {
		t.Errorf("the order differs (-want +got):\n%s", diff)
	}
	rows := lines(got.Resources.Rows, func(r overview.Resource) string { return r.Project })
	if diff := cmp.Diff([]string{"failing", "blind", "good", "also good"}, rows); diff != "" {
		t.Errorf("the order of the rows differs (-want +got):\n%s", diff)
	}
}
