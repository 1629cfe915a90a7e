package inventory

import (
	"cmp"
	"time"
)

// followed is the tally of all backups of a resource, and what is known from the readings
// before.
type followed struct {
	*tally
	peaks []peak    // of the last day, each higher than the next
	gone  time.Time // when the resource was first seen to have no backup any more; zero if it has one
}

// peak is the number of lasting restore points at a full reading.
type peak struct {
	at    time.Time
	count int
	span  time.Duration // from the oldest restore point to then
}

const (
	day = 24 * time.Hour
	// maxPeakAge is how old a peak is at most that counts: the next full reading drops it.
	maxPeakAge = day + fullInterval
)

// follow returns what follows the state before a reading. It keeps the resources that have
// no backup any more while a peak may be higher.
func (t tallies) follow(before map[string]followed, started time.Time) map[string]followed {
	next := make(map[string]followed, len(t))
	for id, one := range t {
		next[id] = followed{tally: one, peaks: before[id].peaks}
	}
	for id, old := range before {
		gone := cmp.Or(old.gone, started)
		if t[id] == nil && started.Sub(gone) < maxPeakAge {
			next[id] = followed{&tally{RestorePoints: RestorePoints{Resource: old.Resource, VaultID: old.VaultID}}, old.peaks, gone}
		}
	}
	return next
}

// addPeak returns f with the number of lasting restore points at a full reading. It drops the
// peaks that are older than a day.
func (f followed) addPeak(at time.Time) followed {
	peaks := make([]peak, 0, len(f.peaks)+1) // f shares its peaks
	for _, p := range f.peaks {
		if p.count > f.lasting && at.Sub(p.at) <= day {
			peaks = append(peaks, p)
		}
	}
	peaks = append(peaks, peak{at, f.lasting, at.Sub(f.Oldest)})
	f.peaks = peaks
	return f
}

// restorePoints returns the restore points with their peak since what is kept was settled, and
// whether they were watched for a day since then and since the first reading.
func (f followed) restorePoints(kept retention, settled, first, now time.Time) RestorePoints {
	r := f.RestorePoints
	for _, p := range f.peaks {
		if p.at.After(settled) {
			r.Peak, r.Kept = p.count, kept.least(p.span)
			break
		}
	}
	r.Watched = now.Sub(latest(settled, first)) >= day
	return r
}
