package exporter

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/config"
)

// Connection is what came of the requests for a project.
type Connection struct {
	Project     string
	Credentials string // their kind
	Answer      string // what the API said, in words; "" where it did not answer
	Err         error  // nil where the API answered, be it that there is no such task
	Remedy      string // what to look at where it did not
	// ClockOffset is how far the API's clock is ahead of this machine's, to a second
	// or two, where ClockKnown says that an answer told.
	ClockOffset time.Duration
	ClockKnown  bool
}

// String says in a sentence what works, or what does not and how to mend it.
func (c Connection) String() string {
	if c.Err != nil && c.Answer == "" {
		return fmt.Sprintf("project %s does not work: %s; %s", c.Project, c.Err, c.Remedy)
	}
	works := "works"
	if c.Err != nil {
		works = "works in part"
	}
	text := fmt.Sprintf("project %s %s: the API accepts the %s, %s", c.Project, works, c.Credentials, c.Answer)
	if c.Err != nil {
		text += fmt.Sprintf(", but %s; %s", c.Err, c.Remedy)
	}
	if c.ClockKnown {
		text += "; " + describeOffset(c.ClockOffset)
	}
	return text
}

// CheckConnections sends one request for each project, all at once: for its task
// list where that is followed, and for its first task where it is not. Where vaults
// are read it sends one more for these and one for the policies.
func (e *Exporter) CheckConnections(ctx context.Context) []Connection {
	inForce := e.inForce.Load()
	connections := make([]Connection, len(inForce.all))
	var wait sync.WaitGroup
	for i, p := range inForce.all {
		wait.Go(func() {
			connections[i] = p.checkConnection(ctx, inForce.config.Projects[i])
		})
	}
	wait.Wait()
	return connections
}

func (p *project) checkConnection(ctx context.Context, settings config.Project) Connection {
	c := Connection{Project: p.name, Credentials: string(settings.Credentials.Kind())}
	var offset clockOffset
	ctx = withClockOffset(ctx, &offset)
	if p.prepare != nil {
		c.Err = p.prepare(ctx)
	}
	remedy := collection.Remedy
	for _, about := range p.subjects(settings) {
		if c.Err != nil { // another request may do harm, where credentials are refused
			break
		}
		remedy = about.remedy
		var answer string
		if answer, c.Err = about.ask(ctx); c.Err == nil {
			c.Answer = strings.TrimPrefix(c.Answer+", "+answer, ", ")
		}
	}
	if c.Err != nil {
		c.Remedy = remedy(cbrapi.ReasonOf(c.Err))
	}
	c.ClockOffset, c.ClockKnown = offset.value()
	return c
}
