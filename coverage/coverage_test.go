package coverage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/coverage"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func key(vaultID string) ledger.ResourceKey {
	return ledger.ResourceKey{VaultID: vaultID, ResourceID: "r", OperationType: cbrapi.OperationBackup}
}

// TestNames lays a list of vaults, as of noon, beside tasks of another time.
func TestNames(t *testing.T) {
	before, after := noon().Add(-time.Minute), noon().Add(time.Minute)
	for name, test := range map[string]struct {
		told         string // by a task
		at           time.Time
		listed, want string
	}{
		"the list is newer":              {"old", before, "new", "new"},
		"the task is newer":              {"new", after, "old", "new"},
		"at once":                        {"told", noon(), "listed", "listed"},
		"the list has none":              {"told", before, "", "told"},
		"the task has none":              {"", after, "listed", "listed"},
		"the task does not say when":     {"told", time.Time{}, "listed", "listed"},
		"neither has one":                {"", before, "", ""},
		"a newer task does not tell one": {"", after, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			tasks := collection.Snapshot{
				Standings: []ledger.Standing{{ResourceKey: key("v"), VaultName: test.told, VaultNamedAt: test.at}},
				Resources: []ledger.Resource{{ID: "r", Name: test.told, Type: test.told, At: test.at}},
				Found:     &collection.Found{Tallies: []ledger.Tally{{VaultID: "v", VaultName: test.told, VaultNamedAt: test.at}}},
			}
			vault := &cbrapi.Vault{ID: "v", Name: test.listed, Resources: []cbrapi.VaultResource{{ID: "r", Name: test.listed, Type: test.listed}}}
			vaults := inventory.Snapshot{Vaults: []*cbrapi.Vault{vault}, VaultsAsOf: noon()}
			s := coverage.Of(tasks, vaults)
			for what, got := range map[string]string{
				"standing": s.Standings[0].VaultName, "tally": s.Found.Tallies[0].VaultName, "vault": s.Inventory.Vaults[0].Name,
				"resource": s.Resources[0].Name, "its type": s.Resources[0].Type,
			} {
				if got != test.want {
					t.Errorf("%s: got %q, want %q", what, got, test.want)
				}
			}
			if len(s.Resources) != 1 || vault.Name != test.listed || tasks.Standings[0].VaultName != test.told || tasks.Found.Tallies[0].VaultName != test.told {
				t.Error("what is shared has been changed")
			}
		})
	}
}

// TestOneNamePerVault has standings and tallies, of which the newest counts.
func TestOneNamePerVault(t *testing.T) {
	other := ledger.Standing{ResourceKey: key("gone"), VaultName: "gone", VaultNamedAt: noon().Add(-time.Hour)}
	tasks := collection.Snapshot{
		Standings: []ledger.Standing{other},
		Found: &collection.Found{Tallies: []ledger.Tally{
			{VaultID: "v", VaultName: "newer", VaultNamedAt: noon().Add(time.Second)}, // of tasks without a resource
			{VaultID: "gone", VaultName: "gone", VaultNamedAt: noon().Add(-time.Hour)},
			{},
		}},
	}
	vaults := inventory.Snapshot{Vaults: []*cbrapi.Vault{{ID: "v", Name: "v"}, {ID: "w", Name: "w"}}, VaultsAsOf: noon()}
	s := coverage.Of(tasks, vaults)
	got := fmt.Sprint(s.Standings[0].VaultName, s.Found.Tallies[0].VaultName, s.Found.Tallies[1].VaultName, s.Found.Tallies[2].VaultName,
		s.Inventory.Vaults[0].Name, s.Inventory.Vaults[1].Name)
	if want := fmt.Sprint("gone", "newer", "gone", "", "newer", "w"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestResources has each be there once, whoever knows it.
func TestResources(t *testing.T) {
	tasks := collection.Snapshot{Resources: []ledger.Resource{{ID: "a", Name: "task's a"}, {ID: "c", Name: "task's c", At: noon().Add(time.Hour)}}}
	vaults := inventory.Snapshot{VaultsAsOf: noon(), Vaults: []*cbrapi.Vault{
		{ID: "v", Resources: []cbrapi.VaultResource{{ID: "d", Name: "v's d"}, {ID: "c", Name: "v's c"}}},
		{ID: "w", Resources: []cbrapi.VaultResource{{ID: "b", Name: "w's b"}, {ID: "d", Name: "w's d"}}},
	}}
	var got []string
	for _, r := range coverage.Of(tasks, vaults).Resources {
		got = append(got, r.ID+": "+r.Name)
	}
	if diff := cmp.Diff([]string{"a: task's a", "b: w's b", "c: task's c", "d: v's d"}, got); diff != "" {
		t.Errorf("the resources differ (-want +got):\n%s", diff)
	}
	got = nil
	for _, r := range coverage.Of(tasks, inventory.Snapshot{}).Resources {
		got = append(got, r.ID)
	}
	if diff := cmp.Diff([]string{"a", "c"}, got); diff != "" {
		t.Errorf("before the vaults are read, the resources differ (-want +got):\n%s", diff)
	}
}

// TestUp is about the vaults where there is nothing else.
func TestUp(t *testing.T) {
	vaults := inventory.Snapshot{Up: true, Duration: time.Second}
	if s := coverage.Of(collection.Snapshot{}, vaults); !s.Up || s.Duration != time.Second {
		t.Errorf("vaults alone: %+v", s)
	}
	for name, tasks := range map[string]collection.Snapshot{
		"ids": {Tasks: make([]collection.Task, 1)}, "discovery": {Found: &collection.Found{}},
	} {
		if s := coverage.Of(tasks, vaults); s.Up || s.Duration != 0 {
			t.Errorf("with %s: %+v", name, s)
		}
	}
}

// TestOverdue has something be expected every day, and the tasks known until noon.
func TestOverdue(t *testing.T) {
	const day = 24 * time.Hour
	ago := func(d time.Duration) time.Time { return noon().Add(-d) }
	success := func(end time.Time) *ledger.Outcome { return &ledger.Outcome{End: end} }
	for name, test := range map[string]struct {
		success *ledger.Outcome // nil: none
		since   time.Time
		history time.Duration
		found   func(*collection.Found)
		follows bool
		want    bool
	}{
		"late":                        {success: success(ago(36*time.Hour + 1)), history: 30 * day, want: true},
		"not late yet":                {success: success(ago(36 * time.Hour)), history: 30 * day},
		"lately":                      {success: success(ago(time.Hour)), history: 30 * day},
		"the API does not say when":   {success: success(time.Time{}), history: 30 * day},
		"never":                       {history: 36*time.Hour + 1, want: true},
		"never, as far as is known":   {history: 36 * time.Hour},
		"never, and expected lately":  {history: 30 * day, since: ago(time.Hour)},
		"late, and expected lately":   {success: success(ago(5 * day)), history: 30 * day, since: ago(day)},
		"late, and expected long ago": {success: success(ago(5 * day)), history: 30 * day, since: ago(6 * day), want: true},
		"not read as a whole":         {history: 30 * day, found: func(f *collection.Found) { f.Swept = false }},
		"never complete":              {history: 30 * day, found: func(f *collection.Found) { f.LastComplete = time.Time{} }},
		"not followed":                {history: 30 * day, follows: true},
	} {
		t.Run(name, func(t *testing.T) {
			found := &collection.Found{Swept: true, LastComplete: noon(), HistoryStart: ago(test.history)}
			if test.found != nil {
				test.found(found)
			}
			s := coverage.Of(
				collection.Snapshot{Found: found, Standings: []ledger.Standing{
					{ResourceKey: key("v"), LastSuccess: test.success},
					{ResourceKey: key("w"), LastSuccess: success(noon())},
				}},
				inventory.Snapshot{VaultsAsOf: noon(), Expected: []inventory.Expectation{{ResourceKey: key("v"), Interval: day, Since: test.since}}},
			)
			if test.follows {
				s.Follows = func(vaultID string, operation cbrapi.OperationType) bool {
					return vaultID != "v" || operation != cbrapi.OperationBackup
				}
			}
			if got := s.Overdue(); (len(got) == 1) != test.want {
				t.Errorf("got %+v, want one: %t", got, test.want)
			}
		})
	}
	for name, s := range map[string]coverage.Snapshot{
		"without vaults": {Snapshot: collection.Snapshot{Found: &collection.Found{}}}, "without discovery": coverage.Of(collection.Snapshot{}, inventory.Snapshot{}),
	} {
		if got := s.Overdue(); got != nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
