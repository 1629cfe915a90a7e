package ledger_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// TestOrderDoesNotMatter tells ledgers the same records, shuffled, repeated and in
// batches with old ones among the new, and compares each with a plain reading of
// the tasks.
func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		o := ledger.Options{Lookback: 240 * time.Hour, Window: 24 * time.Hour, MaxTasks: 1 + random.IntN(60)}
		lives := randomLives(random)
		want := plainReading(o, lives)
		for range 5 {
			var records []*cbrapi.OperationLog
			for _, life := range lives {
				// The last one has to come; those before it may.
				records = append(records, life[len(life)-1])
				for range random.IntN(3) {
					records = append(records, life[random.IntN(len(life))])
				}
			}
			random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			l := ledger.New(o)
			l.Advance(noon())
			for _, log := range records {
				l.Add(log)
				if random.IntN(20) == 0 {
					l.Advance(noon())
				}
			}
			l.Advance(noon())
			if diff := gocmp.Diff(want, readingOf(l), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d (-plain reading +ledger):\n%s", seed, diff)
			}
		}
	}
}

// randomLives returns for each of some tasks its records, from the first to the
// true one.
func randomLives(random *rand.Rand) [][]*cbrapi.OperationLog {
	var lives [][]*cbrapi.OperationLog
	for i := range random.IntN(80) {
		id := fmt.Sprintf("%03d", random.IntN(1000)*100+i)
		hours := random.IntN(300)
		if random.IntN(3) > 0 {
			hours = random.IntN(30)
		}
		base := *record(id, cbrapi.StatusWaiting, hours)
		base.VaultID = pick(random, "v", "w", "")
		base.OperationType = pick(random, cbrapi.OperationBackup, cbrapi.OperationCopy, cbrapi.OperationReplication)
		base.VaultName = "vault in " + id
		base.ExtraInfo.Resource = &cbrapi.Resource{ID: pick(random, "q", "r", "s"), Name: "resource in " + id}
		if random.IntN(10) == 0 {
			base.ExtraInfo.Resource = nil
		}
		base.EndedAt, base.UpdatedAt = time.Time{}, base.CreatedAt

		var life []*cbrapi.OperationLog
		add := func(s cbrapi.Status, after time.Duration) {
			log := base
			log.Status = s
			log.UpdatedAt = log.CreatedAt.Add(after)
			if s.Finished() {
				log.EndedAt = log.UpdatedAt
			}
			life = append(life, &log)
		}
		add(cbrapi.StatusWaiting, 0)
		if random.IntN(2) == 0 {
			add(cbrapi.StatusRunning, 10*time.Minute)
		}
		// What was active lately may still be; a list may lag behind for a day.
		if hours > 20 || random.IntN(4) > 0 {
			add(pick(random, cbrapi.StatusSuccess, cbrapi.StatusFailed, cbrapi.StatusTimeout, cbrapi.StatusSkipped), 20*time.Minute)
		}
		if hours > 20 {
			life = life[len(life)-1:]
		}
		lives = append(lives, life)
	}
	return lives
}

func pick[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }

// reading is what a ledger says.
type reading struct {
	Standings []ledger.Standing
	Resources []ledger.Resource
	Tallies   []ledger.Tally
	Dropped   int
	Active    []string
}

func readingOf(l *ledger.Ledger) reading {
	r := reading{Standings: l.Standings(), Resources: l.Resources(), Tallies: l.Tallies(), Dropped: l.Dropped()}
	for _, log := range l.Active() {
		r.Active = append(r.Active, log.ID)
	}
	slices.Sort(r.Active)
	return r
}

// plainReading works it out from all tasks at once, without regard to cost.
func plainReading(o ledger.Options, lives [][]*cbrapi.OperationLog) reading {
	var r reading
	var tasks []*cbrapi.OperationLog
	for _, life := range lives {
		tasks = append(tasks, life[len(life)-1])
	}
	slices.SortFunc(tasks, func(a, b *cbrapi.OperationLog) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	aged := func(log *cbrapi.OperationLog, age time.Duration) bool { return log.CreatedAt.Before(noon().Add(-age)) }

	tasks = slices.DeleteFunc(tasks, func(log *cbrapi.OperationLog) bool { return aged(log, o.Lookback) })
	type named struct {
		name string
		at   time.Time
	}
	vaults, resources := map[string]named{}, map[string]ledger.Resource{}
	byKey := map[ledger.ResourceKey][]*cbrapi.OperationLog{}
	var inWindow []*cbrapi.OperationLog
	ended := 0 // of those in the window
	for _, log := range tasks {
		if log.VaultID != "" {
			vaults[log.VaultID] = named{log.VaultName, log.CreatedAt}
		}
		if key, ok := ledger.KeyOf(log); ok {
			byKey[key] = append(byKey[key], log)
			resource := log.ExtraInfo.Resource
			resources[key.ResourceID] = ledger.Resource{ID: resource.ID, Name: resource.Name, Type: resource.Type, At: log.CreatedAt}
		}
		if !log.Status.Finished() {
			r.Active = append(r.Active, log.ID)
		}
		if !aged(log, o.Window) {
			inWindow = append(inWindow, log)
			if log.Status.Finished() {
				ended++
			}
		}
	}
	slices.Sort(r.Active)
	used := map[string]bool{}
	type tallied struct {
		vault string
		op    cbrapi.OperationType
	}
	tallies := map[tallied]map[cbrapi.Status]int{}
	tally := func(vault string, op cbrapi.OperationType) map[cbrapi.Status]int {
		if tallies[tallied{vault, op}] == nil {
			tallies[tallied{vault, op}] = map[cbrapi.Status]int{}
		}
		return tallies[tallied{vault, op}]
	}
	for key, of := range byKey {
		used[key.ResourceID] = true
		tally(key.VaultID, key.OperationType)
		if s, ok := plainStanding(key, of); ok {
			s.VaultName, s.VaultNamedAt = vaults[key.VaultID].name, vaults[key.VaultID].at
			r.Standings = append(r.Standings, s)
		}
	}
	excess := ended - o.MaxTasks
	for _, log := range inWindow {
		if excess > 0 && log.Status.Finished() {
			excess--
			r.Dropped++
			continue
		}
		tally(log.VaultID, log.OperationType.Canonical())[log.Status]++
	}
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		if used[id] {
			r.Resources = append(r.Resources, resources[id])
		}
	}
	for key, tasks := range tallies {
		r.Tallies = append(r.Tallies, ledger.Tally{
			VaultID: key.vault, VaultName: vaults[key.vault].name, VaultNamedAt: vaults[key.vault].at,
			OperationType: key.op, Tasks: tasks,
		})
	}
	slices.SortFunc(r.Tallies, func(a, b ledger.Tally) int {
		return cmp.Or(cmp.Compare(a.OperationType, b.OperationType), cmp.Compare(a.VaultID, b.VaultID))
	})
	slices.SortFunc(r.Standings, func(a, b ledger.Standing) int {
		return cmp.Or(cmp.Compare(a.OperationType, b.OperationType), cmp.Compare(a.ResourceID, b.ResourceID), cmp.Compare(a.VaultID, b.VaultID))
	})
	return r
}

// plainStanding reduces the tasks of one key, which are in the order of their creation.
func plainStanding(key ledger.ResourceKey, tasks []*cbrapi.OperationLog) (ledger.Standing, bool) {
	s := ledger.Standing{ResourceKey: key}
	outcome := func(log *cbrapi.OperationLog) *ledger.Outcome {
		return &ledger.Outcome{End: log.EndedAt, Duration: log.EndedAt.Sub(log.StartedAt), HasDuration: true}
	}
	for _, log := range tasks {
		switch log.Status {
		case cbrapi.StatusSuccess:
			s.LastSuccess, s.ConsecutiveFailures = outcome(log), 0
		case cbrapi.StatusFailed, cbrapi.StatusTimeout:
			s.LastFailure = outcome(log)
			s.ConsecutiveFailures++
		case cbrapi.StatusSkipped:
		default:
			continue
		}
		s.LastFinished = log
	}
	return s, s.LastFinished != nil
}
