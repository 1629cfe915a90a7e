package model_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// restoreFamilies returns the families about the backups of a resource.
func restoreFamilies() []string {
	return []string{
		"cbr_resource_restore_points", "cbr_resource_restore_points_lost", "cbr_resource_restorable", "cbr_resource_error_backups", "cbr_resource_protecting_backups",
		"cbr_resource_latest_restore_point_timestamp_seconds", "cbr_resource_oldest_restore_point_timestamp_seconds", "cbr_resource_next_restore_point_expiry_timestamp_seconds",
		"cbr_resource_latest_replica_timestamp_seconds", "cbr_resource_failed_replicas",
	}
}

// checkRestorePoints checks what the page says can be restored.
func (l *checker) checkRestorePoints() {
	if !l.checkCollector("backups", l.settings.readsBackups(), l.settings.backups, restoreFamilies()) {
		return
	}
	var wrong error
	for _, v := range l.views {
		if v.vague {
			return
		}
		err := l.compareRestorePoints(v)
		if err == nil {
			l.checkLost(v)
			return
		}
		wrong = fmt.Errorf("with %v: %w", v, err)
	}
	if wrong != nil {
		l.errorf("%v", wrong)
	}
}

// checkCollector checks whether a list is read, and how often. It reports whether there is
// more to check.
func (l *checker) checkCollector(name string, reads bool, refresh time.Duration, families []string) bool {
	success, configured := l.value("cbr_scrape_collector_success", "collector", name)
	last, known := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", name)
	if configured != reads {
		l.errorf("the collector %s is on the page: %t", name, configured)
		return false
	}
	if before := l.inventory.listsBefore[name]; last < before {
		l.errorf("the last success of %s went back from %v to %v", name, timeOf(before), timeOf(last))
	}
	l.inventory.lists[name] = max(l.inventory.lists[name], last)
	_, vaults := l.value("cbr_scrape_collector_last_success_timestamp_seconds", "collector", "vaults")
	switch {
	case !vaults && l.page[families[0]] == nil:
		return false // nothing is said before the vaults are read
	case !known:
		for _, family := range families {
			if l.page[family] != nil && !l.anyRead(name) {
				l.errorf("%s is on the page before %s are read", family, name)
			}
		}
		if success == 1 {
			l.errorf("%s succeeds, but nothing was read", name)
		}
		return false
	}
	// A scrape starts a reading if it is due, which then takes as long as its pages.
	allowance := refresh + 20*time.Minute
	if before := l.inventory.scrapes; success == 1 && len(before) > 0 {
		if n := slices.IndexFunc(before, func(began time.Time) bool { return began.After(l.scraped.Add(-20 * time.Minute)) }); n > 0 {
			if oldest := before[n-1].Add(-allowance); timeOf(last).Before(oldest) {
				l.errorf("%s were read %v ago, want every %v", name, time.Since(timeOf(last)), refresh)
			}
		}
	}
	return true
}

// anyRead reports whether a list of a collector that has several was read.
func (l *checker) anyRead(collector string) bool {
	return collector == "protectables" && slices.ContainsFunc(l.settings.kinds, func(kind string) bool {
		all, _ := l.cloud.readingsOf(kind)
		return slices.ContainsFunc(all, func(r reading) bool { return !r.last.IsZero() })
	})
}

// compareRestorePoints compares the page with what the exporter knows.
func (l *checker) compareRestorePoints(v view) error {
	if v.old() {
		return fmt.Errorf("all backups were last read %v before", v.recent.sent.Sub(v.full.sent))
	}
	shown := map[string]series{}
	for _, s := range l.all("cbr_resource_restore_points") {
		if _, twice := shown[s.labels["resource_id"]]; twice {
			return fmt.Errorf("%s is on the page twice", s.labels["resource_id"])
		}
		shown[s.labels["resource_id"]] = s
	}
	all := v.seen
	for id := range shown {
		if all[id] == nil && l.bound[id] == "" && !l.hadBackups(id, v, l.now) {
			return fmt.Errorf("%s has restore points, but is not bound and has no backups", id)
		}
	}
	for _, id := range l.bindable {
		if err := l.compareResource(id, all[id], shown); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	return nil
}

// hadBackups reports whether a resource may have had backups not long before a view.
func (s *story) hadBackups(id string, v view, now time.Time) bool {
	return slices.ContainsFunc(s.cloud.backups, func(b *backup) bool {
		return b.resource == id && slices.ContainsFunc(b.between(v.full.began.Add(-27*time.Hour), now), exists)
	})
}

// compareResource compares what is shown of a resource.
func (l *checker) compareResource(id string, all []sighting, shown map[string]series) error {
	series, ok := shown[id]
	if may, must := l.placed(id, all); must && !ok || !may && ok {
		return fmt.Errorf("it is shown: %t, with the vault %q", ok, series.labels["vault_id"])
	}
	if !ok {
		for _, family := range restoreFamilies() {
			if _, ok := l.value(family, "resource_id", id); ok {
				return fmt.Errorf("%s is on the page", family)
			}
		}
		return nil
	}
	if n := spanOf(all, restorable); !n.has(series.value) {
		return fmt.Errorf("%v restore points, want %+v", series.value, n)
	}
	value := func(family string) (float64, bool) { return l.value(family, "resource_id", id) }
	inError := func(m moment) bool { return m.status == "error" }
	if n, ok := value("cbr_resource_error_backups"); !ok || !spanOf(all, inError).has(n) {
		return fmt.Errorf("%v backups in status error, want %+v", n, spanOf(all, inError))
	}
	if n, ok := value("cbr_resource_protecting_backups"); !ok || !spanOf(all, protecting).has(n) {
		return fmt.Errorf("%v backups are being made, want %+v", n, spanOf(all, protecting))
	}
	expires := func(b *backup) time.Time { return b.expires }
	at, ok := value("cbr_resource_latest_restore_point_timestamp_seconds")
	if err := extreme(all, restorable, (*backup).data, true, at, ok); err != nil {
		return fmt.Errorf("the latest restore point %w", err)
	}
	if at, ok = value("cbr_resource_oldest_restore_point_timestamp_seconds"); extreme(all, restorable, (*backup).data, false, at, ok) != nil {
		return fmt.Errorf("the oldest restore point %w", extreme(all, restorable, (*backup).data, false, at, ok))
	}
	if at, ok = value("cbr_resource_next_restore_point_expiry_timestamp_seconds"); extreme(all, restorable, expires, false, at, ok) != nil {
		return fmt.Errorf("the next expiry %w", extreme(all, restorable, expires, false, at, ok))
	}
	return errors.Join(l.compareReplicas(id, "ap-southeast-1", all), l.compareReplicas(id, "cn-north-4", all))
}

// placed reports whether the backups of a resource may and must be shown: those of vaults that
// are followed, and of bound resources without any that exist. A resource without backups may
// be shown for a day.
func (l *checker) placed(id string, all []sighting) (may, must bool) {
	if !l.settings.followsOperation("backup") {
		return false, false
	}
	if vault, ok := l.bound[id]; ok {
		follows := l.settings.followsVault(vault)
		return follows, follows && (!l.gone(id) || slices.ContainsFunc(all, func(one sighting) bool { return one.always(exists) }))
	}
	may, must = len(all) == 0, false
	for _, one := range all {
		may = may || l.settings.followsVault(one.vault)
		must = must || one.always(exists)
	}
	for _, one := range all {
		must = must && l.settings.followsVault(one.vault)
	}
	return may, must
}

// gone reports whether the page says that a bound resource no longer exists.
func (l *checker) gone(id string) bool {
	return slices.ContainsFunc(l.ones("cbr_vault_resource_status"), func(s series) bool {
		return s.labels["resource_id"] == id && s.labels["status"] == "deleted"
	})
}

// compareReplicas compares what is shown of the copies in a region.
func (l *checker) compareReplicas(id, region string, all []sighting) error {
	arrived := func(m moment) bool {
		return exists(m) && slices.ContainsFunc(m.copies, func(c replica) bool { return c.region == region && c.status == "success" })
	}
	code := func(m moment) (code string, failed bool) {
		for _, c := range m.copies {
			if c.region == region {
				code, failed = c.code, c.status == "fail"
			}
		}
		return code, failed && exists(m)
	}
	failed := func(m moment) bool { _, is := code(m); return is }
	of := func(family string) (s series, ok bool) {
		for _, s := range l.all(family) {
			if s.labels["resource_id"] == id && s.labels["destination_region"] == region {
				return s, true
			}
		}
		return s, false
	}
	latest, ok := of("cbr_resource_latest_replica_timestamp_seconds")
	if err := extreme(all, arrived, (*backup).data, true, latest.value, ok); err != nil {
		return fmt.Errorf("the latest copy in %s %w", region, err)
	}
	shown, ok := of("cbr_resource_failed_replicas")
	n := spanOf(all, failed)
	if !n.has(shown.value) || ok != (shown.value > 0) {
		return fmt.Errorf("%v copies to %s failed, want %+v", shown.value, region, n)
	}
	if !ok {
		return nil
	}
	var last time.Time // the latest that has surely failed
	for _, one := range all {
		if one.always(failed) {
			last = later(last, one.data())
		}
	}
	var codes []string
	for _, one := range all {
		for _, m := range one.moments {
			if c, is := code(m); is && !one.data().Before(last) {
				codes = append(codes, c)
			}
		}
	}
	if got := shown.labels["error_code"]; !slices.Contains(codes, got) {
		return fmt.Errorf("the copy to %s failed with %s, want one of %s", region, got, strings.Join(codes, ", "))
	}
	return nil
}
