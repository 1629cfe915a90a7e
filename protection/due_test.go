package protection_test

import (
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

const (
	daily    = "FREQ=DAILY;BYHOUR=2"
	weekdays = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=2"
	hourly   = "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23"
	often    = hourly + ";BYMINUTE=0,10,20,30,40,50"
)

// TestDue says at which moment the grace of a run is over, and from which time on a
// success counts for the run. A nanosecond before, neither is so.
func TestDue(t *testing.T) {
	t.Parallel()
	one := func(patterns ...string) []inventory.PlannedPolicy {
		return []inventory.PlannedPolicy{policy(t, time.Time{}, patterns...)}
	}
	for name, test := range map[string]struct {
		policies []inventory.PlannedPolicy
		bound    time.Time
		grace    time.Duration // 6 h if it is 0
		over     string        // when the grace is over
		due      string
		from     string
		before   string // the due moment until then; "" for none
	}{
		"daily":         {policies: one(daily), over: "2026-11-20 08:00", due: "2026-11-20 02:00", from: "2026-11-19 20:00", before: "2026-11-19 02:00"},
		"another grace": {policies: one(daily), grace: time.Hour, over: "2026-11-20 03:00", due: "2026-11-20 02:00", from: "2026-11-19 20:00", before: "2026-11-19 02:00"},
		"long grace":    {policies: one(daily), grace: 30 * day, over: "2026-11-21 02:00", due: "2026-11-20 02:00", from: "2026-11-19 20:00", before: "2026-11-19 02:00"},
		"least grace":   {policies: one(daily), grace: time.Minute, over: "2026-11-20 02:30", due: "2026-11-20 02:00", from: "2026-11-19 20:00", before: "2026-11-19 02:00"},

		"hourly":           {policies: one(hourly), over: "2026-11-20 12:00", due: "2026-11-20 11:00", from: "2026-11-20 10:45", before: "2026-11-20 10:00"},
		"every 10 minutes": {policies: one(often), over: "2026-11-20 12:00", due: "2026-11-20 11:30", from: "2026-11-20 11:27:30", before: "2026-11-20 11:20"},

		"Friday of a weekday policy":    {policies: one(weekdays), over: "2026-11-20 08:00", due: "2026-11-20 02:00", from: "2026-11-19 20:00", before: "2026-11-19 02:00"},
		"Monday of a weekday policy":    {policies: one(weekdays), over: "2026-11-23 08:00", due: "2026-11-23 02:00", from: "2026-11-22 08:00", before: "2026-11-20 02:00"},
		"weekly":                        {policies: one("FREQ=WEEKLY;BYDAY=SU;BYHOUR=3"), over: "2026-11-22 09:00", due: "2026-11-22 03:00", from: "2026-11-20 09:00", before: "2026-11-15 03:00"},
		"every 30 days":                 {policies: []inventory.PlannedPolicy{starting(t, at("2026-10-20 00:00"), "FREQ=DAILY;INTERVAL=30;BYHOUR=2")}, over: "2026-11-19 08:00", due: "2026-11-19 02:00", from: "2026-11-11 14:00", before: "2026-10-20 02:00"},
		"two patterns":                  {policies: one(daily, "FREQ=DAILY;BYHOUR=5"), over: "2026-11-20 11:00", due: "2026-11-20 05:00", from: "2026-11-20 04:15", before: "2026-11-20 02:00"},
		"two policies":                  {policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily), policy(t, time.Time{}, "FREQ=DAILY;BYHOUR=5")}, over: "2026-11-20 05:00", due: "2026-11-20 02:00", from: "2026-11-19 20:45", before: "2026-11-19 05:00"},
		"two runs within 30 minutes":    {policies: one(daily + ";BYMINUTE=0,20"), over: "2026-11-20 02:30", due: "2026-11-20 02:00", from: "2026-11-19 20:05", before: "2026-11-19 02:20"},
		"the later one of these":        {policies: one(daily + ";BYMINUTE=0,20"), over: "2026-11-20 08:20", due: "2026-11-20 02:20", from: "2026-11-20 02:15", before: "2026-11-20 02:00"},
		"two policies at the same time": {policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily), policy(t, time.Time{}, daily)}, over: "2026-11-20 08:00", due: "2026-11-20 02:00", from: "2026-11-19 20:00", before: "2026-11-19 02:00"},

		"first run":                     {policies: []inventory.PlannedPolicy{starting(t, at("2026-11-19 15:00"), daily)}, over: "2026-11-20 08:00", due: "2026-11-20 02:00", from: "2026-11-19 20:00"},
		"first run of a weekday policy": {policies: []inventory.PlannedPolicy{starting(t, at("2026-11-20 01:00"), weekdays)}, over: "2026-11-20 08:00", due: "2026-11-20 02:00", from: "2026-11-19 08:00"},
		"bound at the run":              {policies: one(daily), bound: at("2026-11-20 02:00"), over: "2026-11-20 08:00", due: "2026-11-20 02:00", from: "2026-11-19 20:00"},
		"bound after the run":           {policies: one(daily), bound: at("2026-11-20 02:00").Add(1), over: "2026-11-21 08:00", due: "2026-11-21 02:00", from: "2026-11-20 20:00"},
		"enabled at the run":            {policies: []inventory.PlannedPolicy{policy(t, at("2026-11-20 02:00"), daily)}, over: "2026-11-20 08:00", due: "2026-11-20 02:00", from: "2026-11-19 20:00"},
		"enabled after the run":         {policies: []inventory.PlannedPolicy{policy(t, at("2026-11-20 02:00").Add(1), daily)}, over: "2026-11-21 08:00", due: "2026-11-21 02:00", from: "2026-11-20 20:00"},
		"replaced after the run":        {policies: replaced(at("2026-11-20 10:00"), policy(t, time.Time{}, daily), policy(t, time.Time{}, "FREQ=DAILY;BYHOUR=9")), over: "2026-11-21 15:00", due: "2026-11-21 09:00", from: "2026-11-21 03:00", before: "2026-11-20 02:00"},
		"replaced in the grace":         {policies: replaced(at("2026-11-20 04:00"), policy(t, time.Time{}, daily), policy(t, time.Time{}, "FREQ=DAILY;BYHOUR=3")), over: "2026-11-20 08:00", due: "2026-11-20 02:00", from: "2026-11-19 20:00", before: "2026-11-19 02:00"},
		"replaced before the run":       {policies: replaced(at("2026-11-20 01:00"), policy(t, time.Time{}, daily), policy(t, time.Time{}, "FREQ=DAILY;BYHOUR=3")), over: "2026-11-20 09:00", due: "2026-11-20 03:00", from: "2026-11-19 21:00", before: "2026-11-19 02:00"},
		"the later one of two enabled":  {policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily), policy(t, at("2026-11-20 10:00"), "FREQ=DAILY;BYHOUR=9")}, over: "2026-11-21 08:00", due: "2026-11-21 02:00", from: "2026-11-20 21:45", before: "2026-11-20 02:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture{now: at(test.over), policies: test.policies, bound: test.bound, options: protection.Options{Grace: test.grace}, lookback: 365 * day}
			if got := f.verdict(); !got.Due.Equal(at(test.due)) || word(got.Overdue) != "true" {
				t.Errorf("due %s, overdue %s; want %s, true", got.Due, word(got.Overdue), test.due)
			}
			f.logs = []*cbrapi.OperationLog{success(at(test.from))}
			if got := f.verdict(); word(got.Overdue) != "false" {
				t.Errorf("overdue %s with a success of %s, want false", word(got.Overdue), test.from)
			}
			f.logs = []*cbrapi.OperationLog{success(at(test.from).Add(-1))}
			if got := f.verdict(); word(got.Overdue) != "true" {
				t.Errorf("overdue %s with a success before %s, want true", word(got.Overdue), test.from)
			}
			f.now, f.logs = f.now.Add(-1), nil
			want := time.Time{}
			if test.before != "" {
				want = at(test.before)
			}
			if got := f.verdict(); !got.Due.Equal(want) {
				t.Errorf("until then due %s, want %s", got.Due, want)
			}
		})
	}
}

func TestTooRare(t *testing.T) {
	t.Parallel()
	const (
		daily   = "FREQ=DAILY;INTERVAL=1;BYHOUR=2;BYMINUTE=00"
		in10    = "FREQ=DAILY;INTERVAL=10;BYHOUR=2;BYMINUTE=00"
		weekly  = "FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=00"
		is      = "policies that run too rarely to be judged at all times by the tasks that are known: "
		a, b, c = "a", "b", "c" // vaults
	)
	policy := func(name, pattern string, vaultIDs ...string) *cbrapi.Policy {
		return &cbrapi.Policy{ID: name, Name: name, Enabled: new(true), OperationType: cbrapi.OperationBackup, Patterns: []string{pattern}, StartTime: noon(), VaultIDs: vaultIDs}
	}
	with := func(p *cbrapi.Policy, change func(*cbrapi.Policy)) *cbrapi.Policy {
		change(p)
		return p
	}
	for name, test := range map[string]struct {
		want     string
		policies []*cbrapi.Policy
	}{
		"often enough":       {"", []*cbrapi.Policy{policy("often", daily, a), policy("often too", weekly, b)}},
		"too rare":           {is + "rare", []*cbrapi.Policy{policy("rare", in10, a), policy("often", daily, b)}},
		"several, by name":   {is + "rare, seldom", []*cbrapi.Policy{policy("seldom", in10, a), policy("rare", in10, a, b)}},
		"without a name":     {is + "rare", []*cbrapi.Policy{with(policy("rare", in10, a), func(p *cbrapi.Policy) { p.Name = "" })}},
		"beside a frequent":  {"", []*cbrapi.Policy{policy("rare", in10, a), policy("often", daily, a)}},
		"alone in one vault": {is + "rare", []*cbrapi.Policy{policy("rare", in10, a, b), policy("often", daily, a)}},
		"beside another operation": {is + "rare", []*cbrapi.Policy{
			policy("rare", in10, a), with(policy("often", daily, a), func(p *cbrapi.Policy) { p.OperationType = cbrapi.OperationReplication }),
		}},
		"disabled":                {"", []*cbrapi.Policy{with(policy("rare", in10, a), func(p *cbrapi.Policy) { p.Enabled = new(false) })}},
		"of no vault":             {"", []*cbrapi.Policy{policy("rare", in10)}},
		"of a vault not followed": {"", []*cbrapi.Policy{policy("rare", in10, c)}},
		"a pattern is invalid":    {"", []*cbrapi.Policy{with(policy("rare", in10, a), func(p *cbrapi.Policy) { p.Patterns = append(p.Patterns, "FREQ=MONTHLY") })}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := protection.Options{
				Lookback: 9 * 24 * time.Hour,
				Follows:  func(vaultID string, _ cbrapi.OperationType) bool { return vaultID != c },
			}
			if got := protection.TooRare(test.policies, o); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			s := protection.NewSnapshot(tasks.Snapshot{}, &inventory.Snapshot{Policies: test.policies}, o)
			if got := s.TooRare(); got != test.want {
				t.Errorf("got %q on the page, want %q", got, test.want)
			}
			o.Backups = true
			if got := protection.TooRare(test.policies, o); got != "" {
				t.Errorf("got %q where backups are judged by restore points", got)
			}
			for _, p := range test.policies {
				p.OperationType = cbrapi.OperationReplication
			}
			if got := protection.TooRare(test.policies, o); name != "beside another operation" && got != test.want {
				t.Errorf("got %q of replications, want %q", got, test.want)
			}
			o.Backups, o.Lookback = false, 0
			if got := protection.TooRare(test.policies, o); got != "" {
				t.Errorf("got %q without discovery", got)
			}
		})
	}
}
