package protection_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// TestNames has names in the vault list, in the history of the tasks, and in tasks that are
// shown: configured or active ones.
func TestNames(t *testing.T) {
	t.Parallel()
	const listed, known, older, later = "listed", "known", "older", "later"
	for name, test := range map[string]struct {
		listed, known, older, later string
		want                        string
	}{
		"list":                 {listed, known, older, later, listed},
		"no name in the list":  {"", known, older, later, known},
		"no history":           {"", "", older, later, later},
		"no name in one task":  {"", "", older, "", older},
		"no name, so it is id": {"", "", "", "", "v"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			named := func(name string, at time.Time) *cbrapi.OperationLog {
				return &cbrapi.OperationLog{VaultID: "v", VaultName: name, CreatedAt: at}
			}
			tasks := tasks.Snapshot{
				Tasks:      []tasks.Task{{Log: named(test.later, noon())}, {}, {Log: &cbrapi.OperationLog{VaultName: "of no vault"}}},
				Discovered: &tasks.Discovered{Listed: []*cbrapi.OperationLog{named(test.older, noon().Add(-time.Hour))}},
				VaultNames: map[string]string{},
			}
			if test.known != "" {
				tasks.VaultNames["v"] = test.known
			}
			s := protection.NewSnapshot(tasks, &inventory.Snapshot{Vaults: []*cbrapi.Vault{{ID: "v", Name: test.listed}}}, protection.Options{})
			if got := s.VaultName("v"); got != test.want || s.VaultName("") != "" || s.VaultName("w") != "w" {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if tasks.VaultNames["v"] != test.known {
				t.Error("shared data has been changed")
			}
		})
	}
}

// TestResources has resources of tasks, of vaults, of backups and of several of them.
func TestResources(t *testing.T) {
	t.Parallel()
	known := tasks.Snapshot{
		Resources: []ledger.Resource{{ID: "a", Name: "task's a"}, {ID: "c", Name: "task's c", Type: "task's"}, {ID: "e", Name: "task's e"}},
	}
	vaults := inventory.Snapshot{Vaults: []*cbrapi.Vault{
		{ID: "v", Resources: []cbrapi.VaultResource{{ID: "d", Name: "v's d"}, {ID: "c", Name: "v's c"}}},
		{ID: "w", Resources: []cbrapi.VaultResource{{ID: "b", Name: "w's b"}, {ID: "e"}}},
	}, Backups: &inventory.Backups{Resources: map[string]inventory.RestorePoints{
		"a": {Resource: cbrapi.Resource{Name: "backup's a", Type: "backup's"}}, "f": {Resource: cbrapi.Resource{Name: "backup's f", Type: "backup's"}},
	}}}
	var got []string
	s := protection.NewSnapshot(known, &vaults, protection.Options{})
	for _, r := range s.Resources {
		got = append(got, strings.TrimSpace(r.ID+": "+r.Name+" "+r.Type))
	}
	if diff := cmp.Diff([]string{"a: task's a backup's", "b: w's b", "c: v's c task's", "d: v's d", "e: task's e", "f: backup's f backup's"}, got); diff != "" {
		t.Errorf("resources differ (-want +got):\n%s", diff)
	}
	for id, want := range map[string]string{"b": "w's b", "x": ""} {
		if got := s.ResourceName(id); got != want {
			t.Errorf("resource %s: got name %q, want %q", id, got, want)
		}
	}
	got = nil
	for _, r := range protection.NewSnapshot(known, nil, protection.Options{}).Resources {
		got = append(got, r.ID)
	}
	if diff := cmp.Diff([]string{"a", "c", "e"}, got); diff != "" {
		t.Errorf("without vaults: resources differ (-want +got):\n%s", diff)
	}
}
