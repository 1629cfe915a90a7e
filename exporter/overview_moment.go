package exporter

import "time"

// moment is a time in words, and for who wants to know exactly, in UTC. Both are
// empty where it is not known.
type moment struct {
	Words string
	UTC   string
}

// ago is a moment before now.
func ago(at, now time.Time) moment {
	if at.IsZero() {
		return moment{}
	}
	return moment{Words: age(now.Sub(at)) + " ago", UTC: inUTC(at)}
}

// noneSince says that there was no such moment from a time on.
func noneSince(at, now time.Time) moment {
	return moment{Words: "none in " + age(now.Sub(at)), UTC: "none since " + inUTC(at)}
}

func inUTC(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }
