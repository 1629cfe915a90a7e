package overview

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// age formats a duration by its largest unit, such as "90 s" or "3 days". A negative
// duration, which clocks that differ a little produce, is formatted as 0.
func age(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	default:
		return formatCount(int(math.Round(d.Hours()/24))) + " days"
	}
}

// moment is a time as an age, and exactly in UTC. Both are empty if it is not known.
type moment struct {
	Words string
	UTC   string
}

// ago returns when t was; nothing if it is not known.
func ago(t, now time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	return moment{Words: age(now.Sub(t)) + " ago", UTC: formatUTC(t)}
}

// until says how far ahead t is.
func until(t, now time.Time) moment {
	return moment{Words: "in " + age(t.Sub(now)), UTC: formatUTC(t)}
}

// clock says when t was, with the date if that is not the one of now.
func clock(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04:05 UTC")
	}
	return formatUTC(t)
}

func formatUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// took formats a number of seconds; "" if it is not known.
func took(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	return age(time.Duration(*seconds * float64(time.Second)))
}

// formatBytes formats a number of bytes, such as "1.5 GiB".
func formatBytes(bytes int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	n, unit := float64(bytes), 0
	for n >= 1024 && unit < len(units)-1 {
		n, unit = n/1024, unit+1
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0") + " " + units[unit]
}

// formatCount formats a number with commas, such as "12,000".
func formatCount(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
