package tasks

import (
	"context"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	// fullSyncInterval is the time between the starts of two full syncs.
	fullSyncInterval = time.Hour
	// retention is how long the API surely keeps tasks.
	retention = 7 * 24 * time.Hour
)

// fullSync reads all tasks that the API has, beside the passes. It does not filter by
// time: it is not documented which time the API compares, nor what it does with tasks
// that never started.
type fullSync struct {
	list     *cbrapi.List[cbrapi.OperationLog]
	started  time.Time // by our clock
	date     time.Time // of the first page, by the API's clock
	tasks    int       // that have been read
	followed int       // of these
	oldest   time.Time // creation of the oldest finished task; zero if there is none
}

// startFullSync starts a full sync if one is due, or continues one that was
// interrupted. The caller holds the mutex.
func (t *Tracker) startFullSync() {
	d, now := t.discovered, t.options.Now()
	if d.syncing {
		return
	}
	if d.sync != nil && now.Sub(d.sync.started) >= fullSyncInterval {
		d.sync = nil // outdated
	}
	if d.sync == nil {
		if !d.syncedAt.IsZero() && now.Sub(d.syncedAt) < fullSyncInterval {
			return
		}
		d.sync = &fullSync{list: t.api.OperationLogs(d.filter()), started: now}
	}
	s := d.sync
	d.syncing = t.group.Go(func(ctx context.Context) { t.runFullSync(ctx, s) })
}

// runFullSync reads page by page until the end or the first failure. After a failure
// the next pass continues at the same page.
func (t *Tracker) runFullSync(ctx context.Context, s *fullSync) {
	var err error
	for err == nil && !s.list.Done() {
		err = t.readPage(ctx, s)
	}
	t.endFullSync(s, err)
}

func (t *Tracker) readPage(ctx context.Context, s *fullSync) error {
	ctx, cancel := context.WithTimeout(ctx, t.options.Timeout)
	defer cancel()
	logs, err := s.list.Next(ctx)
	t.reportInvalid("", s.list.Invalid())
	if err != nil {
		return err
	}
	t.mu.Lock()
	d := t.discovered
	if d.sync != s { // another Tracker has taken over
		t.mu.Unlock()
		return context.Canceled
	}
	d.syncError = nil
	if s.date.IsZero() {
		s.date, _ = t.dateOf(s.list) // the lists of a pass report a wrong date
		d.ledger.Advance(s.date)
	}
	for _, log := range logs {
		if log.Status.Finished() && !log.CreatedAt.IsZero() && (s.oldest.IsZero() || log.CreatedAt.Before(s.oldest)) {
			s.oldest = log.CreatedAt
		}
	}
	followed := t.record(logs, 0)
	s.tasks, s.followed = s.tasks+len(logs), s.followed+len(followed)
	t.mu.Unlock()
	t.report(followed)
	return nil
}

// knownFrom returns the time from which the API has all tasks. An older one may have been
// forgotten; one that is missing within retention has never been.
func (s *fullSync) knownFrom() time.Time {
	surely := s.date.Add(-retention)
	if s.oldest.IsZero() {
		return surely
	}
	return earlier(s.oldest, surely)
}

func (t *Tracker) endFullSync(s *fullSync, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.discovered
	if d.sync != s || t.group.Closed() {
		return
	}
	if err == nil {
		if d.lost = s.tasks == 0 && d.ledger.HasTaskAfter(s.date.Add(-retention)); d.lost {
			d.sync = nil // start anew
			err = cbrapi.ListError("ListOpLogs", "the list of all tasks is empty, but there were tasks lately; check the user's permissions, project_id and enterprise_project_id")
		}
	}
	d.syncing, d.syncError = false, err
	if err != nil {
		t.logFullSyncInterrupted(err)
	} else {
		t.logFullSyncComplete(s, t.options.Now().Sub(s.started), d.syncedAt.IsZero())
		d.sync, d.syncedAt, d.knownFrom = nil, s.started, s.knownFrom()
		d.ledger.ForgetBefore(d.knownFrom)
		if until := earlier(s.date, s.started); until.After(d.readUntil) {
			d.readUntil = until
		}
	}
	if p := t.current; p != nil && p.over() {
		t.publish(p) // the result until the next pass
	}
}
