package protection_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

const (
	step         = time.Hour // between two readings of everything
	longLookback = 20 * day
)

// TestRestart compares an exporter that has run for weeks with one that has just started.
// They say the same, but for what was bound, enabled or changed after the latest due
// moment: the restarted one does not know that it was not due yet.
func TestRestart(t *testing.T) {
	t.Parallel()
	histories := uint64(4)
	if testing.Short() {
		histories = 2
	}
	seen := map[string]int{}
	for seed := range histories {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(seed)
			old := newObserver(t, w)
			for range 5 * 7 * day / step {
				time.Sleep(step)
				w.advance()
				old.read(w)
				if w.fails == "" && w.random.IntN(8) == 0 {
					fresh := newObserver(t, w)
					fresh.read(w)
					compareObservers(t, seed, old, fresh, seen)
					fresh.Close()
				}
				if t.Failed() {
					break
				}
			}
			old.Close()
		})
	}
	for _, kind := range []string{"equal, overdue true", "equal, overdue false", "equal, overdue unknown", "equal, failing true", "excused, overdue true", "excused, overdue false", "stuck", "day, missed"} {
		if seen[kind] < 5 {
			t.Errorf("%q came %d times: the histories say little", kind, seen[kind])
		}
	}
}

// compareObservers checks what both say at the same time.
func compareObservers(t *testing.T, seed uint64, old, fresh *observer, seen map[string]int) {
	t.Helper()
	was, is := old.judge(), fresh.judge()
	if diff := gocmp.Diff(is.ActiveTasks, was.ActiveTasks); diff != "" {
		t.Errorf("seed %d: active tasks differ (-restarted +old):\n%s", seed, diff)
	}
	for _, a := range is.ActiveTasks {
		if a.Stuck {
			seen["stuck"]++
		}
	}
	if diff := gocmp.Diff(is.Coverage, was.Coverage); diff != "" {
		t.Errorf("seed %d: the coverage differs (-restarted +old):\n%s", seed, diff)
	}
	since := map[ledger.ResourceKey]time.Time{} // when the last of binding and policies was first seen
	for _, e := range was.Inventory.Expected {
		latest := e.Bound
		for _, p := range e.Plan.Policies {
			if p.Since.After(latest) {
				latest = p.Since
			}
		}
		since[e.ResourceKey] = latest
	}
	verdicts := map[ledger.ResourceKey]protection.Verdict{}
	for _, v := range was.Verdicts {
		verdicts[v.ResourceKey] = v
	}
	for _, v := range is.Verdicts {
		before := verdicts[v.ResourceKey]
		delete(verdicts, v.ResourceKey)
		excused := since[v.ResourceKey].After(v.Due)
		kind := map[bool]string{false: "equal, ", true: "excused, "}[excused]
		seen[kind+"overdue "+word(v.Overdue)]++
		seen[kind+"failing "+word(v.Failing)]++
		if first := since[v.ResourceKey].After(runBefore(&is, v)) && word(v.Overdue) != word(before.Overdue); first {
			continue // the restarted one misses, or counts from, a run that never was
		}
		if !excused {
			if diff := gocmp.Diff(v, before); diff != "" {
				t.Errorf("seed %d at %s: verdicts differ (-restarted +old):\n%s", seed, time.Now(), diff)
			}
			continue
		}
		if word(before.Failing) != word(v.Failing) || before.Due.After(v.Due) && !before.Due.Before(since[v.ResourceKey]) {
			t.Errorf("seed %d at %s: restarted %+v, old %+v since %s", seed, time.Now(), v, before, since[v.ResourceKey])
		}
		for _, e := range is.Inventory.Expected {
			if e.ResourceKey != v.ResourceKey {
				continue
			}
			if next, _ := e.Plan.Schedule().Next(since[v.ResourceKey].Add(-1)); !time.Now().Before(next.Add(6 * time.Hour)) {
				t.Errorf("seed %d at %s: the next run after %s was at %s, but %s is due", seed, time.Now(), since[v.ResourceKey], next, v.Due)
			}
		}
	}
	compareStrips(t, seed, &was, &is, since, seen)
	for key, v := range verdicts {
		t.Errorf("seed %d at %s: restarted has no verdict of %v, old has %+v", seed, time.Now(), key, v)
	}
}

// compareStrips checks what both say about the days of each key. Their tasks are the same, and
// so is all else from the second run on after since. Of earlier runs the restarted one does not
// know whether they were due, nor, without an earlier task, whether the resource was bound.
func compareStrips(t *testing.T, seed uint64, was, is *protection.Snapshot, since map[ledger.ResourceKey]time.Time, seen map[string]int) {
	t.Helper()
	first := map[ledger.ResourceKey]time.Time{} // run since then
	for _, e := range was.Inventory.Expected {
		if at := since[e.ResourceKey]; !at.IsZero() {
			first[e.ResourceKey], _ = e.Plan.Schedule().Next(at.Add(-1))
		}
	}
	keys := slices.Collect(maps.Keys(since))
	for _, s := range was.ResourceStates {
		keys = append(keys, s.ResourceKey)
	}
	before, after := was.Calendar(), is.Calendar()
	for _, key := range keys {
		old, restarted := before.Days(key), after.Days(key)
		if len(old) < int(longLookback/day) || len(old) != len(restarted) {
			t.Fatalf("seed %d at %s: old has %d days of %v, restarted %d", seed, time.Now(), len(old), key, len(restarted))
		}
		proven := false // that it was bound, by an earlier task
		for n, want := range old {
			got := restarted[n]
			switch {
			case !first[key].Before(want.Start):
				want.Known, want.Due, want.Missed = got.Known, got.Due, got.Missed
			case !proven && !got.Known && got.Missed <= want.Missed:
				want.Known, want.Missed = false, got.Missed
			case want.Missed > 0:
				seen["day, missed"]++
			}
			if diff := gocmp.Diff(got, want); diff != "" {
				t.Errorf("seed %d at %s: a day of %v differs (-restarted +old):\n%s", seed, time.Now(), key, diff)
			}
			proven = proven || len(got.Tasks) > 0
		}
	}
}

// runBefore returns the run before the due moment of a verdict.
func runBefore(s *protection.Snapshot, v protection.Verdict) time.Time {
	for _, e := range s.Inventory.Expected {
		if e.ResourceKey == v.ResourceKey {
			run, _ := e.Plan.Schedule().Previous(v.Due)
			return run
		}
	}
	return v.Due
}

// observer is what an exporter knows: a ledger and an inventory.
type observer struct {
	*inventory.Inventory
	ledger *ledger.Ledger
	readAt time.Time // zero before the first reading
	known  tasks.Snapshot
}

func newObserver(t *testing.T, w *world) *observer {
	t.Helper()
	client, err := cbrapi.New(cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: w}, "project")
	if err != nil {
		t.Fatal(err)
	}
	return &observer{
		ledger: ledger.New(ledger.Options{Lookback: longLookback}),
		Inventory: inventory.New(worldAPI{client, w}, inventory.Options{
			Refresh: step, Timeout: time.Minute, Now: time.Now, Logger: log.NewNopLogger(),
			InvalidFields: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "invalid_fields_total", Help: "Invalid fields."}, []string{"field"}),
		}),
	}
}

// read reads what has changed since the last reading.
func (o *observer) read(w *world) {
	o.Collect(context.Background())
	synctest.Wait()
	now := time.Now()
	o.ledger.Advance(now)
	o.known = tasks.Snapshot{Discovered: &tasks.Discovered{Synced: true, KnownUntil: now, HistoryStart: now.Add(-longLookback)}}
	oldest := now
	for _, life := range w.lives {
		log := life.asOf(now)
		if log == nil || log.CreatedAt.Before(now.Add(-w.retention)) {
			continue
		}
		if log.CreatedAt.Before(oldest) {
			oldest = log.CreatedAt
		}
		if !log.UpdatedAt.Before(o.readAt) {
			o.ledger.Add(log)
		}
		if !log.Status.Finished() {
			o.known.Active = append(o.known.Active, tasks.ActiveTask{Log: log, ReadAt: now})
		}
	}
	if oldest.After(o.known.Discovered.HistoryStart) {
		o.known.Discovered.HistoryStart = oldest
	}
	o.ledger.ForgetBefore(oldest)
	o.readAt = now
}

func (o *observer) judge() protection.Snapshot {
	known, vaults := o.known, o.Last()
	known.ResourceStates = o.ledger.ResourceStates()
	return protection.NewSnapshot(known, &vaults, protection.Options{Grace: 6 * time.Hour, StuckAfter: 12 * time.Hour, Lookback: longLookback})
}
