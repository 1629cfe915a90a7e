package inventory_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/test/pause"
)

// midnight is when each test begins.
var midnight = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// next waits until the backups are due and returns the state after they are read. The
// vaults and policies are read as well.
func (p *project) next() inventory.Snapshot {
	time.Sleep(backupsRefresh)
	return p.settle()
}

// counts returns the number of restore points by resource, such as "q 1, r 2".
func counts(s inventory.Snapshot) string {
	var all []string
	for id, r := range s.Backups.Resources {
		all = append(all, letter(id)+" "+string(rune('0'+r.Count)))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// takeBackups returns the requests for backups since the last call.
func (c *cloud) takeBackups() []string {
	return slices.DeleteFunc(c.takeRequests(), func(r string) bool { return !strings.HasPrefix(r, "backups") })
}

func (c *cloud) expectBackups(t *testing.T, when string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, c.takeBackups(), cmpEmpty); diff != "" {
		t.Errorf("%s: requests for backups differ (-want +got):\n%s", when, diff)
	}
}

// cmpEmpty has no list equal an empty one.
var cmpEmpty = cmp.FilterValues(func(a, b []string) bool { return len(a)+len(b) == 0 }, cmp.Comparer(func(a, b []string) bool { return true }))

// TestFirstBackups has the first reading run beside the scrape, which does not wait.
func TestFirstBackups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{vault("v", "r")}, pageRows: 2, backups: []object{
			backup(3, "r", midnight.Add(-time.Minute)), backup(2, "r", midnight.Add(-day)), backup(1, "q", midnight.Add(-week)),
		}}
		p := start(t, c, readsBackups)
		if s := p.Last(); s.Backups == nil || !s.Backups.Waiting || s.Backups.Complete {
			t.Errorf("before the first scrape: %+v", s.Backups)
		}
		s, took := p.scrape(time.Hour)
		if took != 2*latency || len(s.Vaults) != 1 || !s.Complete || !s.Backups.Waiting || !s.Backups.Reasons[cbrapi.ReasonDeadline] {
			t.Errorf("first scrape, after %s: %+v", took, s.Backups)
		}
		time.Sleep(time.Second)
		after, took := p.scrape(time.Hour)
		if took != 0 || counts(after) != "q 1, r 2" || !after.Backups.Complete || after.Backups.Waiting || !after.Backups.FullAt.Equal(midnight) {
			t.Errorf("second scrape, after %s: %+v", took, after.Backups)
		}
		if after.Revision == s.Revision || after.Revision != p.Last().Revision {
			t.Errorf("revisions %d, %d and %d, want a new one after the reading", s.Revision, after.Revision, p.Last().Revision)
		}
		c.expectBackups(t, "first reading", "backups", "backups from 2", "backups from 3")
		p.expectLog(t, `level=info project=test msg="all backups read" backups=3 resources=2 duration=300ms`)
	})
}

// TestNotRead has nothing be read that the options do not name.
func TestNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{backups: []object{backup(1, "r", midnight)}}
		p := start(t, c)
		if s := p.settle(); s.Backups != nil || s.Protectables != nil {
			t.Errorf("backups %v, protectable resources %v", s.Backups, s.Protectables)
		}
		c.expectRequests(t, "first scrape", "vaults", "policies")
	})
}

// TestNewBackups has only the new backups be read between the full readings.
func TestNewBackups(t *testing.T) {
	t.Parallel()
	for name, ignored := range map[string]bool{"by the API": false, "not by the API": true} {
		t.Run("filtered "+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				old, late := backup(1, "r", midnight.Add(-time.Hour)), backup(2, "r", midnight.Add(-10*time.Minute))
				c := &cloud{ignoresFilter: ignored, backups: []object{late, old}}
				p := start(t, c, readsBackups)
				p.settle()
				c.expectBackups(t, "first reading", "backups", "backups from 2")

				c.set(func() {
					c.backups = []object{backup(3, "r", midnight.Add(time.Minute)), backup(4, "q", midnight.Add(2*time.Minute)), late, old}
				})
				s := p.next()
				if got := counts(s); got != "q 1, r 3" || !s.Backups.FullAt.Equal(midnight) {
					t.Errorf("new ones: %s, all read at %s", got, s.Backups.FullAt)
				}
				if r := s.Backups.Resources[uuid("r")]; !r.LatestCreated.Equal(midnight.Add(time.Minute)) || !r.Oldest.Equal(midnight.Add(-time.Hour)) {
					t.Errorf("r has restore points from %s to %s", r.Oldest, r.LatestCreated)
				}
				if got := c.takeBackups()[0]; got != "backups since 1999-12-31T23:45:00Z" {
					t.Errorf("requests %s", got)
				}

				// Of the deleted ones only a new one is missed at once.
				c.set(func() { c.backups = []object{backup(4, "q", midnight.Add(2*time.Minute))} })
				if got := counts(p.next()); got != "q 1, r 1" {
					t.Errorf("deleted: %s, want the old one still", got)
				}
				if got := c.takeBackups(); len(got) != 1 && !ignored {
					t.Errorf("a reading of new ones requests %v", got)
				}
				if got := counts(p.next()); got != "q 1, r 1" {
					t.Errorf("45 minutes after the full reading: %s", got)
				}
				c.takeBackups()
				s = p.next()
				if got := counts(s); got != "q 1, r 0" || s.Backups.FullAt.Sub(midnight) < time.Hour {
					t.Errorf("second full reading: %s, all read at %s", got, s.Backups.FullAt)
				}
				c.expectBackups(t, "second full reading", "backups")
			})
		})
	}
}

// TestProtecting has a backup that is being made be read again until it is complete, if it
// was created within the day before the full reading.
func TestProtecting(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		age   time.Duration
		since string
		want  string // of the restore points after a reading of the new ones
	}{
		"just created": {time.Minute, "1999-12-31T23:45:00Z", "r 3"},
		"long":         {2 * time.Hour, "1999-12-31T22:00:00Z", "r 3"},
		"forever":      {25 * time.Hour, "1999-12-31T23:45:00Z", "r 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				old, made := backup(1, "r", midnight.Add(-3*time.Hour)), backup(2, "r", midnight.Add(-test.age))
				later := backup(3, "r", midnight.Add(-time.Hour)) // is listed again, but not new
				c := &cloud{backups: []object{made.with("status", "protecting"), later, old}}
				p := start(t, c, readsBackups)
				if r := p.settle().Backups.Resources[uuid("r")]; r.Count != 2 || r.BeingMade != 1 {
					t.Errorf("while it is made: %+v", r)
				}
				c.takeRequests()
				c.set(func() { c.backups = []object{made, later, old} })
				if got := counts(p.next()); got != test.want {
					t.Errorf("after it was made: %s, want %s", got, test.want)
				}
				if got := c.takeBackups(); got[0] != "backups since "+test.since {
					t.Errorf("requests %v", got)
				}
				for range 3 {
					p.next()
				}
				if r := p.Last().Backups.Resources[uuid("r")]; r.Count != 3 || r.BeingMade != 0 {
					t.Errorf("after the second full reading: %+v", r)
				}
			})
		})
	}
}

// TestBackupsFail has a page fail: what is known is kept, and the list is read again from
// its start.
func TestBackupsFail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{vault("v", "r")}, pageRows: 1, backups: []object{backup(2, "r", midnight.Add(-time.Hour)), backup(1, "r", midnight.Add(-day))}}
		c.fault = fails("backups from 1", statusError(http.StatusForbidden))
		p := start(t, c, readsBackups)
		s := p.settle()
		if b := s.Backups; b.Resources != nil || b.Complete || b.Waiting || !b.Reasons[cbrapi.ReasonPermission] || len(b.Problems) != 1 || !s.Complete || !s.Up {
			t.Errorf("first reading: %+v", s.Backups)
		}
		c.expectBackups(t, "first reading", "backups", "backups from 1")
		p.expectLog(t, `level=warn project=test msg="reading backups failed" reason=permission`)
		p.expectLog(t, `hint="allow cbr:backups:list,`)

		time.Sleep(retry - 10*time.Second)
		p.settle()
		c.expectBackups(t, "too early")

		c.set(func() { c.fault = nil })
		time.Sleep(10 * time.Second)
		complete := p.settle()
		if got := counts(complete); got != "r 2" || !complete.Backups.Complete {
			t.Errorf("recovered: %s, %+v", got, complete.Backups)
		}
		c.expectBackups(t, "recovered", "backups", "backups from 1", "backups from 2")
		p.expectLog(t, `level=info project=test msg="reading backups recovered"`)

		c.set(func() { c.fault = fails("", statusError(http.StatusInternalServerError)) })
		for range 6 {
			s = p.next()
		}
		if got := counts(s); got != "r 2" || s.Backups.Complete || !s.Backups.LastComplete.Equal(complete.Backups.LastComplete) || s.Backups.FailingSince.IsZero() {
			t.Errorf("failing again: %s, %+v", got, s.Backups)
		}
		if n := strings.Count(p.log.String(), "reading backups failed"); n != 7 || strings.Count(p.log.String(), `level=warn project=test msg="reading backups failed"`) != 2 {
			t.Errorf("log of 7 failures for two reasons, want two warnings:\n%s", p.log)
		}
	})
}

// TestBackupsHang has a page hang: neither a scrape nor the vaults wait for it.
func TestBackupsHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{vaults: []object{vault("v", "r")}, pageRows: 1, backups: []object{backup(2, "r", midnight), backup(1, "r", midnight)}}
		c.fault = func(ctx context.Context, list string) error {
			if list == "backups from 1" {
				return hang(ctx, list)
			}
			return nil
		}
		p := start(t, c, readsBackups)
		if s, took := p.scrape(time.Hour); took != 2*latency || !s.Complete {
			t.Errorf("first scrape, after %s: %+v", took, s)
		}
		time.Sleep(timeout)
		if s, took := p.scrape(time.Hour); took != 0 || s.Backups.Waiting || !s.Backups.Reasons[cbrapi.ReasonDeadline] {
			t.Errorf("after the timeout, after %s: %+v", took, s.Backups)
		}
		time.Sleep(retry)
		p.scrape(time.Hour)
		time.Sleep(time.Second)
		p.Close() // goleak finds a reading that goes on
		if n := p.warnings(); n != 1 {
			t.Errorf("%d warnings, want none about Close:\n%s", n, p.log)
		}
	})
}

// TestSlowPages has the list take longer than the time limit of a page.
func TestSlowPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{pageRows: 1, backups: []object{backup(2, "r", midnight), backup(1, "r", midnight)}}
		c.fault = func(_ context.Context, list string) error {
			if strings.HasPrefix(list, "backups") {
				time.Sleep(timeout / 2)
			}
			return nil
		}
		p := start(t, c, readsBackups)
		for range 2 { // the second scrape starts no other reading
			p.scrape(time.Hour)
			time.Sleep(timeout)
		}
		if s := p.Last(); counts(s) != "r 2" || !s.Backups.Complete {
			t.Errorf("got %+v", s.Backups)
		}
		c.expectBackups(t, "one reading", "backups", "backups from 1", "backups from 2")
	})
}

// TestNoBackupsLeft has an empty list follow one with backups: it is doubted for an hour,
// and then believed. An empty list of new backups is not doubted.
func TestNoBackupsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{backups: []object{backup(1, "r", midnight.Add(-day))}}
		p := start(t, c, readsBackups)
		p.settle()
		c.set(func() { c.backups = nil })
		for range 3 {
			if s := p.next(); !s.Backups.Complete || counts(s) != "r 1" {
				t.Errorf("no new one: %+v", s.Backups)
			}
		}
		s := p.next()
		const want = "ListBackups: HTTP status 200: the list is empty, but had 1 rows before: check that the user may still see them; from 2000-01-01T02:00:04Z on it is believed"
		if s.Backups.Complete || counts(s) != "r 1" || len(s.Backups.Problems) != 1 || s.Backups.Problems[0].Err.Error() != want {
			t.Errorf("first empty list: %+v", s.Backups)
		}
		for range 3 {
			if s := p.next(); s.Backups.Complete || counts(s) != "r 1" {
				t.Errorf("within an hour: %+v", s.Backups)
			}
		}
		if s := p.next(); !s.Backups.Complete || counts(s) != "r 0" {
			t.Errorf("after an hour: %+v", s.Backups)
		}
	})
}

// TestEmptyVaults has all backups be deleted: the list is believed at once if the list of
// vaults says that they are empty.
func TestEmptyVaults(t *testing.T) {
	t.Parallel()
	holds := func(backups any) object {
		return object{"id": uuid("v"), "resources": []object{{"id": uuid("r"), "backup_count": backups}}}
	}
	for name, test := range map[string]struct {
		vaults  []object
		believe bool
	}{
		"empty":         {[]object{holds(0)}, true},
		"nothing bound": {[]object{vault("v")}, true},
		"one left":      {[]object{holds(1)}, false},
		"not sent":      {[]object{holds(nil)}, false},
		"no vaults":     {[]object{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{vaults: test.vaults, backups: []object{backup(1, "r", midnight.Add(-day))}}
				p := start(t, c, readsBackups)
				p.settle()
				c.set(func() { c.backups = nil })
				for range 4 {
					p.next()
				}
				if s := p.Last(); s.Backups.Complete != test.believe || (counts(s) == "r 0") != test.believe {
					t.Errorf("got %+v, want it to be believed: %t", s.Backups, test.believe)
				}
			})
		})
	}
}

// TestNoBackups has a project without backups.
func TestNoBackups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, &cloud{}, readsBackups)
		if s := p.settle(); s.Backups.Resources == nil || len(s.Backups.Resources) > 0 || !s.Backups.Complete {
			t.Errorf("got %+v, want no resources, as is known", s.Backups)
		}
	})
}

// TestBackupsOfTooManyResources has the list of backups end when it has more resources than can
// be followed. What was known stays.
func TestBackupsOfTooManyResources(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old := midnight.Add(-week)
		c := &cloud{vaults: []object{vault("v", "r")}, backups: []object{backup(1, "r", old), backup(2, "r", old), backup(3, "q", old)}}
		p := start(t, c, readsBackups, func(o *inventory.Options) { o.MaxResources = 2 })
		p.settle()
		c.set(func() { c.backups = append(c.backups, backup(4, "a", old)) })
		time.Sleep(time.Hour)
		s := p.settle()
		if s.Backups.Complete || counts(s) != "q 1, r 2" || !strings.Contains(s.Backups.Problems[0].Err.Error(), "more than 2 resources") {
			t.Errorf("complete %t, %s, problems %v", s.Backups.Complete, counts(s), s.Backups.Problems)
		}
		c.set(func() { c.backups = c.backups[:3] })
		time.Sleep(retry)
		if s := p.settle(); !s.Backups.Complete {
			t.Errorf("after that: problems %v", s.Backups.Problems)
		}
	})
}

// TestClock has the clock of the API differ from that of the exporter.
func TestClock(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ahead  time.Duration
		fullAt time.Time
		since  string
	}{
		"ahead":  {3 * time.Minute, midnight, "1999-12-31T23:48:00Z"},
		"behind": {-3 * time.Minute, midnight.Add(-3 * time.Minute), "1999-12-31T23:42:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{backups: []object{backup(1, "r", midnight.Add(-day))}}
				c.clock = func() time.Time { return time.Now().Add(test.ahead) }
				p := start(t, c, readsBackups)
				if s := p.settle(); !s.Backups.FullAt.Equal(test.fullAt) {
					t.Errorf("all read at %s, want %s", s.Backups.FullAt, test.fullAt)
				}
				c.takeRequests()
				p.next()
				c.expectBackups(t, "new ones", "backups since "+test.since)
			})
		})
	}
}

// TestInheritBackups has a reload lose nothing, and read at once what was not read before.
func TestInheritBackups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{
			vaults: []object{vault("v", "r")}, backups: []object{backup(1, "r", midnight.Add(-day))},
			protectables: map[string][]object{"server": {server("s", "")}},
		}
		old := start(t, c, readsBackups)
		old.settle()
		c.set(func() { c.backups = []object{backup(2, "r", midnight.Add(time.Minute))} })
		before := old.next()
		c.takeRequests()

		p := start(t, c, reads)
		p.Inherit(old.Inventory)
		old.Close()
		if s := p.Last(); s.Backups.Waiting || counts(s) != "r 2" {
			t.Errorf("at once: %+v", s.Backups)
		}
		s := p.settle()
		c.expectRequests(t, "first scrape", "server", "server from 1", "disk")
		if s.Protectables.Protected == nil || s.Backups.Waiting {
			t.Errorf("after the reload: backups %+v, protectable resources %+v", s.Backups, s.Protectables)
		}
		if diff := cmp.Diff(before.Backups, s.Backups); diff != "" {
			t.Errorf("the reload changes the backups (-before +after):\n%s", diff)
		}

		without := start(t, c)
		without.Inherit(p.Inventory)
		again := start(t, c, reads)
		again.Inherit(without.Inventory)
		if s := again.Last(); !s.Backups.Waiting || s.Protectables.Protected != nil {
			t.Errorf("after a reload without them: backups %+v, protectable resources %+v", s.Backups, s.Protectables)
		}
		without.Close()
		again.settle()
		c.expectBackups(t, "read anew", "backups", "backups from 1")
	})
}

// TestUnreadableBackups has rows that cannot be read. The others are taken over, and the list
// is not read again before the refresh.
func TestUnreadableBackups(t *testing.T) {
	t.Parallel()
	good := backup(1, "r", midnight.Add(-day))
	bad := backup(2, "r", midnight.Add(-time.Hour))
	for name, test := range map[string]struct {
		row   object
		want  string // error; "" for none
		field string // that is invalid
		count int    // of restore points
	}{
		"no id":              {bad.with("id", nil), "backups.id is null in row 2, backup-2", "backups.id", 1},
		"no resource":        {bad.with("resource_id", nil), `backups.resource_id is null in "backup-2"`, "backups.resource_id", 1},
		"resource no text":   {bad.with("resource_id", []int{7}), `backups.resource_id is [7] in "backup-2"`, "backups.resource_id", 1},
		"status no text":     {bad.with("status", []int{7}), `backups.status is [7] in "backup-2"`, "backups.status", 1},
		"invalid created_at": {bad.with("created_at", "soon"), `backups.created_at is soon in "backup-2"`, "backups.created_at", 2},
		"no created_at":      {bad.with("created_at", nil), "", "backups.created_at", 2},
		"invalid expiry":     {bad.with("expired_at", "soon"), "", "backups.expired_at", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{vaults: []object{vault("v", "r")}, backups: []object{good, test.row}}
				p := start(t, c, readsBackups)
				b := p.settle().Backups
				if test.want == "" != b.Complete || b.Resources[uuid("r")].Count != test.count {
					t.Errorf("got %+v, want %d restore points", b, test.count)
				}
				if test.want != "" && (!b.FullAt.IsZero() || b.Resources[uuid("r")].Peak != 0) {
					t.Errorf("got %+v, want nothing to be missing for sure", b)
				}
				if test.want != "" && (len(b.Problems) != 1 || b.Problems[0].Err.Error() != "ListBackups: HTTP status 200: entries that cannot be read: 1, "+test.want) {
					t.Errorf("problems %v, want %s", b.Problems, test.want)
				}
				var counted dto.Metric
				if err := p.invalid.WithLabelValues(test.field).Write(&counted); err != nil {
					t.Fatal(err)
				}
				if got := counted.GetCounter().GetValue(); got != 1 && name != "no created_at" {
					t.Errorf("%v invalid fields %s counted", got, test.field)
				}
				c.takeRequests()
				time.Sleep(time.Minute)
				p.settle()
				c.expectBackups(t, "before the refresh")
				if b := p.next().Backups; test.want == "" != b.Complete {
					t.Errorf("after the refresh: complete %t", b.Complete)
				}
				c.set(func() { c.backups = []object{good} })
				readings := 1
				if test.want == "" {
					readings = 4 // the next one of all is an hour after the first
				}
				for range readings {
					b = p.next().Backups
				}
				if !b.Complete || b.Resources[uuid("r")].Count != 1 {
					t.Errorf("the row is gone: %+v", b)
				}
			})
		})
	}
}

// TestUnreadableNewBackup has a new backup not be readable.
func TestUnreadableNewBackup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{backups: []object{backup(1, "r", midnight.Add(-day))}}
		p := start(t, c, readsBackups)
		p.settle()
		c.set(func() {
			c.backups = append(c.backups, backup(2, "q", midnight.Add(time.Minute)), backup(3, "r", midnight.Add(time.Minute)).with("resource_id", nil))
		})
		if s := p.next(); s.Backups.Complete || counts(s) != "q 1, r 1" || len(s.Backups.Problems) != 1 {
			t.Errorf("got %+v", s.Backups)
		}
		c.takeRequests()
		time.Sleep(retry)
		p.settle()
		c.expectBackups(t, "before the refresh")

		c.set(func() { c.fault = fails("", statusError(http.StatusInternalServerError)) })
		p.next()
		if n := len(c.takeBackups()); n != 1 {
			t.Errorf("%d requests at the refresh, which fails", n)
		}
		time.Sleep(retry)
		p.settle()
		if n := len(c.takeBackups()); n != 1 {
			t.Errorf("%d requests after the failure, want another attempt", n)
		}
	})
}

// TestOutageAfterUnreadableBackups has rows that cannot be read, and then no list at all: what
// is missing may still be there.
func TestOutageAfterUnreadableBackups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{backups: []object{backup(1, "r", midnight.Add(-day)), backup(2, "r", midnight.Add(-2*day)), backup(3, "r", midnight.Add(-3*day))}}
		p := start(t, c, readsBackups)
		p.settle()
		c.set(func() {
			for n := range 2 {
				c.backups[n] = c.backups[n].with("status", []int{7})
			}
		})
		for range 4 { // to the next reading of all
			p.next()
		}
		c.set(func() { c.fault = fails("", statusError(http.StatusInternalServerError)) })
		s := p.next()
		if r := s.Backups.Resources[uuid("r")]; s.Backups.Complete || r.Count != 1 || r.Peak != 0 || r.Watched {
			t.Errorf("got %+v, want nothing to be missing for sure", s.Backups)
		}
	})
}

// TestEmptyAtFirst has the first list of backups be empty, before or after that of the vaults
// is known. It is not believed if the vaults hold backups.
func TestEmptyAtFirst(t *testing.T) {
	t.Parallel()
	holds := func(kind string, backups any) []object {
		return []object{{"id": uuid("v"), "billing": object{"protect_type": kind}, "resources": []object{{"id": uuid("r"), "backup_count": backups}}}}
	}
	for name, test := range map[string]struct {
		vaults  []object
		believe bool
	}{
		"empty":     {holds("backup", 0), true},
		"one":       {holds("backup", 1), false},
		"not sent":  {holds("backup", nil), true},
		"hybrid":    {holds("hybrid", 1), true},
		"no vaults": {[]object{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{vaults: test.vaults, fault: func(ctx context.Context, list string) error {
					if list == "vaults" {
						return pause.For(ctx, time.Second) // the backups are known earlier
					}
					return nil
				}}
				p := start(t, c, readsBackups)
				p.settle()
				p.settle()
				for range 9 { // more than two hours
					if s := p.Last(); s.Backups.Complete != test.believe || (s.Backups.Resources != nil) != test.believe {
						t.Errorf("got %+v, want it to be believed: %t", s.Backups, test.believe)
					}
					p.next()
				}
				c.set(func() { c.backups = []object{backup(1, "r", midnight)} })
				for range 4 {
					p.next()
				}
				if s := p.Last(); !s.Backups.Complete || counts(s) != "r 1" {
					t.Errorf("with a backup: %+v", s.Backups)
				}
			})
		})
	}
}

// TestOnlyUnreadableBackups has the only row that is left not be readable. The list is not empty.
func TestOnlyUnreadableBackups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{backups: []object{backup(1, "r", midnight.Add(-day))}}
		p := start(t, c, readsBackups)
		p.settle()
		c.set(func() { c.backups[0] = c.backups[0].with("id", 7) })
		for range 4 {
			p.next()
		}
		if s := p.Last(); s.Backups.Complete || counts(s) != "r 1" || !strings.Contains(s.Backups.Problems[0].Err.Error(), "no row of backups can be read: backups.id is 7 in row 1") {
			t.Errorf("got %+v", s.Backups)
		}
	})
}
