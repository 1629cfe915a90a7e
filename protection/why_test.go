package protection_test

import (
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// TestWhy has a success be due daily at 02:00.
func TestWhy(t *testing.T) {
	t.Parallel()
	const (
		failed, timeout, skipped = cbrapi.StatusFailed, cbrapi.StatusTimeout, cbrapi.StatusSkipped
		running, waiting         = cbrapi.StatusRunning, cbrapi.StatusWaiting
	)
	withError := func(log *cbrapi.OperationLog, code, message string) *cbrapi.OperationLog {
		return changed(log, func(l *cbrapi.OperationLog) { l.ErrorInfo = cbrapi.ErrorInfo{Code: code, Message: message} })
	}
	on := func(date int) time.Time { return time.Date(2026, 11, date, 2, 0, 0, 0, time.UTC) }
	status := func(s cbrapi.VaultStatus) cbrapi.Vault { return cbrapi.Vault{Billing: cbrapi.Billing{Status: s}} }
	full := cbrapi.Vault{Billing: cbrapi.Billing{Used: new(int64(100)), Capacity: new(int64(100))}}
	for name, test := range map[string]struct {
		logs       []*cbrapi.OperationLog
		vault      cbrapi.Vault
		stuckAfter time.Duration
		change     func(*tasks.Snapshot, *inventory.Snapshot)
		want       string
	}{
		"in time":                             {logs: []*cbrapi.OperationLog{success(on(20))}, vault: full},
		"failed":                              {logs: []*cbrapi.OperationLog{task("1", failed, on(20))}, want: "the latest backup failed (created 2026-11-20 02:00 UTC)"},
		"timed out":                           {logs: []*cbrapi.OperationLog{task("1", timeout, on(20))}, want: "the latest backup timed out (created 2026-11-20 02:00 UTC)"},
		"failed, not overdue":                 {logs: []*cbrapi.OperationLog{success(on(20)), task("1", failed, on(20).Add(time.Hour))}, want: "the latest backup failed (created 2026-11-20 03:00 UTC)"},
		"failed several times":                {logs: []*cbrapi.OperationLog{task("1", failed, on(18)), task("2", failed, on(19)), task("3", timeout, on(20))}, want: "3 in a row failed, the latest timed out (created 2026-11-20 02:00 UTC)"},
		"failed several times, not timed out": {logs: []*cbrapi.OperationLog{task("1", timeout, on(18)), task("2", failed, on(19)), withError(task("3", failed, on(20)), "BackupService.7003", "")}, want: "3 in a row failed, the latest (created 2026-11-20 02:00 UTC): BackupService.7003"},
		"code and message":                    {logs: []*cbrapi.OperationLog{withError(task("1", failed, on(20)), "BackupService.7003", "No quota")}, want: "the latest backup failed (created 2026-11-20 02:00 UTC): BackupService.7003: No quota"},
		"code":                                {logs: []*cbrapi.OperationLog{withError(task("1", failed, on(20)), "BackupService.7003", "")}, want: "the latest backup failed (created 2026-11-20 02:00 UTC): BackupService.7003"},
		"message":                             {logs: []*cbrapi.OperationLog{withError(task("1", failed, on(20)), "", "No quota")}, want: "the latest backup failed (created 2026-11-20 02:00 UTC): No quota"},
		"failed, now running":                 {logs: []*cbrapi.OperationLog{task("1", failed, on(19)), task("2", running, on(20))}, want: "the latest backup failed (created 2026-11-19 02:00 UTC); one is running (created 2026-11-20 02:00 UTC)"},
		"failed, then skipped":                {logs: []*cbrapi.OperationLog{task("1", failed, on(19)), withError(task("2", skipped, on(20)), "BackupService.1", "")}, want: "the latest backup failed (created 2026-11-19 02:00 UTC); then one was skipped (created 2026-11-20 02:00 UTC): BackupService.1"},
		"skipped":                             {logs: []*cbrapi.OperationLog{success(on(18)), withError(task("1", skipped, on(20)), "BackupService.1", "")}, want: "the latest backup was skipped (created 2026-11-20 02:00 UTC): BackupService.1"},
		"nothing since a success":             {logs: []*cbrapi.OperationLog{success(on(18))}, want: "no backup has started since 2026-11-18 02:00 UTC"},
		"nothing at all":                      {want: "no backup has started since 2026-10-21 12:00 UTC"},
		"failed, then another end":            {logs: []*cbrapi.OperationLog{changed(task("1", failed, on(19)), func(l *cbrapi.OperationLog) { l.CreatedAt, l.StartedAt = time.Time{}, on(19).Add(time.Minute) }), changed(task("1", skipped, on(19)), func(l *cbrapi.OperationLog) { l.UpdatedAt = on(19).Add(time.Hour) })}, want: "the latest backup was skipped (created 2026-11-19 02:00 UTC); none has started since"},
		"stuck":                               {logs: []*cbrapi.OperationLog{success(on(18)), task("1", running, on(19))}, want: "task 1 of 2026-11-19 02:00 UTC is stuck in status running"},
		"running, older than due":             {logs: []*cbrapi.OperationLog{task("1", running, on(19).Add(17*time.Hour))}, stuckAfter: day, want: "task 1 of 2026-11-19 19:00 UTC is still in status running"},
		"two stuck":                           {logs: []*cbrapi.OperationLog{task("1", running, on(20)), task("2", running, on(19)), task("3", running, on(18))}, stuckAfter: time.Hour, want: "task 3 of 2026-11-18 02:00 UTC is stuck in status running"},
		"stuck, waiting, no other":            {logs: []*cbrapi.OperationLog{task("1", waiting, on(20))}, want: "task 1 of 2026-11-20 02:00 UTC is stuck in status waiting"},
		"vault frozen, failed":                {logs: []*cbrapi.OperationLog{task("1", failed, on(20))}, vault: status(cbrapi.VaultFrozen), want: "the vault is frozen; the latest backup failed (created 2026-11-20 02:00 UTC)"},
		"vault being deleted, overdue":        {logs: []*cbrapi.OperationLog{success(on(18))}, vault: status(cbrapi.VaultDeleting), want: "the vault is being deleted; no backup has started since 2026-11-18 02:00 UTC"},
		"vault in error":                      {logs: []*cbrapi.OperationLog{success(on(18))}, vault: status(cbrapi.VaultError), want: "the vault is in status error; no backup has started since 2026-11-18 02:00 UTC"},
		"vault full":                          {logs: []*cbrapi.OperationLog{success(on(18))}, vault: full, want: "the vault is full; no backup has started since 2026-11-18 02:00 UTC"},
		"vault locked":                        {logs: []*cbrapi.OperationLog{success(on(18))}, vault: status(cbrapi.VaultLock), want: "no backup has started since 2026-11-18 02:00 UTC"},
		"failed, none since":                  {logs: []*cbrapi.OperationLog{task("1", failed, on(18))}, want: "the latest backup failed (created 2026-11-18 02:00 UTC); none has started since"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture{logs: test.logs, vault: test.vault, options: protection.Options{StuckAfter: test.stuckAfter}, change: test.change, policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily)}}
			if got := f.verdict(); got.Why != test.want {
				t.Errorf("got  %s\nwant %s", got.Why, test.want)
			}
		})
	}
}

// TestWhyGone has the backup of a success be gone.
func TestWhyGone(t *testing.T) {
	t.Parallel()
	const (
		failed, skipped, running = cbrapi.StatusFailed, cbrapi.StatusSkipped, cbrapi.StatusRunning
		gone                     = "the backup created 2026-11-20 02:00 UTC succeeded, but the vault holds no backup of it"
	)
	on := func(date int) time.Time { return time.Date(2026, 11, date, 2, 0, 0, 0, time.UTC) }
	failures := func(p inventory.RestorePoints, n int) inventory.RestorePoints {
		p.InError = n
		return p
	}
	for name, test := range map[string]struct {
		logs   []*cbrapi.OperationLog
		points inventory.RestorePoints
		vault  cbrapi.Vault
		known  time.Duration // how long tasks are known; 30 days if it is 0
		want   string
	}{
		"in time":              {logs: []*cbrapi.OperationLog{success(on(20))}, points: failures(points(on(20)), 1)},
		"none left":            {logs: []*cbrapi.OperationLog{success(on(20))}, want: gone + "; there is no restore point"},
		"earlier ones left":    {logs: []*cbrapi.OperationLog{success(on(20))}, points: points(on(17), on(18)), want: gone + "; the latest restore point is of 2026-11-18 02:01 UTC"},
		"it is in error":       {logs: []*cbrapi.OperationLog{success(on(20))}, points: failures(points(on(18)), 1), want: gone + "; the latest restore point is of 2026-11-18 02:01 UTC; 1 backup is in status error"},
		"several in error":     {logs: []*cbrapi.OperationLog{success(on(20))}, points: failures(points(), 2), want: gone + "; there is no restore point; 2 backups are in status error"},
		"the vault is frozen":  {logs: []*cbrapi.OperationLog{success(on(20))}, vault: cbrapi.Vault{Billing: cbrapi.Billing{Status: cbrapi.VaultFrozen}}, want: "the vault is frozen; " + gone + "; there is no restore point"},
		"then one failed":      {logs: []*cbrapi.OperationLog{success(on(20)), task("1", failed, on(20).Add(time.Hour))}, want: "the latest backup failed (created 2026-11-20 03:00 UTC); " + gone + "; there is no restore point"},
		"then one was skipped": {logs: []*cbrapi.OperationLog{success(on(20)), task("1", skipped, on(20).Add(time.Hour))}, want: gone + "; there is no restore point"},
		"then one runs":        {logs: []*cbrapi.OperationLog{success(on(20)), task("1", running, on(20).Add(8*time.Hour))}, want: gone + "; there is no restore point"},
		"the run before, while one runs": {
			logs: []*cbrapi.OperationLog{success(on(19)), task("1", running, on(20))}, points: points(on(18)),
			want: "the backup created 2026-11-19 02:00 UTC succeeded, but the vault holds no backup of it; the latest restore point is of 2026-11-18 02:01 UTC",
		},
		"the run before, restorable, none since": {logs: []*cbrapi.OperationLog{success(on(19))}, points: points(on(19)), want: "no backup has started since 2026-11-19 02:00 UTC"},
		"the run before is long gone":            {logs: []*cbrapi.OperationLog{success(on(17)), task("1", failed, on(18))}, want: "the latest backup failed (created 2026-11-18 02:00 UTC); none has started since"},
		"no task is known":                       {points: points(on(18)), want: "no backup has started since 2026-10-21 12:00 UTC"},
		"tasks are forgotten":                    {points: failures(points(on(18)), 1), known: time.Hour, want: "no restore point has been created since 2026-11-18 20:00 UTC; the latest restore point is of 2026-11-18 02:01 UTC; 1 backup is in status error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture{logs: test.logs, vault: test.vault, lookback: test.known, backups: readAt(noon(), test.points), policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily)}}
			if got := f.verdict(); got.Why != test.want {
				t.Errorf("got  %s\nwant %s", got.Why, test.want)
			}
		})
	}
}
