package protection_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// history returns tasks of November 2026, such as "19 02:00 success, 20 02:00 failed".
func history(text string) (logs []*cbrapi.OperationLog) {
	if text == "" {
		return nil
	}
	for line := range strings.SplitSeq(text, ", ") {
		created, status, _ := strings.Cut(line, ":")
		minute, status, _ := strings.Cut(status, " ")
		logs = append(logs, task(line, cbrapi.Status(status), at("2026-11-"+created+":"+minute)))
	}
	return logs
}

// strip says what the days show, such as "1 due, 1 missed | 1 due, 1 success". A day that is
// not known has a question mark.
func strip(days []protection.Day) string {
	var cells []string
	for _, day := range days {
		var cell []string
		if day.Due > 0 {
			cell = append(cell, fmt.Sprintf("%d due", day.Due))
		}
		if day.Missed > 0 {
			cell = append(cell, fmt.Sprintf("%d missed", day.Missed))
		}
		for _, status := range slices.Sorted(maps.Keys(day.Tasks)) {
			cell = append(cell, fmt.Sprintf("%d %s", day.Tasks[status], status))
		}
		text := strings.Join(cell, ", ")
		if !day.Known {
			text = strings.TrimSpace("? " + text)
		}
		cells = append(cells, text)
	}
	return strings.Join(cells, " | ")
}

// historyFrom lets the known history begin at a time.
func historyFrom(text string) func(*tasks.Snapshot, *inventory.Snapshot) {
	return func(s *tasks.Snapshot, _ *inventory.Snapshot) { s.Discovered.HistoryStart = at(text) }
}

func (f fixture) days() []protection.Day {
	s := f.snapshot()
	return s.Calendar().Days(key("r"))
}

// TestDays shows the days from the 17th, a Tuesday, to noon of the 20th. The grace is 6 h.
func TestDays(t *testing.T) {
	t.Parallel()
	one := func(patterns ...string) []inventory.PlannedPolicy {
		return []inventory.PlannedPolicy{policy(t, time.Time{}, patterns...)}
	}
	for name, test := range map[string]struct {
		fixture fixture
		tasks   string
		want    string
	}{
		"nothing is due":              {want: " |  |  | "},
		"nothing is due, tasks":       {tasks: "17 00:00 success, 18 23:59 failed, 19 00:00 skipped, 19 12:00 skipped, 20 12:00 timeout", want: "1 success | 1 failed | 2 skipped | 1 timeout"},
		"daily":                       {fixture: fixture{policies: one(daily)}, tasks: "17 02:00 success, 18 02:00 success, 19 02:00 success, 20 02:00 success", want: "1 due, 1 success | 1 due, 1 success | 1 due, 1 success | 1 due, 1 success"},
		"daily, the latest is late":   {fixture: fixture{policies: one(daily), now: at("2026-11-20 07:59")}, tasks: "17 02:00 success, 18 02:00 success, 19 02:00 success", want: "1 due, 1 success | 1 due, 1 success | 1 due, 1 success | 1 due"},
		"daily, the latest is missed": {fixture: fixture{policies: one(daily), now: at("2026-11-20 08:00")}, tasks: "17 02:00 success, 18 02:00 success, 19 02:00 success", want: "1 due, 1 success | 1 due, 1 success | 1 due, 1 success | 1 due, 1 missed"},
		"daily, before the run":       {fixture: fixture{policies: one(daily), now: at("2026-11-20 01:59")}, tasks: "17 02:00 success, 18 02:00 success, 19 02:00 success", want: "1 due, 1 success | 1 due, 1 success | 1 due, 1 success | "},
		"daily, at the run":           {fixture: fixture{policies: one(daily), now: at("2026-11-20 02:00")}, tasks: "17 02:00 success, 18 02:00 success, 19 02:00 success", want: "1 due, 1 success | 1 due, 1 success | 1 due, 1 success | 1 due"},
		"daily, one missed":           {fixture: fixture{policies: one(daily)}, tasks: "17 02:00 success, 19 02:00 success, 20 02:00 success", want: "1 due, 1 success | 1 due, 1 missed | 1 due, 1 success | 1 due, 1 success"},
		"daily, all missed":           {fixture: fixture{policies: one(daily), lookback: 10 * day}, want: "? 1 due | 1 due, 1 missed | 1 due, 1 missed | 1 due, 1 missed | 1 due, 1 missed | 1 due, 1 missed | 1 due, 1 missed | 1 due, 1 missed | 1 due, 1 missed | 1 due, 1 missed | 1 due, 1 missed"},
		"weekly":                      {fixture: fixture{policies: one("FREQ=WEEKLY;BYDAY=TH;BYHOUR=3")}, tasks: "19 03:00 success", want: " |  | 1 due, 1 success | "},
		"weekly, missed":              {fixture: fixture{policies: one("FREQ=WEEKLY;BYDAY=TH;BYHOUR=3")}, want: " |  | 1 due, 1 missed | "},
		"weekly, the next one late":   {fixture: fixture{policies: one("FREQ=WEEKLY;BYDAY=TU,FR;BYHOUR=8")}, tasks: "17 08:00 success", want: "1 due, 1 success |  |  | 1 due"},
		"hourly, none":                {fixture: fixture{policies: one(hourly)}, want: "? 24 due, 23 missed | 24 due, 24 missed | 24 due, 24 missed | 13 due, 12 missed"},
		"hourly, one a day":           {fixture: fixture{policies: one(hourly)}, tasks: "17 00:44 success, 18 00:45 success, 19 23:45 success, 20 11:44 success", want: "24 due, 23 missed, 1 success | 24 due, 23 missed, 1 success | 24 due, 24 missed, 1 success | 13 due, 10 missed, 1 success"},
		"hourly, skipped":             {fixture: fixture{policies: one("FREQ=DAILY;BYHOUR=1,2")}, tasks: "17 01:00 success, 17 02:00 success, 18 01:00 success, 18 02:00 skipped, 19 01:00 success, 19 02:00 success, 20 01:00 skipped, 20 02:00 success", want: "2 due, 2 success | 2 due, 1 missed, 1 skipped, 1 success | 2 due, 2 success | 2 due, 1 missed, 1 skipped, 1 success"},
		"two policies":                {fixture: fixture{policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily), policy(t, time.Time{}, "FREQ=DAILY;BYHOUR=5")}}, tasks: "17 02:00 success, 17 05:00 success, 18 02:00 success, 19 05:00 success, 20 04:00 success", want: "2 due, 2 success | 2 due, 1 missed, 1 success | 2 due, 1 missed, 1 success | 2 due, 1 missed, 1 success"},
		"two at the same time":        {fixture: fixture{policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily), policy(t, time.Time{}, daily)}}, tasks: "17 02:00 success, 18 02:00 success, 20 02:00 success", want: "1 due, 1 success | 1 due, 1 success | 1 due, 1 missed | 1 due, 1 success"},

		"failed then retried":          {fixture: fixture{policies: one(daily)}, tasks: "17 02:00 success, 18 02:00 failed, 18 09:00 success, 19 02:00 failed, 20 02:00 timeout, 20 03:00 success", want: "1 due, 1 success | 1 due, 1 failed, 1 success | 1 due, 1 missed, 1 failed | 1 due, 1 success, 1 timeout"},
		"retried on the next day":      {fixture: fixture{policies: one("FREQ=DAILY;BYHOUR=22")}, tasks: "17 22:00 success, 18 22:00 failed, 19 09:00 success, 19 22:00 success", want: "1 due, 1 success | 1 due, 1 failed | 1 due, 2 success | "},
		"by hand shortly before a run": {fixture: fixture{policies: one(daily)}, tasks: "17 02:00 success, 17 20:00 success, 18 20:00 success, 19 19:59 success", want: "1 due, 2 success | 1 due, 1 success | 1 due, 1 success | 1 due, 1 missed"},

		"running":                            {fixture: fixture{policies: one(daily)}, tasks: "17 02:00 success, 18 02:00 success, 19 02:00 success, 20 02:00 running", want: "1 due, 1 success | 1 due, 1 success | 1 due, 1 success | 1 due"},
		"running, and the one before missed": {fixture: fixture{policies: one(daily)}, tasks: "17 02:00 success, 18 02:00 success, 20 02:00 running", want: "1 due, 1 success | 1 due, 1 success | 1 due, 1 missed | 1 due, 1 missed"},
		"running since the run before":       {fixture: fixture{policies: one(daily), options: protection.Options{StuckAfter: 2 * day}}, tasks: "17 02:00 success, 18 02:00 success, 19 02:00 running", want: "1 due, 1 success | 1 due, 1 success | 1 due | 1 due, 1 missed"},
		"stuck":                              {fixture: fixture{policies: one(daily)}, tasks: "17 02:00 success, 18 02:00 success, 19 02:00 running", want: "1 due, 1 success | 1 due, 1 success | 1 due, 1 missed | 1 due, 1 missed"},
		"begun after the grace":              {fixture: fixture{policies: one(daily)}, tasks: "17 02:00 success, 18 02:00 success, 19 02:00 success, 20 08:01 running", want: "1 due, 1 success | 1 due, 1 success | 1 due, 1 success | 1 due, 1 missed"},

		"bound late":            {fixture: fixture{policies: one(daily), bound: at("2026-11-19 01:00")}, want: " |  | 1 due, 1 missed | 1 due, 1 missed"},
		"bound at a run":        {fixture: fixture{policies: one(daily), bound: at("2026-11-19 02:00")}, want: " |  | 1 due, 1 missed | 1 due, 1 missed"},
		"bound after a run":     {fixture: fixture{policies: one(daily), bound: at("2026-11-19 02:01")}, want: " |  |  | 1 due, 1 missed"},
		"bound after all runs":  {fixture: fixture{policies: one(daily), bound: at("2026-11-20 03:00")}, want: " |  |  | "},
		"enabled late":          {fixture: fixture{policies: []inventory.PlannedPolicy{policy(t, at("2026-11-18 02:01"), daily)}}, want: " |  | 1 due, 1 missed | 1 due, 1 missed"},
		"started late":          {fixture: fixture{policies: []inventory.PlannedPolicy{starting(t, at("2026-11-18 12:00"), daily)}}, want: " |  | 1 due, 1 missed | 1 due, 1 missed"},
		"no longer enabled":     {fixture: fixture{policies: replaced(at("2026-11-19 00:00"), policy(t, time.Time{}, daily), inventory.PlannedPolicy{})}, tasks: "17 02:00 success", want: "1 due, 1 success | 1 due, 1 missed |  | "},
		"replaced":              {fixture: fixture{policies: replaced(at("2026-11-19 00:00"), policy(t, time.Time{}, daily), policy(t, time.Time{}, "FREQ=DAILY;BYHOUR=1,5"))}, tasks: "17 02:00 success, 18 02:00 success, 19 01:00 success", want: "1 due, 1 success | 1 due, 1 success | 2 due, 1 missed, 1 success | 2 due, 2 missed"},
		"replaced between runs": {fixture: fixture{policies: replaced(at("2026-11-19 03:00"), policy(t, time.Time{}, daily), policy(t, time.Time{}, "FREQ=DAILY;BYHOUR=1,5"))}, tasks: "17 02:00 success", want: "1 due, 1 success | 1 due, 1 missed | 2 due, 2 missed | 2 due, 2 missed"},

		"history begins late":             {fixture: fixture{policies: one(daily), change: historyFrom("2026-11-18 19:00")}, want: "? 1 due | ? 1 due | 1 due, 1 missed | 1 due, 1 missed"},
		"history begins at midnight":      {fixture: fixture{policies: one("FREQ=DAILY;BYHOUR=12"), change: historyFrom("2026-11-18 00:00")}, want: "? 1 due | 1 due, 1 missed | 1 due, 1 missed | 1 due"},
		"history begins within the day":   {fixture: fixture{policies: one("FREQ=DAILY;BYHOUR=22"), change: historyFrom("2026-11-18 12:00")}, tasks: "18 13:00 failed", want: "? 1 due | ? 1 due, 1 missed, 1 failed | 1 due, 1 missed | "},
		"too late to judge a run":         {fixture: fixture{policies: one(daily), change: historyFrom("2026-11-18 21:00")}, want: "? 1 due | ? 1 due | ? 1 due | 1 due, 1 missed"},
		"too late, but for its success":   {fixture: fixture{policies: one(daily), change: historyFrom("2026-11-18 21:00")}, tasks: "18 22:00 success", want: "? 1 due | ? 1 due, 1 success | 1 due | 1 due, 1 missed"},
		"too late, but for another task":  {fixture: fixture{policies: one(daily), change: historyFrom("2026-11-18 21:00")}, tasks: "19 02:00 failed", want: "? 1 due | ? 1 due | ? 1 due, 1 failed | 1 due, 1 missed"},
		"too late for the latest":         {fixture: fixture{policies: one(daily), change: historyFrom("2026-11-19 21:00")}, want: "? 1 due | ? 1 due | ? 1 due | ? 1 due"},
		"a week is too late for a weekly": {fixture: fixture{policies: one("FREQ=WEEKLY;BYDAY=WE;BYHOUR=3")}, want: " | ? 1 due |  | "},

		"restarted, bound before":         {fixture: fixture{policies: one(daily), followed: at("2026-11-19 02:01")}, tasks: "17 02:00 success", want: "1 due, 1 success | 1 due, 1 missed | 1 due, 1 missed | 1 due, 1 missed"},
		"restarted, perhaps bound later":  {fixture: fixture{policies: one(daily), followed: at("2026-11-20 11:00")}, tasks: "20 02:00 success", want: "? 1 due | ? 1 due | ? 1 due | 1 due, 1 success"},
		"restarted, the first one failed": {fixture: fixture{policies: one(daily), followed: at("2026-11-20 11:00")}, tasks: "18 02:00 failed, 20 02:00 success", want: "? 1 due | 1 due, 1 missed, 1 failed | 1 due, 1 missed | 1 due, 1 success"},
		"restarted, no task":              {fixture: fixture{policies: one(daily), followed: at("2026-11-20 11:00")}, want: "? 1 due | ? 1 due | ? 1 due | 1 due, 1 missed"},
		"restarted a day ago, no task":    {fixture: fixture{policies: one(daily), followed: at("2026-11-19 02:00")}, want: "? 1 due | ? 1 due | 1 due, 1 missed | 1 due, 1 missed"},

		"not followed": {fixture: fixture{policies: one(daily), options: protection.Options{Follows: func(string, cbrapi.OperationType) bool { return false }}}, tasks: "17 02:00 success", want: " |  |  | "},
		"of another resource": {fixture: fixture{policies: one(daily), change: func(_ *tasks.Snapshot, vaults *inventory.Snapshot) {
			vaults.Expected[0].ResourceID = "q"
		}}, tasks: "17 02:00 success", want: "1 success |  |  | "},
		"without vaults": {fixture: fixture{policies: one(daily), withoutVaults: true, options: protection.Options{ExpectedInterval: day}}, tasks: "17 02:00 success, 18 02:00 failed", want: "1 success | 1 failed |  | "},
		"without the list of vaults": {fixture: fixture{policies: one(daily), change: func(_ *tasks.Snapshot, vaults *inventory.Snapshot) {
			*vaults = inventory.Snapshot{Reading: inventory.Reading{Problems: []problem.Problem{{}}}}
		}}, tasks: "17 02:00 success, 18 02:00 failed", want: "1 success | 1 failed |  | "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := test.fixture
			if f.lookback == 0 {
				f.now = cmp.Or(f.now, noon())
				f.lookback = f.now.Sub(at("2026-11-17"))
			}
			f.logs = history(test.tasks)
			days := f.days()
			if got := strip(days); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if last := days[len(days)-1].Start; !last.Equal(at("2026-11-20")) {
				t.Errorf("the last day is %s", last)
			}
		})
	}
}

// TestNumberOfDays has days only of what is known.
func TestNumberOfDays(t *testing.T) {
	t.Parallel()
	change := func(change func(*tasks.Snapshot)) func(*tasks.Snapshot, *inventory.Snapshot) {
		return func(s *tasks.Snapshot, _ *inventory.Snapshot) { change(s) }
	}
	for name, test := range map[string]struct {
		fixture fixture
		want    int
		first   string
	}{
		"30 days":                {fixture{}, 31, "2026-10-21"},
		"more than 30 days":      {fixture{lookback: 100 * day}, 31, "2026-10-21"},
		"a week":                 {fixture{lookback: 7 * day}, 8, "2026-11-13"},
		"since midnight":         {fixture{lookback: 12 * time.Hour}, 1, "2026-11-20"},
		"since before midnight":  {fixture{lookback: 12*time.Hour + 1}, 2, "2026-11-19"},
		"at midnight":            {fixture{lookback: 2 * day, now: at("2026-11-20")}, 3, "2026-11-18"},
		"in another time zone":   {fixture{lookback: 2 * day, now: at("2026-11-20 23:00").In(time.FixedZone("", 8*60*60))}, 3, "2026-11-18"},
		"without discovery":      {fixture: fixture{change: change(func(s *tasks.Snapshot) { s.Discovered = nil })}},
		"before the first sync":  {fixture: fixture{change: change(func(s *tasks.Snapshot) { s.Discovered.Synced = false })}},
		"before a complete pass": {fixture: fixture{change: change(func(s *tasks.Snapshot) { s.Discovered.KnownUntil = time.Time{} })}},
		"before the vaults": {fixture: fixture{change: func(_ *tasks.Snapshot, vaults *inventory.Snapshot) {
			*vaults = inventory.Snapshot{Reading: inventory.Reading{Waiting: true}}
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			days := test.fixture.days()
			if len(days) != test.want {
				t.Fatalf("got %d days, want %d", len(days), test.want)
			}
			if test.want > 0 && days[0].Start != at(test.first) { // in UTC
				t.Errorf("the first is %s, want %s", days[0].Start, test.first)
			}
		})
	}
}

// TestDaysOfOnePlan has resources that share a plan but were bound at different times.
func TestDaysOfOnePlan(t *testing.T) {
	t.Parallel()
	f := fixture{lookback: 2 * day, policies: []inventory.PlannedPolicy{policy(t, time.Time{}, daily)}}
	f.vault.Resources = []cbrapi.VaultResource{{ID: "p"}, {ID: "q"}, {ID: "r"}}
	f.logs = []*cbrapi.OperationLog{ofResource(success(at("2026-11-20 02:00")), "q")}
	f.change = func(_ *tasks.Snapshot, vaults *inventory.Snapshot) { vaults.Expected[0].Bound = at("2026-11-20 01:00") }
	s := f.snapshot()
	calendar := s.Calendar()
	for id, want := range map[string]string{
		"p": "? |  | 1 due, 1 missed",
		"q": "? 1 due | 1 due, 1 missed | 1 due, 1 success",
		"r": "? 1 due | 1 due, 1 missed | 1 due, 1 missed",
	} {
		if got := strip(calendar.Days(key(id))); got != want {
			t.Errorf("%s: got %s, want %s", id, got, want)
		}
	}
}

// TestDaysAgainstCalendar compares the days with what a person would find with a calendar,
// a pencil and the list of tasks. What the last due run shows is the verdict.
func TestDaysAgainstCalendar(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 5))
		c := randomCase(t, random)
		if seed%2 == 0 {
			c.fixture.lookback = time.Duration(1 + random.Int64N(int64(3*day)))
		}
		if seed%3 == 0 {
			c.fixture.followed = c.fixture.now.Add(-time.Duration(random.Int64N(int64(5 * day))))
		}
		s := c.fixture.snapshot()
		calendar := s.Calendar()
		got, want := calendar.Days(key("r")), c.daysOnPaper()
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-paper +got):\n%s\n%s", seed, diff, c)
		}
		for _, shown := range got {
			seen["due"] += shown.Due
			seen["missed"] += shown.Missed
			if v := verdictOf(&s, key("r")); v != nil && v.Due.Truncate(day).Equal(shown.Start) {
				seen["overdue "+word(v.Overdue)]++
				if word(v.Overdue) == "true" && shown.Missed == 0 || word(v.Overdue) == "unknown" && shown.Known {
					t.Errorf("seed %d: overdue %s, but the day shows %s\n%s", seed, word(v.Overdue), strip([]protection.Day{shown}), c)
				}
			}
			if !shown.Known && len(shown.Tasks) == 0 && shown.Start.After(c.historyStart()) {
				seen["too late to judge"]++
			}
		}
	}
	for _, kind := range []string{"due", "missed", "overdue true", "overdue false", "overdue unknown", "too late to judge"} {
		if seen[kind] < 7 {
			t.Errorf("%q came %d times: the cases say little", kind, seen[kind])
		}
	}
}
