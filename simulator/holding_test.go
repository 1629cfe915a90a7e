package simulator_test

import (
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// What is said of a resource follows from its tasks.
func TestProtectStatus(t *testing.T) {
	clock := newClock(someDay())
	cloud := simulator.New(simulator.Options{Now: clock.Now, Seed: 2, Retention: 5 * day})
	want := map[string]string{
		"backup": "protecting", "replication": "protecting", "copy": "protecting", "sync": "protecting",
		"restore": "restoring", "remove_resource": "removing",
	}
	var moments []time.Time
	visits := make(map[string]int)
	for _, task := range cloud.Tasks() {
		if at := task.Started; !at.IsZero() && visits[task.OperationType] < 4 {
			visits[task.OperationType]++
			moments = append(moments, at.Add(time.Minute/2))
		}
		if visits[task.Status]++; task.Status == "failed" && visits[task.Status] < 6 {
			moments = append(moments, task.Ended)
		}
	}
	seen := make(map[string]int)
	for _, at := range moments {
		clock.set(at)
		running, last := make(map[string]string), make(map[string]string)
		for _, task := range cloud.Tasks() {
			if task.Status == "running" && want[task.OperationType] != "" {
				running[task.ResourceID] = want[task.OperationType]
			}
			if !task.Ended.IsZero() && want[task.OperationType] == "protecting" && last[task.ResourceID] == "" {
				last[task.ResourceID] = task.Status
			}
		}
		for _, v := range cloud.Vaults() {
			for _, r := range v.Resources {
				if r.ProtectStatus == "" {
					continue
				}
				expected := running[r.ID]
				switch {
				case expected != "":
				case last[r.ID] == "failed":
					expected = "error"
				default:
					expected = "available"
				}
				seen[expected]++
				if r.ProtectStatus != expected {
					t.Errorf("%v: %s is %s, want %s", clock.Now(), r.Name, r.ProtectStatus, expected)
				}
			}
		}
	}
	for _, status := range []string{"available", "error", "protecting", "restoring", "removing"} {
		if seen[status] == 0 {
			t.Errorf("nothing was %s", status)
		}
	}
}

func TestSizesAddUp(t *testing.T) {
	for seed := range uint64(10) {
		cloud, clock := newCloud(seed)
		clock.advance(time.Duration(seed) * 5 * time.Hour)
		for _, v := range cloud.Vaults() {
			var used, allocated int64 // used is in whole GB, each rounded up
			for _, r := range v.Resources {
				if r.Size == nil {
					used, allocated = (v.Used+1023)/1024, v.Allocated
					continue
				}
				used += *r.BackupSize
				allocated += *r.Size
				if (*r.BackupSize > 0) != (*r.BackupCount > 0) {
					t.Errorf("%s: %d backups of %d GB", r.Name, *r.BackupCount, *r.BackupSize)
				}
			}
			if over := used*1024 - v.Used; over < 0 || over >= 1024*int64(len(v.Resources)+1) || allocated != v.Allocated || v.Used > v.Size*1024 {
				t.Errorf("%s: resources of %d GB with backups of %d GB, but %+v", v.Name, allocated, used, v)
			}
		}
	}
}

// As many backups are there as were made in the time for which they are kept.
func TestBackupCounts(t *testing.T) {
	cloud, clock := newCloud(3)
	counted, tasks := 0, cloud.Tasks()
	for _, v := range cloud.Vaults() {
		for _, p := range policiesOf(cloud, v) {
			keeps := time.Duration(p.RetentionDays) * day
			if keeps > 29*day || !p.Enabled {
				continue // older than the tasks
			}
			for _, r := range v.Resources {
				var made int64
				for _, task := range tasks {
					if task.ResourceID == r.ID && task.Status == "success" && clock.Now().Sub(task.Created) < keeps {
						made++
					}
				}
				// One made at the very beginning may have been planned before.
				if counted++; *r.BackupCount > made || *r.BackupCount < made-1 {
					t.Errorf("%s: %d backups, but %d were made", r.Name, *r.BackupCount, made)
				}
			}
		}
	}
	if counted < 15 {
		t.Errorf("counted those of %d resources", counted)
	}
}

// The vault of the disks is nearly full when its backups fail for that reason,
// and does not jump on the way there.
func TestTightVault(t *testing.T) {
	cloud, clock := newCloud(1)
	tight := func() simulator.Vault { return vaultNamed(t, cloud, "vault-disks") }
	percent := func() int64 { v := tight(); return v.Used * 100 / (v.Size * 1024) }
	const step = 30 * time.Minute
	full, room, before := 0, 0, percent()
	for range 4 * day / step {
		clock.advance(step)
		now := percent()
		if now >= 99 {
			full++
		} else {
			room++
		}
		if now > before+3 || now < before-3 && before < 99 {
			t.Errorf("%v: from %d to %d %%", clock.Now(), before, now)
		}
		before = now
	}
	if full == 0 || room == 0 {
		t.Errorf("full %d times, not full %d times", full, room)
	}
	refused := 0
	for _, task := range cloud.Tasks() {
		if task.ErrorCode != "BackupService.6114" {
			continue
		}
		if refused++; refused > 20 {
			break
		}
		if clock.set(task.Created); percent() < 99 {
			t.Errorf("%v: no backup fits, but %d %% are used", task.Created, percent())
		}
	}
	if refused == 0 {
		t.Error("no backup was refused")
	}
}
