package exporter

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

// Connection is what came of one request for a project.
type Connection struct {
	Project     string
	Credentials string // their kind
	TaskID      string // that was asked for
	Task        *cbrapi.OperationLog
	Err         error // nil where the API answered, be it that there is no such task
	// ClockOffset is how far the API's clock is ahead of this machine's, to a second
	// or two, where ClockKnown says that an answer told.
	ClockOffset time.Duration
	ClockKnown  bool
}

// String says in a sentence what works, or what does not and how to mend it.
func (c Connection) String() string {
	if c.Err != nil {
		return fmt.Sprintf("project %s does not work: %s; %s", c.Project, c.Err, collection.Remedy(cbrapi.ReasonOf(c.Err)))
	}
	text := fmt.Sprintf("project %s works: the API accepts the %s, ", c.Project, c.Credentials)
	if c.Task == nil {
		text += fmt.Sprintf("but knows no task %s; check task_ids", c.TaskID)
	} else {
		text += fmt.Sprintf("and says that task %s is %s", c.TaskID, c.Task.Status)
	}
	if c.ClockKnown {
		text += "; " + describeOffset(c.ClockOffset)
	}
	return text
}

// CheckConnections asks for the first task of each project, all at once.
func (e *Exporter) CheckConnections(ctx context.Context) []Connection {
	inForce := e.inForce.Load()
	connections := make([]Connection, len(inForce.all))
	var wait sync.WaitGroup
	for i, p := range inForce.all {
		wait.Go(func() {
			c := &connections[i]
			settings := inForce.config.Projects[i]
			*c = Connection{Project: p.name, Credentials: string(settings.Credentials.Kind()), TaskID: settings.TaskIDs[0]}
			var offset clockOffset
			ctx := withClockOffset(ctx, &offset)
			if p.prepare != nil {
				c.Err = p.prepare(ctx)
			}
			if c.Err == nil {
				c.Task, c.Err = p.api.OperationLog(ctx, c.TaskID)
			}
			if cbrapi.IsNotFound(c.Err) {
				c.Err = nil
			}
			c.ClockOffset, c.ClockKnown = offset.value()
		})
	}
	wait.Wait()
	return connections
}
