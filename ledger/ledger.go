package ledger

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Options say how much a ledger keeps.
type Options struct {
	// Lookback is the age, by its creation, up to which a task that has ended is
	// believed to be the newest of its resource: before that, others may be missing.
	// One that was known earlier stays while the resource has newer ones, with or
	// without an end. 0: there is no such age.
	Lookback time.Duration
	// Window is the age up to which tasks are counted. It is also how long a list
	// may lag behind: a record that is older than that, of a task that is said to
	// be active, may be believed again. 0: nothing is counted, and all is kept.
	Window time.Duration
	// MaxTasks bounds the tasks that have ended and are counted: the oldest are
	// dropped. 0: no bound.
	MaxTasks int
}

// Ledger is what is known of the tasks of one project. It is not safe for
// concurrent use.
type Ledger struct {
	options Options
	now     time.Time // as of the newest Advance
	tidy    bool      // nothing has come or become too old since what is too old was forgotten

	tasks     map[string]*task     // by id: those that are active, and the recent ones
	dropped   map[string]time.Time // by id: when those beyond MaxTasks were created
	resources map[ResourceKey]*resource
	names     names
}

// New returns a ledger that knows nothing.
func New(o Options) *Ledger {
	return &Ledger{
		options:   o,
		tasks:     map[string]*task{},
		dropped:   map[string]time.Time{},
		resources: map[ResourceKey]*resource{},
		names:     newNames(),
	}
}

// Add takes note of a record of a task, which may be older than the one that is
// known already. The ledger shares it: it must not be changed afterwards. Whether
// a task is too old goes by the newest Advance, which so comes first.
func (l *Ledger) Add(log *cbrapi.OperationLog) {
	l.tidy = false
	if !l.tooOld(ageOf(log)) {
		l.names.add(log)
		if key, ok := KeyOf(log); ok {
			l.resource(key).add(log)
		}
	} else if log.Status.Finished() && l.tasks[log.ID] == nil {
		return // one that was active until now has to be known to have ended
	}
	if _, dropped := l.dropped[log.ID]; dropped {
		if !log.Status.Finished() {
			return // only what has ended is dropped
		}
		delete(l.dropped, log.ID) // there may be room again
	}
	t := newTask(log)
	switch known := l.tasks[log.ID]; {
	case known == nil && t.endedBefore(l.windowStart()): // it would be forgotten at once
	case known == nil || known.yieldsTo(log):
		l.tasks[log.ID] = t
	}
}

// Forget removes a task that was active and does not exist any more.
func (l *Ledger) Forget(id string) {
	if t := l.tasks[id]; t != nil && t.active() {
		l.tidy = false
		delete(l.tasks, id)
	}
}

// Now returns the time of the newest Advance.
func (l *Ledger) Now() time.Time { return l.now }

// Active returns the tasks that are active as far as is known, in no order.
func (l *Ledger) Active() []*cbrapi.OperationLog {
	var logs []*cbrapi.OperationLog
	for _, t := range l.tasks {
		if t.active() {
			logs = append(logs, t.log)
		}
	}
	return logs
}

// IsActive reports whether the task is active as far as is known.
func (l *Ledger) IsActive(id string) bool {
	t := l.tasks[id]
	return t != nil && t.active()
}

// Advance sets the time, by the clock of the API. Time does not go back.
func (l *Ledger) Advance(now time.Time) {
	if now.After(l.now) {
		l.now, l.tidy = now, false
	}
}

// tooOld reports whether a time is before what is known.
func (l *Ledger) tooOld(t time.Time) bool {
	return l.options.Lookback > 0 && t.Before(l.now.Add(-l.options.Lookback))
}

// forget removes what is too old. It looks at all that is known, so it waits until
// somebody wants to know something.
func (l *Ledger) forget() {
	if l.tidy {
		return
	}
	l.tidy = true
	l.forgetOldTasks()
	if l.options.MaxTasks > 0 {
		l.dropTasks()
	}
	if l.options.Lookback > 0 {
		l.forgetOldResources()
	}
}

// forgetOldTasks removes those that have ended and were neither created nor
// changed within the window.
func (l *Ledger) forgetOldTasks() {
	oldest := l.windowStart()
	for id, t := range l.tasks {
		if t.endedBefore(oldest) {
			delete(l.tasks, id)
		}
	}
	for id, created := range l.dropped {
		if created.Before(oldest) {
			delete(l.dropped, id)
		}
	}
}

// forgetOldResources removes those whose newest task is too old, and the names that
// nobody needs then.
func (l *Ledger) forgetOldResources() {
	oldest := l.now.Add(-l.options.Lookback)
	used := map[string]bool{} // resource and vault ids
	for key, r := range l.resources {
		if r.newest.Before(oldest) {
			delete(l.resources, key)
			continue
		}
		r.forgetFailures(oldest)
		used[key.ResourceID], used[key.VaultID] = true, true
	}
	for _, t := range l.tasks {
		if !used[t.vaultID] {
			used[t.vaultID] = true
		}
	}
	l.names.keep(used)
}
