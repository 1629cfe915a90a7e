package exporter

import (
	"context"
	"fmt"
	"sync"

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
}

// String says in a sentence what works, or what does not and how to mend it.
func (c Connection) String() string {
	switch {
	case c.Err != nil:
		return fmt.Sprintf("project %s does not work: %s; %s", c.Project, c.Err, collection.Remedy(cbrapi.ReasonOf(c.Err)))
	case c.Task == nil:
		return fmt.Sprintf("project %s works: the API accepts the %s, but knows no task %s; check task_ids", c.Project, c.Credentials, c.TaskID)
	default:
		return fmt.Sprintf("project %s works: the API accepts the %s, and says that task %s is %s", c.Project, c.Credentials, c.TaskID, c.Task.Status)
	}
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
			if p.prepare != nil {
				c.Err = p.prepare(ctx)
			}
			if c.Err == nil {
				c.Task, c.Err = p.api.OperationLog(ctx, c.TaskID)
			}
			if cbrapi.IsNotFound(c.Err) {
				c.Err = nil
			}
		})
	}
	wait.Wait()
	return connections
}
