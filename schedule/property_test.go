package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cbr-exporter/cbr_exporter/schedule"
)

// written is a pattern in parts, all of which are given.
type written struct {
	weekly   bool
	interval int
	days     []int // from 0 for Monday; nil: every day, of a daily pattern
	hours    []int
	minutes  []int
}

func names() []string { return []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"} }

func (w written) String() string {
	var days []string
	for _, d := range w.days {
		days = append(days, names()[d])
	}
	parts := []string{"FREQ=DAILY", fmt.Sprintf("INTERVAL=%d", w.interval), "BYHOUR=" + numbers(w.hours), "BYMINUTE=" + numbers(w.minutes)}
	if w.weekly {
		parts[0] = "FREQ=WEEKLY"
	}
	if days != nil {
		parts = append(parts, "BYDAY="+strings.Join(days, ","))
	}
	return strings.Join(parts, ";")
}

func numbers(all []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(all), "[]"), " ", ",")
}

// runsOn reports whether w runs on the day date, both at 00:00: what the words of RFC
// 2445 say of a day, and nothing of how to find the next one.
func (w written) runsOn(date, start time.Time) bool {
	weekday := func(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }
	if w.days != nil && !slices.Contains(w.days, weekday(date)) {
		return false
	}
	days := int(date.Sub(start) / day)
	if w.weekly {
		days += weekday(start) // since the Monday before the start
		return days >= 0 && days/7%w.interval == 0
	}
	return days >= 0 && days%w.interval == 0
}

// TestDayByDay compares with the gaps found by looking at every day of several years.
func TestDayByDay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := func(from []int, most int) []int {
		random.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
		return slices.Sorted(slices.Values(from[:1+random.IntN(most)]))
	}
	upTo := func(n int) []int {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		return all
	}
	for range 300 {
		start := time.Date(2020+random.IntN(8), time.Month(1+random.IntN(12)), 1+random.IntN(28), 0, 0, 0, 0, time.UTC)
		var (
			patterns []written
			text     []string
		)
		for range 1 + random.IntN(4) {
			w := written{
				weekly: random.IntN(2) == 0, interval: 1 + random.IntN(4),
				hours: some(upTo(24), 4), minutes: some(upTo(60), 3),
			}
			if w.weekly || random.IntN(2) == 0 {
				w.days = some(upTo(7), 4)
			}
			patterns = append(patterns, w)
			text = append(text, w.String())
		}
		s := mustNew(t, start.Add(time.Duration(random.IntN(24*60*60))*time.Second), text...)
		got, _ := schedule.LongestGap(s)

		// Together they repeat after 84 days at most; the first ones are not whole.
		var want time.Duration
		var last time.Time
		for n := range 3 * 84 {
			date := start.AddDate(0, 0, n)
			var runs []time.Time
			for _, w := range patterns {
				if !w.runsOn(date, start) {
					continue
				}
				for _, hour := range w.hours {
					for _, minute := range w.minutes {
						runs = append(runs, date.Add(time.Duration(60*hour+minute)*time.Minute))
					}
				}
			}
			slices.SortFunc(runs, time.Time.Compare)
			for _, run := range runs {
				if n > 84 && !last.IsZero() {
					want = max(want, run.Sub(last))
				}
				last = run
			}
		}
		if got != want {
			t.Errorf("from %v: LongestGap() = %v, want %v, for\n%s", start, got, want, strings.Join(text, "\n"))
		}
	}
}

func FuzzNew(f *testing.F) {
	for _, seed := range []string{
		"FREQ=DAILY;INTERVAL=1;BYHOUR=6;BYMINUTE=00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=14;BYMINUTE=00",
		"FREQ=WEEKLY;INTERVAL=366|FREQ=DAILY;INTERVAL=365;BYDAY=MO", "FREQ=DAILY;INTERVAL=14;BYDAY=WE|freq=daily;;byhour=1,1",
		"FREQ=SECONDLY", "FREQ=DAILY;COUNT=1", "FREQ=DAILY;UNTIL=20010101T000000Z", "DTSTART:19970902T090000Z\nRRULE:FREQ=DAILY",
		"FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=1000000000", "FREQ=WEEKLY;BYDAY=+1MO", "||||||||||||||||||||||||||||", "",
	} {
		f.Add(seed, int64(1577959189))
		f.Add(seed, int64(0))
	}
	f.Add("FREQ=DAILY", int64(-1<<63))
	f.Add("FREQ=DAILY;BYDAY=SU", int64(1<<63-1))
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		patterns := strings.Split(text, "|")
		start := time.Unix(seconds, 0)
		if seconds == 0 {
			start = time.Time{}
		}
		s, errs := schedule.New(patterns, start)
		if len(errs) > len(patterns) || len(errs) > 25 {
			t.Errorf("%d errors for %d patterns", len(errs), len(patterns))
		}
		for _, err := range errs {
			text := err.Error()
			if len(text) > 2000 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("the error is not one short line of text: %.3000q", text)
			}
		}
		gap, ok := schedule.LongestGap(s)
		if ok != (len(errs) < len(patterns) && len(patterns) <= 24 || len(patterns) > 24 && len(errs) < 25) {
			t.Errorf("LongestGap() = %v, %v with %d errors for %d patterns", gap, ok, len(errs), len(patterns))
		}
		if ok && (gap < time.Minute || gap > 7*366*day || gap%time.Minute != 0) {
			t.Errorf("LongestGap() = %v", gap)
		}
	})
}
