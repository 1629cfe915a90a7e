package schedule_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/teambition/rrule-go"

	"github.com/cbr-exporter/cbr_exporter/schedule"
)

// TestAgainstRRule compares two policies with the moments that an implementation of
// RFC 2445 computes for them.
func TestAgainstRRule(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		intervals := []int{1, 2, 3, 4} // these repeat together after 84 days
		if random.IntN(2) == 0 {
			intervals = []int{1, 2, 5, 10, 15, 30} // and these after 210 days
		}
		var (
			schedules []schedule.Schedule
			want      []time.Time
			log       []string
			from, to  = monday("00:00:00"), monday("00:00:00").AddDate(3, 0, 0)
		)
		for range 2 {
			start := monday("00:00:00").Add(time.Duration(random.IntN(365*24*60*60)) * time.Second)
			log = append(log, start.Format(time.DateTime))
			var patterns []string
			for range 1 + random.IntN(3) {
				text := randomPattern(random, intervals[random.IntN(len(intervals))])
				log = append(log, text)
				if _, errs := schedule.New([]string{text}, start); errs != nil {
					continue // it is never due; rrule would look for a moment until the year 9999
				}
				patterns = append(patterns, text)
				option, err := rrule.StrToROption(text)
				if err != nil {
					t.Fatal(err)
				}
				option.Dtstart = start.Truncate(time.Minute)
				rule, err := rrule.NewRRule(*option)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, rule.Between(from, to, true)...)
			}
			schedules = append(schedules, mustNew(t, start, patterns...))
		}
		slices.SortFunc(want, time.Time.Compare)
		want = slices.Compact(want)
		compare(t, slices.Concat(schedules...), from, want, strings.Join(log, "\n"))
	}
}

// compare checks a schedule whose policies start within a year of from against its
// due moments of three years.
func compare(t *testing.T, s schedule.Schedule, from time.Time, want []time.Time, description string) {
	t.Helper()
	if len(want) == 0 {
		return
	}
	at, longest := from.Add(-1), time.Duration(0)
	for n, due := range want {
		if next, _ := s.Next(at); !next.Equal(due) {
			t.Errorf("Next(%v) = %v, want %v, for\n%s", at, next, due, description)
			return
		}
		previous, ok := s.Previous(due)
		if ok != (n > 0) || ok && !previous.Equal(want[n-1]) {
			t.Errorf("Previous(%v) = %v, %v, for\n%s", due, previous, ok, description)
			return
		}
		if n > 0 && want[n-1].Sub(from) >= 365*day {
			longest = max(longest, due.Sub(at))
		}
		at = due
	}
	if got, _ := s.LongestGap(); got != longest {
		t.Errorf("LongestGap() = %v, want %v, for\n%s", got, longest, description)
	}
}

func randomPattern(random *rand.Rand, interval int) string {
	some := func(n, most int, name func(int) string) string {
		var names []string
		for _, i := range random.Perm(n)[:1+random.IntN(most)] {
			names = append(names, name(i))
		}
		return strings.Join(names, ",")
	}
	weekday := func(n int) string { return []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}[n] }
	text := []string{"FREQ=DAILY", "FREQ=WEEKLY"}[random.IntN(2)] + ";INTERVAL=" + strconv.Itoa(interval)
	if random.IntN(3) > 0 {
		text += ";BYDAY=" + some(7, 4, weekday)
	}
	if random.IntN(4) > 0 {
		text += ";BYHOUR=" + some(24, 4, strconv.Itoa)
	}
	if random.IntN(4) > 0 {
		text += ";BYMINUTE=" + some(60, 3, strconv.Itoa)
	}
	return text
}

// FuzzNew reads the patterns of a policy, and checks the longest gap between its runs.
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
		if len(errs) > len(patterns) {
			t.Errorf("%d errors for %d patterns", len(errs), len(patterns))
		}
		for _, err := range errs {
			text := err.Error()
			if len(text) > 2000 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("the error is not one short line of text: %.3000q", text)
			}
		}
		gap, ok := s.LongestGap()
		if ok != (len(errs) < len(patterns)) {
			t.Errorf("LongestGap() = %v, %v with %d errors for %d patterns", gap, ok, len(errs), len(patterns))
		}
		if ok && (gap < time.Minute || gap > 7*366*day || gap%time.Minute != 0) {
			t.Errorf("LongestGap() = %v", gap)
		}
	})
}
