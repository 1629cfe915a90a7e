package tasks

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// pass reads everything that is due once. The mutex of the Tracker guards its fields
// until it is over.
type pass struct {
	number    uint64 // from 1
	started   time.Time
	ended     time.Time // zero while it runs
	responded bool      // the API has given a valid response
	listed    bool      // the lists have been read
	leftOut   int       // records that the limits of Discovery leave out
	failures  failures
	vanished  []string // ids of active tasks that do not exist any more

	// Whether something is missing of the configured or the discovered tasks.
	tasksFailed, discoveryFailed bool

	stop   context.CancelCauseFunc // ends the pass early
	result Snapshot                // valid when done is closed
	done   chan struct{}
}

func (p *pass) over() bool { return !p.ended.IsZero() }

func (p *pass) duration(now time.Time) time.Duration { return cmp.Or(p.ended, now).Sub(p.started) }

// failures holds the first failure of a pass for each reason.
type failures map[cbrapi.Reason]failure

type failure struct {
	count     int    // tasks and lists that failed for the reason
	key, name string // what failed, for the log
	err       error
}

func (f failures) add(key, name string, err error) {
	reason := cbrapi.ReasonOf(err)
	first, ok := f[reason]
	if !ok {
		first = failure{key: key, name: name, err: err}
	}
	first.count++
	f[reason] = first
}

func (t *Tracker) run(ctx context.Context, p *pass) {
	ctx, cancel := context.WithTimeout(ctx, t.options.Timeout)
	defer cancel()
	ctx, p.stop = context.WithCancelCause(ctx)
	defer p.stop(nil)

	t.readAll(ctx, p)
	t.logVanished(p.vanished)
	t.recordLeftOut(p)
	if !t.group.Closed() { // otherwise the failures mean only that it was cancelled
		t.logPassEnded(p.failures)
	}
	t.end(p)
}

func (t *Tracker) end(p *pass) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p.ended = t.options.Now()
	if !p.tasksFailed {
		t.lastTasks = p.ended
	}
	t.publish(p)
	close(p.done)
}

func (t *Tracker) publish(p *pass) {
	if d := t.discovered; d != nil && !p.discoveryFailed && d.synced(p.ended) {
		d.lastComplete = p.ended
		if d.readUntil.After(d.knownUntil) { // a date of the API may be earlier than one before
			d.knownUntil = d.readUntil
			d.ledger.Advance(d.knownUntil)
		}
	}
	t.updateProblems(p)
	p.result = t.snapshot(p)
}

// readAll reads the lists and then, one by one, the tasks that they did not bring.
func (t *Tracker) readAll(ctx context.Context, p *pass) {
	if t.options.Discovery != nil {
		listed := make(chan struct{})
		go func() {
			defer close(listed)
			t.readLists(ctx, p)
		}()
		select {
		case <-listed:
		case <-time.After(t.options.Timeout / 3):
			t.readDue(ctx, p) // or a list that hangs would starve the configured tasks
			<-listed
		}
	}
	t.mu.Lock()
	p.listed = true
	if t.discovered != nil && p.responded && ctx.Err() == nil {
		t.startFullSync()
	}
	t.mu.Unlock()
	t.readDue(ctx, p)
}

func (t *Tracker) readDue(ctx context.Context, p *pass) {
	var requests []func()
	for _, e := range t.due(p) {
		requests = append(requests, func() { t.readTask(ctx, p, e) })
	}
	t.parallel(requests...)
}

func (t *Tracker) parallel(requests ...func()) {
	var group errgroup.Group
	group.SetLimit(t.options.Concurrency)
	for _, request := range requests {
		group.Go(func() error {
			request()
			return nil
		})
	}
	_ = group.Wait()
}

// due returns the tasks that the pass must read one by one, those that were tried
// least recently first: configured tasks and, if the lists could be read, active tasks
// that they lack. Of a task that started before the incremental list the end would
// otherwise be seen an hour late, by the next full sync.
func (t *Tracker) due(p *pass) []*entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	var due []*entry
	for _, e := range t.entries {
		if !e.configured && (!p.listed || p.discoveryFailed) {
			continue // a failing API must not be asked for each of them
		}
		if e.readIn != p.number && e.failedIn != p.number && e.due(t.options.Now(), t.options.FinishedTaskTTL) {
			due = append(due, e)
		}
	}
	if len(due) == 0 && len(t.configured) > 0 && !p.responded && !p.discoveryFailed {
		// Each pass sends a request, to learn whether the API responds.
		return []*entry{slices.MinFunc(t.configured, func(a, b *entry) int { return a.readAt.Compare(b.readAt) })}
	}
	slices.SortFunc(due, func(a, b *entry) int {
		return cmp.Or(a.triedAt.Compare(b.triedAt), strings.Compare(a.id, b.id))
	})
	return due
}

func (t *Tracker) readTask(ctx context.Context, p *pass, e *entry) {
	if ctx.Err() != nil {
		t.recordTaskFailure(p, e, context.Cause(ctx), false)
		return
	}
	log, err := t.api.OperationLog(ctx, e.id)
	switch {
	case err == nil:
		t.recordTasks(p, log)
	case cbrapi.IsNotFound(err):
		t.recordMissing(p, e)
	default:
		t.recordTaskFailure(p, e, t.stopFor(ctx, p, err), !errors.Is(err, cbrapi.ErrNotSent))
	}
}

// stopFor ends the pass if no other request can succeed after err. It returns err or,
// if the pass was cancelled before, the cause of that.
func (t *Tracker) stopFor(ctx context.Context, p *pass, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = cause
	}
	if cbrapi.StopsAll(err) {
		p.stop(err)
	}
	return err
}

// recordTasks records tasks that the pass has read.
func (t *Tracker) recordTasks(p *pass, logs ...*cbrapi.OperationLog) {
	t.mu.Lock()
	p.responded = true
	followed := t.record(logs, p.number)
	t.mu.Unlock()
	t.report(followed)
}

// record records tasks that were read in the pass with the number; 0 is a full sync. It
// returns those that are tracked: the API may have ignored a filter.
func (t *Tracker) record(logs []*cbrapi.OperationLog, pass uint64) (followed []*cbrapi.OperationLog) {
	now, d := t.options.Now(), t.discovered
	for _, log := range logs {
		e := t.entries[log.ID]
		if e != nil {
			e.record(log, now, pass)
		}
		follows := d != nil && d.Follows(log.OperationType)
		if follows || e != nil {
			followed = append(followed, log)
		}
		if !follows {
			continue
		}
		d.ledger.Add(log)
		switch {
		case log.Status.Finished():
			if e != nil && !e.configured {
				delete(t.entries, log.ID)
			}
		case e != nil || d.ledger.HasEnded(log):
		case d.MaxActive > 0 && len(t.entries)-len(t.configured) >= d.MaxActive:
			d.leftOut++
		default:
			e = &entry{id: log.ID}
			e.record(log, now, pass)
			t.entries[log.ID] = e
		}
	}
	return followed
}

func (t *Tracker) recordMissing(p *pass, e *entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.log != nil && !e.finished() {
		p.vanished = append(p.vanished, e.id)
	}
	p.responded = true
	e.log, e.err, e.failedIn = nil, nil, 0
	e.readAt, e.triedAt, e.readIn = t.options.Now(), t.options.Now(), p.number
	if !e.configured {
		delete(t.entries, e.id)
	}
}

func (t *Tracker) recordTaskFailure(p *pass, e *entry, err error, sent bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if sent {
		e.triedAt = t.options.Now()
	}
	e.err, e.failedIn = err, p.number
	if e.configured {
		p.tasksFailed = true
	}
	if t.discovered.follows(e) {
		p.discoveryFailed = true
	}
	p.failures.add("task_id", e.id, err)
}

func (t *Tracker) recordLeftOut(p *pass) {
	if t.options.Discovery == nil {
		return
	}
	t.mu.Lock()
	n, err := t.discovered.takeLeftOut()
	p.leftOut = n
	t.mu.Unlock()
	if err != nil {
		t.recordListFailure(p, "all", err)
	}
}

func (t *Tracker) recordListFailure(p *pass, name string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p.discoveryFailed = true
	p.failures.add("list", name, err)
}

func (t *Tracker) updateProblems(p *pass) {
	var problems []problem.Problem // a new slice, since snapshots share the old one
	for _, reason := range cbrapi.Reasons() {
		err := p.failures[reason].err
		if d := t.discovered; err == nil && d != nil && d.syncError != nil && cbrapi.ReasonOf(d.syncError) == reason {
			err = d.syncError
		}
		if err == nil {
			continue
		}
		since := p.ended
		for _, before := range t.problems {
			if before.Reason == reason {
				since = before.Since
			}
		}
		problems = append(problems, problem.Problem{Reason: reason, Err: err, Since: since})
	}
	t.problems = problems
}
