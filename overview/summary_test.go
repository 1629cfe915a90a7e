package overview_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// TestSummary checks the sentence about all projects: nothing is said to be well unless
// everything is known.
func TestSummary(t *testing.T) {
	t.Parallel()
	good := source(called("good", discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)), state("2", cbrapi.StatusSuccess, hoursAgo(2)))))
	overdue := source(called("late", discovered(state("1", cbrapi.StatusSuccess, hoursAgo(72)))))
	failing := source(called("bad", discovered(state("1", cbrapi.StatusFailed, hoursAgo(1)), state("2", cbrapi.StatusFailed, hoursAgo(1)))))
	both := state("1", cbrapi.StatusFailed, hoursAgo(1))
	both.LastSuccess = &ledger.Run{Status: cbrapi.StatusSuccess, Created: hoursAgo(241), End: hoursAgo(240)}
	copied := state("1", cbrapi.StatusFailed, hoursAgo(1)) // with a backup that is overdue, too
	copied.OperationType = cbrapi.OperationReplication
	replicated := with(discovered(copied), func(s *protection.Snapshot) {
		copies := policy("copies", daily, "vault-1")
		copies.OperationType = cbrapi.OperationReplication
		s.Inventory = inventoryOf(t, []*cbrapi.Vault{vault("vault-1", "vault-db", "resource-1")}, policy("nightly", daily, "vault-1"), copies)
	})
	unread := func(name string) overview.Source {
		return source(called(name, refused(discovered(state("1", cbrapi.StatusSuccess, hoursAgo(2))), cbrapi.ReasonNetwork)))
	}
	unscraped := func(name string) overview.Source {
		s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(3)))
		s.At, s.Discovered.LastComplete = hoursAgo(2), hoursAgo(2)
		return source(called(name, s))
	}
	never := source(called("never", with(refused(discovered(), cbrapi.ReasonCredentials), func(s *protection.Snapshot) {
		s.Discovered = &tasks.Discovered{}
	})))
	vaultless := with(discovered(state("1", cbrapi.StatusSuccess, hoursAgo(9))), func(s *protection.Snapshot) {
		s.Inventory = inventoryOf(t, []*cbrapi.Vault{})
	})
	empty := overview.Source{Snapshot: protection.Snapshot{Snapshot: tasks.Snapshot{Project: "later"}}}
	for name, c := range map[string]struct {
		projects []overview.Source
		state    overview.State
		summary  string
	}{
		"no project":         {nil, overview.StateBlind, "No project is configured."},
		"in time":            {[]overview.Source{good, good}, overview.StateOK, "All 4 backups that are judged are in time."},
		"nothing is judged":  {[]overview.Source{source(configured(configuredTask(cbrapi.StatusSuccess)))}, overview.StateOK, "Nothing is wrong in what is read, but whether a backup is overdue is not judged."},
		"overdue":            {[]overview.Source{good, overdue}, overview.StateAttention, "1 backup is overdue, without a success for 3 days."},
		"failing":            {[]overview.Source{failing}, overview.StateAttention, "2 backups are failing."},
		"overdue, failing":   {[]overview.Source{failing, source(discovered(both)), overdue}, overview.StateAttention, "2 backups are overdue, the longest without a success for 10 days; 3 backups are failing."},
		"two of a resource":  {[]overview.Source{source(replicated)}, overview.StateAttention, "2 operations are overdue, the longest without a success for 30 days; 1 replication is failing."},
		"blind":              {[]overview.Source{good, unread("b")}, overview.StateBlind, "Not everything of project b has been read since 2026-11-20 11:00 UTC."},
		"never read":         {[]overview.Source{never}, overview.StateBlind, "Not everything of project never has been read yet."},
		"failing and blind":  {[]overview.Source{failing, unread("b")}, overview.StateAttention, "2 backups are failing; not everything of project b has been read since 2026-11-20 11:00 UTC."},
		"several are blind":  {[]overview.Source{unread("b"), unscraped("c")}, overview.StateBlind, "Not everything of projects b and c has been read since 2026-11-20 10:00 UTC."},
		"many are blind":     {[]overview.Source{unread("b"), unread("c"), unread("d"), unread("e"), unread("f")}, overview.StateBlind, "Not everything of projects b, c, d and 2 more has been read since 2026-11-20 11:00 UTC."},
		"one is not scraped": {[]overview.Source{good, unscraped("b")}, overview.StateBlind, "Not everything of project b has been read since 2026-11-20 10:00 UTC."},
		"no vault":           {[]overview.Source{good, source(called("b", vaultless))}, overview.StateAttention, "1 project has backups, but lists no vault."},
		"no data":            {[]overview.Source{good, empty}, overview.StateBlind, "Not everything of project later has been read yet."},
		"all at once": {
			[]overview.Source{source(everyVerdict(t)), unread("b"), unscraped("c"), empty},
			overview.StateAttention,
			"3 backups are overdue, the longest without a success for 30 days; 4 operations are failing; not everything of projects b, c and later has been read yet; and there are other problems.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := get(t, "", c.projects...)
			if got.Summary != c.summary || got.State != c.state {
				t.Errorf("got %s:\n%s\nwant %s:\n%s", got.State, got.Summary, c.state, c.summary)
			}
		})
	}
}

// TestSummaryOfWarnings has one thing that is wrong at a time, although every backup is in
// time. The shipped rules have an alert for each.
func TestSummaryOfWarnings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*protection.Snapshot, *cbrapi.Vault)
		summary string
	}{
		"protection status": {
			func(_ *protection.Snapshot, v *cbrapi.Vault) { v.Resources[0].ProtectStatus = cbrapi.ProtectError },
			"1 resource has the protection status error.",
		},
		"disabled policy": {
			func(s *protection.Snapshot, _ *cbrapi.Vault) {
				paused, unbound := policy("paused", daily, "vault-1"), policy("unbound", daily)
				paused.Enabled, unbound.Enabled = new(false), new(false)
				s.Inventory.Policies = append(s.Inventory.Policies, paused, unbound)
			},
			"1 policy is disabled.",
		},
		"nearly full vault": {
			func(_ *protection.Snapshot, v *cbrapi.Vault) { v.Billing.Used = new(int64(90 * gib)) },
			"1 vault is nearly full.",
		},
		"lost restore points": {
			func(s *protection.Snapshot, _ *cbrapi.Vault) {
				s.Inventory.Backups = &inventory.Backups{Reading: inventory.Reading{Complete: true}, Resources: map[string]inventory.RestorePoints{"resource-1": points(3, 12)}}
			},
			"1 resource has lost restore points.",
		},
		"no restore point": { // of a resource for which no policy ran yet
			func(s *protection.Snapshot, v *cbrapi.Vault) {
				s.Inventory = inventoryOf(t, []*cbrapi.Vault{v, vault("vault-2", "vault-new", "resource-2")}, policy("nightly", daily, "vault-1"), policy("next", daily, "vault-2"))
				s.Inventory.Expected[1].Bound = hoursAgo(1)
				s.Inventory.Backups = &inventory.Backups{Reading: inventory.Reading{Complete: true}, Resources: map[string]inventory.RestorePoints{"resource-1": points(3, 3)}}
			},
			"1 resource has no restore point.",
		},
		"unprotected": {
			func(s *protection.Snapshot, _ *cbrapi.Vault) {
				s.Inventory.Protectables = &inventory.Protectables{
					Reading: inventory.Reading{Complete: true}, Protected: map[string]int{"OS::Nova::Server": 0},
					Unprotected: []*cbrapi.Protectable{server("a", "web"), server("b", "web")},
				}
			},
			"2 resources are in no vault.",
		},
		"unknown task": {
			func(s *protection.Snapshot, _ *cbrapi.Vault) {
				s.Tasks, s.LastComplete = []tasks.Task{{ID: "1", Known: true}}, noon
			},
			"1 configured task does not exist.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, v := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(9))), vault("vault-1", "vault-db", "resource-1")
			s.Inventory = inventoryOf(t, []*cbrapi.Vault{v}, policy("nightly", daily, "vault-1"))
			c.change(&s, v)
			got := get(t, "", source(s))
			if got.Summary != c.summary || got.State != overview.StateAttention {
				t.Errorf("got %s: %s, want attention: %s", got.State, got.Summary, c.summary)
			}
		})
	}
}

// TestRefusedConfiguration is about a reload that was refused.
func TestRefusedConfiguration(t *testing.T) {
	t.Parallel()
	o := options(source(discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)))))
	refusal := &overview.Refusal{At: hoursAgo(3), Errors: []string{"c.yml:7: <b>", "c.yml:9: odd"}}
	o.Refused = func() *overview.Refusal { return refusal }
	got := decode[overview.Status](t, overview.New(o).ServeStatus, "/api/v1/status", http.StatusOK)
	if diff := cmp.Diff(refusal, got.Refusal); diff != "" {
		t.Errorf("the refusal differs (-want +got):\n%s", diff)
	}
	if want := "The new configuration was refused, and the one before is in force."; got.Summary != want || got.State != overview.StateAttention {
		t.Errorf("got %s: %s", got.State, got.Summary)
	}
}

// TestAt checks to which time ages are relative: the page does not change between two
// passes.
func TestAt(t *testing.T) {
	t.Parallel()
	s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1)))
	for sinceThePass, want := range map[time.Duration]time.Time{
		-time.Hour:                     noon, // the clock was set back
		0:                              noon,
		5*time.Minute - 1:              noon,
		5 * time.Minute:                noon.Add(5 * time.Minute),
		5*time.Minute + 50*time.Second: noon.Add(5 * time.Minute),
		72*time.Hour + time.Second:     noon.Add(72 * time.Hour),
	} {
		t.Run(fmt.Sprint(sinceThePass), func(t *testing.T) {
			t.Parallel()
			o := options(source(s))
			o.Now = func() time.Time { return noon.Add(sinceThePass) }
			got := decode[overview.Status](t, overview.New(o).ServeStatus, "/api/v1/status", http.StatusOK)
			if !got.At.Equal(want) {
				t.Errorf("got %s, want %s", got.At, want)
			}
			if blind := got.State == overview.StateBlind; blind != (sinceThePass >= 5*time.Minute) {
				t.Errorf("got the state %s", got.State)
			}
		})
	}
}
