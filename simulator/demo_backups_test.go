package simulator_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// restorePoints returns how many backups of each resource are available, without those of
// volumes that are part of them.
func restorePoints(cloud *simulator.Simulator) map[string]int64 {
	counts := make(map[string]int64)
	for _, b := range cloud.Backups() {
		if b.Status == "available" && b.ParentID == "" {
			counts[b.VaultID+" "+b.ResourceID]++
		}
	}
	return counts
}

// forgetfulCloud returns a cloud as newCloud does, with the tasks of 9 days alone.
func forgetfulCloud(seed uint64) (*simulator.Simulator, *clock) {
	c := newClock(someDay())
	return simulator.New(simulator.Options{Now: c.Now, Seed: seed, Tokens: []string{fixedToken}, Retention: 9 * day}), c
}

// moments calls a function with clouds of several seeds at times of all hours of a week.
func moments(t *testing.T, each func(cloud *simulator.Simulator, now time.Time)) {
	t.Helper()
	for seed := range uint64(3) {
		cloud, clock := forgetfulCloud(seed)
		for range 25 {
			clock.advance(6*time.Hour + 47*time.Minute + 11*time.Second)
			each(cloud, clock.Now())
		}
	}
}

// The list of vaults counts the backups that are listed.
func TestBackupsAgreeWithVaults(t *testing.T) {
	t.Parallel()
	moments(t, func(cloud *simulator.Simulator, now time.Time) {
		counts := restorePoints(cloud)
		for _, v := range cloud.Vaults() {
			for _, r := range v.Resources {
				key := v.ID + " " + r.ID
				if r.BackupCount != nil && *r.BackupCount != counts[key] {
					t.Errorf("%v: %s: backup_count is %d, but %d are listed", now, r.Name, *r.BackupCount, counts[key])
				}
				delete(counts, key)
			}
		}
		for key, count := range counts {
			t.Errorf("%v: %d backups of what is not bound: %s", now, count, key)
		}
	})
}

// backupsOfTasks returns the ids of the backups that tasks make, copy or delete, by task.
func backupsOfTasks(t *testing.T, cloud *simulator.Simulator) map[string]string {
	t.Helper()
	ids := make(map[string]string)
	for offset := 0; ; offset += 1000 {
		logs := list(t, cloud, fmt.Sprint("offset=", offset)).Logs
		for _, text := range logs {
			var log struct {
				ID        string
				ExtraInfo struct {
					Backup, Delete struct {
						ID string `json:"backup_id"`
					}
					Replication struct {
						ID string `json:"source_backup_id"`
					}
				} `json:"extra_info"`
			}
			if err := json.Unmarshal(text, &log); err != nil {
				t.Fatal(err)
			}
			if id := cmp.Or(log.ExtraInfo.Backup.ID, log.ExtraInfo.Delete.ID, log.ExtraInfo.Replication.ID); id != "" {
				ids[log.ID] = id
			}
		}
		if len(logs) < 1000 {
			return ids
		}
	}
}

// A task that succeeded has its backup for as long as the policy keeps it, unless somebody
// has deleted it; one that runs has one that is being made.
func TestBackupsAgreeWithTasks(t *testing.T) {
	t.Parallel()
	cloud, clock := forgetfulCloud(2)
	seen := make(map[string]int)
	for range 6 {
		clock.advance(7*time.Hour + 13*time.Minute)
		now := clock.Now()
		rows := make(map[string]simulator.Backup)
		for _, b := range cloud.Backups() {
			if _, ok := rows[b.ID]; ok {
				t.Fatalf("two backups %s", b.ID)
			}
			if b.Created.After(now) || b.Updated.After(now) || b.Protected.After(now) || !b.Expires.IsZero() && !b.Expires.After(now) {
				t.Errorf("%v: the times of %+v", now, b)
			}
			rows[b.ID] = b
		}
		keeps := make(map[string]time.Duration) // by resource
		for _, v := range cloud.Vaults() {
			for _, r := range v.Resources {
				keeps[r.ID] = 90 * day // by hand
			}
			for _, p := range policiesOf(cloud, v) {
				for _, r := range v.Resources {
					keeps[r.ID] = time.Duration(p.RetentionDays) * day
				}
			}
		}
		ids := backupsOfTasks(t, cloud)
		latest := make(map[string]bool) // of a resource and an operation
		for _, task := range cloud.Tasks() {
			b, ok := rows[ids[task.ID]]
			kind := task.OperationType + " " + task.Status
			age := now.Sub(task.Created)
			key := task.ResourceID + " " + task.OperationType
			first := task.Status != "waiting" && task.Status != "running" && !latest[key]
			latest[key] = latest[key] || first
			want, status := false, "available"
			switch {
			case age > keeps[task.ResourceID]-time.Hour && age < keeps[task.ResourceID]+time.Hour:
				continue
			case age > keeps[task.ResourceID]:
			case task.OperationType == "replication" || task.OperationType == "copy":
				want = ids[task.ID] != ""
			case task.OperationType != "backup":
				continue
			case task.ResourceName == "hana-01", task.ResourceName == "file-archive":
				if task.Status != "running" {
					continue // see TestDeletedBackups
				}
				want, status = true, "protecting"
			case kind == "backup success":
				want = true
			case kind == "backup running":
				want, status = now.Sub(task.Started) > 10*time.Second, "protecting"
			case kind == "backup failed", kind == "backup timeout":
				want, status = first, "error"
			}
			if ok != want || ok && b.Status != status {
				t.Errorf("%v: %s of %s, created at %v: the backup exists: %t, %q; want %t, %q", now, kind, task.ResourceName, task.Created, ok, b.Status, want, status)
			}
			if !ok {
				continue
			}
			seen[kind]++
			if b.ResourceID != task.ResourceID || b.ResourceName != task.ResourceName || b.ResourceType != task.ResourceType {
				t.Errorf("%+v is the backup of %+v", b, task.Task)
			}
			if late := b.Created.Sub(task.Started); task.OperationType == "backup" && (late < 0 || late > 10*time.Second) {
				t.Errorf("the backup of %+v was created at %v", task.Task, b.Created)
			}
		}
	}
	for _, kind := range []string{"backup success", "backup running", "backup failed", "backup timeout", "replication success", "replication failed", "replication running", "copy success"} {
		if seen[kind] == 0 {
			t.Errorf("%s: no task has a backup", kind)
		}
	}
}

// Of what is due, something has succeeded and yet has no backup, at any time: the one
// resource while the other is backed up.
func TestDeletedBackups(t *testing.T) {
	t.Parallel()
	moments(t, func(cloud *simulator.Simulator, now time.Time) {
		latest := make(map[string]time.Time) // creation of the latest restore point, by name
		for _, b := range cloud.Backups() {
			if b.Status == "available" && b.Created.After(latest[b.ResourceName]) {
				latest[b.ResourceName] = b.Created
			}
		}
		judged := make(map[string]bool)
		missing := 0
		for _, task := range cloud.Tasks() {
			name := task.ResourceName
			if task.OperationType != "backup" || name != "hana-01" && name != "file-archive" || judged[name] {
				continue
			}
			judged[name] = task.Status != "failed" && task.Status != "timeout"
			// It takes so long until it is deleted and all backups are read again.
			if task.Status == "success" && now.Sub(task.Ended) > 3*time.Hour && latest[name].Before(task.Created) {
				missing++
			}
		}
		if missing == 0 {
			t.Errorf("%v: no success without a backup: latest %v", now, latest)
		}
		if latest["file-archive"].IsZero() || !latest["hana-01"].IsZero() && now.Sub(latest["hana-01"]) > 6*time.Hour {
			t.Errorf("%v: got %v; want only old backups of file-archive, and only new ones of hana-01", now, latest)
		}
	})
}

// What an operator should see at any time.
func TestDemoBackups(t *testing.T) {
	t.Parallel()
	moments(t, func(cloud *simulator.Simulator, now time.Time) {
		statuses := make(map[string]int)
		replicas := make(map[string]int) // by resource and status
		volumes, children := 0, make(map[string]bool)
		oldest := now
		for _, b := range cloud.Backups() {
			statuses[b.Status]++
			for _, c := range b.Replicas {
				replicas[b.ResourceName+" "+c.Status]++
				if (c.Status == "fail") != (c.FailCode != "") || c.DestinationRegion != "cn-east-3" || c.Created.After(now) {
					t.Errorf("%v: %+v", now, c)
				}
			}
			if b.ParentID != "" {
				volumes++
				children[b.ParentID] = true
			}
			if b.ResourceName == "crm-01" || b.ResourceName == "spark-01" {
				if !b.Expires.IsZero() || b.Automatic || now.Sub(b.Created) < 40*day {
					t.Errorf("%v: not an old one made by hand: %+v", now, b)
				}
				if b.Created.Before(oldest) {
					oldest = b.Created
				}
			}
		}
		if statuses["error"] == 0 || statuses["protecting"] == 0 || len(statuses) != 3 {
			t.Errorf("%v: got the statuses %v", now, statuses)
		}
		if replicas["crm-01 success"] != 4 || replicas["crm-01 fail"] != 1 || replicas["spark-01 success"] != 3 || replicas["erp-01 success"] < 15 {
			t.Errorf("%v: got the copies %v", now, replicas)
		}
		if volumes != 10 || len(children) != 5 {
			t.Errorf("%v: %d backups of volumes in %d of servers, want 10 in 5", now, volumes, len(children))
		}
		if now.Sub(oldest) > 200*day {
			t.Errorf("%v: the oldest backup is of %v", now, oldest)
		}
	})
}

// A backup that goes on existing stays as it is, but for its status and the copies.
func TestBackupsAppearWhenTheyAreMade(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(3)
	before := make(map[string]simulator.Backup)
	for range 20 {
		last := clock.Now()
		clock.advance(25 * time.Minute)
		now := make(map[string]simulator.Backup)
		for _, b := range cloud.Backups() {
			now[b.ID] = b
			old, ok := before[b.ID]
			if ok && (!b.Created.Equal(old.Created) || b.Name != old.Name || b.VaultID != old.VaultID || old.Status == "available" && b.Status != "available") {
				t.Errorf("%v: from %+v to %+v", clock.Now(), old, b)
			}
			if !ok && len(before) > 0 && b.Created.Before(last) && b.ResourceName != "build-agent" && b.ResourceName != "load-test" {
				t.Errorf("%v: %+v appears late", clock.Now(), b)
			}
		}
		for id, old := range before {
			if _, ok := now[id]; !ok && old.Status == "available" && old.Expires.After(clock.Now()) && old.ResourceName != "hana-01" && old.ResourceName != "load-test" {
				t.Errorf("%v: %+v is gone before it expires", clock.Now(), old)
			}
		}
		before = now
	}
}

// A backup is created some seconds after its task has started, and not before.
func TestBackupIsCreatedAfterItsTask(t *testing.T) {
	t.Parallel()
	cloud, clock := forgetfulCloud(1)
	ids := backupsOfTasks(t, cloud)
	tasks := cloud.Tasks()
	i := slices.IndexFunc(tasks, func(r simulator.TaskRecord) bool { return r.OperationType == "backup" && r.Status == "success" })
	for after, want := range map[time.Duration]string{0: "", time.Second: "", 10 * time.Second: "protecting"} {
		clock.set(tasks[i].Started.Add(after))
		got := ""
		for _, b := range cloud.Backups() {
			if b.ID == ids[tasks[i].ID] {
				got = b.Status
			}
		}
		if got != want {
			t.Errorf("%v after the start: %q, want %q", after, got, want)
		}
	}
}

// The deletion names the backup that it deletes.
func TestDeletionOfBackup(t *testing.T) {
	t.Parallel()
	cloud, clock := forgetfulCloud(1)
	ids := backupsOfTasks(t, cloud)
	exists := func(id string) bool {
		return slices.ContainsFunc(cloud.Backups(), func(b simulator.Backup) bool { return b.ID == id && b.ResourceName == "hana-01" })
	}
	deletions := 0
	for _, task := range cloud.Tasks() {
		if task.OperationType != "delete" || task.Status != "success" || deletions == 6 {
			continue
		}
		clock.set(task.Started)
		if exists(ids[task.ID]) {
			deletions++
		}
		if clock.set(task.Ended); exists(ids[task.ID]) {
			t.Errorf("the backup %s exists after %+v", ids[task.ID], task.Task)
		}
	}
	if deletions != 6 {
		t.Errorf("%d backups existed before they were deleted, want 6", deletions)
	}
}

// A backup keeps the name that its resource had when it was made.
func TestRenameInBackups(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	id := cloud.Backups()[0].ResourceID
	cloud.RenameResource(id, "new name")
	renamed := clock.Now()
	clock.advance(2 * time.Hour)
	seen := make(map[string]int)
	for _, b := range cloud.Backups() {
		if b.ResourceID == id {
			seen[b.ResourceName]++
			if b.ResourceName == "new name" && b.Created.Before(renamed) {
				t.Errorf("an old backup has the new name: %+v", b)
			}
		}
	}
	if len(seen) != 2 || seen["new name"] == 0 {
		t.Errorf("got the names %v", seen)
	}
	exists := func(name string) bool {
		return slices.ContainsFunc(cloud.Protectables(), func(p simulator.Protectable) bool { return p.ID == id && p.Name == name })
	}
	if !exists("new name") {
		t.Error("the resource itself has its old name")
	}
	cloud.SetProtectables(simulator.Protectable{ID: id})
	if cloud.RenameResource(id, "latest name"); !exists("latest name") {
		t.Error("a given resource is not renamed")
	}
}

func TestLagOfBackups(t *testing.T) {
	t.Parallel()
	cloud, clock := newCloud(1)
	const query = "limit=1"
	want, _ := listed(t, cloud, backupsPath+"?"+query)
	clock.advance(time.Hour)
	if got, _ := listed(t, cloud, backupsPath+"?"+query); slices.Equal(got, want) {
		t.Fatal("no backup within an hour")
	}
	cloud.SetListing(simulator.Listing{Lag: time.Hour})
	if got, _ := listed(t, cloud, backupsPath+"?"+query); !slices.Equal(got, want) {
		t.Errorf("an hour late: got %v, want %v", got, want)
	}
}

// BenchmarkBackups requests the backups of the demo, while the clock advances. Its target is
// 10 ms for all of them.
func BenchmarkBackups(b *testing.B) {
	for name, query := range map[string]string{
		"all":    "show_replication=true",
		"latest": "show_replication=true&start_time=2026-03-14T08:00:00Z",
	} {
		b.Run(name, func(b *testing.B) {
			cloud, clock := newCloud(1)
			b.ReportAllocs()
			for b.Loop() {
				if got := get(cloud, backupsPath+"?"+query, fixedToken); got.status != http.StatusOK {
					b.Fatal(got.status)
				}
				clock.advance(100 * time.Millisecond)
			}
		})
	}
}
