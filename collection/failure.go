package collection

import (
	"errors"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// failures holds one example for each reason that a pass has met: the first, or the
// first in which the cloud says more.
type failures map[cbrapi.Reason]failure

// failure is what stands for all failures of one reason.
type failure struct {
	count  int    // tasks and lists that could not be read for this reason
	taskID string // of the example, if it is a task
	list   string // of the example, if it is a list
	err    error
}

func (f failures) add(example failure) {
	reason := cbrapi.ReasonOf(example.err)
	known, met := f[reason]
	example.count = known.count + 1
	if met && (said(known.err) || !said(example.err)) {
		example.taskID, example.list, example.err = known.taskID, known.list, known.err
	}
	f[reason] = example
}

// said reports whether an error has the words of the cloud, and not only ours about
// what it said before.
func said(err error) bool {
	var answer *cbrapi.Error
	return errors.As(err, &answer)
}

// noteDoubt notes that the API says of a task that was active that it does not exist:
// how it has ended is not known. That is no failure of the API's, and has no remedy.
func (c *Collection) noteDoubt(p *pass, e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noteUnknown(p, e, errMissing)
	c.journal.vanished(e.id)
}

// noteUnknown notes that a task is not known in the pass p. It must be called with the
// mutex held.
func (c *Collection) noteUnknown(p *pass, e *entry, err error) {
	e.err, e.failedIn = err, p.number
	if e.configured {
		p.tasksFailed = true
	}
	if c.discovered != nil && c.discovered.ledger.IsActive(e.id) {
		p.discoveryFailed = true
	}
}

// noteTaskFailure notes why a task could not be read in the pass p, and whether it
// was asked for.
func (c *Collection) noteTaskFailure(p *pass, e *entry, err error, asked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if asked {
		e.triedAt = c.options.Now()
	}
	c.noteUnknown(p, e, err)
	p.failures.add(failure{taskID: e.id, err: err})
}

// noteListFailure notes why a list, or if it has no name any, could not be read in
// the pass p.
func (c *Collection) noteListFailure(p *pass, list string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.discoveryFailed = true
	p.failures.add(failure{list: list, err: err})
}

// noteUnprepared notes why nothing can be read in the pass p.
func (c *Collection) noteUnprepared(p *pass, err error) {
	if c.options.Discovery != nil {
		c.noteListFailure(p, "", err)
	}
	for _, e := range c.due(p) {
		c.noteTaskFailure(p, e, err, false)
	}
}
