package inventory_test

import (
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// history is a project whose only resource has a number of lasting backups that changes.
type history struct {
	*project
	cloud *cloud
}

func newHistory(t *testing.T, backups int) *history {
	t.Helper()
	c := &cloud{vaults: []object{vault("v", "r"), vault("w", "q")}, policies: []object{keeps(policy("d", "v"), 9), keeps(policy("e", "w"), 9)}}
	h := &history{start(t, c, func(o *inventory.Options) { o.BackupsRefresh = time.Hour }), c}
	h.has(backups)
	return h
}

// keeps returns a copy of a policy that keeps a number of backups.
func keeps(policy object, backups int) object {
	return policy.with("operation_definition", object{"max_backups": backups})
}

// has sets the number of backups, all of them old.
func (h *history) has(backups int) {
	h.cloud.set(func() {
		// Another resource has one, so that the list is never empty.
		h.cloud.backups = []object{backup(100, "q", midnight.Add(-week)).with("vault_id", uuid("w"))}
		for n := range backups {
			h.cloud.backups = append(h.cloud.backups, backup(n, "r", midnight.Add(-week)))
		}
	})
}

// after returns what is known after some hours, in which all backups are read hourly.
func (h *history) after(hours int) inventory.RestorePoints {
	for range hours {
		time.Sleep(time.Hour)
		h.settle()
	}
	return h.Last().Backups.Resources[uuid("r")]
}

// TestPeak has the number of restore points change.
func TestPeak(t *testing.T) {
	t.Parallel()
	type step struct {
		hours, backups int // the number after the hours
		peak           int
		watched        bool
	}
	for name, steps := range map[string][]step{
		"constant":         {{1, 5, 5, false}, {22, 5, 5, false}, {3, 5, 5, true}},
		"falls":            {{2, 3, 5, false}, {20, 3, 5, false}, {5, 3, 3, true}},
		"falls twice":      {{2, 8, 8, false}, {2, 6, 8, false}, {2, 3, 8, false}, {19, 3, 8, true}, {2, 3, 6, true}, {2, 3, 3, true}},
		"recovers":         {{2, 2, 5, false}, {2, 6, 6, false}, {2, 6, 6, false}},
		"recovers in part": {{2, 2, 5, false}, {2, 4, 5, false}, {19, 4, 5, false}, {2, 4, 4, true}},
		"declines slowly":  {{12, 8, 8, false}, {12, 6, 8, true}, {12, 4, 6, true}, {12, 2, 4, true}, {25, 2, 2, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHistory(t, 5)
				h.settle()
				for n, s := range steps {
					h.has(s.backups)
					if got := h.after(s.hours); got.Count != s.backups || got.Peak != s.peak || got.Watched != s.watched {
						t.Errorf("step %d: %d restore points, peak %d, watched %t; want %+v", n, got.Count, got.Peak, got.Watched, s)
					}
				}
			})
		})
	}
}

// TestPeakExpiry has restore points expire that were to expire within 25 hours.
func TestPeakExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(t, 2)
		h.cloud.set(func() {
			for n := range 6 {
				h.cloud.backups = append(h.cloud.backups, backup(10+n, "r", midnight.Add(-week)).with("expired_at", stamp(midnight.Add(36*time.Hour))))
			}
		})
		h.settle()
		if got := h.after(10); got.Count != 8 || got.Peak != 8 {
			t.Errorf("before their last day: %+v", got)
		}
		if got := h.after(23); got.Count != 8 || got.Peak != 8 { // counted before their last day, a day ago
			t.Errorf("on their last day: %+v", got)
		}
		h.after(5)
		h.has(2)
		if got := h.after(1); got.Count != 2 || got.Peak != 2 || !got.Watched {
			t.Errorf("expired: %+v", got)
		}
	})
}

// TestRetentionChanges has the peak begin anew, for the resources of the vault alone, once the
// next run of the policy has deleted what it no longer keeps.
func TestRetentionChanges(t *testing.T) {
	t.Parallel()
	v, w := policy("d", "v"), keeps(policy("e", "w"), 9)
	for name, test := range map[string]struct {
		policies []object
		settled  int // hours after which the peak counts again, two days or a day after the next run; 0: no change
	}{
		"keeps fewer":           {[]object{keeps(v, 2), w}, 48},
		"keeps them for a time": {[]object{v.with("operation_definition", object{"max_backups": 9, "retention_duration_days": 2}), w}, 48},
		"another policy":        {[]object{keeps(policy("f", "v"), 9), w}, 48},
		"two policies":          {[]object{keeps(v, 9), keeps(policy("f", "v"), 2).runs("FREQ=DAILY;BYHOUR=6"), w}, 48},
		"keeps fewer, weekly":   {[]object{keeps(v, 2).runs("FREQ=WEEKLY;BYDAY=TU;BYHOUR=2"), w}, 73},
		"unreadable schedule":   {[]object{keeps(v, 2).runs("FREQ=HOURLY"), w}, 48},
		"disabled":              {[]object{keeps(v, 2).with("enabled", false), w}, 0},
		"no policy":             {[]object{w}, 0},
		"a replication":         {[]object{keeps(v, 9), keeps(policy("f", "v"), 2).with("operation_type", "replication"), w}, 0},
		"another schedule":      {[]object{keeps(v, 9).runs("FREQ=WEEKLY;BYDAY=SU"), w}, 0},
		"another order":         {[]object{w, keeps(v, 9)}, 0},
		"another vault":         {[]object{keeps(v, 9), keeps(w, 2)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHistory(t, 5)
				h.settle()
				h.after(25)
				h.cloud.set(func() { h.cloud.policies = test.policies })
				time.Sleep(refresh)
				h.settle()
				got, other := h.Last().Backups.Resources[uuid("r")], h.Last().Backups.Resources[uuid("q")]
				change := test.settled > 0
				if change && (got.Watched || got.Peak != 0) || !change && (!got.Watched || got.Peak != 5) {
					t.Errorf("as soon as it is seen: %+v", got)
				}
				if change && (!other.Watched || other.Peak != 1) {
					t.Errorf("resource of another vault: %+v", other)
				}
				if !change {
					h.has(2)
					if got := h.after(1); got.Peak != 5 || !got.Watched {
						t.Errorf("after the next full reading: %+v", got)
					}
					return
				}
				h.after(2)
				h.has(2) // by the run at 02:00
				if got := h.after(test.settled - 3); got.Peak != 0 || got.Watched {
					t.Errorf("before the end of the day after the next run: %+v", got)
				}
				if got := h.after(1); got.Peak != 2 || got.Watched {
					t.Errorf("after that day: %+v", got)
				}
				if got := h.after(25); got.Peak != 2 || !got.Watched {
					t.Errorf("after another day: %+v", got)
				}
			})
		})
	}
}

// TestEnabled has a policy keep fewer backups while it is disabled, and delete them later.
func TestEnabled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(t, 5)
		h.settle()
		fewer := keeps(policy("d", "v"), 2)
		h.cloud.set(func() { h.cloud.policies[0] = fewer.with("enabled", false) })
		if got := h.after(72); got.Peak != 5 || !got.Watched {
			t.Errorf("while it is disabled: %+v", got)
		}
		h.cloud.set(func() { h.cloud.policies[0] = fewer })
		h.after(3)
		h.has(2)
		if got := h.after(22); got.Count != 2 || got.Peak != 0 || got.Watched {
			t.Errorf("got %+v", got)
		}
	})
}

// TestMoved has a resource move to a vault whose policy keeps fewer backups.
func TestMoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(t, 5)
		h.settle()
		h.after(25)
		h.cloud.set(func() { h.cloud.vaults = []object{vault("v"), vault("w", "q", "r")} })
		time.Sleep(refresh)
		h.settle()
		h.after(2)
		h.has(2) // by the run at 02:00
		if got := h.after(3); got.Count != 2 || got.Peak != 0 || got.Watched {
			t.Errorf("after the next run: %+v", got)
		}
		if got := h.after(24 * 3); got.Peak != 2 || !got.Watched {
			t.Errorf("days later: %+v", got)
		}
	})
}

// TestVaultDeleted has a vault be deleted with its backups. That changes no retention.
func TestVaultDeleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(t, 5)
		h.settle()
		h.cloud.set(func() {
			h.cloud.vaults = []object{vault("w", "q")}
			h.cloud.policies = []object{policy("d"), keeps(policy("e", "w"), 9)}
		})
		h.has(0)
		if got := h.after(1); got.Count != 0 || got.Peak != 5 {
			t.Errorf("got %+v", got)
		}
	})
}

// TestRetentionOfVault has the vault to which a resource is bound count, and only without one
// that of its latest backup.
func TestRetentionOfVault(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bound   string // vault of the resource r, whose backups are in v
		changed string // vault whose policy changes
		want    bool   // a new peak
	}{
		"bound":             {"v", "v", true},
		"moved, new vault":  {"w", "w", true},
		"moved, old vault":  {"w", "v", false},
		"unbound":           {"", "v", true},
		"unbound, not of v": {"", "w", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHistory(t, 5)
				h.cloud.set(func() {
					h.cloud.vaults = nil
					if test.bound != "" {
						h.cloud.vaults = []object{vault(test.bound, "r")}
					}
				})
				h.settle()
				h.cloud.set(func() { h.cloud.policies = append(h.cloud.policies, keeps(policy("f", test.changed), 1)) })
				time.Sleep(refresh)
				h.settle()
				if got := h.Last().Backups.Resources[uuid("r")]; test.want != (got.Peak == 0) {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

// TestFirstRetention has the policies be known later than the backups. That is no change.
func TestFirstRetention(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(t, 5)
		h.cloud.set(func() { h.cloud.fault = fails("policies", statusError(500)) })
		h.settle()
		h.after(2)
		h.cloud.set(func() { h.cloud.fault = nil })
		if got := h.after(1); got.Peak != 5 {
			t.Errorf("got %+v", got)
		}
		if got := h.after(22); !got.Watched {
			t.Errorf("a day after the first reading: %+v", got)
		}
	})
}

// TestPeakOfOutage has backups be deleted while the list cannot be read. What was there more
// than a day ago counts no more: it may have expired.
func TestPeakOfOutage(t *testing.T) {
	t.Parallel()
	for hours, want := range map[int]int{20: 5, 50: 1} {
		t.Run(fmt.Sprintf("%d hours", hours), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHistory(t, 5)
				h.settle()
				h.after(25)
				h.cloud.set(func() { h.cloud.fault = fails("backups", statusError(500)) })
				h.after(hours)
				h.has(1)
				h.cloud.set(func() { h.cloud.fault = nil })
				if got := h.after(1); got.Count != 1 || got.Peak != want || got.Watched != (want == 5) {
					t.Errorf("after the outage: %+v, want a peak of %d", got, want)
				}
			})
		})
	}
}

// TestGone has all backups of a resource be deleted: it is kept for a day and an hour.
func TestGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(t, 5)
		before := h.settle().Backups.Resources[uuid("r")]
		h.has(0)
		got := h.after(1)
		if got.Count != 0 || got.Peak != 5 || !reflect.DeepEqual(got.Resource, before.Resource) || got.VaultID != before.VaultID || !got.LatestCreated.IsZero() || !got.Oldest.IsZero() {
			t.Errorf("deleted: %+v", got)
		}
		if got := h.after(22); got.Peak != 5 {
			t.Errorf("after 22 hours: %+v", got)
		}
		h.after(2)
		if got, known := h.Last().Backups.Resources[uuid("r")]; !known || got.Peak != 0 || !got.Watched {
			t.Errorf("after a day: %+v, known %t", got, known)
		}
		h.after(2)
		if got, known := h.Last().Backups.Resources[uuid("r")]; known {
			t.Errorf("after a day and an hour: %+v", got)
		}
		h.has(1)
		if got := h.after(1); got.Count != 1 || got.Peak != 1 {
			t.Errorf("backed up again: %+v", got)
		}
	})
}

// TestBack has a resource have backups again soon after it had none.
func TestBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(t, 5)
		h.settle()
		for _, backups := range []int{0, 1, 0} {
			h.has(backups)
			if got := h.after(12); got.Count != backups {
				t.Errorf("got %+v, want %d restore points", got, backups)
			}
		}
		h.after(13)
		if _, known := h.Last().Backups.Resources[uuid("r")]; !known {
			t.Errorf("forgotten 25 hours after the first time, want 25 hours after the second")
		}
	})
}
