package protection_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// TestOverdue has a success be due daily at 02:00, for which one counts from 20:00 of the
// day before.
func TestOverdue(t *testing.T) {
	t.Parallel()
	type logs = []*cbrapi.OperationLog
	from := at("2026-11-19 20:00")
	before := changed(success(at("2026-11-19 02:00")), func(l *cbrapi.OperationLog) { l.ID = "before" })
	const (
		failed, timeout, skipped = cbrapi.StatusFailed, cbrapi.StatusTimeout, cbrapi.StatusSkipped
		running, waiting         = cbrapi.StatusRunning, cbrapi.StatusWaiting
	)
	follows := func(followed bool) protection.Follows {
		return func(vaultID string, operation cbrapi.OperationType) bool {
			return followed || vaultID != "v" || operation != cbrapi.OperationBackup
		}
	}
	for name, test := range map[string]struct {
		logs    logs
		fixture fixture
		want    string
	}{
		"no task":                     {want: "true"},
		"success":                     {logs: logs{success(from)}, want: "false"},
		"success of the run before":   {logs: logs{success(from.Add(-1))}, want: "true"},
		"success after the grace":     {logs: logs{success(noon().Add(-time.Minute))}, want: "false"},
		"failure":                     {logs: logs{task("1", failed, from)}, want: "true"},
		"timeout":                     {logs: logs{task("1", timeout, from)}, want: "true"},
		"skipped":                     {logs: logs{task("1", skipped, from)}, want: "true"},
		"failure after the success":   {logs: logs{success(from), task("1", failed, from.Add(time.Hour))}, want: "false"},
		"success in another vault":    {logs: logs{inVault(success(from), "w")}, want: "false"},
		"success that names no vault": {logs: logs{inVault(success(from), "")}, want: "false"},
		"success of another resource": {logs: logs{ofResource(success(from), "q")}, want: "true"},
		"another operation":           {logs: logs{ofType(success(from), cbrapi.OperationReplication)}, want: "true"},
		"success, creation unknown":   {logs: logs{changed(success(from), func(l *cbrapi.OperationLog) { l.CreatedAt = time.Time{} })}, want: "false"},

		"running":                        {logs: logs{before, task("1", running, at("2026-11-20 02:00"))}, want: "false"},
		"running since from":             {logs: logs{before, task("1", running, from)}, fixture: fixture{options: protection.Options{StuckAfter: day}}, want: "false"},
		"running since before from":      {logs: logs{task("1", running, from.Add(-1))}, fixture: fixture{options: protection.Options{StuckAfter: day}}, want: "true"},
		"running, creation unknown":      {logs: logs{task("1", running, time.Time{})}, want: "true"},
		"running, the limit":             {logs: logs{before, task("1", running, noon().Add(-12*time.Hour))}, want: "false"},
		"running, stuck":                 {logs: logs{task("1", running, noon().Add(-12*time.Hour-1))}, want: "true"},
		"waiting":                        {logs: logs{before, task("1", waiting, noon().Add(-4*time.Hour))}, want: "false"},
		"waiting, stuck":                 {logs: logs{task("1", waiting, noon().Add(-4*time.Hour-1))}, want: "true"},
		"running, late":                  {logs: logs{before, task("1", running, at("2026-11-20 08:00"))}, want: "false"},
		"running, too late":              {logs: logs{task("1", running, at("2026-11-20 08:00").Add(1))}, want: "true"},
		"running, the run before missed": {logs: logs{success(before.CreatedAt.Add(-day)), task("1", running, at("2026-11-20 02:00"))}, want: "true"},
		"the run before goes on":         {logs: logs{task("1", running, from.Add(-1)), task("2", waiting, at("2026-11-20 08:00"))}, fixture: fixture{options: protection.Options{StuckAfter: 2 * day}, bound: at("2026-11-19 00:00")}, want: "true"},
		"both runs go on":                {logs: logs{task("1", running, at("2026-11-19 02:00")), task("2", waiting, at("2026-11-20 08:00"))}, fixture: fixture{options: protection.Options{StuckAfter: 2 * day}}, want: "false"},
		"running, the first run":         {logs: logs{task("1", running, at("2026-11-20 02:00"))}, fixture: fixture{bound: from}, want: "false"},
		"running, history begins later":  {logs: logs{task("1", running, at("2026-11-20 02:00"))}, fixture: fixture{lookback: noon().Sub(from)}, want: "false"},
		"one stuck, one running":         {logs: logs{before, task("1", running, from), task("2", running, at("2026-11-20 02:00"))}, want: "false"},
		"running, another operation":     {logs: logs{ofType(task("1", running, at("2026-11-20 02:00")), cbrapi.OperationRestore)}, want: "true"},
		"running, another resource":      {logs: logs{ofResource(task("1", running, at("2026-11-20 02:00")), "q")}, want: "true"},

		"history begins at from":           {fixture: fixture{lookback: noon().Sub(from)}, want: "true"},
		"history begins later":             {fixture: fixture{lookback: noon().Sub(from) - 1}, want: "unknown"},
		"history begins later, a success":  {logs: logs{success(at("2026-11-20 02:00"))}, fixture: fixture{lookback: noon().Sub(from) - 1}, want: "false"},
		"history begins later, a failure":  {logs: logs{task("1", failed, at("2026-11-20 02:00"))}, fixture: fixture{lookback: noon().Sub(from) - 1}, want: "unknown"},
		"no policy":                        {fixture: fixture{change: func(_ *tasks.Snapshot, i *inventory.Snapshot) { i.Expected = i.Expected[:0] }}, want: "unknown"},
		"not due yet":                      {fixture: fixture{bound: at("2026-11-20 03:00")}, want: "unknown"},
		"not due yet, an old failure":      {logs: logs{task("1", failed, from)}, fixture: fixture{bound: at("2026-11-20 03:00")}, want: "unknown"},
		"deleted":                          {fixture: fixture{vault: cbrapi.Vault{Resources: []cbrapi.VaultResource{{ID: "r", ProtectStatus: cbrapi.ProtectDeleted}}}}, want: "unknown"},
		"followed":                         {fixture: fixture{options: protection.Options{Follows: follows(true)}}, want: "true"},
		"not followed":                     {fixture: fixture{options: protection.Options{Follows: follows(false)}}, want: "unknown"},
		"tasks unknown before a full sync": {fixture: fixture{change: func(s *tasks.Snapshot, _ *inventory.Snapshot) { s.Discovered.Synced = false }}, want: "unknown"},
		"tasks never completely known":     {fixture: fixture{change: func(s *tasks.Snapshot, _ *inventory.Snapshot) { s.Discovered.KnownUntil = time.Time{} }}, want: "unknown"},
		"no discovery":                     {fixture: fixture{change: func(s *tasks.Snapshot, _ *inventory.Snapshot) { s.Discovered = nil }}, want: "unknown"},
		"policies unknown":                 {fixture: fixture{change: func(_ *tasks.Snapshot, i *inventory.Snapshot) { i.Expected = nil }}, want: "unknown"},
		"known until before the grace":     {fixture: fixture{now: at("2026-11-20 08:00").Add(-1)}, logs: logs{success(at("2026-11-18 20:00"))}, want: "false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := test.fixture
			f.logs, f.policies = test.logs, []inventory.PlannedPolicy{policy(t, time.Time{}, daily)}
			got := f.verdict()
			if word(got.Overdue) != test.want {
				t.Errorf("overdue %s, want %s: %+v", word(got.Overdue), test.want, got)
			}
			if isDue := test.want != "unknown" || strings.HasPrefix(name, "history begins later"); isDue == got.Due.IsZero() {
				t.Errorf("due %s", got.Due)
			}
		})
	}
}

// TestOverdueByRestorePoints has a restore point be due daily at 02:00, for which one counts
// that was created since 20:00 of the day before. A success ends after a minute.
func TestOverdueByRestorePoints(t *testing.T) {
	t.Parallel()
	type logs = []*cbrapi.OperationLog
	const failed, running = cbrapi.StatusFailed, cbrapi.StatusRunning
	var (
		from, run  = at("2026-11-19 20:00"), at("2026-11-20 02:00")
		full, none = at("2026-11-20 11:30"), points()
		before     = changed(success(run.Add(-day)), func(l *cbrapi.OperationLog) { l.ID = "before" })
		rarely     = []inventory.PlannedPolicy{starting(t, at("2026-10-01 00:00"), "FREQ=DAILY;INTERVAL=60;BYHOUR=2")} // due on October 1
		onlyRun    = at("2026-10-01 02:00")
		refused    = inventory.Reading{Reasons: map[cbrapi.Reason]bool{cbrapi.ReasonPermission: true}}
		unread     = &inventory.Backups{Reading: refused}
	)
	for name, test := range map[string]struct {
		logs    logs
		backups *inventory.Backups
		fixture fixture
		want    string
	}{
		"restore point":                       {logs{success(run)}, readAt(full, points(run)), fixture{}, "false"},
		"no restore point":                    {logs{success(run)}, readAt(full, none), fixture{}, "true"},
		"never a backup":                      {logs{success(run)}, &inventory.Backups{FullAt: full, Resources: map[string]inventory.RestorePoints{}}, fixture{}, "true"},
		"restore point of the run before":     {logs{success(run)}, readAt(full, points(run.Add(-day))), fixture{}, "true"},
		"restore point since from":            {logs{success(run)}, readAt(full, points(from)), fixture{}, "false"},
		"restore point before from":           {logs{success(run)}, readAt(full, points(from.Add(-1))), fixture{}, "true"},
		"of another resource":                 {logs{success(run)}, &inventory.Backups{FullAt: full, Resources: map[string]inventory.RestorePoints{"q": points(run)}}, fixture{}, "true"},
		"by hand shortly before the run":      {logs{success(run.Add(-5 * time.Hour))}, readAt(full, points(run.Add(-5*time.Hour))), fixture{}, "false"},
		"without a known success":             {nil, readAt(full, points(run)), fixture{}, "false"},
		"failed, then by hand":                {logs{task("1", failed, run), success(run.Add(time.Hour))}, readAt(full, points(run.Add(time.Hour))), fixture{}, "false"},
		"failed":                              {logs{task("1", failed, run)}, readAt(full, points(run.Add(-day))), fixture{}, "true"},
		"failed, read before":                 {logs{task("1", failed, run)}, readAt(run.Add(-day), points(run.Add(-2*day))), fixture{}, "true"},
		"ended a little before the reading":   {logs{success(full.Add(-16*time.Minute + 1))}, readAt(full, none), fixture{}, "false"},
		"ended before the reading":            {logs{success(full.Add(-16 * time.Minute))}, readAt(full, none), fixture{}, "true"},
		"restore point after the reading":     {logs{task("1", failed, run)}, readAt(run, points(run.Add(time.Hour))), fixture{}, "false"},
		"being made":                          {logs{before, task("1", running, run)}, readAt(full, points(before.CreatedAt)), fixture{}, "false"},
		"being made, the run before is gone":  {logs{before, task("1", running, run)}, readAt(full, none), fixture{}, "true"},
		"being made, the run before is later": {logs{before, task("1", running, run)}, readAt(before.CreatedAt, none), fixture{}, "false"},
		"being made, the first run":           {logs{task("1", running, run)}, readAt(full, none), fixture{bound: from}, "false"},
		"not due yet":                         {nil, readAt(full, none), fixture{bound: run.Add(1)}, "unknown"},

		"being read":                    {logs{success(run)}, &inventory.Backups{}, fixture{}, "unknown"},
		"being read, failed":            {logs{task("1", failed, run)}, &inventory.Backups{}, fixture{}, "unknown"},
		"refused":                       {logs{success(run)}, unread, fixture{}, "false"},
		"refused, failed":               {logs{task("1", failed, run)}, unread, fixture{}, "true"},
		"cannot be read yet":            {logs{success(run)}, &inventory.Backups{Reading: inventory.Reading{Reasons: map[cbrapi.Reason]bool{cbrapi.ReasonNetwork: true}}}, fixture{}, "unknown"},
		"cannot be read any more":       {logs{success(run)}, &inventory.Backups{Reading: refused, FullAt: full, Resources: map[string]inventory.RestorePoints{}}, fixture{}, "true"},
		"not read for days":             {logs{success(run)}, &inventory.Backups{Reading: refused, FullAt: full.Add(-3 * day), Resources: map[string]inventory.RestorePoints{}}, fixture{}, "false"},
		"history begins later":          {nil, readAt(full, none), fixture{lookback: noon().Sub(run)}, "true"},
		"history begins later, a point": {nil, readAt(full, points(run)), fixture{lookback: noon().Sub(run)}, "false"},

		"rare":                         {nil, readAt(full, points(onlyRun)), fixture{policies: rarely}, "false"},
		"rare, never any":              {nil, &inventory.Backups{FullAt: full, Resources: map[string]inventory.RestorePoints{}}, fixture{policies: rarely}, "unknown"},
		"rare, gone":                   {nil, readAt(full, none), fixture{policies: rarely}, "true"},
		"rare, by hand":                {logs{success(run)}, readAt(full, points(run)), fixture{policies: rarely}, "false"},
		"rare, read before":            {nil, readAt(onlyRun, none), fixture{policies: rarely}, "unknown"},
		"rare, read at the grace":      {nil, readAt(onlyRun.Add(6*time.Hour), none), fixture{policies: rarely}, "unknown"},
		"rare, read after the grace":   {nil, readAt(onlyRun.Add(6*time.Hour+1), none), fixture{policies: rarely}, "true"},
		"rare, being read":             {nil, &inventory.Backups{}, fixture{policies: rarely}, "unknown"},
		"rare, cannot be read":         {nil, unread, fixture{policies: rarely}, "unknown"},
		"rare, backups are not wanted": {nil, nil, fixture{policies: rarely}, "unknown"},

		"resource is gone": {logs{success(run)}, readAt(full, none), fixture{vault: cbrapi.Vault{Resources: []cbrapi.VaultResource{{ID: "r", ProtectStatus: cbrapi.ProtectDeleted}}}}, "unknown"},
		"not followed":     {logs{success(run)}, readAt(full, none), fixture{options: protection.Options{Follows: func(string, cbrapi.OperationType) bool { return false }}}, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := test.fixture
			f.logs, f.backups = test.logs, test.backups
			if f.policies == nil {
				f.policies = []inventory.PlannedPolicy{policy(t, time.Time{}, daily)}
			}
			if got := f.verdict(); word(got.Overdue) != test.want {
				t.Errorf("overdue %s, want %s: %+v", word(got.Overdue), test.want, got)
			}
		})
	}
}

// TestExpired has the backup of the last run, daily at 02:00, be gone while the next one is
// made.
func TestExpired(t *testing.T) {
	t.Parallel()
	run := at("2026-11-20 02:00")
	keeps := func(days int) *cbrapi.Policy {
		return &cbrapi.Policy{OperationType: cbrapi.OperationBackup, VaultIDs: []string{"v"}, Retention: cbrapi.Retention{Days: days, MaxBackups: -1}}
	}
	replication, elsewhere := keeps(1), keeps(1)
	replication.OperationType, elsewhere.VaultIDs = cbrapi.OperationReplication, []string{"w"}
	for name, test := range map[string]struct {
		policies []*cbrapi.Policy
		created  time.Time // of the last success
		now      time.Time
		want     string
	}{
		"kept for a day":             {[]*cbrapi.Policy{keeps(1)}, run.Add(-day + time.Second), run.Add(time.Hour), "false"},
		"as one of two wants":        {[]*cbrapi.Policy{keeps(30), keeps(1)}, run.Add(-day), run.Add(time.Hour), "false"},
		"deleted before it expires":  {[]*cbrapi.Policy{keeps(1)}, run.Add(-day), run.Add(-time.Minute), "true"},
		"kept for longer":            {[]*cbrapi.Policy{keeps(2)}, run.Add(-day), run.Add(time.Hour), "true"},
		"expires before the run":     {[]*cbrapi.Policy{keeps(1)}, run.Add(-day - time.Second), run.Add(time.Hour), "true"},
		"kept by number":             {[]*cbrapi.Policy{keeps(-1)}, run.Add(-day), run.Add(time.Hour), "true"},
		"by number, of the next run": {[]*cbrapi.Policy{keeps(0)}, run.Add(time.Minute), run.Add(time.Hour), "true"},
		"of a replication":           {[]*cbrapi.Policy{replication}, run.Add(-day), run.Add(time.Hour), "true"},
		"of another vault":           {[]*cbrapi.Policy{elsewhere}, run.Add(-day), run.Add(time.Hour), "true"},
		"after the grace":            {[]*cbrapi.Policy{keeps(1)}, run.Add(-day), run.Add(6 * time.Hour), "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture{
				now: test.now, logs: []*cbrapi.OperationLog{success(test.created)}, backups: readAt(test.now, points()),
				policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily)},
				change:   func(_ *tasks.Snapshot, i *inventory.Snapshot) { i.Policies = test.policies },
			}
			if got := f.verdict(); word(got.Overdue) != test.want {
				t.Errorf("overdue %s, want %s: %+v", word(got.Overdue), test.want, got)
			}
		})
	}
}

// TestExpiredAndForgotten has a policy run every 30 days at 02:00. Of its last run the API has
// forgotten the task, and the backup is gone while the next one is made.
func TestExpiredAndForgotten(t *testing.T) {
	t.Parallel()
	run := at("2026-11-20 02:00")
	for name, test := range map[string]struct {
		days int // of the retention
		now  time.Time
		want string
	}{
		"kept for 30 days":          {30, run.Add(time.Hour), "unknown"},
		"deleted before it expires": {30, run.Add(-time.Minute), "true"},
		"kept for longer":           {31, run.Add(time.Hour), "true"},
		"kept for a week":           {7, run.Add(time.Hour), "true"},
		"kept by number":            {-1, run.Add(time.Hour), "true"},
		"after the grace":           {30, run.Add(6 * time.Hour), "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture{
				now: test.now, lookback: 29 * day, backups: readAt(test.now, points()),
				policies: []inventory.PlannedPolicy{starting(t, run.Add(-60*day), "FREQ=DAILY;INTERVAL=30;BYHOUR=2")},
				change: func(_ *tasks.Snapshot, i *inventory.Snapshot) {
					i.Policies = []*cbrapi.Policy{{OperationType: cbrapi.OperationBackup, VaultIDs: []string{"v"}, Retention: cbrapi.Retention{Days: test.days}}}
				},
			}
			if got := f.verdict(); word(got.Overdue) != test.want {
				t.Errorf("overdue %s, want %s: %+v", word(got.Overdue), test.want, got)
			}
		})
	}
}

// TestReplicationByTasks has a replication succeed of which the backup is gone.
func TestReplicationByTasks(t *testing.T) {
	t.Parallel()
	replication := ledger.ResourceKey{ResourceID: "r", OperationType: cbrapi.OperationReplication}
	for name, backups := range map[string]*inventory.Backups{"read": readAt(noon(), points()), "being read": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture{
				logs:     []*cbrapi.OperationLog{ofType(success(at("2026-11-20 02:00")), cbrapi.OperationReplication)},
				policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily)},
				backups:  backups,
				change:   func(_ *tasks.Snapshot, i *inventory.Snapshot) { i.Expected[0].ResourceKey = replication },
			}
			s := f.snapshot()
			if v := verdictOf(&s, replication); v == nil || word(v.Overdue) != "false" {
				t.Errorf("got %+v, want it in time", v)
			}
		})
	}
}

// TestOverdueWithoutVaults has a success be expected once a day.
func TestOverdueWithoutVaults(t *testing.T) {
	t.Parallel()
	limit := noon().Add(-36 * time.Hour)
	for name, test := range map[string]struct {
		logs    []*cbrapi.OperationLog
		options protection.Options
		want    string
	}{
		"at the limit":           {logs: []*cbrapi.OperationLog{success(limit)}, want: "false"},
		"beyond the limit":       {logs: []*cbrapi.OperationLog{success(limit.Add(-1))}, want: "true"},
		"another interval":       {logs: []*cbrapi.OperationLog{success(limit.Add(-1))}, options: protection.Options{ExpectedInterval: 25 * time.Hour}, want: "false"},
		"none is expected":       {logs: []*cbrapi.OperationLog{success(limit.Add(-1))}, options: protection.Options{ExpectedInterval: -1}, want: "unknown"},
		"never succeeded":        {logs: []*cbrapi.OperationLog{task("1", cbrapi.StatusFailed, limit)}, want: "unknown"},
		"failed since":           {logs: []*cbrapi.OperationLog{success(limit.Add(-1)), task("1", cbrapi.StatusFailed, noon())}, want: "true"},
		"running":                {logs: []*cbrapi.OperationLog{success(limit.Add(-1)), task("1", cbrapi.StatusRunning, noon().Add(-12*time.Hour))}, want: "false"},
		"running, stuck":         {logs: []*cbrapi.OperationLog{success(limit.Add(-1)), task("1", cbrapi.StatusRunning, noon().Add(-12*time.Hour-1))}, want: "true"},
		"running since before":   {logs: []*cbrapi.OperationLog{success(limit.Add(-2)), task("1", cbrapi.StatusRunning, limit.Add(-3))}, options: protection.Options{StuckAfter: 2 * day}, want: "true"},
		"running since the time": {logs: []*cbrapi.OperationLog{success(limit.Add(-2)), task("1", cbrapi.StatusRunning, limit)}, options: protection.Options{StuckAfter: 2 * day}, want: "false"},
		"within the lookback":    {logs: []*cbrapi.OperationLog{success(noon().Add(-30 * day))}, want: "true"},
		"beyond the lookback":    {logs: []*cbrapi.OperationLog{success(noon().Add(-30*day - 1))}, want: "unknown"},
		"not a backup":           {logs: []*cbrapi.OperationLog{ofType(success(limit.Add(-1)), cbrapi.OperationReplication)}, want: "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture{logs: test.logs, options: test.options, withoutVaults: true}
			switch f.options.ExpectedInterval {
			case 0:
				f.options.ExpectedInterval = day
			case -1:
				f.options.ExpectedInterval = 0
			}
			got := f.verdict()
			if word(got.Overdue) != test.want || !got.Due.IsZero() {
				t.Errorf("overdue %s, want %s: %+v", word(got.Overdue), test.want, got)
			}
		})
	}
}

// TestFailingUnbound has failures of a resource that is bound to no vault any more.
func TestFailingUnbound(t *testing.T) {
	t.Parallel()
	for operation, want := range map[cbrapi.OperationType]bool{
		cbrapi.OperationBackup: false, cbrapi.OperationReplication: false, cbrapi.OperationSync: false,
		cbrapi.OperationRestore: true, cbrapi.OperationDelete: true, cbrapi.OperationRemoveResource: true,
	} {
		t.Run(string(operation), func(t *testing.T) {
			t.Parallel()
			f := fixture{logs: []*cbrapi.OperationLog{ofType(task("1", cbrapi.StatusFailed, noon()), operation)}}
			f.vault.Resources = []cbrapi.VaultResource{{ID: "q"}}
			if verdicts := f.snapshot().Verdicts; (len(verdicts) == 1) != want {
				t.Errorf("got %+v, want one: %t", verdicts, want)
			}
		})
	}
}

func TestFailing(t *testing.T) {
	t.Parallel()
	const success, failed, timeout, skipped, running = cbrapi.StatusSuccess, cbrapi.StatusFailed, cbrapi.StatusTimeout, cbrapi.StatusSkipped, cbrapi.StatusRunning
	resource := func(r cbrapi.VaultResource) func(*fixture) {
		return func(f *fixture) { f.vault.Resources = []cbrapi.VaultResource{r} }
	}
	for name, test := range map[string]struct {
		statuses []cbrapi.Status // of tasks a day apart
		change   func(*fixture)  // nil: nothing
		want     string
	}{
		"success":                 {statuses: []cbrapi.Status{failed, success}, want: "false"},
		"failed":                  {statuses: []cbrapi.Status{success, failed}, want: "true"},
		"timeout":                 {statuses: []cbrapi.Status{success, timeout}, want: "true"},
		"skipped after failed":    {statuses: []cbrapi.Status{success, failed, skipped}, want: "true"},
		"skipped after success":   {statuses: []cbrapi.Status{failed, success, skipped, skipped}, want: "false"},
		"skipped alone":           {statuses: []cbrapi.Status{skipped}, want: "unknown"},
		"running after failed":    {statuses: []cbrapi.Status{success, failed, running}, want: "true"},
		"running alone":           {statuses: []cbrapi.Status{running}, want: "unknown"},
		"no task":                 {want: "unknown"},
		"skips hide the lookback": {statuses: []cbrapi.Status{failed, skipped, skipped}, change: func(f *fixture) { f.lookback = 2*day - 1 }, want: "unknown"},

		"unbound":        {statuses: []cbrapi.Status{failed}, change: resource(cbrapi.VaultResource{ID: "q"}), want: "unknown"},
		"deleted":        {statuses: []cbrapi.Status{failed}, change: resource(cbrapi.VaultResource{ID: "r", ProtectStatus: cbrapi.ProtectDeleted}), want: "unknown"},
		"in error":       {statuses: []cbrapi.Status{failed}, change: resource(cbrapi.VaultResource{ID: "r", ProtectStatus: cbrapi.ProtectError}), want: "true"},
		"without vaults": {statuses: []cbrapi.Status{failed}, change: func(f *fixture) { f.withoutVaults = true }, want: "true"},
		"vaults unreadable": {statuses: []cbrapi.Status{failed}, change: func(f *fixture) {
			f.change = func(_ *tasks.Snapshot, i *inventory.Snapshot) {
				*i = inventory.Snapshot{Reading: inventory.Reading{Problems: []problem.Problem{{Reason: cbrapi.ReasonPermission}}}}
			}
		}, want: "unknown"},
		"not followed": {statuses: []cbrapi.Status{failed}, change: func(f *fixture) {
			f.options.Follows = func(string, cbrapi.OperationType) bool { return false }
		}, want: "unknown"},
		"configured tasks alone": {statuses: []cbrapi.Status{failed}, change: func(f *fixture) {
			f.change = func(s *tasks.Snapshot, _ *inventory.Snapshot) { s.Discovered = nil }
		}, want: "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f fixture
			for n, status := range test.statuses {
				f.logs = append(f.logs, task(string(rune('a'+n)), status, noon().Add(-time.Duration(len(test.statuses)-1-n)*day)))
			}
			if test.change != nil {
				test.change(&f)
			}
			if got := f.verdict(); word(got.Failing) != test.want {
				t.Errorf("failing %s, want %s: %+v", word(got.Failing), test.want, got)
			}
		})
	}
}

// TestVerdictsOfSeveral has several resources and operations in two vaults.
func TestVerdictsOfSeveral(t *testing.T) {
	t.Parallel()
	f := fixture{
		policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily)},
		vault:    cbrapi.Vault{Resources: []cbrapi.VaultResource{{ID: "s"}, {ID: "r"}, {ID: "q"}}},
		logs: []*cbrapi.OperationLog{
			task("1", cbrapi.StatusFailed, noon()),
			ofResource(task("2", cbrapi.StatusSuccess, noon()), "q"),
			ofType(task("3", cbrapi.StatusFailed, noon()), cbrapi.OperationRestore),
			ofType(inVault(task("4", cbrapi.StatusSuccess, noon()), "elsewhere"), cbrapi.OperationCopy),
		},
	}
	type verdict struct {
		Key              ledger.ResourceKey
		Vault            string
		Overdue, Failing string
	}
	var got []verdict
	for _, v := range f.snapshot().Verdicts {
		got = append(got, verdict{v.ResourceKey, v.VaultID, word(v.Overdue), word(v.Failing)})
	}
	of := func(id string, operation cbrapi.OperationType) ledger.ResourceKey {
		return ledger.ResourceKey{ResourceID: id, OperationType: operation}
	}
	want := []verdict{
		{of("q", cbrapi.OperationBackup), "v", "false", "false"},
		{of("r", cbrapi.OperationBackup), "v", "true", "true"},
		{of("s", cbrapi.OperationBackup), "v", "true", "unknown"},
		{of("r", cbrapi.OperationReplication), "v", "unknown", "false"},
		{of("r", cbrapi.OperationRestore), "v", "unknown", "true"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestStuck has tasks that may run for 12 h and wait for 4 h.
func TestStuck(t *testing.T) {
	t.Parallel()
	const running, waiting, unknown = cbrapi.StatusRunning, cbrapi.StatusWaiting, cbrapi.Status("odd")
	ago := func(d time.Duration) time.Time { return noon().Add(-d) }
	took := func(d time.Duration) *cbrapi.OperationLog {
		log := success(ago(10 * day))
		log.EndedAt = log.StartedAt.Add(d)
		return log
	}
	for name, test := range map[string]struct {
		task   *cbrapi.OperationLog
		others []*cbrapi.OperationLog
		change func(*tasks.Snapshot, *inventory.Snapshot)
		want   bool
	}{
		"running, the limit":                {task: task("1", running, ago(12*time.Hour))},
		"running for longer":                {task: task("1", running, ago(12*time.Hour+1)), want: true},
		"running, created long ago":         {task: changed(task("1", running, ago(day)), func(l *cbrapi.OperationLog) { l.StartedAt = ago(time.Hour) })},
		"unknown status":                    {task: task("1", unknown, ago(12*time.Hour+1)), want: true},
		"three times the last, the limit":   {task: task("1", running, ago(15*time.Hour)), others: []*cbrapi.OperationLog{took(5 * time.Hour)}},
		"three times the last, longer":      {task: task("1", running, ago(15*time.Hour+1)), others: []*cbrapi.OperationLog{took(5 * time.Hour)}, want: true},
		"the last was short":                {task: task("1", running, ago(12*time.Hour+1)), others: []*cbrapi.OperationLog{took(time.Hour)}, want: true},
		"the last of another resource":      {task: task("1", running, ago(15*time.Hour)), others: []*cbrapi.OperationLog{ofResource(took(5*time.Hour), "q")}, want: true},
		"the last of another operation":     {task: ofType(task("1", running, ago(15*time.Hour)), cbrapi.OperationCopy), others: []*cbrapi.OperationLog{took(5 * time.Hour)}, want: true},
		"copy and replication are the same": {task: ofType(task("1", running, ago(15*time.Hour)), cbrapi.OperationCopy), others: []*cbrapi.OperationLog{ofType(took(5*time.Hour), cbrapi.OperationReplication)}},
		"the longest of several resources": {
			task: changed(task("1", running, ago(15*time.Hour)), func(l *cbrapi.OperationLog) {
				l.ExtraInfo = cbrapi.ExtraInfo{RemoveResources: &cbrapi.RemoveResources{Resources: []cbrapi.Resource{{ID: "r"}, {ID: "q"}}}}
			}),
			others: []*cbrapi.OperationLog{took(5 * time.Hour), changed(ofResource(took(time.Hour), "q"), func(l *cbrapi.OperationLog) { l.ID = "2" })},
		},
		"waiting, the limit":     {task: task("1", waiting, ago(4*time.Hour))},
		"waiting for longer":     {task: task("1", waiting, ago(4*time.Hour+1)), want: true},
		"waiting, the last long": {task: task("1", waiting, ago(4*time.Hour+1)), others: []*cbrapi.OperationLog{took(day)}, want: true},
		"no time":                {task: task("1", running, time.Time{})},
		"read before the limit": {task: task("1", running, ago(5*day)), change: func(s *tasks.Snapshot, _ *inventory.Snapshot) {
			s.Active[0].ReadAt = ago(5*day - 12*time.Hour)
		}},
		"three times the last, without discovery": {
			task: task("1", running, ago(15*time.Hour)), others: []*cbrapi.OperationLog{took(5 * time.Hour)},
			change: func(s *tasks.Snapshot, _ *inventory.Snapshot) { s.Discovered = nil; s.Tasks = []tasks.Task{{ID: "1"}} },
		},
		"without discovery": {task: task("1", running, ago(12*time.Hour+1)), want: true, change: func(s *tasks.Snapshot, _ *inventory.Snapshot) {
			s.Discovered = nil
			s.Tasks = []tasks.Task{{ID: "1"}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture{logs: append(test.others, test.task), change: test.change}
			got := f.snapshot().ActiveTasks
			if len(got) != 1 || got[0].Log != test.task || got[0].Stuck != test.want {
				t.Errorf("got %+v, want stuck %t", got, test.want)
			}
		})
	}
}

// TestActiveTasks shows those that are followed or configured, also while the API cannot
// be read.
func TestActiveTasks(t *testing.T) {
	t.Parallel()
	f := fixture{logs: []*cbrapi.OperationLog{
		task("1", cbrapi.StatusRunning, noon()), inVault(task("2", cbrapi.StatusRunning, noon()), "w"),
		inVault(task("3", cbrapi.StatusRunning, noon()), "w"), inVault(task("4", cbrapi.StatusRunning, noon()), ""),
	}}
	f.options.Follows = func(vaultID string, _ cbrapi.OperationType) bool { return vaultID == "v" }
	f.change = func(s *tasks.Snapshot, _ *inventory.Snapshot) { s.Tasks = []tasks.Task{{ID: "3"}} }
	var got []string
	for _, active := range f.snapshot().ActiveTasks {
		got = append(got, active.Log.ID)
	}
	if diff := cmp.Diff([]string{"1", "3", "4"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
