package schedule_test

import (
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
	for name, test := range map[string]struct {
		patterns []string
		start    time.Time
		want     time.Duration
	}{
		"daily":             {[]string{"FREQ=DAILY;INTERVAL=1;BYHOUR=2;BYMINUTE=00"}, monday("10:00:00"), day},
		"the vendor's page": {[]string{"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=14;BYMINUTE=00"}, monday("06:57:05"), day},
		"working days":      {[]string{"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=14;BYMINUTE=00"}, monday("06:57:05"), 3 * day},
		"once a week":       {[]string{"FREQ=WEEKLY;BYDAY=SU;BYHOUR=14;BYMINUTE=00"}, monday("06:57:05"), week},
		"every other week":  {[]string{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=3;BYMINUTE=00"}, monday("06:57:05"), 2 * week},
		"every four hours":  {[]string{"FREQ=DAILY;BYHOUR=0,4,8,12,16,20;BYMINUTE=00"}, monday("06:57:05"), 4 * time.Hour},
		"at night":          {[]string{"FREQ=DAILY;BYHOUR=22,1,23,0;BYMINUTE=30"}, monday("06:57:05"), 21 * time.Hour},
		"every 30 days":     {[]string{"FREQ=DAILY;INTERVAL=30;BYHOUR=2;BYMINUTE=00"}, monday("06:57:05"), 30 * day},
		"minutes":           {[]string{"FREQ=DAILY;BYHOUR=2;BYMINUTE=0,20"}, monday("06:57:05"), day - 20*time.Minute},
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
		"no start, weekly":            {[]string{"FREQ=WEEKLY;INTERVAL=3"}, time.Time{}, 3 * week},
		"no start, days every day":    {[]string{"FREQ=DAILY;INTERVAL=14;BYDAY=WE;BYHOUR=2"}, time.Time{}, 2 * week},
		"lower case and spaces":       {[]string{" freq=daily ; byhour = 2, 14 ;; byminute=00;"}, monday("06:57:05"), 12 * time.Hour},
		"the longest interval":        {[]string{"FREQ=WEEKLY;INTERVAL=366;BYDAY=MO"}, monday("06:57:05"), 366 * week},
		"the longest of a day":        {[]string{"FREQ=DAILY;INTERVAL=366;BYDAY=TU"}, monday("06:57:05"), 7 * 366 * day},
		"ten years":                   {[]string{"FREQ=DAILY;BYHOUR=0", "FREQ=DAILY;BYHOUR=12", "FREQ=DAILY;INTERVAL=60", "FREQ=DAILY;INTERVAL=61"}, monday("00:00:00"), 12 * time.Hour},
		"longer than ten years":       {[]string{"FREQ=DAILY;BYHOUR=0", "FREQ=DAILY;BYHOUR=12", "FREQ=DAILY;INTERVAL=61", "FREQ=DAILY;INTERVAL=62"}, monday("00:00:00"), day}, // not as exact
		"a year around its end":       {[]string{"FREQ=WEEKLY;INTERVAL=4;BYDAY=MO,SU;BYHOUR=5"}, time.Date(2023, 12, 28, 0, 0, 0, 0, time.UTC), 3*week + day},
		"in the week of the new year": {[]string{"FREQ=WEEKLY;INTERVAL=50;BYDAY=MO,WE,SU;BYHOUR=5"}, time.Date(2001, 1, 17, 0, 0, 0, 0, time.UTC), 49*week + day},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := schedule.LongestGap(mustNew(t, test.start, test.patterns...))
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

func TestLongestGapOfSeveralSchedules(t *testing.T) {
	daily := mustNew(t, monday("00:00:00"), "FREQ=DAILY;BYHOUR=2")
	even := mustNew(t, monday("00:00:00"), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=0")
	odd := mustNew(t, monday("00:00:00").Add(week), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=0")
	const everyDay = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR="
	mornings := mustNew(t, monday("00:00:00"), everyDay+"0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0")
	evenings := mustNew(t, monday("00:00:00"), everyDay+"12,13,14,15,16,17,18,19,20,21,22,23;BYMINUTE=0")
	for name, test := range map[string]struct {
		schedules []schedule.Schedule
		want      time.Duration
		ok        bool
	}{
		"none":                {nil, 0, false},
		"one without pattern": {[]schedule.Schedule{{}}, 0, false},
		"one with and without": {
			[]schedule.Schedule{{}, daily}, day, true,
		},
		"weeks in turn":              {[]schedule.Schedule{even, odd}, week, true},
		"weeks at once":              {[]schedule.Schedule{even, even}, 2 * week, true},
		"daily and weekly":           {[]schedule.Schedule{even, daily, odd}, day, true},
		"thousands of them":          {many(10_000, daily, even), day, true},
		"more runs than can be laid": {many(30_000, mornings, evenings), 13 * time.Hour, true}, // and not one
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := schedule.LongestGap(test.schedules...)
			if got != test.want || ok != test.ok {
				t.Errorf("LongestGap() = %v, %v, want %v, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

func many(times int, schedules ...schedule.Schedule) []schedule.Schedule {
	var all []schedule.Schedule
	for range times {
		all = append(all, schedules...)
	}
	return all
}

func TestUnreadablePatterns(t *testing.T) {
	for name, test := range map[string]struct{ pattern, want string }{
		"nothing":               {"", `pattern "": has no FREQ`},
		"no frequency":          {"BYHOUR=2", `pattern "BYHOUR=2": has no FREQ`},
		"every second":          {"FREQ=SECONDLY", `pattern "FREQ=SECONDLY": FREQ is neither DAILY nor WEEKLY`},
		"every month":           {"FREQ=MONTHLY;BYHOUR=2", `pattern "FREQ=MONTHLY;BYHOUR=2": FREQ is neither DAILY nor WEEKLY`},
		"no value":              {"FREQ", `pattern "FREQ": FREQ is neither DAILY nor WEEKLY`},
		"once":                  {"FREQ=DAILY;COUNT=1", `pattern "FREQ=DAILY;COUNT=1": has "COUNT", which the API does not document`},
		"until a time":          {"FREQ=DAILY;UNTIL=20010101", `pattern "FREQ=DAILY;UNTIL=20010101": has "UNTIL", which the API does not document`},
		"a start of its own":    {"DTSTART:20010101\nRRULE:FREQ=DAILY", `pattern "DTSTART:20010101\nRRULE:FREQ=DAILY": has "DTSTART:20010101\nRRU", which the API does not document`},
		"no interval":           {"FREQ=DAILY;INTERVAL=0", `pattern "FREQ=DAILY;INTERVAL=0": INTERVAL has "0", which is no number from 1 to 366`},
		"a large interval":      {"FREQ=DAILY;INTERVAL=1000000000", `pattern "FREQ=DAILY;INTERVAL=1000000000": INTERVAL has "1000000000", which is no number from 1 to 366`},
		"a negative interval":   {"FREQ=DAILY;INTERVAL=-1", `pattern "FREQ=DAILY;INTERVAL=-1": INTERVAL has "-1", which is no number from 1 to 366`},
		"an hour too late":      {"FREQ=DAILY;BYHOUR=2,24", `pattern "FREQ=DAILY;BYHOUR=2,24": BYHOUR has "24", which is no number from 0 to 23`},
		"a minute too late":     {"FREQ=DAILY;BYMINUTE=60", `pattern "FREQ=DAILY;BYMINUTE=60": BYMINUTE has "60", which is no number from 0 to 59`},
		"an empty list":         {"FREQ=DAILY;BYHOUR=", `pattern "FREQ=DAILY;BYHOUR=": BYHOUR has "", which is no number from 0 to 23`},
		"no day":                {"FREQ=WEEKLY;BYDAY=XX", `pattern "FREQ=WEEKLY;BYDAY=XX": BYDAY has "XX", which is no day`},
		"the second Monday":     {"FREQ=WEEKLY;BYDAY=2MO", `pattern "FREQ=WEEKLY;BYDAY=2MO": BYDAY has "2MO", which is no day`},
		"twice":                 {"FREQ=DAILY;BYHOUR=2;BYHOUR=3", `pattern "FREQ=DAILY;BYHOUR=2;BYHOUR=3": has "BYHOUR" twice`},
		"every half hour":       {"FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=0,30", `pattern "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=0,30": has 26 times a day, more than 24`},
		"never":                 {"FREQ=DAILY;INTERVAL=14;BYDAY=TU", `pattern "FREQ=DAILY;INTERVAL=14;BYDAY=TU": never runs: its start is on another day`},
		"a thousand hours":      {"FREQ=DAILY;BYHOUR=" + strings.Repeat("1,", 1000) + "1", `pattern "FREQ=DAILY;BYHOUR=` + strings.Repeat("1,", 41) + `": has 2019 bytes, more than 1024`},
		"megabytes":             {strings.Repeat("\U0010ffff", 1<<19), `pattern "` + strings.Repeat(`\U0010ffff`, 100) + `": has 2097152 bytes, more than 1024`},
		"a long unknown name":   {strings.Repeat("X", 50) + "=1", `pattern "` + strings.Repeat("X", 50) + `=1": has "` + strings.Repeat("X", 20) + `", which the API does not document`},
		"not in any known form": {"daily at 2", `pattern "daily at 2": has "DAILY AT 2", which the API does not document`},
	} {
		t.Run(name, func(t *testing.T) {
			s, errs := schedule.New([]string{test.pattern, "FREQ=DAILY;BYHOUR=2"}, monday("06:57:05"))
			if diff := cmp.Diff([]string{test.want}, texts(errs)); diff != "" {
				t.Errorf("the errors differ (-want +got):\n%s", diff)
			}
			if gap, ok := schedule.LongestGap(s); gap != day || !ok {
				t.Errorf("LongestGap() = %v, %v, want that of the other pattern", gap, ok)
			}
			alone, _ := schedule.New([]string{test.pattern}, monday("06:57:05"))
			if gap, ok := schedule.LongestGap(alone); gap != 0 || ok {
				t.Errorf("alone, LongestGap() = %v, %v, want none", gap, ok)
			}
		})
	}
}

func TestTooManyPatterns(t *testing.T) {
	patterns := append(hourly(), "FREQ=DAILY;BYHOUR=2;BYMINUTE=30", "nonsense")
	patterns[7] = "nonsense"
	s, errs := schedule.New(patterns, monday("06:57:05"))
	want := []string{
		`pattern "nonsense": has "NONSENSE", which the API does not document`,
		"26 patterns, of which the first 24 are read",
	}
	if diff := cmp.Diff(want, texts(errs)); diff != "" {
		t.Errorf("the errors differ (-want +got):\n%s", diff)
	}
	if gap, ok := schedule.LongestGap(s); gap != 2*time.Hour || !ok {
		t.Errorf("LongestGap() = %v, %v, want that of the first 24", gap, ok)
	}
}

func texts(errs []error) []string {
	var all []string
	for _, err := range errs {
		all = append(all, err.Error())
	}
	return all
}

// BenchmarkLongestGap reads a policy with 24 patterns and lays them on top of one
// another. The target is 1 ms on a shared core: a project has at most 64 policies.
func BenchmarkLongestGap(b *testing.B) {
	patterns := hourly()
	b.ReportAllocs()
	for b.Loop() {
		if gap, ok := schedule.LongestGap(mustNew(b, monday("06:57:05"), patterns...)); gap != time.Hour || !ok {
			b.Fatalf("LongestGap() = %v, %v", gap, ok)
		}
	}
}

// BenchmarkWorst is about the most that one policy can ask for. The target is 50 ms.
func BenchmarkWorst(b *testing.B) {
	patterns := []string{"FREQ=WEEKLY;INTERVAL=366"}
	for len(patterns) < 24 {
		patterns = append(patterns, "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23")
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := schedule.LongestGap(mustNew(b, monday("06:57:05"), patterns...)); !ok {
			b.Fatal("never runs")
		}
	}
}
