package collection

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// sweepInterval is the time from one reading of the whole list to the next.
const sweepInterval = time.Hour

// sweep is a reading of all tasks that the API remembers, outside of any scrape. It
// is not filtered by time: nobody knows which time the service would go by, nor
// what it would do with tasks that never started.
type sweep struct {
	list     List
	began    time.Time // by our clock
	date     time.Time // of the first page, by the clock of the API
	pages    int
	tasks    int
	followed int       // of the tasks
	oldest   time.Time // creation; zero for none
}

// beginSweep goes on with the sweep that was interrupted, or begins one, if it is
// time for it, none runs, and the API answers in the pass p.
func (c *Collection) beginSweep(p *pass) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, now := c.discovered, c.options.Now()
	if d.sweeping || !p.answered || c.alive.Err() != nil {
		return
	}
	if d.sweep != nil && now.Sub(d.sweep.began) >= sweepInterval {
		d.sweep = nil // what it has read is out of date
	}
	if d.sweep == nil {
		if !d.sweptAt.IsZero() && now.Sub(d.sweptAt) < sweepInterval {
			return
		}
		d.sweep = &sweep{list: c.api.ListToEnd(d.filter()), began: now}
	}
	d.sweeping = true
	s := d.sweep
	c.running.Go(func() { c.runSweep(s) })
}

// errOutdated ends a sweep in the place of which another one is needed.
var errOutdated = errors.New("what has been read so far is not wanted any more")

// runSweep reads page by page, until the end or the first failure: the next pass
// goes on at that page.
func (c *Collection) runSweep(s *sweep) {
	var err error
	for err == nil && !s.list.Done() {
		err = c.readPage(s)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.discovered
	if d.sweep != s {
		return // all is read anew, or another configuration has taken over what is known
	}
	if err == nil {
		err = d.lostAll(s)
		d.lost = err != nil
	}
	d.sweeping, d.sweepError = false, err
	switch {
	case c.alive.Err() != nil:
		return
	case err != nil:
		c.journal.interrupted(err)
	default:
		d.sweep, d.sweptAt, d.oldest = nil, s.began, s.oldest
		if s.date.After(d.newsAt) {
			d.newsUntil(s.date, s.began)
		}
		c.journal.swept(s, c.options.Now().Sub(s.began), len(d.ledger.Standings()))
	}
	// Who looks before the next pass is told what is known now.
	if p := c.current; p != nil && p.over() {
		if !p.discoveryFailed && d.swept(p.ended) {
			d.lastFound = p.ended
		}
		c.noteTroubles(p)
		p.result = c.snapshot(p)
	}
}

// recent is for how long the API surely remembers tasks.
const recent = 7 * 24 * time.Hour

// lostAll returns an error where the whole list is empty though there have been tasks
// lately: more likely than that they are gone is that the user may not see them any
// more. The next pass reads it anew.
func (d *discovered) lostAll(s *sweep) error {
	if s.tasks > 0 || !d.ledger.AnyAfter(s.date.Add(-recent)) {
		return nil
	}
	d.sweep = nil
	return &cbrapi.Error{
		Operation:  "ListOpLogs",
		StatusCode: http.StatusOK,
		Message:    "the list of all tasks is empty, though there have been some lately; check the user's rights, project_id and enterprise_project_id",
	}
}

func (c *Collection) readPage(s *sweep) error {
	// A page may take as long as a pass.
	ctx, cancel := context.WithTimeout(c.alive, c.options.Timeout)
	defer cancel()
	logs, err := s.list.Next(ctx)
	c.reportInvalid("", s.list.Invalid())
	if err != nil {
		return err
	}
	followed, err := c.noteSwept(s, logs)
	for _, log := range followed {
		c.report(log)
	}
	if err == nil {
		err = c.bound()
	}
	return err
}

// noteSwept takes in a page, and returns the tasks in it that are followed.
func (c *Collection) noteSwept(s *sweep, logs []*cbrapi.OperationLog) (followed []*cbrapi.OperationLog, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.discovered
	if d.sweep != s {
		return nil, errOutdated
	}
	d.sweepError = nil // it goes on
	if s.pages == 0 {
		s.date = c.dateOf(s.list)
		d.ledger.Advance(s.date) // first, for what is too old
	}
	s.pages++
	s.tasks += len(logs)
	now, latest := c.options.Now(), c.latest(s.list)
	for _, log := range logs {
		log = withoutFuture(log, latest)
		if c.note(log, now, 0) {
			followed = append(followed, log)
		}
		if !log.CreatedAt.IsZero() && (s.oldest.IsZero() || log.CreatedAt.Before(s.oldest)) {
			s.oldest = log.CreatedAt
		}
	}
	s.followed += len(followed)
	return followed, nil
}
