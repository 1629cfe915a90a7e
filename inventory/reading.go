package inventory

import (
	"cmp"
	"context"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// failurePause is how long a list is left alone after a failure, at least. Several
// Prometheus servers may scrape far more often.
const failurePause = 30 * time.Second

// part is what is known of lists that are read together, beside those of the other parts.
type part[S any] struct {
	state   S        // after the latest reading; what it points to is never changed
	current *reading // the one that runs; nil if none does
}

// reading is one reading of the lists of a part, one request at a time.
type reading struct {
	inventory *Inventory
	started   time.Time
	stop      error         // one that every further request would meet as well
	done      chan struct{} // closed at its end
}

// begin starts a reading of a part unless one runs. The function read changes a copy of
// the state. The caller holds the mutex.
func begin[S any](i *Inventory, p *part[S], now time.Time, read func(context.Context, *reading, *S)) {
	if p.current != nil {
		return
	}
	r := &reading{inventory: i, started: now, done: make(chan struct{})}
	next := p.state // only a reading changes it
	if i.readings.Go(func(ctx context.Context) {
		read(ctx, r, &next)
		i.mu.Lock()
		defer i.mu.Unlock()
		p.state, p.current = next, nil
		i.changed()
		close(r.done)
	}) {
		p.current = r
	}
}

// try reads a list and records the outcome. After a failure that every further request
// would meet as well it does not try. The hint says what to check when it fails.
func (r *reading) try(ctx context.Context, name string, list *listState, hint func(cbrapi.Reason, error) string, read func(context.Context) error) {
	i, err := r.inventory, r.stop
	list.partial = false
	if err == nil {
		err = read(ctx)
		switch {
		case ctx.Err() != nil: // the inventory is closed
		case err != nil:
			reason := cbrapi.ReasonOf(err)
			_ = i.problems.Failed(name, reason).Log("msg", "reading "+name+" failed", "reason", reason, "err", err, "hint", hint(reason, err))
		case i.problems.Recovered(name):
			_ = level.Info(i.logger).Log("msg", "reading "+name+" recovered")
		}
	}
	if err != nil && cbrapi.StopsAll(err) {
		r.stop = err
	}
	list.record(r.started, i.options.Now(), err)
}

// success returns the logger for a list that was read completely.
func (i *Inventory) success(first bool) log.Logger {
	if first {
		return level.Info(i.logger)
	}
	return level.Debug(i.logger)
}

// readList reads a list to its end, each page within the time limit, and calls row for
// each row, until that fails. It returns how many rows there are, and what cannot be read of
// them. Rows that come and go meanwhile shift the pages, so after an error a part of the list
// is useless.
func readList[T any](ctx context.Context, i *Inventory, list *cbrapi.List[T], row func(*T, *badEntries) error) (rows int, bad badEntries, err error) {
	for !list.Done() {
		limited, cancel := context.WithTimeout(ctx, i.options.Timeout)
		page, err := list.Next(limited)
		cancel()
		known := len(bad)
		i.report(&bad, "", "", list.Invalid())
		if err != nil {
			return 0, nil, err
		}
		rows += len(page) + len(bad) - known
		for _, r := range page {
			if err := row(r, &bad); err != nil {
				return 0, nil, err
			}
		}
	}
	return rows, bad, nil
}

// report counts and logs what cannot be read of a row, or of a list if id and name are "". It
// adds to bad what that costs.
func (i *Inventory) report(bad *badEntries, id, name string, invalid []cbrapi.InvalidField) {
	i.problems.InvalidFields(i.options.InvalidFields, id, invalid)
	bad.add(cmp.Or(name, id), invalid)
}

// listState is the outcome of the attempts to read one list.
type listState struct {
	started    time.Time // start of the reading with the latest attempt; zero before the first
	ended      time.Time // end of the latest attempt
	err        error     // of the latest attempt
	partial    bool      // err is about single rows of a long list, which is not read again before the refresh
	failing    time.Time // end of the first consecutive attempt that failed for the same reason
	since      time.Time // end of the first consecutive attempt that failed; zero if the latest did not
	completeAt time.Time // end of the latest attempt that returned a complete list
	emptySince time.Time // start of the first consecutive reading without rows; zero if that is not in doubt
}

func (l *listState) due(now time.Time, refresh time.Duration) bool {
	switch {
	case l.ended.IsZero():
		return true
	case l.err != nil && !l.partial:
		return now.Sub(l.ended) >= min(refresh, failurePause)
	default:
		return now.Sub(l.started) >= refresh
	}
}

func (l *listState) record(started, now time.Time, err error) {
	if err != nil && (l.err == nil || cbrapi.ReasonOf(l.err) != cbrapi.ReasonOf(err)) {
		l.failing = now
	}
	l.started, l.ended, l.err = started, now, err
	switch {
	case err == nil:
		l.since, l.completeAt = time.Time{}, now
	case l.since.IsZero():
		l.since = now
	}
}

// doubtEmpty is how long an empty list is doubted if it had rows before. A user who may no
// longer see them gets such a list. It is long enough for an alert.
const doubtEmpty = time.Hour

// doubt returns an error if a list has no rows although it had some less than doubtEmpty ago.
func (l *listState) doubt(operation string, rows, before int, started time.Time) error {
	if rows > 0 || before == 0 {
		l.emptySince = time.Time{}
		return nil
	}
	if l.emptySince.IsZero() {
		l.emptySince = started
	}
	until := l.emptySince.Add(doubtEmpty)
	if !started.Before(until) {
		return nil
	}
	return cbrapi.ListError(operation, "the list is empty, but had %d rows before: check that the user may still see them; from %s on it is believed",
		before, until.UTC().Format(time.RFC3339))
}
