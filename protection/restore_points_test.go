package protection_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// ofVault returns backups in a vault, of which some are restore points.
func ofVault(vaultID string, restorable int) inventory.RestorePoints {
	return inventory.RestorePoints{Count: restorable, VaultID: vaultID, Resource: cbrapi.Resource{Name: "name in " + vaultID, Type: "type"}}
}

// TestRestorePoints has resources that are bound to vaults, that are bound to none, and that
// only the list of backups knows.
func TestRestorePoints(t *testing.T) {
	t.Parallel()
	backups := map[string]inventory.RestorePoints{
		"bound": ofVault("v", 3), "moved": ofVault("w", 2), "emptied": ofVault("", 0),
		"gone": ofVault("v", 1), "gone and emptied": ofVault("v", 0), "unbound": ofVault("v", 4), "from elsewhere": ofVault("", 5),
		"in another": ofVault("other", 6), "of another": ofVault("other", 7),
	}
	resources := func(ids ...string) (all []cbrapi.VaultResource) {
		for _, id := range ids {
			all = append(all, cbrapi.VaultResource{ID: id})
		}
		return all
	}
	vaults := func() *inventory.Snapshot {
		s := listed(
			&cbrapi.Vault{ID: "h", Billing: cbrapi.Billing{ProtectType: "hybrid"}, Resources: resources("synchronized")},
			&cbrapi.Vault{ID: "other", Resources: resources("in another", "in another, new")},
			&cbrapi.Vault{ID: "v", Resources: append(resources("bound", "moved", "emptied", "new"),
				cbrapi.VaultResource{ID: "gone", ProtectStatus: cbrapi.ProtectDeleted},
				cbrapi.VaultResource{ID: "gone and emptied", ProtectStatus: cbrapi.ProtectDeleted},
				cbrapi.VaultResource{ID: "gone without a backup", ProtectStatus: cbrapi.ProtectDeleted})},
		)
		s.Expected = []inventory.Expectation{}
		s.Backups = &inventory.Backups{Resources: backups}
		return s
	}
	none := &inventory.Backups{Resources: map[string]inventory.RestorePoints{}}
	known := []string{
		"bound: 3 in v", "emptied: 0 in v, missing", "from elsewhere: 5 in ", "gone: 1 in v", "gone and emptied: 0 in v",
		"moved: 2 in v", "new: 0 in v, missing", "synchronized: 0 in h", "unbound: 4 in v",
	}
	for name, test := range map[string]struct {
		change func(*inventory.Snapshot)
		want   []string
	}{
		"read":              {want: known},
		"not wanted":        {change: func(s *inventory.Snapshot) { s.Backups = nil }},
		"there are none":    {change: func(s *inventory.Snapshot) { s.Vaults, s.Bindings = []*cbrapi.Vault{}, nil; s.Backups = none }, want: []string{}},
		"being read":        {change: func(s *inventory.Snapshot) { s.Backups = &inventory.Backups{} }},
		"vaults being read": {change: func(s *inventory.Snapshot) { s.Vaults, s.Bindings, s.Expected, s.Waiting = nil, nil, nil, true }},
		"vaults cannot be read": {
			change: func(s *inventory.Snapshot) {
				*s = inventory.Snapshot{Backups: s.Backups, Reading: inventory.Reading{Problems: []problem.Problem{{Reason: cbrapi.ReasonPermission}}}}
			},
			want: []string{"bound: 3 in v", "emptied: 0 in ", "from elsewhere: 5 in ", "gone: 1 in v", "gone and emptied: 0 in v", "moved: 2 in w", "unbound: 4 in v"},
		},
		"policies are not read": {
			change: func(s *inventory.Snapshot) {
				s.Expected, s.Backups = nil, none
			},
			want: []string{"bound: 0 in v", "emptied: 0 in v", "moved: 0 in v", "new: 0 in v", "synchronized: 0 in h"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := vaults()
			if test.change != nil {
				test.change(read)
			}
			follows := func(vaultID string, operation cbrapi.OperationType) bool {
				return vaultID != "other" && operation == cbrapi.OperationBackup
			}
			s := protection.NewSnapshot(tasks.Snapshot{}, read, protection.Options{Follows: follows})
			var got []string // nil if nothing is known
			if s.RestorePoints != nil {
				got = []string{}
			}
			for _, r := range s.RestorePoints {
				text := fmt.Sprintf("%s: %d in %s", r.ResourceID, r.Count, r.VaultID)
				if r.Restorable != nil && !*r.Restorable {
					text += ", missing"
				}
				got = append(got, text)
				if of := s.RestorePointsOf(r.ResourceID); of == nil || of.ResourceID != r.ResourceID {
					t.Errorf("of %s: got %+v", r.ResourceID, of)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if of := s.RestorePointsOf("in another"); of != nil {
				t.Errorf("of a resource in a vault that is not followed: got %+v", of)
			}
		})
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		count, peak int
		watched     bool
		want, why   string
		kept        int
	}{
		"all":                        {0, 12, true, "true", "12 of 12 restore points are gone within a day, other than by expiry", 0},
		"the only one":               {0, 1, true, "true", "1 of 1 restore points are gone within a day, other than by expiry", 0},
		"more than half":             {3, 12, true, "true", "9 of 12 restore points are gone within a day, other than by expiry", 0},
		"more than half, not a day":  {3, 12, false, "true", "9 of 12 restore points are gone within a day, other than by expiry", 0},
		"just more than half":        {5, 11, true, "true", "6 of 11 restore points are gone within a day, other than by expiry", 0},
		"half":                       {6, 12, true, "false", "", 0},
		"none of one":                {1, 1, true, "false", "", 0},
		"more than before":           {3, 1, true, "false", "", 0},
		"never any":                  {0, 0, true, "false", "", 0},
		"half, not a day":            {6, 12, false, "unknown", "", 0},
		"as many, not a day":         {1, 1, false, "unknown", "", 0},
		"all that were, were to end": {0, 0, false, "unknown", "", 0},
		"as many are kept":           {7, 55, true, "false", "", 7},
		"fewer than are kept":        {6, 55, true, "true", "49 of 55 restore points are gone within a day, other than by expiry", 7},
		"fewer than are kept, half":  {6, 12, true, "false", "", 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []cbrapi.ProtectStatus{cbrapi.ProtectAvailable, cbrapi.ProtectDeleted} {
				f := fixture{
					backups: readAt(noon(), inventory.RestorePoints{Count: test.count, Peak: test.peak, Kept: test.kept, Watched: test.watched}),
					vault:   cbrapi.Vault{Resources: []cbrapi.VaultResource{{ID: "r", ProtectStatus: status}}},
				}
				s := f.snapshot()
				if r := s.RestorePointsOf("r"); word(r.Lost) != test.want || r.Why != test.why {
					t.Errorf("%s: lost %s, want %s: %q", status, word(r.Lost), test.want, r.Why)
				}
			}
		})
	}
}

// TestGoneAndLost has the latest success in a vault of which all backups were deleted.
func TestGoneAndLost(t *testing.T) {
	t.Parallel()
	f := fixture{
		logs:     []*cbrapi.OperationLog{success(at("2026-11-20 02:00"))},
		policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily)},
		backups:  readAt(noon(), inventory.RestorePoints{Peak: 30, Watched: true}),
		lookback: 2 * day,
	}
	s := f.snapshot()
	if v := verdictOf(&s, key("r")); word(v.Overdue) != "true" || word(v.Failing) != "false" {
		t.Errorf("got %+v, want it overdue, not failing", v)
	}
	if r := s.RestorePointsOf("r"); word(r.Lost) != "true" || word(r.Restorable) != "false" {
		t.Errorf("got %+v, want it lost and missing", r)
	}
	if got, want := strip(s.Calendar().Days(key("r"))), "? 1 due | 1 due, 1 missed | 1 due, 1 missed, 1 success"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRestorable has the first backup end around the latest reading of all backups.
func TestRestorable(t *testing.T) {
	t.Parallel()
	ended := success(at("2026-11-20 11:00"))
	end, _ := ended.FinishedAt()
	for name, test := range map[string]struct {
		full time.Time
		left inventory.RestorePoints
		want string
	}{
		"there":                {noon(), points(at("2026-11-20 11:00")), "true"},
		"gone":                 {end.Add(15 * time.Minute), inventory.RestorePoints{}, "false"},
		"may not be known yet": {end.Add(15*time.Minute - 1), inventory.RestorePoints{}, "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fixture{logs: []*cbrapi.OperationLog{ended}, policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily)}, backups: readAt(test.full, test.left)}.snapshot()
			if r := s.RestorePointsOf("r"); word(r.Restorable) != test.want || r.Missing != (test.want == "false") {
				t.Errorf("got %+v, want %s", r, test.want)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bound time.Time
		want  bool
	}{
		"always bound":     {time.Time{}, true},
		"bound for a day":  {noon().Add(-day), true},
		"bound since then": {noon().Add(-day + 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture{
				policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily)},
				backups:  readAt(noon(), inventory.RestorePoints{}),
				change: func(known *tasks.Snapshot, i *inventory.Snapshot) {
					known.At = noon()
					i.Bindings = map[string]inventory.Binding{"r": {VaultID: "v", Since: test.bound}}
				},
			}
			s := f.snapshot()
			if r := s.RestorePointsOf("r"); r.Missing != test.want || word(r.Restorable) != "false" {
				t.Errorf("got %+v", r)
			}
		})
	}
}
