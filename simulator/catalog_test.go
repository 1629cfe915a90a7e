package simulator

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Wherever the clock goes, the catalog has all tasks of the retention, and its cache
// is bounded.
func TestCatalogFollowsClock(t *testing.T) {
	t.Parallel()
	const retention = day
	p := newProject(1, false)
	c := newCatalog(p, retention)
	chance := rand.New(rand.NewPCG(3, 4))
	check := func(now time.Time) {
		t.Helper()
		var got []run
		for _, e := range c.existing(now) {
			got = append(got, e.run)
		}
		want := p.created(now.Add(-retention), now.Add(1))
		if !slices.EqualFunc(got, want, func(a, b run) bool { return a.id == b.id }) {
			t.Fatalf("%v: got %d tasks, want %d", now, len(got), len(want))
		}
		if len(c.days) > 12 {
			t.Fatalf("%v: the cache has %d days", now, len(c.days))
		}
	}
	now := time.Unix(1.7e9, 0)
	for range 60 {
		step := time.Duration(chance.Int64N(int64(time.Hour)))
		switch chance.IntN(8) {
		case 0:
			step = -step
		case 1:
			step *= 48
		case 2:
			step *= -48
		case 3:
			step = time.Duration(chance.Int64N(int64(200 * day)))
		}
		now = now.Add(step)
		check(now)
	}
	for _, now := range []time.Time{{}, time.Unix(-1, 0), time.Unix(0, 0), time.Unix(100, 0), time.Unix(1e5, 0)} {
		check(now)
	}
	if got := c.existing(time.Unix(-1, 0)); len(got) > 0 {
		t.Errorf("before 1970: got %d tasks", len(got))
	}
}

// At any moment the demo shows tasks in all states, and something happens soon.
func TestDemoIsAlive(t *testing.T) {
	t.Parallel()
	seeds, moments := uint64(10), 30
	if testing.Short() {
		seeds, moments = 3, 20
	}
	for n := range seeds {
		chance := rand.New(rand.NewPCG(n, 7))
		p := newProject(seed(chance.Uint64()), false)
		for range moments {
			now := time.Unix(1.5e9+chance.Int64N(1e9), chance.Int64N(1e9))
			runs := p.created(now.Add(-36*time.Hour), now.Add(time.Hour))
			atLeast := func(want int, what string, has func(run) bool) {
				t.Helper()
				got := 0
				for _, r := range runs {
					if has(r) {
						got++
					}
				}
				if got < want {
					t.Errorf("seed %d, %v: %d tasks %s, want %d", p.seed, now.UTC(), got, what, want)
				}
			}
			exists := func(r run) bool { return !r.created.After(now) }
			for _, status := range []string{statusSuccess, statusFailed, statusTimeout, statusSkipped, statusWaiting} {
				atLeast(1, status, func(r run) bool { return exists(r) && r.status(now) == status })
			}
			atLeast(3, "running", func(r run) bool { return r.status(now) == statusRunning })
			atLeast(2, "with progress that changes within 2 minutes", func(r run) bool {
				return r.status(now) == statusRunning && r.progress(now.Add(2*time.Minute)) > r.progress(now)
			})
			soon := now.Add(30 * time.Minute)
			atLeast(1, "that start within 30 minutes", func(r run) bool { return !r.hasStarted(now) && r.hasStarted(soon) })
			atLeast(1, "that end within 30 minutes", func(r run) bool { return !r.hasEnded(now) && r.hasEnded(soon) })
		}
	}
}

func TestRunsDoNotOverlap(t *testing.T) {
	t.Parallel()
	p := newProject(1, false)
	for _, s := range p.schedules {
		longest := s.jitter + s.wait.to + s.length.to
		if longest >= s.every {
			t.Errorf("schedule %d (%s): a run may take %v, the next comes after %v", s.index, s.operation, longest, s.every)
		}
	}
}
