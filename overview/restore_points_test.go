package overview_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

// TestRestorable has resources that have lost restore points, have none, or have all.
func TestRestorable(t *testing.T) {
	t.Parallel()
	got := get(t, "", source(restorable(t)))
	const gone = "the backup created 2026-11-20 02:00 UTC succeeded, but the vault holds no backup of it; there is no restore point"
	want := []string{
		"ecs-7 | vault-db | backup | overdue no_restore_point | CBRBackupOverdue | no backup has started since 2026-10-21 12:00 UTC",
		"ecs-3 | vault-db | backup | overdue lost no_restore_point | CBRBackupOverdue | 12 of 12 restore points are gone within a day, other than by expiry; " + gone + "; 2 backups are in status error",
		"ecs-4 | vault-db | backup | overdue no_restore_point | CBRBackupOverdue | " + gone,
		"ecs-8 | vault-gone | backup | lost | CBRRestorePointsLost | 3 of 4 restore points are gone within a day, other than by expiry", // though it does not exist any more
		"ecs-2 | vault-db | backup | lost in_time | CBRRestorePointsLost | 9 of 12 restore points are gone within a day, other than by expiry",
		"ecs-5 | vault-manual | backup | no_restore_point uncovered | CBRNoRestorePoint | there is no restore point; its vault has no policy for backups",
		"ecs-6 | vault-manual | backup | uncovered | CBRResourceNotCovered | its vault has no policy for backups", // bound three hours ago
		"ecs-7 | vault-db | restore | finished |  | ",
		"ecs-1 | vault-db | backup | in_time |  | ",
	}
	if diff := cmp.Diff(want, lines(got.Resources.Rows, resourceLine)); diff != "" {
		t.Errorf("the rows differ (-want +got):\n%s", diff)
	}
	tiles := []string{"overdue 3 of 5", "unrestorable 6 of 8", "failing 0 of 5", "blind 0 of 1", "vaults 0 of 3", "uncovered 2 of 7", "stuck 0"}
	if diff := cmp.Diff(tiles, lines(got.Tiles, count)); diff != "" {
		t.Errorf("the tiles differ (-want +got):\n%s", diff)
	}
	page := do(t, overview.New(options(source(restorable(t)))).ServePage, "/").Body.String()
	if n := strings.Count(page, `">no restore point</span>`); n != 1 { // ecs-5: it is said of the others that they are overdue
		t.Errorf("the page has %d badges of what has no restore point, want 1", n)
	}
	summary := "3 backups are overdue, the longest without a success for 30 days; 3 resources have lost restore points; 4 resources have no restore point; and there are other problems."
	if got.Summary != summary {
		t.Errorf("got %s", got.Summary)
	}
}

// TestRestorableTile is there if a project reads its backups, and says that they are not known
// until it has.
func TestRestorableTile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		backups *inventory.Backups
		want    string
	}{
		"not read": {nil, "failing 0 of 5"},
		"not yet":  {&inventory.Backups{}, "unrestorable –"},
		"none":     {&inventory.Backups{FullAt: noon, Resources: map[string]inventory.RestorePoints{}}, "unrestorable 6 of 7"},
	} {
		s := restorable(t)
		s.Inventory.Backups = c.backups
		if got := get(t, "", source(s)).Tiles[1]; count(got) != c.want {
			t.Errorf("%s: got %s, want %s", name, count(got), c.want)
		}
	}
}

// TestRestorableWithoutTasks has rows of what is wrong even if tasks are not read.
func TestRestorableWithoutTasks(t *testing.T) {
	t.Parallel()
	s := restorable(t)
	s.Discovered, s.ResourceStates = nil, nil
	want := []string{
		"ecs-2 | vault-db | backup | lost | CBRRestorePointsLost | 9 of 12 restore points are gone within a day, other than by expiry",
		"ecs-3 | vault-db | backup | lost no_restore_point | CBRRestorePointsLost | 12 of 12 restore points are gone within a day, other than by expiry",
		"ecs-4 | vault-db | backup | no_restore_point | CBRNoRestorePoint | there is no restore point",
		"ecs-7 | vault-db | backup | no_restore_point | CBRNoRestorePoint | there is no restore point",
	}
	if diff := cmp.Diff(want, lines(get(t, "?vault=vault-db", source(s)).Resources.Rows, resourceLine)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRestorePoints has all that is known of those of one resource, in its row and on its
// page, where the vault says more.
func TestRestorePoints(t *testing.T) {
	t.Parallel()
	s := restorable(t)
	known := points(3, 12)
	known.InError, known.BeingMade = 2, 1
	known.Replicas = []inventory.Replicas{{Region: "cn-east-3", Latest: hoursAgo(33)}, {Region: "cn-south-1", Failed: 2, FailCode: "BackupService.6302"}}
	s.Inventory.Backups.Resources["resource-8"] = known
	want := &overview.RestorePoints{
		Count: 3, Peak: 12, Lost: new(true),
		Latest: hoursAgo(9.5), Oldest: hoursAgo(57.5), NextExpiry: noon.Add(20 * time.Hour), InError: 2, BeingMade: 1,
		Replicas: []overview.Replicas{{Region: "cn-east-3", Latest: hoursAgo(33)}, {Region: "cn-south-1", Failed: 2, ErrorCode: "BackupService.6302"}},
	}
	if diff := cmp.Diff(want, get(t, "?q=ecs-8", source(s)).Resources.Rows[0].RestorePoints); diff != "" {
		t.Errorf("the row differs (-want +got):\n%s", diff)
	}
	if got := get(t, "?q=ecs-7&type=restore", source(s)).Resources.Rows[0].RestorePoints; got != nil {
		t.Errorf("a restore has the restore points %+v", got)
	}
	got := getDetail(t, "resource-8", source(s))
	if diff := cmp.Diff(want, got.RestorePoints); diff != "" {
		t.Errorf("the page differs (-want +got):\n%s", diff)
	}
	if got.BackupBytes == nil || *got.BackupBytes != 40*gib || got.Locked == nil || !*got.Locked {
		t.Errorf("got %v bytes, locked %v", got.BackupBytes, got.Locked)
	}
	if got := getDetail(t, "resource-1", source(s)); got.BackupBytes != nil || got.Locked != nil {
		t.Errorf("of another resource: got %v bytes, locked %v", got.BackupBytes, got.Locked)
	}
	unbound := getDetail(t, "resource-9", source(s)) // known by its backups alone
	if unbound.ResourceName != "ecs-9" || unbound.VaultName != "vault-db" || unbound.Restorable != "It can be restored from 2 backups." || unbound.Binding != "It is not bound to any vault." {
		t.Errorf("got %+v", unbound)
	}
}

// TestDescribedRestorePoints is the sentence about one resource.
func TestDescribedRestorePoints(t *testing.T) {
	t.Parallel()
	backups := func(b *inventory.Backups) func(*protection.Snapshot) {
		return func(s *protection.Snapshot) { s.Inventory.Backups = b }
	}
	read := func(r inventory.RestorePoints) func(*protection.Snapshot) {
		return backups(&inventory.Backups{FullAt: noon, Resources: map[string]inventory.RestorePoints{"resource-1": r}})
	}
	for name, c := range map[string]struct {
		change func(*protection.Snapshot)
		want   string
	}{
		"vaults not read":  {func(s *protection.Snapshot) { s.Inventory = nil }, "Its backups are not read; add vaults: {} and backups: {} to its project."},
		"backups not read": {backups(nil), "Its backups are not read; add backups: {} to its project."},
		"first reading":    {backups(&inventory.Backups{Reading: inventory.Reading{Waiting: true}}), "Its backups are being read for the first time."},
		"never read": {
			backups(&inventory.Backups{Reading: inventory.Reading{Problems: refused(discovered(), "network").Problems}}),
			"Its backups could not be read yet.",
		},
		"none":     {read(inventory.RestorePoints{}), "It cannot be restored: there is no restore point."},
		"none yet": {backups(&inventory.Backups{FullAt: hoursAgo(10), Resources: map[string]inventory.RestorePoints{}}), "A backup has just succeeded, but its restore point is not known yet."},
		"one":      {read(points(1, 1)), "It can be restored from 1 backup."},
		"many":     {read(points(1200, 1200)), "It can be restored from 1,200 backups."},
		"lost":     {read(points(3, 12)), "It can be restored from 3 backups: 9 of 12 restore points are gone within a day, other than by expiry."},
		"all lost": {read(points(0, 12)), "It cannot be restored: 12 of 12 restore points are gone within a day, other than by expiry."},
		"no such": {func(s *protection.Snapshot) {
			s.Inventory.Bindings = nil
			backups(&inventory.Backups{Resources: map[string]inventory.RestorePoints{}})(s)
		}, "No backup of it is known."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := discovered(state("1", cbrapi.StatusSuccess, hoursAgo(9)))
			s.Inventory = inventoryOf(t, []*cbrapi.Vault{vault("vault-1", "vault-db", "resource-1")}, policy("nightly", daily, "vault-1"))
			c.change(&s)
			if got := getDetail(t, "resource-1", source(s)).Restorable; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestReadingOfBackups is about what the project says of the two lists that need not be read
// by each scrape.
func TestReadingOfBackups(t *testing.T) {
	t.Parallel()
	const vaults = healthy + " Vaults and policies: read at 11:59:00 UTC."
	waiting := inventory.Reading{Waiting: true, Reasons: map[cbrapi.Reason]bool{cbrapi.ReasonDeadline: true}}
	failed := func(reason cbrapi.Reason, last time.Time) inventory.Reading {
		return inventory.Reading{
			Reasons: map[cbrapi.Reason]bool{reason: true}, LastComplete: last, FailingSince: hoursAgo(1),
			Problems: []problem.Problem{{Reason: reason, Err: errors.New("it failed"), Since: hoursAgo(1)}},
		}
	}
	read := func(last time.Time) inventory.Reading { return inventory.Reading{Complete: true, LastComplete: last} }
	for name, c := range map[string]struct {
		backups, protectables inventory.Reading
		state                 overview.State
		reading               string
	}{
		"read long ago, as they are": {
			read(noon.Add(-14 * time.Minute)), read(noon.Add(-59 * time.Minute)), overview.StateOK,
			vaults + " Backups: read at 11:46:00 UTC. Protectable resources: read at 11:01:00 UTC.",
		},
		"first reading": {
			waiting, waiting, overview.StateBlind,
			vaults + " Backups: not read completely yet. Protectable resources: not read completely yet.",
		},
		"backups fail": {
			failed(cbrapi.ReasonPermission, hoursAgo(2)), read(noon), overview.StateBlind,
			"Backups could not be read. Reason: permission; allow cbr:backups:list, for example with the system policy CBR ReadOnlyAccess, or remove backups from the project; " +
				"if that is granted, check project_id, and set enterprise_project_id if it is granted in an enterprise project. " +
				vaults + " Backups: last read completely at 10:00:00 UTC. Protectable resources: read at 12:00:00 UTC.",
		},
		"both fail for the same reason": {
			failed(cbrapi.ReasonCredentials, time.Time{}), failed(cbrapi.ReasonCredentials, time.Time{}), overview.StateBlind,
			"Backups could not be read. Reason: credentials; renew the token. Nor could protectable resources, for the same reason. " +
				vaults + " Backups: not read completely yet. Protectable resources: not read completely yet.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := with(withProtectables(t, "test"), func(s *protection.Snapshot) {
				s.Info.Hints.Credentials = "renew the token"
				s.Inventory.Backups = &inventory.Backups{Reading: c.backups, Resources: map[string]inventory.RestorePoints{"resource-1": points(2, 2)}}
				s.Inventory.Protectables.Reading = c.protectables
			})
			if got := get(t, "", source(s)).Projects[0]; got.State != c.state || got.Reading != c.reading {
				t.Errorf("got %s:\n%s\nwant %s:\n%s", got.State, got.Reading, c.state, c.reading)
			}
		})
	}
}

// TestWhatIsNoAlert has what is worth knowing, but fires no alert: the page is not to call for
// attention either.
func TestWhatIsNoAlert(t *testing.T) {
	t.Parallel()
	s := withProtectables(t, "test", server("x", "build-7"))
	known := points(5, 10) // half of them
	known.InError, known.BeingMade, known.Watched = 1, 1, false
	known.Replicas = []inventory.Replicas{{Region: "cn-east-3", Failed: 1, FailCode: "BackupService.6302"}}
	bound := vault("vault-2", "vault-new", "resource-2")
	s.Inventory = inventoryOf(t, []*cbrapi.Vault{s.Inventory.Vaults[0], bound}, policy("nightly", daily, "vault-1", "vault-2"))
	s.Inventory.Expected[1].Bound = hoursAgo(3)
	s.Inventory.Bindings["resource-2"] = inventory.Binding{VaultID: "vault-2", Since: hoursAgo(3)}
	s.Inventory.Backups = &inventory.Backups{
		Reading: inventory.Reading{Complete: true},
		Resources: map[string]inventory.RestorePoints{
			"resource-1": known,
			"resource-9": {VaultID: "vault-1"}, // in no vault any more
		},
	}
	got := get(t, "", source(s))
	want := []string{"ecs-2 | vault-new | backup | unjudged |  | no run has been due since the exporter knows of it", "ecs-1 | vault-db | backup | in_time |  | "}
	if diff := cmp.Diff(want, lines(got.Resources.Rows, resourceLine)); diff != "" || got.State != overview.StateOK {
		t.Errorf("got the state %s: %s; the rows differ (-want +got):\n%s", got.State, got.Summary, diff)
	}
	if tile := count(got.Tiles[1]); tile != "unrestorable 0 of 2" { // though it is not known yet whether some are lost
		t.Errorf("got the tile %s", tile)
	}
	s.Inventory.Bindings["resource-2"] = inventory.Binding{VaultID: "vault-2", Since: hoursAgo(24)}
	if got := get(t, "", source(s)); got.Summary != "1 resource has no restore point." {
		t.Errorf("after a day: got %s", got.Summary)
	}
}
