package protection_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/schedule"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// TestAgainstCalendar compares due moments and verdicts with what a person would find with
// a calendar, a pencil and the list of tasks.
func TestAgainstCalendar(t *testing.T) {
	t.Parallel()
	seen := map[string]int{} // verdicts
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 3))
		c := randomCase(t, random)
		got := c.fixture.verdict()
		due, overdue := c.onPaper()
		if !got.Due.Equal(due) || word(got.Overdue) != overdue {
			t.Fatalf("seed %d: due %s, overdue %s; want %s, %s\n%s", seed, got.Due, word(got.Overdue), due, overdue, c)
		}
		seen[overdue]++
		if c.backups() != "not read" {
			seen["backups "+c.backups()+", "+overdue]++
		}
		if c.backups() == "read" && overdue == "true" && c.succeededSince(c.countsFrom(c.lastDue())) {
			seen["gone"]++
		}
	}
	for _, verdict := range []string{"true", "false", "unknown", "gone", "backups read, true", "backups read, false", "backups being read, unknown"} {
		if seen[verdict] < 10 {
			t.Errorf("%s came %d times: the cases say little", verdict, seen[verdict])
		}
	}
}

// paperPolicy is a policy as it is written down.
type paperPolicy struct {
	patterns []string
	start    time.Time
	since    time.Time // enabled, changed or assigned; zero: always
	until    time.Time // replaced; zero: never
}

func (p paperPolicy) enabledAt(t time.Time) bool { return !t.Before(p.since) && p.enabledUntil(t) }

func (p paperPolicy) enabledUntil(t time.Time) bool { return p.until.IsZero() || t.Before(p.until) }

// paperCase is the resource r, its policies and its tasks.
type paperCase struct {
	fixture  fixture
	policies []paperPolicy
	calendar []run
}

type run struct {
	at       time.Time
	counts   bool  // a policy ran for the resource
	policies []int // that run then, since whenever
}

func (c paperCase) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "backups %s: %+v\n", c.backups(), c.fixture.backups)
	fmt.Fprintf(&b, "known until %s, back to %s, vaults since %s; grace %s, bound %s\n", c.fixture.now, c.historyStart(), c.fixture.followed, c.fixture.options.Grace, c.fixture.bound)
	for _, p := range c.policies {
		fmt.Fprintf(&b, "policy from %s, since %s, until %s: %s\n", p.start, p.since, p.until, strings.Join(p.patterns, " "))
	}
	for _, log := range c.fixture.logs {
		fmt.Fprintf(&b, "%s created %s, started %s, ended %s\n", log.Status, log.CreatedAt, log.StartedAt, log.EndedAt)
	}
	return b.String()
}

func (c paperCase) historyStart() time.Time { return c.fixture.now.Add(-c.fixture.lookback) }

// backups says whether the list of backups is read.
func (c paperCase) backups() string {
	switch b := c.fixture.backups; {
	case b == nil:
		return "not read"
	case b.Resources != nil:
		return "read"
	case b.Reasons[cbrapi.ReasonPermission]:
		return "refused"
	default:
		return "being read"
	}
}

// onPaper returns the due moment, zero for none, and whether the resource is overdue.
func (c paperCase) onPaper() (due time.Time, overdue string) {
	last, earlier := c.lastDue(), -1
	if last < 0 {
		return due, "unknown"
	}
	for n := range last {
		if c.calendar[n].counts {
			earlier = n
		}
	}
	due = c.calendar[last].at
	switch {
	case c.backups() == "being read":
		return due, "unknown"
	case c.done(last):
		return due, "false"
	case !c.remembered(last):
		return due, "unknown"
	case earlier >= 0 && c.remembered(earlier) && !c.done(earlier) && !c.active(c.countsFrom(earlier), c.graceEnd(earlier)):
		return due, "true"
	case c.active(c.countsFrom(last), c.graceEnd(last)):
		return due, "false"
	default:
		return due, "true"
	}
}

// lastDue returns the last run that counts and whose grace is over; -1 if there is none.
func (c paperCase) lastDue() int {
	last := -1
	for n := range c.calendar {
		if until := c.graceEnd(n); !until.IsZero() && !c.fixture.now.Before(until) {
			last = n
		}
	}
	return last
}

// done reports whether a run has what was due. Who reads the list of backups looks for one
// that was created in time, or for a success that ended later than
// a quarter of an hour before the list was read.
func (c paperCase) done(n int) bool {
	from := c.countsFrom(n)
	if c.backups() != "read" {
		return c.succeededSince(from)
	}
	left := c.fixture.backups.Resources["r"]
	return left.Count > 0 && !left.LatestCreated.Before(from) || slices.ContainsFunc(c.fixture.logs, func(log *cbrapi.OperationLog) bool {
		return log.Status == cbrapi.StatusSuccess && !log.CreatedAt.Before(from) && !log.CreatedAt.Before(c.historyStart()) && log.EndedAt.After(c.fixture.backups.FullAt.Add(-15*time.Minute))
	})
}

// remembered reports whether a run is not too long ago to judge it.
func (c paperCase) remembered(n int) bool {
	return !c.countsFrom(n).Before(c.historyStart()) || c.backups() == "read" && c.fixture.backups.FullAt.After(c.graceEnd(n))
}

// graceEnd returns when the grace of a run ends; zero if it does not count.
func (c paperCase) graceEnd(n int) time.Time {
	r, grace := c.calendar[n], c.fixture.options.Grace
	if !r.counts {
		return time.Time{}
	}
	if next := c.next(n); next >= 0 {
		grace = min(grace, c.calendar[next].at.Sub(r.at))
	}
	return r.at.Add(max(grace, 30*time.Minute))
}

// next returns the run that counts after a run; -1 if there is none.
func (c paperCase) next(n int) int {
	for later := n + 1; later < len(c.calendar); later++ {
		if c.calendar[later].counts {
			return later
		}
	}
	return -1
}

// daysOnPaper returns what happened on each day.
func (c paperCase) daysOnPaper() (days []protection.Day) {
	now := c.fixture.now
	lastDue, overdue := c.onPaper()
	for ago := 30; ago >= 0; ago-- {
		start := time.Date(now.Year(), now.Month(), now.Day()-ago, 0, 0, 0, 0, time.UTC)
		end := start.AddDate(0, 0, 1)
		if !end.After(c.historyStart()) {
			continue
		}
		day := protection.Day{Start: start, Known: !start.Before(c.historyStart())}
		within := func(t, start, end time.Time) bool { return !t.Before(start) && t.Before(end) }
		for _, log := range c.fixture.logs {
			if log.Status.Finished() && within(log.CreatedAt, start, end) && !log.CreatedAt.Before(c.historyStart()) {
				if day.Tasks == nil {
					day.Tasks = map[cbrapi.Status]int{}
				}
				day.Tasks[log.Status]++
			}
		}
		for n, r := range c.calendar {
			if !r.counts || !within(r.at, start, end) || r.at.After(now) {
				continue
			}
			day.Due++
			from := c.countsFrom(n)
			succeeded := slices.ContainsFunc(c.fixture.logs, func(log *cbrapi.OperationLog) bool {
				return log.Status == cbrapi.StatusSuccess && !log.CreatedAt.Before(c.historyStart()) && within(log.CreatedAt, from, c.countsFrom(c.next(n)))
			})
			began := slices.ContainsFunc(c.fixture.logs, func(log *cbrapi.OperationLog) bool {
				return log.Status.Finished() && !log.CreatedAt.Before(c.historyStart()) && log.CreatedAt.Before(c.countsFrom(c.next(n)))
			})
			switch {
			case now.Before(c.graceEnd(n)): // not yet
			case r.at.Equal(lastDue) && overdue == "true":
				day.Missed++
			case r.at.Equal(lastDue) && overdue == "unknown":
				day.Known = false
			case r.at.Equal(lastDue) && overdue == "false", !r.at.Equal(lastDue) && succeeded:
			case from.Before(c.historyStart()), r.at.Before(c.fixture.followed) && !began:
				day.Known = false
			case !c.active(from, c.graceEnd(n)):
				day.Missed++
			}
		}
		days = append(days, day)
	}
	return days
}

// active reports whether a task that was created in time goes on, and not for too long.
func (c paperCase) active(from, until time.Time) bool {
	return slices.ContainsFunc(c.fixture.logs, func(log *cbrapi.OperationLog) bool {
		return !log.CreatedAt.Before(from) && !log.CreatedAt.After(until) &&
			(log.Status == cbrapi.StatusRunning && !c.fixture.now.After(log.StartedAt.Add(12*time.Hour)) ||
				log.Status == cbrapi.StatusWaiting && !c.fixture.now.After(log.CreatedAt.Add(4*time.Hour)))
	})
}

func (c paperCase) succeededSince(t time.Time) bool {
	return slices.ContainsFunc(c.fixture.logs, func(log *cbrapi.OperationLog) bool {
		return log.Status == cbrapi.StatusSuccess && !log.CreatedAt.Before(t) && !log.CreatedAt.Before(c.historyStart())
	})
}

// countsFrom returns since when a success counts for a run: a quarter of the time since the
// run before it or, for the very first one, of that to the next one. They are of the policies
// that were enabled by then.
func (c paperCase) countsFrom(n int) time.Time {
	at := c.calendar[n].at
	for i := n - 1; i >= 0; i-- {
		before := c.calendar[i]
		if slices.ContainsFunc(before.policies, func(p int) bool {
			return !c.policies[p].since.After(at) && c.policies[p].enabledUntil(before.at)
		}) {
			return at.Add(-at.Sub(before.at) / 4)
		}
	}
	for _, later := range c.calendar[n+1:] {
		if slices.ContainsFunc(later.policies, func(p int) bool { return c.policies[p].enabledAt(at) }) {
			return at.Add(-later.at.Sub(at) / 4)
		}
	}
	panic("the calendar ends")
}

// calendarOf lists the runs of all policies from one day to another, by looking at each
// day.
func calendarOf(policies []paperPolicy, bound, from, to time.Time) []run {
	counts, ran := map[time.Time]bool{}, map[time.Time][]int{}
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		for i, p := range policies {
			for _, pattern := range p.patterns {
				for _, at := range onDay(pattern, p.start, day) {
					counts[at] = counts[at] || p.enabledAt(at) && !at.Before(bound)
					ran[at] = append(ran[at], i)
				}
			}
		}
	}
	var runs []run
	for at, counted := range counts {
		runs = append(runs, run{at, counted, ran[at]})
	}
	slices.SortFunc(runs, func(a, b run) int { return a.at.Compare(b.at) })
	return runs
}

// onDay returns when a pattern runs on a day, in no order.
func onDay(pattern string, start, day time.Time) (moments []time.Time) {
	interval, days := 1, []string(nil)
	hours, minutes := []string{strconv.Itoa(start.Hour())}, []string{strconv.Itoa(start.Minute())}
	for part := range strings.SplitSeq(pattern, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "INTERVAL":
			interval, _ = strconv.Atoi(value)
		case "BYDAY":
			days = strings.Split(value, ",")
		case "BYHOUR":
			hours = strings.Split(value, ",")
		case "BYMINUTE":
			minutes = strings.Split(value, ",")
		}
	}
	first := time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, time.UTC)
	if strings.HasPrefix(pattern, "FREQ=WEEKLY") {
		if days == nil {
			days = []string{nameOf(first)}
		}
		for first.Weekday() != time.Monday {
			first = first.AddDate(0, 0, -1)
		}
		interval *= 7
	} else if int(day.Sub(first).Hours()/24)%interval != 0 {
		return nil
	}
	if past := int(day.Sub(first).Hours() / 24); past < 0 || past%interval >= 7 || days != nil && !slices.Contains(days, nameOf(day)) {
		return nil
	}
	for _, hour := range hours {
		for _, minute := range minutes {
			h, _ := strconv.Atoi(hour)
			m, _ := strconv.Atoi(minute)
			if at := time.Date(day.Year(), day.Month(), day.Day(), h, m, 0, 0, time.UTC); !at.Before(start.Truncate(time.Minute)) {
				moments = append(moments, at)
			}
		}
	}
	return moments
}

func nameOf(day time.Time) string { return strings.ToUpper(day.Format("Mon")[:2]) }

func one[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }

// some returns up to most different values, with commas between them.
func some(random *rand.Rand, most int, of ...string) string {
	random.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
	return strings.Join(of[:1+random.IntN(most)], ",")
}

func randomPattern(random *rand.Rand) string {
	pattern := one(random, "FREQ=DAILY", "FREQ=WEEKLY")
	if random.IntN(2) == 0 {
		pattern += ";INTERVAL=" + strconv.Itoa(one(random, 1, 1, 2, 3, 5, 7, 14, 30))
	}
	if strings.HasPrefix(pattern, "FREQ=WEEKLY") && random.IntN(4) > 0 {
		pattern += ";BYDAY=" + some(random, 7, "MO", "TU", "WE", "TH", "FR", "SA", "SU")
	}
	if random.IntN(6) > 0 {
		pattern += ";BYHOUR=" + some(random, 4, "0", "2", "3", "8", "13", "14", "21", "23")
	}
	if random.IntN(2) > 0 {
		pattern += ";BYMINUTE=" + some(random, 3, "00", "10", "15", "30", "45")
	}
	return pattern
}

// randomCase has policies that started within 70 days before noon. What happens is often
// at a boundary or a nanosecond beside it.
func randomCase(t *testing.T, random *rand.Rand) paperCase {
	t.Helper()
	ago := func(days int) time.Time {
		return noon().Add(-time.Duration(random.Int64N(int64(days) * int64(day)))).Truncate(time.Second)
	}
	var c paperCase
	f := &c.fixture
	add := func(since, until time.Time) {
		p := paperPolicy{start: ago(70), since: since, until: until}
		for range 1 + random.IntN(3) {
			p.patterns = append(p.patterns, randomPattern(random))
		}
		s, errs := schedule.New(p.patterns, p.start)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		c.policies = append(c.policies, p)
		f.policies = append(f.policies, inventory.PlannedPolicy{Schedule: s, Since: p.since, Until: p.until})
	}
	for range 1 + random.IntN(3) {
		switch random.IntN(5) {
		case 0:
			add(ago(10), time.Time{})
		case 1: // replaced
			when := ago(10)
			add(time.Time{}, when)
			add(when, time.Time{})
		default:
			add(time.Time{}, time.Time{})
		}
	}
	if random.IntN(3) == 0 {
		f.bound = ago(10)
	}
	midnight := noon().Add(-12 * time.Hour)
	c.calendar = calendarOf(c.policies, f.bound, midnight.AddDate(0, 0, -72), midnight.AddDate(0, 0, 240))

	f.options = protection.Options{Grace: one(random, 30*time.Minute, time.Hour, 6*time.Hour, 6*time.Hour, 40*time.Hour, 20*day)}
	f.now = ago(8)
	beside := func(at time.Time) time.Time { return at.Add(time.Duration(random.IntN(3) - 1)) }
	late := slices.DeleteFunc(slices.Clone(c.calendar), func(r run) bool { return r.at.After(noon()) })
	if len(late) == 0 {
		late = []run{{at: noon()}}
	}
	late = late[max(0, len(late)-1-random.IntN(12)):]
	if random.IntN(2) == 0 { // at the end of the grace of a run
		f.now = beside(late[0].at.Add(one(random, f.options.Grace, 30*time.Minute)))
		if len(late) > 1 && random.IntN(2) == 0 {
			f.now = beside(late[1].at)
		}
	}
	f.lookback = one(random, 30*day, 30*day, 8*day, time.Duration(1+random.Int64N(int64(5*day))))
	for n := range random.IntN(6) {
		created := f.now.Add(-time.Duration(random.Int64N(int64(4 * day))))
		if around := one(random, late...); random.IntN(2) == 0 {
			created = beside(around.at.Add(-one(random, 0, 15*time.Minute, 6*time.Hour, 42*time.Hour)))
		}
		status := one(random, cbrapi.StatusSuccess, cbrapi.StatusSuccess, cbrapi.StatusFailed, cbrapi.StatusTimeout, cbrapi.StatusSkipped, cbrapi.StatusRunning, cbrapi.StatusWaiting)
		if created.After(f.now) {
			created = f.now
		}
		f.logs = append(f.logs, task(strconv.Itoa(n), status, created))
	}
	if random.IntN(3) > 0 {
		var left []time.Time
		for _, log := range f.logs {
			if log.Status == cbrapi.StatusSuccess && random.IntN(2) > 0 {
				left = append(left, log.CreatedAt)
			}
		}
		if random.IntN(3) == 0 {
			left = append(left, beside(one(random, late...).at))
		}
		slices.SortFunc(left, time.Time.Compare)
		full := f.now.Add(-time.Duration(random.Int64N(int64(one(random, time.Hour, time.Hour, 4*day)))))
		if last := c.lastDue(); last >= 0 && random.IntN(3) == 0 { // a success of which the backup is gone
			f.logs = append(f.logs, task("gone", cbrapi.StatusSuccess, beside(c.calendar[last].at)))
		}
		f.backups = one(random, readAt(full, points(left...)), readAt(full, points(left...)), readAt(full, points(left...)),
			&inventory.Backups{}, &inventory.Backups{Reading: inventory.Reading{Reasons: map[cbrapi.Reason]bool{cbrapi.ReasonPermission: true}}})
	}
	f.change = func(s *tasks.Snapshot, _ *inventory.Snapshot) { // as the list of all tasks shows them
		s.Active = slices.DeleteFunc(s.Active, func(a tasks.ActiveTask) bool { return a.Log.CreatedAt.Before(c.historyStart()) })
	}
	return c
}
