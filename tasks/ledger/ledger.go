// Package ledger keeps the state of the tasks of a project: the active tasks, the
// number of recent tasks, and the last outcomes of each resource and vault.
//
// Records may be added in any order and repeatedly: an outdated one changes nothing. Of
// most finished tasks a ledger keeps only what metrics need, so that a long history can
// be read through it. It reads no clock: the API's time is an argument.
package ledger

import (
	"maps"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Options limit what a ledger keeps.
type Options struct {
	// Lookback is the age up to which tasks count for the state of their resources or
	// vault. 0 means no limit.
	Lookback time.Duration
	// Window is the age up to which tasks are counted, and remembered as finished: an
	// outdated record must not make them active again. 0 means nothing is counted.
	Window time.Duration
	// MaxTasks limits the finished tasks that are counted. 0 means no limit.
	MaxTasks int
	// MaxKeys limits the resources and vaults by type of operation of which the last tasks
	// are kept. 0 means no limit.
	MaxKeys int
}

// Ledger is the state of the tasks of one project. It is not safe for concurrent use.
type Ledger struct {
	options Options
	now     time.Time // latest time passed to Advance
	tidy    bool      // nothing has been added or has expired since the last call of forget

	tasks      map[string]*task     // by id: active and recent tasks
	dropped    map[string]time.Time // creation by id: finished tasks beyond MaxTasks
	resources  map[ResourceKey]*resource
	vaultTasks map[vaultKey]*last // of tasks that name no resource
	leftOut    int                // records without a place in these since there last was one

	vaultNames    map[string]vaultName // the latest, by id
	resourceNames map[string]resourceName
}

// New returns an empty ledger.
func New(o Options) *Ledger {
	return &Ledger{
		options:       o,
		tasks:         map[string]*task{},
		dropped:       map[string]time.Time{},
		resources:     map[ResourceKey]*resource{},
		vaultTasks:    map[vaultKey]*last{},
		vaultNames:    map[string]vaultName{},
		resourceNames: map[string]resourceName{},
	}
}

// Add adds a record of a task, which may be older than the known one. The ledger
// keeps the record: it must not be changed afterwards. Call Advance first, since it
// determines which tasks are too old.
func (l *Ledger) Add(log *cbrapi.OperationLog) {
	l.tidy = false
	if !l.tooOld(CreatedAt(log)) {
		l.addToKeys(log)
		l.addNames(log)
	} else if log.Status.Finished() && l.tasks[log.ID] == nil {
		return // a known task must be seen to end, however old it is
	}
	if _, dropped := l.dropped[log.ID]; dropped {
		return // for good: later tasks leave the window later
	}
	t := newTask(log)
	switch known := l.tasks[log.ID]; {
	case known == nil && t.endedBefore(l.windowStart()): // would be forgotten at once
	case known == nil || known.supersededBy(log):
		l.tasks[log.ID] = t
	}
}

// addToKeys adds a record to the state of each of its resources or, if it names none, of
// its vault.
func (l *Ledger) addToKeys(log *cbrapi.OperationLog) {
	operation, resources := log.OperationType.Canonical(), log.Resources()
	for _, r := range resources {
		key := ResourceKey{r.ID, operation}
		if l.resources[key] == nil {
			if !l.hasRoom() {
				continue
			}
			l.resources[key] = &resource{}
		}
		l.resources[key].add(log)
	}
	if len(resources) > 0 {
		return
	}
	key := vaultKey{log.VaultID, operation}
	if l.vaultTasks[key] == nil {
		if !l.hasRoom() {
			return
		}
		l.vaultTasks[key] = &last{}
	}
	l.vaultTasks[key].add(log)
}

// hasRoom reports whether another key may be added. If not, it counts what is left out.
func (l *Ledger) hasRoom() bool {
	if l.options.MaxKeys > 0 && len(l.resources)+len(l.vaultTasks) >= l.options.MaxKeys {
		l.leftOut++
		return false
	}
	return true
}

// LeftOut returns how many records, some of them repeatedly, had no place because of
// Options.MaxKeys.
func (l *Ledger) LeftOut() int { return l.leftOut }

// HasTaskAfter reports whether a task is known that was created after t.
func (l *Ledger) HasTaskAfter(t time.Time) bool {
	for _, r := range l.resources {
		if r.latest.After(t) {
			return true
		}
	}
	for _, v := range l.vaultTasks {
		if v.latest.After(t) {
			return true
		}
	}
	return false
}

// Forget removes an active task that does not exist any more.
func (l *Ledger) Forget(id string) {
	if l.IsActive(id) {
		l.tidy = false
		delete(l.tasks, id)
	}
}

// ForgetBefore removes the tasks that were created before oldest from the state of their
// resources or vault, as if they had never been read: the API has none of them any more.
func (l *Ledger) ForgetBefore(oldest time.Time) {
	used := map[string]bool{} // ids of resources and vaults
	for key, r := range l.resources {
		if r.latest.Before(oldest) {
			delete(l.resources, key)
			continue
		}
		r.forget(oldest)
		used[key.ResourceID], used[r.vaultID] = true, true
	}
	for key, v := range l.vaultTasks {
		if v.latest.Before(oldest) {
			delete(l.vaultTasks, key)
			continue
		}
		v.forget(oldest)
		used[key.vaultID] = true
	}
	for _, t := range l.tasks {
		if !used[t.vaultID] { // reading a map is cheaper than writing it
			used[t.vaultID] = true
		}
	}
	if len(l.resources)+len(l.vaultTasks) < l.options.MaxKeys {
		l.leftOut = 0
	}
	maps.DeleteFunc(l.vaultNames, func(id string, _ vaultName) bool { return !used[id] })
	maps.DeleteFunc(l.resourceNames, func(id string, _ resourceName) bool { return !used[id] })
}

// Now returns the latest time passed to Advance.
func (l *Ledger) Now() time.Time { return l.now }

// Active returns the active tasks, in no order.
func (l *Ledger) Active() []*cbrapi.OperationLog {
	var logs []*cbrapi.OperationLog
	for _, t := range l.tasks {
		if t.active() {
			logs = append(logs, t.log)
		}
	}
	return logs
}

// IsActive reports whether the ledger knows the task as active.
func (l *Ledger) IsActive(id string) bool {
	t := l.tasks[id]
	return t != nil && t.active()
}

// Advance sets the time, by the API's clock. An earlier time than before is ignored.
func (l *Ledger) Advance(now time.Time) {
	if now.After(l.now) {
		l.now, l.tidy = now, false
	}
}

func (l *Ledger) tooOld(t time.Time) bool {
	return l.options.Lookback > 0 && t.Before(l.now.Add(-l.options.Lookback))
}

// forget removes what is too old. It visits everything, so it runs only when the
// ledger is read.
func (l *Ledger) forget() {
	if l.tidy {
		return
	}
	l.tidy = true
	start := l.windowStart()
	maps.DeleteFunc(l.tasks, func(_ string, t *task) bool { return t.endedBefore(start) })
	maps.DeleteFunc(l.dropped, func(_ string, created time.Time) bool { return created.Before(start) })
	if l.options.MaxTasks > 0 {
		l.dropTasks()
	}
	if l.options.Lookback > 0 {
		l.ForgetBefore(l.now.Add(-l.options.Lookback))
	}
}
