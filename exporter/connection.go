package exporter

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// Connection is what came of one request for a project.
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
	if c.Err != nil {
		return fmt.Sprintf("project %s does not work: %s; %s", c.Project, c.Err, c.Remedy)
	}
	text := fmt.Sprintf("project %s works: the API accepts the %s, %s", c.Project, c.Credentials, c.Answer)
	if c.ClockKnown {
		text += "; " + describeOffset(c.ClockOffset)
	}
	return text
}

// CheckConnections sends one request for each project, all at once: for its task
// list where that is followed, and for its first task where it is not, or for its
// vaults where it names none.
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
	c.Answer, c.Err = p.ask(ctx, settings)
	if c.Err != nil {
		c.Remedy = remedyOf(settings)(cbrapi.ReasonOf(c.Err))
	}
	c.ClockOffset, c.ClockKnown = offset.value()
	return c
}

// ask returns what the API says to the one request, in words.
func (p *project) ask(ctx context.Context, settings config.Project) (string, error) {
	if p.prepare != nil {
		if err := p.prepare(ctx); err != nil {
			return "", err
		}
	}
	switch {
	case settings.Discovery != nil:
		return p.askForList(ctx)
	case len(settings.TaskIDs) == 0:
		return p.askForVaults(ctx)
	}
	id := settings.TaskIDs[0]
	task, err := p.api.OperationLog(ctx, id)
	switch {
	case cbrapi.IsNotFound(err):
		return fmt.Sprintf("but knows no task %s; check task_ids", id), nil
	case err != nil:
		return "", err
	default:
		return fmt.Sprintf("and says that task %s is %s", id, task.Status), nil
	}
}

// remedyOf returns what knows a remedy where the one request for a project fails.
func remedyOf(settings config.Project) func(cbrapi.Reason) string {
	if settings.Discovery == nil && len(settings.TaskIDs) == 0 {
		return inventory.Remedy
	}
	return collection.Remedy
}

func (p *project) askForVaults(ctx context.Context) (string, error) {
	vaults, err := p.api.Vaults().Next(ctx)
	if err != nil {
		return "", err
	}
	many := ""
	if len(vaults) == fullPage {
		many = " or more"
	}
	return fmt.Sprintf("and lists %d%s vaults", len(vaults), many), nil
}

// fullPage is the number of rows in a page of a list, if there are so many.
const fullPage = 1000

func (p *project) askForList(ctx context.Context) (string, error) {
	list := p.api.client().List(cbrapi.ListFilter{})
	tasks, err := list.Try(ctx)
	switch {
	case err != nil:
		return "", err
	case len(tasks) == 0 && (list.Rows() > 0 || !list.Done()):
		return "", &cbrapi.Error{
			Operation: "ListOpLogs", StatusCode: http.StatusOK,
			Message: fmt.Sprintf("none of the %d rows is a task of the project with an id", list.Rows()),
		}
	}
	asOf := ""
	if date := list.Date(); !date.IsZero() {
		asOf = " as of " + date.UTC().Format(time.RFC3339)
	}
	if len(tasks) == 0 {
		return "and has no task" + asOf + "; if there should be some, check project_id and enterprise_project_id", nil
	}
	newest := tasks[0]
	for _, t := range tasks {
		if t.CreatedAt.After(newest.CreatedAt) {
			newest = t
		}
	}
	many := ""
	if len(tasks) == fullPage {
		many = " or more"
	}
	text := fmt.Sprintf("and lists %d%s tasks%s", len(tasks), many, asOf)
	if !newest.CreatedAt.IsZero() {
		text += ", the newest of them from " + newest.CreatedAt.UTC().Format(time.RFC3339)
	}
	return text, nil
}
