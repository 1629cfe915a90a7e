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
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// TestOrderDoesNotMatter adds the same records to ledgers, shuffled, repeated and with
// old records among the new, and compares each with a plain reading of the tasks.
func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		o := ledger.Options{Lookback: 240 * time.Hour}
		lives := randomLives(random)
		want := plainReading(o, lives)
		for range 5 {
			var records []*cbrapi.OperationLog
			for _, life := range lives {
				// The last record is always there, earlier ones may be.
				records = append(records, life[len(life)-1])
				for range random.IntN(3) {
					records = append(records, life[random.IntN(len(life))])
				}
			}
			random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			l := ledger.New(o)
			l.Advance(noon())
			handedOut := map[*ledger.ResourceState][]ledger.Run{}
			for _, log := range records {
				l.Add(log)
				if random.IntN(20) == 0 {
					l.Advance(noon())
					for _, s := range l.ResourceStates() {
						handedOut[&s] = s.Runs.List()
					}
				}
			}
			for s, runs := range handedOut {
				if diff := gocmp.Diff(runs, s.Runs.List()); diff != "" {
					t.Fatalf("seed %d: runs that were handed out have changed (-before +after):\n%s", seed, diff)
				}
			}
			l.Advance(noon())
			if diff := gocmp.Diff(want, readingOf(l), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d (-plain reading +ledger):\n%s", seed, diff)
			}
		}
	}
}

// TestTimeDoesNotMatter has one ledger see the tasks of 40 days come, change and age. At
// any time it is as one that reads the list anew, also where the API keeps tasks for less
// than the lookback.
func TestTimeDoesNotMatter(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 2))
		o := ledger.Options{Lookback: 240 * time.Hour}
		retention := pick(random, 216*time.Hour, 9999*time.Hour)
		lives := longLives(random)
		l := ledger.New(o)
		for now := noon().Add(-960 * time.Hour); now.Before(noon()); now = now.Add(time.Duration(1+random.IntN(12)) * time.Hour) {
			l.Advance(now)
			fresh, oldest := ledger.New(o), now
			fresh.Advance(now)
			for _, life := range lives {
				log := asOf(life, now)
				if log == nil || now.Sub(log.CreatedAt) > retention {
					continue
				}
				if log.CreatedAt.Before(oldest) {
					oldest = log.CreatedAt
				}
				fresh.Add(log)
				if now.Sub(log.UpdatedAt) < 13*time.Hour || random.IntN(50) == 0 { // an incremental or a full list
					l.Add(log)
				}
			}
			l.ForgetBefore(oldest)
			if random.IntN(4) > 0 {
				continue
			}
			if diff := gocmp.Diff(readingOf(fresh), readingOf(l), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d at %s (-read anew +followed):\n%s", seed, now, diff)
			}
		}
	}
}

// longLives returns the records of tasks of 40 days.
func longLives(random *rand.Rand) [][]*cbrapi.OperationLog {
	var lives [][]*cbrapi.OperationLog
	for i := range 20 + random.IntN(100) {
		base := *record(fmt.Sprintf("%03d", random.IntN(1000)*1000+i), cbrapi.StatusWaiting, 1+random.IntN(960))
		base.VaultID = pick(random, "v", "w", "")
		base.OperationType = pick(random, cbrapi.OperationBackup, cbrapi.OperationCopy, cbrapi.OperationReplication)
		base.VaultName = "vault in " + base.ID
		base.ExtraInfo.Resource = &cbrapi.Resource{ID: pick(random, "q", "r", "s"), Name: "resource in " + base.ID}
		if random.IntN(10) == 0 {
			base.ExtraInfo.Resource = nil
		}
		base.EndedAt = time.Time{}
		var life []*cbrapi.OperationLog
		changed := base.CreatedAt
		end := pick(random, cbrapi.StatusSuccess, cbrapi.StatusFailed, cbrapi.StatusTimeout, cbrapi.StatusSkipped)
		for _, status := range []cbrapi.Status{cbrapi.StatusWaiting, cbrapi.StatusRunning, end} {
			log := base
			log.Status, log.UpdatedAt = status, changed
			if status.Finished() {
				log.EndedAt = changed
			}
			life = append(life, &log)
			changed = changed.Add(time.Duration(random.IntN(100)) * time.Hour)
		}
		lives = append(lives, life)
	}
	return lives
}

// asOf returns the record that the API has of a task at the time; nil if it has none.
func asOf(life []*cbrapi.OperationLog, now time.Time) (record *cbrapi.OperationLog) {
	for _, log := range life {
		if !log.UpdatedAt.After(now) {
			record = log
		}
	}
	return record
}

// randomLives returns the records of each of some tasks, from the first to the last.
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
		switch random.IntN(10) {
		case 0:
			base.ExtraInfo.Resource = nil
		case 1: // removes several resources
			base.ExtraInfo.RemoveResources = &cbrapi.RemoveResources{Resources: []cbrapi.Resource{
				{ID: "q", Name: "q in " + id}, {ID: "t", Name: "t in " + id},
			}}
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
				log.ErrorInfo.Code = string(s)
			}
			life = append(life, &log)
		}
		add(cbrapi.StatusWaiting, 0)
		if random.IntN(2) == 0 {
			add(cbrapi.StatusRunning, 10*time.Minute)
		}
		// Recent tasks may still be active; a list may be a day behind.
		if hours > 20 || random.IntN(4) > 0 {
			add(pick(random, cbrapi.StatusSuccess, cbrapi.StatusFailed, cbrapi.StatusTimeout, cbrapi.StatusSkipped), 20*time.Minute)
		}
		if hours > 20 {
			life = life[len(life)-1:]
		}
		if life[len(life)-1].Status.Finished() && random.IntN(5) == 0 { // and then has another end
			add(pick(random, cbrapi.StatusSuccess, cbrapi.StatusFailed, cbrapi.StatusTimeout, cbrapi.StatusSkipped), 30*time.Minute)
		}
		lives = append(lives, life)
	}
	return lives
}

func pick[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }

// reading is the content of a ledger.
type reading struct {
	ResourceStates []ledger.ResourceState // without their runs
	Runs           map[ledger.ResourceKey][]ledger.Run
	VaultTasks     []*cbrapi.OperationLog
	VaultNames     map[string]string
	Resources      []ledger.Resource
	TaskCounts     map[ledger.TaskGroup]int
}

func readingOf(l *ledger.Ledger) reading {
	r := reading{Runs: map[ledger.ResourceKey][]ledger.Run{}, VaultTasks: l.VaultTasks(), VaultNames: l.VaultNames(), Resources: l.Resources(), TaskCounts: lastDay(l)}
	for _, s := range l.ResourceStates() {
		r.Runs[s.ResourceKey], s.Runs = s.Runs.List(), ledger.Runs{}
		r.ResourceStates = append(r.ResourceStates, s)
	}
	return r
}

// plainReading computes it from all tasks at once.
func plainReading(o ledger.Options, lives [][]*cbrapi.OperationLog) reading {
	r := reading{Runs: map[ledger.ResourceKey][]ledger.Run{}, VaultNames: map[string]string{}, TaskCounts: map[ledger.TaskGroup]int{}}
	var tasks []*cbrapi.OperationLog
	for _, life := range lives {
		tasks = append(tasks, life[len(life)-1])
	}
	slices.SortFunc(tasks, func(a, b *cbrapi.OperationLog) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	aged := func(log *cbrapi.OperationLog, age time.Duration) bool { return log.CreatedAt.Before(noon().Add(-age)) }

	tasks = slices.DeleteFunc(tasks, func(log *cbrapi.OperationLog) bool { return aged(log, o.Lookback) })
	resources := map[string]ledger.Resource{}
	type vaultKey struct {
		vault string
		op    cbrapi.OperationType
	}
	byKey, byVault := map[ledger.ResourceKey][]*cbrapi.OperationLog{}, map[vaultKey]*cbrapi.OperationLog{}
	for _, log := range tasks {
		if log.VaultID != "" {
			r.VaultNames[log.VaultID] = log.VaultName
		}
		for _, resource := range log.Resources() {
			key := ledger.ResourceKey{ResourceID: resource.ID, OperationType: log.OperationType.Canonical()}
			byKey[key] = append(byKey[key], log)
			resources[key.ResourceID] = ledger.Resource{ID: resource.ID, Name: resource.Name, Type: resource.Type}
		}
		if len(log.Resources()) == 0 && log.Status.Finished() {
			byVault[vaultKey{log.VaultID, log.OperationType.Canonical()}] = log
		}
		if log.Status.Finished() && !aged(log, 24*time.Hour) {
			group := ledger.TaskGroup{VaultID: log.VaultID, OperationType: log.OperationType.Canonical(), Status: log.Status}
			if all := log.Resources(); log.VaultID == "" && len(all) > 0 {
				group.ResourceID = all[0].ID
			}
			r.TaskCounts[group]++
		}
	}
	for key, of := range byKey {
		vault := ""
		for _, log := range of {
			vault = cmp.Or(log.VaultID, vault)
		}
		if s, runs := plainState(key, of); len(runs) > 0 {
			s.VaultID, r.Runs[key] = vault, runs
			r.ResourceStates = append(r.ResourceStates, s)
		}
	}
	r.VaultTasks = slices.Collect(maps.Values(byVault))
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		r.Resources = append(r.Resources, resources[id])
	}
	slices.SortFunc(r.ResourceStates, func(a, b ledger.ResourceState) int {
		return cmp.Or(cmp.Compare(a.OperationType, b.OperationType), cmp.Compare(a.ResourceID, b.ResourceID))
	})
	slices.SortFunc(r.VaultTasks, func(a, b *cbrapi.OperationLog) int {
		return cmp.Or(cmp.Compare(a.OperationType.Canonical(), b.OperationType.Canonical()), cmp.Compare(a.VaultID, b.VaultID))
	})
	return r
}

// plainState computes the state and the runs of one key from its tasks in order of creation.
func plainState(key ledger.ResourceKey, tasks []*cbrapi.OperationLog) (s ledger.ResourceState, runs []ledger.Run) {
	s.ResourceKey = key
	for _, log := range tasks {
		if !log.Status.Finished() {
			continue
		}
		run := ledger.Run{
			ID: log.ID, Status: log.Status, Error: log.ErrorInfo,
			Created: log.CreatedAt, End: log.EndedAt, Duration: log.EndedAt.Sub(log.StartedAt), HasDuration: true,
		}
		switch log.Status {
		case cbrapi.StatusSuccess:
			s.LastSuccess, s.LastAttempt, s.ConsecutiveFailures = &run, &run, 0
		case cbrapi.StatusFailed, cbrapi.StatusTimeout:
			s.LastFailure, s.LastAttempt = &run, &run
			s.ConsecutiveFailures++
		}
		s.LastFinished, runs = log, append(runs, run)
	}
	return s, runs
}
