// Package ledger keeps the history of the tasks of a project: of each resource and vault the
// last outcomes and all ends.
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
	// Lookback is the age up to which tasks are remembered. 0 means no limit.
	Lookback time.Duration
	// MaxKeys limits the resources and vaults by type of operation of which tasks are
	// remembered. 0 means no limit.
	MaxKeys int
}

// Ledger is the state of the tasks of one project. It is not safe for concurrent use.
type Ledger struct {
	options Options
	now     time.Time // latest time passed to Advance
	tidy    bool      // nothing has been added or has expired since the last call of forget

	keys    map[key]*state
	leftOut int // records without a place in keys since there last was one

	vaultNames    map[string]vaultName // the latest, by id
	resourceNames map[string]resourceName
}

// New returns an empty ledger.
func New(o Options) *Ledger {
	return &Ledger{
		options:       o,
		keys:          map[key]*state{},
		vaultNames:    map[string]vaultName{},
		resourceNames: map[string]resourceName{},
	}
}

// Add adds a record of a task, which may be older than the known one. The ledger
// keeps the record: it must not be changed afterwards. Call Advance first, since it
// determines which tasks are too old.
func (l *Ledger) Add(log *cbrapi.OperationLog) {
	if l.options.Lookback > 0 && CreatedAt(log).Before(l.now.Add(-l.options.Lookback)) {
		return
	}
	l.tidy = false
	placed := false
	for i, k := range keysOf(log) {
		s := l.keys[k]
		if s == nil {
			if l.options.MaxKeys > 0 && len(l.keys) >= l.options.MaxKeys {
				l.leftOut++
				continue
			}
			s = &state{}
			l.keys[k] = s
		}
		s.add(log, i > 0)
		placed = true
	}
	if placed {
		l.addNames(log)
	}
}

// HasEnded reports whether the task of an active record is known to have ended: lists may be
// outdated.
func (l *Ledger) HasEnded(log *cbrapi.OperationLog) bool {
	s := l.keys[keysOf(log)[0]]
	return s != nil && s.history.has(log.ID)
}

// LeftOut returns how many records, some of them repeatedly, had no place because of
// Options.MaxKeys.
func (l *Ledger) LeftOut() int { return l.leftOut }

// HasTaskAfter reports whether a task is known that was created after t.
func (l *Ledger) HasTaskAfter(t time.Time) bool {
	for _, s := range l.keys {
		if s.latest.After(t) {
			return true
		}
	}
	return false
}

// ForgetBefore removes the tasks that were created before oldest from the state of their
// resources or vault, as if they had never been read: the API has none of them any more.
func (l *Ledger) ForgetBefore(oldest time.Time) {
	for k, s := range l.keys {
		if s.latest.Before(oldest) {
			delete(l.keys, k)
		} else {
			s.forget(oldest)
		}
	}
	if len(l.keys) < l.options.MaxKeys {
		l.leftOut = 0
	}
	maps.DeleteFunc(l.vaultNames, func(_ string, n vaultName) bool { return n.created.Before(oldest) })
	maps.DeleteFunc(l.resourceNames, func(_ string, n resourceName) bool { return n.created.Before(oldest) })
}

// Now returns the latest time passed to Advance.
func (l *Ledger) Now() time.Time { return l.now }

// Advance sets the time, by the API's clock. An earlier time than before is ignored.
func (l *Ledger) Advance(now time.Time) {
	if now.After(l.now) {
		l.now, l.tidy = now, false
	}
}

// forget removes what is too old. It visits everything, so it runs only when the
// ledger is read.
func (l *Ledger) forget() {
	if !l.tidy && l.options.Lookback > 0 {
		l.ForgetBefore(l.now.Add(-l.options.Lookback))
	}
	l.tidy = true
}
