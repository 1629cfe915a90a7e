package collection

import (
	"context"
	"fmt"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// The lists that a pass reads, as the log calls them.
const (
	listRunning = "running"
	listWaiting = "waiting"
	listNews    = "started lately"
)

// lists returns what reads the lists of the pass p; nil if they are not worth it.
//
// What runs and what waits is asked for without regard to a time: a task may wait
// for hours without a start, and run for hours after it. The third list has what
// has started and ended between two passes.
func (c *Collection) lists(ctx context.Context, p *pass) []func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.discovered
	if d == nil {
		due := c.countDue()
		if due <= worthLists || c.options.Now().Before(c.listsAgain) {
			return nil
		}
		return []func(){func() { c.readActive(ctx, p, due) }}
	}
	running, waiting := d.filter(), d.filter()
	running.Status, waiting.Status = cbrapi.StatusRunning, cbrapi.StatusWaiting
	return []func(){
		func() { c.readList(ctx, p, listRunning, running) },
		func() { c.readList(ctx, p, listWaiting, waiting) },
		func() { c.readNews(ctx, p) },
	}
}

// readNews reads what has started since the news were complete for the last time.
func (c *Collection) readNews(ctx context.Context, p *pass) {
	c.mu.Lock()
	d, ours := c.discovered, c.options.Now()
	now := d.date // by the list that went ahead
	if now.IsZero() {
		now = ours // that has failed, or hangs; the first sweep is still to come
	}
	filter := d.filter()
	filter.StartTime = d.since(now, ours)
	c.mu.Unlock()

	date, ok := c.readList(ctx, p, listNews, filter)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.discovered.newsUntil(date, ours)
}

// readList reads a list to its end, and returns dateOf it. It is not ok if it could
// not be read.
func (c *Collection) readList(ctx context.Context, p *pass, name string, filter cbrapi.ListFilter) (date time.Time, ok bool) {
	list := c.api.List(filter)
	for !list.Done() {
		if ctx.Err() != nil {
			c.noteListFailure(p, name, context.Cause(ctx))
			return time.Time{}, false
		}
		logs, err := list.Next(ctx)
		c.reportInvalid("", list.Invalid())
		if err == nil {
			c.noteTasks(p, list, logs...)
			err = c.bound()
		}
		if err != nil {
			c.noteListFailure(p, name, c.stopFor(ctx, p, err))
			return time.Time{}, false
		}
	}
	if err := c.wrongDate(list); err != nil {
		c.noteListFailure(p, name, err) // and the tasks in it count
		return time.Time{}, false
	}
	return c.dateOf(list), true
}

// dateOf returns when the reading of a list began by the clock of the API; where
// that does not tell its time, or one that cannot be, a time that is not later.
func (c *Collection) dateOf(list List) time.Time {
	now := c.options.Now()
	if date := list.Date(); !date.IsZero() && date.Sub(now).Abs() < maxClockOffset {
		return date
	}
	return now.Add(-clockDoubt)
}

// wrongDate returns an error where a list has a date that is not believed. What has
// started lately cannot be told then.
func (c *Collection) wrongDate(list List) error {
	date, now := list.Date(), c.options.Now()
	if date.IsZero() || date.Sub(now).Abs() < maxClockOffset {
		return nil
	}
	return fmt.Errorf("%w: this machine's, which says %s, or that of the API or of a proxy, whose answer is dated %s",
		cbrapi.ErrClock, now.UTC().Format(time.RFC3339), date.UTC().Format(time.RFC3339))
}

const (
	// noListFor is how long a collection without discovery does without lists where
	// it may not read them, and noListAfterFault the same where something failed.
	noListFor        = time.Hour
	noListAfterFault = 5 * time.Minute
	// listPatience is how long it waits for them: longer, and no time is left of a
	// scrape to read the tasks one by one.
	listPatience = 3 * time.Second
)

// readActive reads the lists of active tasks in place of so many configured ones.
// That they cannot be read is no failure, as the tasks can be read one by one; a
// user may be allowed that alone.
func (c *Collection) readActive(ctx context.Context, p *pass, due int) {
	ctx, cancel := context.WithTimeout(ctx, min(listPatience, c.options.Timeout/3))
	defer cancel()
	// Others may have many more tasks, and then asking for ours is cheaper.
	pages := 1 + due/worthLists
	for _, status := range []cbrapi.Status{cbrapi.StatusRunning, cbrapi.StatusWaiting} {
		list := c.api.List(cbrapi.ListFilter{Status: status})
		for page := 0; page < pages && !list.Done(); page++ {
			logs, err := list.Next(ctx)
			c.reportInvalid("", list.Invalid())
			if err != nil {
				c.doWithoutLists(ctx, p, err)
				return
			}
			c.noteTasks(p, list, logs...)
		}
	}
}

func (c *Collection) doWithoutLists(ctx context.Context, p *pass, err error) {
	if stopsPass(err) {
		c.noteListFailure(p, listRunning, c.stopFor(ctx, p, err))
		return
	}
	pause := noListAfterFault
	if reason := cbrapi.ReasonOf(err); reason == cbrapi.ReasonPermission || reason == cbrapi.ReasonOther {
		pause = noListFor
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listsAgain = c.options.Now().Add(pause)
}
