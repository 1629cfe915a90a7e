package model_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const day = 24 * time.Hour

// settings are a configuration of the exporter.
type settings struct {
	lookback, window time.Duration
	operations       []string // none: all
	vaults           []string // none: all
	taskIDs          []string
	rate             int
	concurrency      int
	ttl, timeout     time.Duration
	refresh          time.Duration // of vaults and policies; 0: not read
	grace            time.Duration
	expected         time.Duration // interval between backups, without vaults; 0: none
	stuckAfter       time.Duration
	backups          time.Duration // between two readings of the backups; 0: not read
	kinds            []string      // of protectable resources; none: not read
	protectables     time.Duration
	exclude          []string
}

// readsBackups reports whether backups are read, which needs vaults.
func (c settings) readsBackups() bool { return c.refresh > 0 && c.backups > 0 }

func (c settings) readsProtectables() bool { return c.refresh > 0 && len(c.kinds) > 0 }

// sameDiscovery reports whether the same tasks are read: of all vaults, whatever is followed.
func (c settings) sameDiscovery(other settings) bool {
	return c.lookback == other.lookback && c.window == other.window && slices.Equal(c.operations, other.operations)
}

// yaml returns the configuration file.
func (c settings) yaml() string {
	inventory := ""
	if c.refresh > 0 {
		inventory = fmt.Sprintf("vaults: {refresh: %ds, grace: %ds}", int(c.refresh.Seconds()), int(c.grace.Seconds()))
	}
	if c.readsBackups() {
		inventory += fmt.Sprintf("\n    backups: {refresh: %ds}", int(c.backups.Seconds()))
	}
	if c.readsProtectables() {
		inventory += fmt.Sprintf("\n    protectables: {types: [%s], refresh: %ds, exclude: [%s]}",
			strings.Join(c.kinds, ", "), int(c.protectables.Seconds()), strings.Join(c.exclude, ", "))
	}
	return fmt.Sprintf(`
scrape: {requests_per_second: %d, concurrency: %d, finished_task_ttl: %ds, timeout: %ds}
projects:
  - name: prod
    project_id: %s
    endpoint: http://cbr.test
    credentials: {token: %s}
    task_ids: [%s]
    discovery: {lookback: %ds, window: %ds, operation_types: [%s], vault_ids: [%s], expected_interval: %ds, stuck_after: %ds}
    %s
`, c.rate, c.concurrency, int(c.ttl.Seconds()), int(c.timeout.Seconds()), simulator.DefaultProjectID, token, strings.Join(c.taskIDs, ", "),
		int(c.lookback.Seconds()), int(c.window.Seconds()), strings.Join(c.operations, ", "), strings.Join(c.vaults, ", "), int(c.expected.Seconds()), int(c.stuckAfter.Seconds()), inventory)
}

// followsVault reports whether discovery includes a vault; "" is an unknown one.
func (c settings) followsVault(id string) bool {
	return len(c.vaults) == 0 || id == "" || slices.Contains(c.vaults, id)
}

// follows reports whether discovery includes a task, unless that or its resource is in a
// vault that is not included.
func (c settings) follows(l *task) bool { return c.followsOperation(l.operation()) }

// followsOperation reports whether discovery includes an operation, with copy as
// replication.
func (c settings) followsOperation(operation string) bool {
	return len(c.operations) == 0 || slices.ContainsFunc(c.operations, func(o string) bool {
		return (&task{Task: simulator.Task{OperationType: o}}).operation() == operation
	})
}

// schedule is a recurring operation.
type schedule struct {
	vault, resource, operation, policy string
	every                              time.Duration
	next                               time.Time
}

// naming is a name from a moment on.
type naming struct {
	at   time.Time
	name string
}

// world is everything that happens in the cloud.
type world struct {
	random    *rand.Rand
	cloud     *service
	retention time.Duration
	tasks     []*task
	byID      map[string]*task
	schedules []*schedule
	vaults    []string
	resources []string
	names     map[string][]naming // of vaults and resources, by id
	bindable  []string            // resources, with tasks or without
	states    []*state            // in the order in which they were true
	lost      string              // id of a vault or policy whose row cannot be read; "" if all can
	losses    []loss
	created   time.Time // when the older vaults were created and the older policies began
}

func pick[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }

// between returns a duration between two, in whole milliseconds.
func between(random *rand.Rand, from, to time.Duration) time.Duration {
	return (from + time.Duration(random.Int64N(int64(to-from)+1))).Truncate(time.Millisecond)
}

// newWorld returns a world with a history of some days.
func newWorld(random *rand.Rand, cloud *service, retention time.Duration) *world {
	w := &world{random: random, cloud: cloud, retention: retention, byID: map[string]*task{}, names: map[string][]naming{}}
	for i := range 2 + random.IntN(2) {
		w.vaults = append(w.vaults, fmt.Sprintf("%08x-0000-4000-8000-%012x", random.Uint32(), i))
	}
	for i := range 3 + random.IntN(3) {
		w.resources = append(w.resources, fmt.Sprintf("%08x-1111-4000-8000-%012x", random.Uint32(), i))
	}
	for _, id := range slices.Concat(w.vaults, w.resources) {
		w.names[id] = []naming{{name: "first " + id[:4]}}
	}
	begin := cloud.now().Add(-between(random, 80*time.Hour, 110*time.Hour))
	w.created = begin.Add(-30 * day)
	w.addVaultsAndPolicies()
	for range 4 + random.IntN(5) {
		s := &schedule{
			vault: w.someVault(), resource: pick(random, w.resources...),
			operation: pick(random, "backup", "backup", "backup", "replication", "copy", "sync", "restore"),
			policy:    pick(random, "policy-1", "policy-2"),
			every:     pick(random, time.Hour, time.Hour, 2*time.Hour, 6*time.Hour, day, 2*day),
			next:      begin.Add(between(random, 0, day)),
		}
		w.schedules = append(w.schedules, s)
	}
	w.schedules = append(w.schedules, &schedule{vault: w.vaults[0], operation: "vault_delete", every: 9 * time.Hour, next: begin})
	return w
}

// someVault returns the vault that a task names. Most name none.
func (w *world) someVault() string {
	if w.random.IntN(3) > 0 {
		return ""
	}
	return pick(w.random, w.vaults...)
}

// extend runs all schedules until a future moment.
func (w *world) extend(until time.Time) {
	for _, s := range w.schedules {
		for s.next.Before(until) {
			operation := s.operation
			if operation == "copy" {
				operation = pick(w.random, "copy", "replication")
			}
			w.add(simulator.Task{
				OperationType: operation, VaultID: s.vault, ResourceID: s.resource, PolicyID: s.policy,
				Created: s.next.Add(between(w.random, 0, time.Minute)),
			})
			s.next = s.next.Add(s.every)
			if w.random.IntN(30) == 0 && s.resource != "" { // the resource moves
				s.vault = w.someVault()
			}
		}
	}
}

// manual adds a task that is started by hand within the next minutes.
func (w *world) manual() {
	t := simulator.Task{
		OperationType: pick(w.random, "backup", "restore", "replication", "copy", "delete", "sync", "migrate_resources", "remove_resource"),
		VaultID:       w.someVault(),
		ResourceID:    pick(w.random, append(w.resources, "")...),
		Created:       w.cloud.now().Add(between(w.random, 0, 10*time.Minute)),
	}
	switch t.OperationType {
	case "migrate_resources":
		t.ResourceID = ""
	case "remove_resource":
		t.ResourceID = ""
		first := w.random.IntN(len(w.resources))
		for _, id := range w.resources[first:min(first+1+w.random.IntN(3), len(w.resources))] {
			t.Removed = append(t.Removed, simulator.TaskResource{ID: id, Name: w.names[id][0].name, Type: "OS::Nova::Server"})
		}
	}
	w.add(t)
}

// add adds a task with random times and a random end.
func (w *world) add(t simulator.Task) {
	t.ID = fmt.Sprintf("%08x-2222-4000-8000-%012x", w.random.Uint32(), len(w.tasks))
	if t.VaultID != "" {
		t.VaultName = w.names[t.VaultID][0].name
	}
	if t.ResourceID != "" {
		t.ResourceName, t.ResourceType = w.names[t.ResourceID][0].name, "OS::Nova::Server"
	}
	t.Created = t.Created.Truncate(time.Millisecond)
	live := func(wait, run time.Duration) { t.Started = t.Created.Add(wait); t.Ended = t.Started.Add(run) }
	of := func(from, to time.Duration) time.Duration { return between(w.random, from, to) }
	t.Outcome = pick(w.random, "success", "success", "success", "failed", "timeout")
	switch n := w.random.IntN(100); {
	case n < 60:
		live(of(0, time.Minute), of(time.Minute, 30*time.Minute))
	case n < 75:
		live(of(0, 5*time.Second), of(2*time.Second, 20*time.Second))
	case n < 80: // skipped between two scrapes
		t.Outcome, t.Ended = "skipped", t.Created.Add(of(0, 20*time.Second))
	case n < 85:
		t.Outcome, t.Ended = "skipped", t.Created.Add(of(0, 2*time.Hour))
	case n < 92: // starts long before it fails, or hours after its creation
		live(of(20*time.Minute, 5*time.Hour), of(time.Second, 3*time.Minute))
	case n < 94: // never gets a start
		t.Outcome, t.Ended = "timeout", t.Created.Add(of(2*time.Hour, 8*time.Hour))
	case n < 97:
		live(of(0, time.Minute), of(20*time.Hour, 30*time.Hour))
	case n < 98:
		live(of(0, time.Minute), of(70*time.Hour, 80*time.Hour))
	case n < 99:
		t.Started = t.Created.Add(time.Minute) // hangs
	default: // waits for ever
	}
	if t.Outcome == "failed" || t.Outcome == "skipped" {
		t.ErrorCode = pick(w.random, "BackupService.6114", "BackupService.7102")
	}
	w.cloud.Add(t)
	w.backUp(t)
	l := &task{Task: t}
	w.tasks, w.byID[t.ID] = append(w.tasks, l), l
}

// exists reports whether the service knows a task at a moment.
func (w *world) exists(l *task, at time.Time) bool {
	return !at.Before(l.Created) && at.Sub(l.Created) <= w.retention && (l.removed.IsZero() || at.Before(l.removed))
}

// existing returns the tasks that exist now.
func (w *world) existing() []*task {
	now := w.cloud.now()
	var tasks []*task
	for _, l := range w.tasks {
		if w.exists(l, now) {
			tasks = append(tasks, l)
		}
	}
	return tasks
}

// remove has the service delete the log of a task.
func (w *world) remove() {
	if all := w.existing(); len(all) > 0 {
		l := pick(w.random, all...)
		if w.random.IntN(2) == 0 { // of late
			l = all[max(0, len(all)-1-w.random.IntN(20))]
		}
		w.cloud.Remove(l.ID)
		l.removed = w.cloud.now()
		w.cloud.disturb()
	}
}

// rename gives a vault or a resource a new name.
func (w *world) rename() {
	n := naming{w.cloud.now(), fmt.Sprintf("renamed %d", w.random.IntN(100))}
	id := pick(w.random, w.vaults...)
	if w.random.IntN(2) == 0 {
		w.cloud.RenameVault(id, n.name)
	} else {
		id = pick(w.random, w.bindable...)
		w.cloud.RenameResource(id, n.name)
	}
	w.names[id] = append(w.names[id], n)
	w.change(w.state().clone())
}

// name returns the name of a vault or a resource when a task was created.
func (w *world) name(id string, created time.Time) string {
	var name string
	for _, n := range w.names[id] {
		if created.After(n.at) {
			name = n.name
		}
	}
	return name
}

// named reports whether a vault or a resource ever had the name.
func (w *world) named(id, name string) bool {
	return slices.ContainsFunc(w.names[id], func(n naming) bool { return n.name == name })
}
