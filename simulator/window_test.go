package simulator

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// Wherever the clock goes, the catalog has what the schedules themselves have.
func TestWindowFollowsClock(t *testing.T) {
	o := Options{Seed: 1}.withDefaults()
	o.Retention = day // which is faster
	f := newFleet(o)
	c := newCatalog(f)
	chance := rand.New(rand.NewPCG(3, 4))
	now := time.Unix(1.7e9, 0)
	checkCatalog := func() {
		t.Helper()
		var want, got []string
		for _, s := range f.schedules {
			for r := range f.history(s, now) {
				want = append(want, r.uuid(f.seed).String())
			}
		}
		entries := c.existing(now)
		for _, e := range entries {
			got = append(got, e.uuid(f.seed).String())
		}
		slices.Sort(want)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Fatalf("%v: got %d tasks, want %d", now, len(got), len(want))
		}
		if !slices.IsSortedFunc(entries, compareEntries) {
			t.Errorf("%v: not in order", now)
		}
		if most := 2*(o.Retention+2*windowSlack) + 2*windowSlack; c.window.to.Sub(c.window.from) > most {
			t.Errorf("%v: remembers %v, want %v at most", now, c.window.to.Sub(c.window.from), most)
		}
		if held := between(c.window.entries, c.window.from, c.window.to.Add(-1)); len(held) != len(c.window.entries) {
			t.Errorf("%v: remembers %d runs, %d of its time", now, len(c.window.entries), len(held))
		}
	}
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
		checkCatalog()
	}
	for _, step := range []time.Duration{8 * time.Hour, -8 * time.Hour} {
		for range 40 { // as far as it takes to forget
			now = now.Add(step)
			checkCatalog()
		}
	}
	for _, now = range []time.Time{{}, time.Unix(-1, 0), time.Unix(0, 0), time.Unix(1e5, 0)} {
		checkCatalog()
	}
	now = f.schedules[0].planned(470000).Add(-windowSlack)
	for range 50 { // straddles an edge of the window by less than the jitter
		checkCatalog()
		now = now.Add(time.Second)
	}
}

// All at once, for the race detector.
func TestConcurrentUse(t *testing.T) {
	var mu sync.Mutex
	now := time.Unix(1.7e9, 0)
	s := New(Options{Tokens: []string{"T"}, Retention: 6 * time.Hour, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Minute)
		return now
	}})
	vault := s.fleet.schedules[0].vault.id
	get := func(path string) {
		r := httptest.NewRequest(http.MethodGet, "/v3/"+DefaultProjectID+path, nil)
		r.Header.Set("X-Auth-Token", "T")
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != http.StatusOK && w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 10 {
				s.Add(Task{OperationType: opBackup, VaultID: vault, VaultName: "added"})
				s.SetListing(Listing{Order: Order(i % 3), Reshuffle: true, Lag: time.Duration(n) * time.Minute})
				s.SetFault(func(*http.Request) (f Fault) {
					if i%4 == 1 {
						f.Status = http.StatusServiceUnavailable
					}
					return f
				})
				get(fmt.Sprintf("/operation-logs?limit=50&offset=%d&vault_id=%s", i, vault))
				get("/operation-logs/" + SampleTaskID)
				s.RenameVault(vault, fmt.Sprint("name ", n, i))
				s.Remove(s.Tasks()[0].ID)
				s.TaskIDs()
				s.Requests()
			}
		})
	}
	wg.Wait()
}
