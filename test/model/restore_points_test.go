package model_test

import (
	"fmt"
	"slices"
	"time"
)

// restoreHistory is what an exporter has shown of backups.
type restoreHistory struct {
	since    time.Time          // since when it remembers what it reads, at the latest
	observed map[time.Time]bool // when full readings that it has shown ended
	lasting  map[time.Time]lasting
}

// lasting is how many restore points a full reading found that do not expire within 25 hours, by
// resource.
type lasting struct {
	counts map[string]span
	misses bool // rows may be missing in it
}

// view is what an exporter may know of the backups: those created since a moment, or being
// made then, as in the recent reading, the others as in the full one.
type view struct {
	full   reading
	recent *reading              // nil if there is none since
	vague  bool                  // rows may be missing
	seen   map[string][]sighting // the backups that may have been read, by resource
}

func (v view) String() string { return fmt.Sprintf("all read %+v, new ones %+v", v.full, v.recent) }

// overlap is how long before a full reading later ones begin, and how long a success counts
// without its backup: the API may list late, and its clock may differ.
const overlap = 15 * time.Minute

// viewsOf returns what the exporter with this page may know of the backups; none if it knows
// none.
func (s *story) viewsOf(p page) (views []view) {
	success, known := p.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "backups")
	if !known {
		return nil
	}
	all, _ := s.cloud.readingsOf("backups")
	all = slices.DeleteFunc(all, func(r reading) bool { return r.sent.Before(s.inventory.started) })
	n := slices.IndexFunc(all, func(r reading) bool { return near(r.last, timeOf(success)) })
	for i, r := range all { // an empty list is compared with the vaults, which may still be read
		if n < 0 && r.full() && !r.last.IsZero() && r.last.Before(timeOf(success)) && len(s.view(r, nil).seen) == 0 {
			n = i
		}
	}
	if n < 0 {
		s.errorf("backups were last read at %v, when no list ended", timeOf(success))
		return nil
	}
	latest := all[n]
	if latest.full() {
		s.inventory.backups.observed[latest.last] = true
		return []view{s.view(latest, nil)}
	}
	for _, f := range slices.Backward(all[:n]) {
		if !f.full() || f.last.IsZero() {
			continue
		}
		if s.from(f, latest.since) {
			views = append(views, s.view(f, &latest))
		}
		if s.inventory.backups.observed[f.last] {
			break // one before it is of no interest
		}
	}
	if len(views) == 0 {
		s.errorf("the reading of the backups since %v misses some that the full one before it did not have", latest.since)
	}
	return views
}

func near(a, b time.Time) bool { return a.Sub(b).Abs() <= 2*time.Millisecond }

// start returns between which moments a reading began, by the clock of the API if that is
// known and otherwise by the exporter's.
func (s *story) startOf(r reading) (from, to time.Time) {
	if s.cloud.noDate {
		return r.sent.Add(-s.settings.timeout), r.sent
	}
	return r.began.Add(-time.Second), r.began
}

// from reports whether readings from a moment on find all that a full one did not know for
// good: what was created after it began, or was being made, but not for more than a day.
func (s *story) from(full reading, since time.Time) bool {
	earliest, latest := s.startOf(full)
	if since.After(latest.Add(-overlap)) || since.Before(earliest.Add(-day-overlap-time.Second)) {
		return false
	}
	for _, b := range s.cloud.backups {
		made := !slices.ContainsFunc(b.between(full.began, full.over), func(m moment) bool { return !protecting(m) })
		if made && since.After(b.created) && b.created.After(latest.Add(-day)) && !full.partial {
			return false
		}
	}
	return true
}

// old reports whether a full reading was due before the later one.
func (v view) old() bool {
	return v.recent != nil && v.recent.sent.Sub(v.full.sent) > time.Hour+v.allowance()
}

func (v view) allowance() time.Duration { return time.Minute }

func (s *story) view(full reading, recent *reading) view {
	v := view{full: full, recent: recent, vague: s.missesRows(full) || recent != nil && s.missesRows(*recent)}
	v.seen = s.sightings(v)
	return v
}

// missesRows reports whether rows may have moved up to a page that was already read, or the
// offset was ignored, or a short page may have repeated rows alone.
func (s *story) missesRows(r reading) bool {
	return r.partial || r.pages > 1 && r.over.After(r.began) && slices.ContainsFunc(s.cloud.backups, func(b *backup) bool {
		before, after := exists(b.at(r.began)), exists(b.at(r.over))
		return before && !after || !before && after && s.cloud.listing.ShortPages || !before && !after && slices.ContainsFunc(b.between(r.began, r.over), exists)
	})
}

// sighting is a backup as it may have been when it was read.
type sighting struct {
	*backup
	moments []moment
}

func (s sighting) maybe(is func(moment) bool) bool { return slices.ContainsFunc(s.moments, is) }

func (s sighting) always(is func(moment) bool) bool {
	return !s.maybe(func(m moment) bool { return !is(m) })
}

// sightings returns the backups that may have been read, by resource.
func (s *story) sightings(v view) map[string][]sighting {
	seen := map[string][]sighting{}
	earliest, latest := s.startOf(v.full)
	for _, b := range s.cloud.backups {
		one := sighting{backup: b}
		then := b.between(v.full.began, v.full.over)
		made := slices.ContainsFunc(then, protecting)
		lasts := slices.ContainsFunc(then, func(m moment) bool { return !protecting(m) })
		if v.recent == nil || b.created.Before(v.recent.since.Add(time.Second)) || lasts && b.created.Before(latest.Add(-overlap)) {
			one.moments = then
		}
		if v.recent != nil && !b.created.Before(v.recent.since) && (made || !b.created.Before(earliest.Add(-overlap))) {
			one.moments = append(one.moments, b.between(v.recent.began, v.recent.over)...)
		}
		if one.maybe(exists) {
			seen[b.resource] = append(seen[b.resource], one)
		}
	}
	return seen
}

// span is between which bounds a number is.
type span struct{ least, most int }

func spanOf(all []sighting, is func(moment) bool) (n span) {
	for _, one := range all {
		if one.always(is) {
			n.least++
		}
		if one.maybe(is) {
			n.most++
		}
	}
	return n
}

func (n span) has(value float64) bool { return float64(n.least) <= value && value <= float64(n.most) }

// latestCreated returns the latest creation of a restore point that is surely known, and of
// one that may be.
func latestCreated(all []sighting) (sure, maybe time.Time) {
	for _, one := range all {
		if one.maybe(restorable) {
			maybe = later(maybe, one.created)
		}
		if one.always(restorable) {
			sure = later(sure, one.created)
		}
	}
	return sure, maybe
}

// extreme checks a time that is the latest (or, if not, the earliest) of some backups.
func extreme(all []sighting, is func(moment) bool, at func(*backup) time.Time, latest bool, got float64, shown bool) error {
	var sure time.Time
	possible := false
	beyond := func(a, b time.Time) bool { return latest && a.After(b) || !latest && a.Before(b) }
	for _, one := range all {
		if at(one.backup).IsZero() || !one.maybe(is) {
			continue
		}
		possible = possible || seconds(at(one.backup)) == got
		if one.always(is) && (sure.IsZero() || beyond(at(one.backup), sure)) {
			sure = at(one.backup)
		}
	}
	switch {
	case !shown && !sure.IsZero():
		return fmt.Errorf("is absent, want %v", sure)
	case shown && !possible:
		return fmt.Errorf("is %v, of no backup", timeOf(got))
	case shown && !sure.IsZero() && beyond(sure, timeOf(got).Add(time.Microsecond)) && !near(sure, timeOf(got)):
		return fmt.Errorf("is %v, want %v", timeOf(got), sure)
	}
	return nil
}
