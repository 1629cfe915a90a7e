package schedule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/schedule"
)

// TestReportedPatterns has patterns from recorded responses and from configurations that
// people publish. The API documents neither HOURLY nor MINUTELY nor MONTHLY.
func TestReportedPatterns(t *testing.T) {
	t.Parallel()
	for patterns, want := range map[string]struct {
		gap time.Duration // 0: refused
		err string
	}{
		"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=14;BYMINUTE=00":                                  {gap: day},
		"FREQ=WEEKLY;BYHOUR=14;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYMINUTE=00":                                  {gap: day},
		"FREQ=DAILY;INTERVAL=1;BYHOUR=6;BYMINUTE=00":                                                    {gap: day},
		"FREQ=DAILY;INTERVAL=4;BYHOUR=07;BYMINUTE=00":                                                   {gap: 4 * day},
		"FREQ=DAILY;INTERVAL=30;BYHOUR=21;BYMINUTE=00":                                                  {gap: 30 * day},
		"FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=08;BYMINUTE=00 + FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=20;BYMINUTE=00": {gap: 5*day + 12*time.Hour},
		"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=21;BYMINUTE=00":                                        {gap: 3 * day},
		"FREQ=HOURLY":               {err: "FREQ is neither DAILY nor WEEKLY"},
		"FREQ=MINUTELY;INTERVAL=30": {err: "FREQ is neither DAILY nor WEEKLY"},
		"FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=02;BYMINUTE=00": {err: "FREQ is neither DAILY nor WEEKLY"},
	} {
		t.Run(patterns, func(t *testing.T) {
			t.Parallel()
			s, errs := schedule.New(strings.Split(patterns, " + "), time.Date(2025, 5, 24, 9, 41, 28, 0, time.UTC))
			if want.err != "" {
				if len(errs) != 1 || !strings.Contains(errs[0].Error(), want.err) {
					t.Errorf("got the errors %v, want %s", errs, want.err)
				}
				return
			}
			if gap, ok := s.LongestGap(); !ok || gap != want.gap || len(errs) != 0 {
				t.Errorf("the longest gap is %s, %t, errors %v; want %s", gap, ok, errs, want.gap)
			}
		})
	}
}
