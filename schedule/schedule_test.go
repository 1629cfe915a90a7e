package schedule_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/schedule"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// monday is 1 January 2024 at a time of the day.
func monday(clock string) time.Time {
	t, err := time.Parse(time.DateTime, "2024-01-01 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

func mustNew(t testing.TB, start time.Time, patterns ...string) schedule.Schedule {
	t.Helper()
	s, errs := schedule.New(patterns, start)
	if errs != nil {
		t.Fatal(errs)
	}
	return s
}

func TestLongestGap(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		patterns []string
		start    time.Time
		want     time.Duration
	}{
		"daily":              {[]string{"FREQ=DAILY;INTERVAL=1;BYHOUR=2;BYMINUTE=00"}, monday("10:00:00"), day},
		"example of the API": {[]string{"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=14;BYMINUTE=00"}, monday("06:57:05"), day},
		"working days":       {[]string{"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=14;BYMINUTE=00"}, monday("06:57:05"), 3 * day},
		"once a week":        {[]string{"FREQ=WEEKLY;BYDAY=SU;BYHOUR=14;BYMINUTE=00"}, monday("06:57:05"), week},
		"every other week":   {[]string{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=3;BYMINUTE=00"}, monday("06:57:05"), 2 * week},
		"every four hours":   {[]string{"FREQ=DAILY;BYHOUR=0,4,8,12,16,20;BYMINUTE=00"}, monday("06:57:05"), 4 * time.Hour},
		"at night":           {[]string{"FREQ=DAILY;BYHOUR=22,1,23,0;BYMINUTE=30"}, monday("06:57:05"), 21 * time.Hour},
		"every 30 days":      {[]string{"FREQ=DAILY;INTERVAL=30;BYHOUR=2;BYMINUTE=00"}, monday("06:57:05"), 30 * day},
		"two minutes":        {[]string{"FREQ=DAILY;BYHOUR=2;BYMINUTE=0,20"}, monday("06:57:05"), day - 20*time.Minute},
		"hours times minutes": {
			[]string{"FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0,30"},
			monday("06:57:05"), 12*time.Hour + 30*time.Minute,
		},
		"days every day":           {[]string{"FREQ=DAILY;BYDAY=MO,WE;BYHOUR=2"}, monday("00:00:00"), 5 * day},
		"two days every other day": {[]string{"FREQ=DAILY;INTERVAL=2;BYDAY=MO,TU;BYHOUR=2"}, monday("00:00:00"), 8 * day},
		"twice a week in weeks":    {[]string{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYHOUR=2"}, monday("00:00:00"), 10 * day},
		"begins in the middle":     {[]string{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYHOUR=2"}, monday("00:00:00").Add(3 * day), 10 * day},

		"two patterns":           {[]string{"FREQ=DAILY;BYHOUR=2;BYMINUTE=00", "FREQ=DAILY;BYHOUR=9;BYMINUTE=30"}, monday("06:57:05"), 16*time.Hour + 30*time.Minute},
		"the same pattern twice": {[]string{"FREQ=DAILY;BYHOUR=2", "FREQ=DAILY;BYHOUR=2"}, monday("06:57:05"), day},
		"weekly and fortnightly": {[]string{"FREQ=WEEKLY;BYDAY=MO;BYHOUR=2", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;BYHOUR=2"}, monday("00:00:00"), week},
		"alternating": {
			[]string{"FREQ=DAILY;INTERVAL=2;BYHOUR=0", "FREQ=DAILY;INTERVAL=3;BYHOUR=0"},
			monday("00:00:00"), 2 * day,
		},
		"24 hours, one by one": {hourly(), monday("06:57:05"), time.Hour},

		"times of the start":          {[]string{"FREQ=DAILY", "FREQ=DAILY;BYHOUR=4;BYMINUTE=0"}, monday("06:30:59"), 21*time.Hour + 30*time.Minute},
		"the minute of the start":     {[]string{"FREQ=DAILY;BYHOUR=4", "FREQ=DAILY;BYHOUR=4;BYMINUTE=0"}, monday("06:30:59"), 23*time.Hour + 30*time.Minute},
		"the day of the start":        {[]string{"FREQ=WEEKLY;BYHOUR=0", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=0"}, monday("00:00:00").Add(2 * day), 5 * day},
		"a start in another zone":     {[]string{"FREQ=DAILY", "FREQ=DAILY;BYHOUR=4;BYMINUTE=0"}, monday("06:30:59").In(time.FixedZone("", 8*60*60)), 21*time.Hour + 30*time.Minute},
		"a start before the epoch":    {[]string{"FREQ=DAILY", "FREQ=DAILY;BYHOUR=4;BYMINUTE=0"}, time.Date(1950, 6, 1, 6, 30, 59, 0, time.UTC), 21*time.Hour + 30*time.Minute},
		"a start in the far future":   {[]string{"FREQ=DAILY", "FREQ=DAILY;BYHOUR=4;BYMINUTE=0"}, time.Date(99999, 6, 1, 6, 30, 0, 0, time.UTC), 21*time.Hour + 30*time.Minute},
		"no start":                    {[]string{"FREQ=DAILY"}, time.Time{}, day},
		"no start, weekly":            {[]string{"FREQ=WEEKLY"}, time.Time{}, week},
		"lower case and spaces":       {[]string{" freq=daily ; byhour = 2, 14 ;; byminute=00;"}, monday("06:57:05"), 12 * time.Hour},
		"the longest interval":        {[]string{"FREQ=WEEKLY;INTERVAL=366;BYDAY=MO"}, monday("06:57:05"), 366 * week},
		"the longest of a day":        {[]string{"FREQ=DAILY;INTERVAL=366;BYDAY=TU"}, monday("06:57:05"), 7 * 366 * day},
		"repeating in ten years":      {[]string{"FREQ=DAILY;BYHOUR=0", "FREQ=DAILY;BYHOUR=12", "FREQ=DAILY;INTERVAL=60", "FREQ=DAILY;INTERVAL=61"}, monday("00:00:00"), 12 * time.Hour},
		"repeating after ten years":   {[]string{"FREQ=DAILY;BYHOUR=0", "FREQ=DAILY;BYHOUR=12", "FREQ=DAILY;INTERVAL=61", "FREQ=DAILY;INTERVAL=62"}, monday("00:00:00"), 12 * time.Hour},
		"a year around its end":       {[]string{"FREQ=WEEKLY;INTERVAL=4;BYDAY=MO,SU;BYHOUR=5"}, time.Date(2023, 12, 28, 0, 0, 0, 0, time.UTC), 3*week + day},
		"in the week of the new year": {[]string{"FREQ=WEEKLY;INTERVAL=50;BYDAY=MO,WE,SU;BYHOUR=5"}, time.Date(2001, 1, 17, 0, 0, 0, 0, time.UTC), 49*week + day},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := mustNew(t, test.start, test.patterns...).LongestGap()
			if got != test.want || !ok {
				t.Errorf("LongestGap() = %v, %v, want %v", got, ok, test.want)
			}
		})
	}
}

// hourly returns one pattern for each hour, as the console makes them.
func hourly() []string {
	var patterns []string
	for hour := range 24 {
		patterns = append(patterns, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR="+time.Date(0, 1, 1, hour, 0, 0, 0, time.UTC).Format("15")+";BYMINUTE=00")
	}
	return patterns
}

func TestLongestGapOfSeveralPolicies(t *testing.T) {
	t.Parallel()
	daily := mustNew(t, monday("00:00:00"), "FREQ=DAILY;BYHOUR=2")
	even := mustNew(t, monday("00:00:00"), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=0")
	odd := mustNew(t, monday("00:00:00").Add(week), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=0")
	for name, test := range map[string]struct {
		schedules []schedule.Schedule
		want      time.Duration // longest gap; 0 for none
	}{
		"none":                       {nil, 0},
		"one without patterns":       {[]schedule.Schedule{{}}, 0},
		"one with and one without":   {[]schedule.Schedule{{}, daily}, day},
		"alternating weeks":          {[]schedule.Schedule{even, odd}, week},
		"the same weeks":             {[]schedule.Schedule{even, even}, 2 * week},
		"daily and every other week": {[]schedule.Schedule{even, daily, odd}, day},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := slices.Concat(test.schedules...).LongestGap()
			if got != test.want || ok != (test.want > 0) {
				t.Errorf("LongestGap() = %v, %v, want %v", got, ok, test.want)
			}
		})
	}
}

func TestNextPrevious(t *testing.T) {
	t.Parallel()
	mondays := []string{"FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=30"}
	for name, test := range map[string]struct {
		patterns       []string
		start, at      time.Time
		next, previous string // "" for none
	}{
		"between":                {mondays, monday("00:00:00"), monday("09:00:00"), "2024-01-08 02:30:00", "2024-01-01 02:30:00"},
		"at a due moment":        {mondays, monday("00:00:00"), monday("02:30:00").Add(week), "2024-01-15 02:30:00", "2024-01-01 02:30:00"},
		"within the minute":      {mondays, monday("00:00:00"), monday("02:30:59").Add(week), "2024-01-15 02:30:00", "2024-01-08 02:30:00"},
		"a nanosecond after":     {mondays, monday("00:00:00"), monday("02:30:00").Add(1), "2024-01-08 02:30:00", "2024-01-01 02:30:00"},
		"a nanosecond before":    {mondays, monday("00:00:00"), monday("02:30:00").Add(week - 1), "2024-01-08 02:30:00", "2024-01-01 02:30:00"},
		"before the start":       {mondays, monday("00:00:00"), monday("00:00:00").Add(-week), "2024-01-01 02:30:00", ""},
		"due at the start":       {mondays, monday("02:30:00"), monday("00:00:00"), "2024-01-01 02:30:00", ""},
		"the start's seconds":    {mondays, monday("02:30:59"), monday("00:00:00"), "2024-01-01 02:30:00", ""},
		"due before the start":   {mondays, monday("02:31:00"), monday("00:00:00").Add(week), "2024-01-08 02:30:00", ""},
		"the start is unknown":   {mondays, time.Time{}, monday("00:00:00"), "2024-01-01 02:30:00", "2023-12-25 02:30:00"},
		"never":                  {nil, monday("00:00:00"), monday("00:00:00"), "", ""},
		"every 30 days":          {[]string{"FREQ=DAILY;INTERVAL=30;BYHOUR=2"}, monday("00:00:00"), monday("03:00:00"), "2024-01-31 02:00:00", "2024-01-01 02:00:00"},
		"before 1970":            {mondays, time.Time{}, time.Date(1965, 3, 3, 3, 3, 3, 3, time.UTC), "1965-03-08 02:30:00", "1965-03-01 02:30:00"},
		"in another time zone":   {mondays, monday("00:00:00"), monday("09:00:00").In(time.FixedZone("", 8*60*60)), "2024-01-08 02:30:00", "2024-01-01 02:30:00"},
		"two patterns, in order": {[]string{"FREQ=DAILY;BYHOUR=22", "FREQ=DAILY;BYHOUR=4"}, monday("00:00:00"), monday("12:00:00"), "2024-01-01 22:00:00", "2024-01-01 04:00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustNew(t, test.start, test.patterns...)
			for method, f := range map[string]struct {
				call func(time.Time) (time.Time, bool)
				want string
			}{"Next": {s.Next, test.next}, "Previous": {s.Previous, test.previous}} {
				got, ok := f.call(test.at)
				want, _ := time.Parse(time.DateTime, f.want)
				if got != want || ok != (f.want != "") {
					t.Errorf("%s(%v) = %v, %v, want %q", method, test.at, got, ok, f.want)
				}
			}
		})
	}
}

func TestInvalidPatterns(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ pattern, want string }{
		"nothing":               {"", `pattern "": has no FREQ`},
		"no frequency":          {"BYHOUR=2", `pattern "BYHOUR=2": has no FREQ`},
		"every second":          {"FREQ=SECONDLY", `pattern "FREQ=SECONDLY": FREQ is neither DAILY nor WEEKLY`},
		"every month":           {"FREQ=MONTHLY;BYHOUR=2", `pattern "FREQ=MONTHLY;BYHOUR=2": FREQ is neither DAILY nor WEEKLY`},
		"no value":              {"FREQ", `pattern "FREQ": FREQ is neither DAILY nor WEEKLY`},
		"once":                  {"FREQ=DAILY;COUNT=1", `pattern "FREQ=DAILY;COUNT=1": has the undocumented part "COUNT"`},
		"until a time":          {"FREQ=DAILY;UNTIL=20010101", `pattern "FREQ=DAILY;UNTIL=20010101": has the undocumented part "UNTIL"`},
		"a start of its own":    {"DTSTART:20010101\nRRULE:FREQ=DAILY", `pattern "DTSTART:20010101\nRRULE:FREQ=DAILY": has the undocumented part "DTSTART:20010101\nRRU"`},
		"no interval":           {"FREQ=DAILY;INTERVAL=0", `pattern "FREQ=DAILY;INTERVAL=0": INTERVAL has "0", want a number from 1 to 366`},
		"a large interval":      {"FREQ=DAILY;INTERVAL=1000000000", `pattern "FREQ=DAILY;INTERVAL=1000000000": INTERVAL has "1000000000", want a number from 1 to 366`},
		"a negative interval":   {"FREQ=DAILY;INTERVAL=-1", `pattern "FREQ=DAILY;INTERVAL=-1": INTERVAL has "-1", want a number from 1 to 366`},
		"an hour too late":      {"FREQ=DAILY;BYHOUR=2,24", `pattern "FREQ=DAILY;BYHOUR=2,24": BYHOUR has "24", want a number from 0 to 23`},
		"a minute too late":     {"FREQ=DAILY;BYMINUTE=60", `pattern "FREQ=DAILY;BYMINUTE=60": BYMINUTE has "60", want a number from 0 to 59`},
		"an empty list":         {"FREQ=DAILY;BYHOUR=", `pattern "FREQ=DAILY;BYHOUR=": BYHOUR has "", want a number from 0 to 23`},
		"no day":                {"FREQ=WEEKLY;BYDAY=XX", `pattern "FREQ=WEEKLY;BYDAY=XX": BYDAY has "XX", want a day such as MO`},
		"the second Monday":     {"FREQ=WEEKLY;BYDAY=2MO", `pattern "FREQ=WEEKLY;BYDAY=2MO": BYDAY has "2MO", want a day such as MO`},
		"never":                 {"FREQ=DAILY;INTERVAL=14;BYDAY=TU", `pattern "FREQ=DAILY;INTERVAL=14;BYDAY=TU": is never due: INTERVAL=14 counts from a day that BYDAY leaves out`},
		"a long unknown name":   {strings.Repeat("X", 50) + "=1", `pattern "` + strings.Repeat("X", 50) + `=1": has the undocumented part "` + strings.Repeat("X", 20) + `"`},
		"not in any known form": {"daily at 2", `pattern "daily at 2": has the undocumented part "DAILY AT 2"`},
	} {
		t.Run(name, func(t *testing.T) {
			s, errs := schedule.New([]string{test.pattern, "FREQ=DAILY;BYHOUR=2"}, monday("06:57:05"))
			if diff := cmp.Diff([]string{test.want}, texts(errs)); diff != "" {
				t.Errorf("errors differ (-want +got):\n%s", diff)
			}
			if gap, ok := s.LongestGap(); gap != day || !ok {
				t.Errorf("LongestGap() = %v, %v, want one day, of the other pattern", gap, ok)
			}
			alone, _ := schedule.New([]string{test.pattern}, monday("06:57:05"))
			if gap, ok := alone.LongestGap(); gap != 0 || ok {
				t.Errorf("alone, LongestGap() = %v, %v, want none", gap, ok)
			}
		})
	}
}

func texts(errs []error) []string {
	var all []string
	for _, err := range errs {
		all = append(all, err.Error())
	}
	return all
}

// BenchmarkLongestGap parses a policy with one pattern per hour. The target is 1 ms on
// a shared core: a project has at most 64 policies.
func BenchmarkLongestGap(b *testing.B) {
	patterns := hourly()
	b.ReportAllocs()
	for b.Loop() {
		if gap, ok := mustNew(b, monday("06:57:05"), patterns...).LongestGap(); gap != time.Hour || !ok {
			b.Fatalf("LongestGap() = %v, %v", gap, ok)
		}
	}
}

// BenchmarkLongestGapWorst has as many due moments as one policy with an interval can
// have. The target is 50 ms.
func BenchmarkLongestGapWorst(b *testing.B) {
	patterns := []string{"FREQ=WEEKLY;INTERVAL=366"}
	for len(patterns) < 24 {
		patterns = append(patterns, "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23")
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := mustNew(b, monday("06:57:05"), patterns...).LongestGap(); !ok {
			b.Fatal("LongestGap() reports that nothing is due")
		}
	}
}

func BenchmarkNew(b *testing.B) {
	patterns := hourly()
	b.ReportAllocs()
	for b.Loop() {
		mustNew(b, monday("06:57:05"), patterns...)
	}
}

func BenchmarkPrevious(b *testing.B) {
	s := mustNew(b, monday("06:57:05"), hourly()...)
	b.ReportAllocs()
	for b.Loop() {
		s.Previous(monday("00:00:00").Add(365 * day))
	}
}
