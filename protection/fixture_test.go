package protection_test

import (
	"cmp"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/schedule"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

const day = 24 * time.Hour

// noon is on a Friday.
func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// at returns a time, such as 2026-11-20 12:00 or 2026-11-20 12:00:30.
func at(text string) time.Time {
	layout := "2006-01-02 15:04:05"
	t, err := time.Parse(layout[:len(text)], text)
	if err != nil {
		panic(err)
	}
	return t
}

func key(resourceID string) ledger.ResourceKey {
	return ledger.ResourceKey{ResourceID: resourceID, OperationType: cbrapi.OperationBackup}
}

// task returns a backup of r in the vault v.
func task(id string, status cbrapi.Status, created time.Time) *cbrapi.OperationLog {
	log := &cbrapi.OperationLog{
		ID: id, Status: status, OperationType: cbrapi.OperationBackup, VaultID: "v", CreatedAt: created, UpdatedAt: created,
		ExtraInfo: cbrapi.ExtraInfo{Resource: &cbrapi.Resource{ID: "r"}},
	}
	if status != cbrapi.StatusWaiting && status != cbrapi.StatusSkipped {
		log.StartedAt = created
	}
	if status.Finished() {
		log.EndedAt, log.UpdatedAt = created.Add(time.Minute), created.Add(time.Minute)
	}
	return log
}

func success(created time.Time) *cbrapi.OperationLog {
	return task("success", cbrapi.StatusSuccess, created)
}

// changed changes a task.
func changed(log *cbrapi.OperationLog, change func(*cbrapi.OperationLog)) *cbrapi.OperationLog {
	change(log)
	return log
}

func inVault(log *cbrapi.OperationLog, id string) *cbrapi.OperationLog {
	return changed(log, func(l *cbrapi.OperationLog) { l.VaultID = id })
}

func ofResource(log *cbrapi.OperationLog, id string) *cbrapi.OperationLog {
	return changed(log, func(l *cbrapi.OperationLog) { l.ExtraInfo.Resource = &cbrapi.Resource{ID: id} })
}

func ofType(log *cbrapi.OperationLog, operation cbrapi.OperationType) *cbrapi.OperationLog {
	return changed(log, func(l *cbrapi.OperationLog) { l.OperationType = operation })
}

// policy returns a policy that runs at the moments of the patterns since a time, which is
// zero if it is unknown. INTERVAL counts from a Monday.
func policy(t *testing.T, since time.Time, patterns ...string) inventory.PlannedPolicy {
	t.Helper()
	s, errs := schedule.New(patterns, time.Time{})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return inventory.PlannedPolicy{Schedule: s, Since: since}
}

// replaced returns the policies of which the first one was replaced by the other at the time.
func replaced(when time.Time, before, after inventory.PlannedPolicy) []inventory.PlannedPolicy {
	before.Until, after.Since = when, when
	return []inventory.PlannedPolicy{after, before}
}

// starting returns a policy that starts at the time.
func starting(t *testing.T, start time.Time, patterns ...string) inventory.PlannedPolicy {
	t.Helper()
	s, errs := schedule.New(patterns, start)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return inventory.PlannedPolicy{Schedule: s}
}

// listed returns the state after a reading of the vaults alone.
func listed(vaults ...*cbrapi.Vault) *inventory.Snapshot {
	s := &inventory.Snapshot{Vaults: vaults, Bindings: map[string]inventory.Binding{}}
	for _, v := range vaults {
		for _, r := range v.Resources {
			s.Bindings[r.ID] = inventory.Binding{VaultID: v.ID, Deleted: r.ProtectStatus == cbrapi.ProtectDeleted}
		}
	}
	return s
}

// readAt returns the backups of r as they were completely read at a time.
func readAt(full time.Time, points inventory.RestorePoints) *inventory.Backups {
	return &inventory.Backups{FullAt: full, Resources: map[string]inventory.RestorePoints{"r": points}}
}

// points returns restore points that were created at the times, the latest last.
func points(created ...time.Time) (p inventory.RestorePoints) {
	if p.Count = len(created); p.Count > 0 {
		p.Oldest, p.Latest = created[0].Add(time.Minute), created[p.Count-1].Add(time.Minute)
		p.LatestCreated = created[p.Count-1]
	}
	return p
}

// fixture is a project with the resource r in the vault v.
type fixture struct {
	now      time.Time     // up to which the tasks are known; noon if it is zero
	lookback time.Duration // 30 days if it is 0
	logs     []*cbrapi.OperationLog
	policies []inventory.PlannedPolicy // of backups
	bound    time.Time
	followed time.Time // since when the vaults are read; zero: always
	vault    cbrapi.Vault
	backups  *inventory.Backups                         // nil: not read
	options  protection.Options                         // 6 h of grace, stuck after 12 h if they are zero
	change   func(*tasks.Snapshot, *inventory.Snapshot) // nil: nothing

	withoutVaults bool
}

func (f fixture) snapshot() protection.Snapshot {
	now, lookback := cmp.Or(f.now, noon()), cmp.Or(f.lookback, 30*day)
	f.options.Grace = cmp.Or(f.options.Grace, 6*time.Hour)
	f.options.StuckAfter = cmp.Or(f.options.StuckAfter, 12*time.Hour)
	f.options.Lookback = lookback

	known := tasks.Snapshot{Discovered: &tasks.Discovered{Synced: true, KnownUntil: now, HistoryStart: now.Add(-lookback)}}
	l := ledger.New(ledger.Options{Lookback: lookback})
	l.Advance(now)
	for _, log := range f.logs {
		l.Add(log)
		if !log.Status.Finished() {
			known.Active = append(known.Active, tasks.ActiveTask{Log: log, ReadAt: now})
		}
	}
	known.ResourceStates = l.ResourceStates()

	f.vault.ID = "v"
	if f.vault.Resources == nil {
		f.vault.Resources = []cbrapi.VaultResource{{ID: "r"}}
	}
	vaults := listed(&f.vault)
	vaults.Since, vaults.Backups = f.followed, f.backups
	vaults.Expected = []inventory.Expectation{} // not nil: the policies are read
	plan := &inventory.Plan{Policies: f.policies}
	for _, r := range f.vault.Resources {
		if len(f.policies) > 0 && r.ProtectStatus != cbrapi.ProtectDeleted {
			vaults.Expected = append(vaults.Expected, inventory.Expectation{ResourceKey: key(r.ID), VaultID: "v", Plan: plan, Bound: f.bound})
		}
	}
	if f.change != nil {
		f.change(&known, vaults)
	}
	if f.withoutVaults {
		vaults = nil
	}
	return protection.NewSnapshot(known, vaults, f.options)
}

// verdict returns the verdict about the backups of r; it is empty if there is none.
func (f fixture) verdict() protection.Verdict {
	for _, v := range f.snapshot().Verdicts {
		if v.ResourceKey == key("r") {
			return v
		}
	}
	return protection.Verdict{}
}

// word returns a verdict as a word: true, false or unknown.
func word(b *bool) string {
	switch {
	case b == nil:
		return "unknown"
	case *b:
		return "true"
	default:
		return "false"
	}
}

// verdictOf returns the verdict of a key; nil if nothing is judged.
func verdictOf(s *protection.Snapshot, key ledger.ResourceKey) *protection.Verdict {
	for i := range s.Verdicts {
		if s.Verdicts[i].ResourceKey == key {
			return &s.Verdicts[i]
		}
	}
	return nil
}
