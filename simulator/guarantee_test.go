package simulator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// What TaskIDs and newFleet promise to a demo that starts at any time. This
// test looks at the runs themselves: by HTTP, thousands of instants would take
// a minute. TestTaskIDs ties the two together.
func TestGuarantees(t *testing.T) {
	const seeds, instants = 20, 150
	for n := range seeds {
		t.Run(fmt.Sprint("cloud ", n), func(t *testing.T) {
			t.Parallel()
			chance := rand.New(rand.NewPCG(uint64(n), 7))
			f := newFleet(Options{Seed: chance.Uint64()}.withDefaults())
			for range instants {
				now := time.Unix(1.5e9+chance.Int64N(1e9), chance.Int64N(1e9))
				checkGuarantees(t, f, now)
				// When the most tasks are there.
				checkNumber(t, f, now.Truncate(day).Add(18*time.Hour+time.Duration(chance.Int64N(int64(75*time.Minute)))))
			}
		})
	}
}

func checkGuarantees(t *testing.T, f *fleet, now time.Time) {
	t.Helper()
	runs := f.current(now, nil)
	count := func(has func(run) bool) (n int) {
		for _, r := range runs {
			if has(r) {
				n++
			}
		}
		return n
	}
	is := func(status string, at time.Time) func(run) bool {
		return func(r run) bool { return r.status(at) == status }
	}
	atLeast := func(want int, what string, has func(run) bool) {
		t.Helper()
		if got := count(has); got < want {
			t.Errorf("seed %d, %v: %d tasks %s, want %d", f.seed, now.UTC(), got, what, want)
		}
	}

	checkNumber(t, f, now)
	for _, status := range []string{statusSuccess, statusFailed, statusTimeout, statusSkipped} {
		atLeast(1, status, is(status, now))
	}
	atLeast(1, "waiting", is(statusWaiting, now))
	atLeast(3, "running", is(statusRunning, now))
	atLeast(2, "with a progress that moves soon", func(r run) bool {
		soon := now.Add(2 * time.Minute)
		return r.status(now) == statusRunning && r.progress(soon) > r.progress(now)
	})

	halfAnHour, anHour := now.Add(30*time.Minute), now.Add(time.Hour)
	atLeast(1, "that start within half an hour", func(r run) bool {
		return !r.hasStarted(now) && r.hasStarted(halfAnHour)
	})
	atLeast(1, "that end within half an hour", func(r run) bool {
		return !r.hasEnded(now) && r.hasEnded(halfAnHour)
	})
	atLeast(1, "that succeed within the hour", func(r run) bool {
		return !r.hasEnded(now) && r.status(anHour) == statusSuccess
	})
	atLeast(1, "active after an hour", func(r run) bool { return !r.hasEnded(anHour) })
}

func checkNumber(t *testing.T, f *fleet, now time.Time) {
	t.Helper()
	if ids := 1 + len(f.current(now, nil)); ids < 40 || ids > 60 { // 1: the sample
		t.Errorf("seed %d, %v: %d ids", f.seed, now.UTC(), ids)
	}
}

// The first hours of 1970 have no past, and nothing before them has a task.
func TestBeginningOfTime(t *testing.T) {
	f := newFleet(Options{Seed: 1}.withDefaults())
	for _, now := range []time.Time{{}, time.Unix(-1, 0), time.Unix(0, 0), time.Unix(100, 0), time.Unix(1e5, 0)} {
		for _, r := range f.current(now, nil) {
			if !f.exists(r, now) {
				t.Errorf("%v: %+v", now, r)
			}
		}
	}
	if got := f.current(time.Unix(-1, 0), nil); len(got) > 0 {
		t.Errorf("before 1970: got %d tasks", len(got))
	}
}

// Behind a finished run all are finished, because no two runs of a schedule
// overlap: current relies on it.
func TestRunsDoNotOverlap(t *testing.T) {
	f := newFleet(Options{Seed: 1}.withDefaults())
	for _, s := range f.schedules {
		longest := s.jitter + s.wait.to + s.length.to
		if longest >= s.every {
			t.Errorf("schedule %d (%s): a run may take %v, the next comes after %v", s.index, s.operation, longest, s.every)
		}
	}
}

func TestTaskIDInverts(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		s := seed(chance.Uint64())
		want := taskID{schedule: uint16(chance.Uint32()), run: chance.Uint32()}
		u := want.uuid(s)
		if got, ok := taskIDFrom(u, s); !ok || got != want {
			t.Fatalf("%v: got %v, %t, want %v", u, got, ok, want)
		}
		if _, ok := taskIDFrom(u, s+1); ok {
			t.Fatalf("%v: taken for a task of another seed", u)
		}
		bit := chance.IntN(128)
		u[bit/8] ^= 1 << (bit % 8)
		if _, ok := taskIDFrom(u, s); ok {
			t.Fatalf("%v: taken for a task with bit %d flipped", u, bit)
		}
	}
}

func TestHistoryIsNewestFirst(t *testing.T) {
	f := newFleet(Options{Seed: 1}.withDefaults())
	now := time.Unix(1.7e9, 0)
	for _, s := range f.schedules {
		runs := slices.Collect(f.history(s, now))
		if want := int(f.retention/s.every) - 1; len(runs) < want {
			t.Errorf("schedule %d: %d runs in the retention, want %d", s.index, len(runs), want)
		}
		if !slices.IsSortedFunc(runs, func(a, b run) int { return b.created.Compare(a.created) }) {
			t.Errorf("schedule %d: not newest first", s.index)
		}
	}
}

// A clock that was never set is before the first run of all schedules.
func TestLastPlannedLongAgo(t *testing.T) {
	f := newFleet(Options{Seed: 1}.withDefaults())
	for _, s := range f.schedules {
		for _, now := range []time.Time{{}, s.planned(0).Add(-1)} {
			if number, ok := s.lastPlanned(now); ok {
				t.Errorf("schedule %d, %v: got run %d", s.index, now, number)
			}
		}
		if number, ok := s.lastPlanned(s.planned(0)); !ok || number != 0 {
			t.Errorf("schedule %d: the first run is %d, %t", s.index, number, ok)
		}
	}
}
