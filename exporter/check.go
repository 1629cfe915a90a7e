package exporter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

// Connection is the result of the requests that check a project.
type Connection struct {
	Project     string
	Credentials string // their kind
	Response    string // what the API said; "" if it did not respond
	Err         error  // the first error; nil for a task that does not exist
	Hint        string // what to check; "" if there is no need to
}

// String returns the result as one sentence.
func (c Connection) String() string {
	if c.Response == "" {
		return fmt.Sprintf("project %s does not work: %s; %s", c.Project, c.Err, c.Hint)
	}
	works, end := "works", c.Hint
	if c.Err != nil {
		works, end = "works in part", fmt.Sprintf("but %s; %s", c.Err, c.Hint)
	}
	text := fmt.Sprintf("project %s %s: the API accepts the %s; %s", c.Project, works, c.Credentials, c.Response)
	if end != "" {
		text += "; " + end
	}
	return text
}

// CheckConnections sends a few requests for each project, for all projects at once:
// for the first page of the task list with discovery, for the first task without it, and
// for the policies and the first pages of vaults, backups and protectable resources if these
// are read. It takes no longer than scrape.timeout.
func (e *Exporter) CheckConnections(ctx context.Context) []Connection {
	current := e.current.Load()
	timeout := current.config.Scrape.Timeout
	ctx, cancel := context.WithTimeout(ctx, time.Duration(timeout))
	defer cancel()
	connections := make([]Connection, len(current.all))
	var wait sync.WaitGroup
	for i, p := range current.all {
		wait.Go(func() {
			c := p.checkConnection(ctx)
			if errors.Is(c.Err, context.DeadlineExceeded) {
				c.explainDeadline(timeout)
			}
			connections[i] = c
		})
	}
	wait.Wait()
	return connections
}

func (p *project) checkConnection(ctx context.Context) Connection {
	c := Connection{Project: p.name, Credentials: string(p.config.Credentials.Kind())}
	var responses []string
	for _, check := range p.checks() {
		response, err := check.run(ctx)
		if err != nil {
			// Another request may do harm where the credentials are refused.
			c.Err, c.Hint = err, check.hint(cbrapi.ReasonOf(err), err)
			break
		}
		responses = append(responses, response.text)
		if response.isEmpty {
			c.Hint = "if there should be more, check project_id and enterprise_project_id"
		}
	}
	c.Response = strings.Join(responses, "; ")
	return c
}

// explainDeadline replaces what is said of the deadline of scrapes.
func (c *Connection) explainDeadline(timeout config.Duration) {
	if errors.Is(c.Err, cbrapi.ErrNotSent) {
		c.Hint = "raise scrape.requests_per_second or scrape.timeout"
		return
	}
	endpoint := "endpoint"
	if errors.Is(c.Err, cbrapi.ErrProjectID) || errors.Is(c.Err, cbrapi.ErrLogin) {
		endpoint = "iam_endpoint"
	}
	late := fmt.Sprintf("no response within scrape.timeout (%s)", timeout)
	c.Err = errors.New(strings.Replace(c.Err.Error(), context.DeadlineExceeded.Error(), late, 1))
	c.Hint = "check " + endpoint + ", DNS, the firewall and the proxy, or raise scrape.timeout"
}

// check is one request that checks a connection.
type check struct {
	run  func(context.Context) (response, error)
	hint func(cbrapi.Reason, error) string
}

// response says what the API returned, and whether that is a list without rows.
type response struct {
	text    string
	isEmpty bool
}

func (p *project) checks() []check {
	var all []check
	switch {
	case p.config.Discovery != nil:
		all = append(all, check{p.checkTaskList, p.hints.Tasks})
	case len(p.config.TaskIDs) > 0:
		all = append(all, check{p.checkTask, p.hints.Tasks})
	}
	if p.inventory != nil {
		all = append(all, check{firstPage("vaults", p.client.Vaults()), p.hints.Vaults}, check{p.checkPolicies, p.hints.Vaults})
	}
	if p.config.Backups != nil {
		all = append(all, check{firstPage("backups", p.client.Backups(cbrapi.BackupFilter{})), p.hints.Backups})
	}
	if p.config.Protectables != nil {
		kind := p.config.Protectables.Types[0] // the others need little more
		list := p.client.Protectables(cbrapi.ProtectableType(kind))
		all = append(all, check{firstPage("resources of type "+kind, list), p.hints.Protectables})
	}
	return all
}

// firstPage returns a check of a list, whose rows are what.
func firstPage[T any](what string, list *cbrapi.List[T]) func(context.Context) (response, error) {
	return func(ctx context.Context) (response, error) {
		rows, err := list.Next(ctx)
		return response{fmt.Sprintf("%s on the first page: %d", what, len(rows)), len(rows) == 0}, err
	}
}

func (p *project) checkTask(ctx context.Context) (response, error) {
	id := p.config.TaskIDs[0]
	task, err := p.client.OperationLog(ctx, id)
	switch {
	case cbrapi.IsNotFound(err):
		return response{text: fmt.Sprintf("there is no task %s, so check task_ids", id)}, nil
	case err != nil:
		return response{}, err
	default:
		return response{text: fmt.Sprintf("task %s is %s", id, task.Status)}, nil
	}
}

func (p *project) checkTaskList(ctx context.Context) (response, error) {
	list := p.client.OperationLogs(cbrapi.ListFilter{})
	tasks, err := list.Next(ctx)
	if err != nil {
		return response{}, err
	}
	text := fmt.Sprintf("tasks on the first page: %d", len(tasks))
	if date := list.Date(); !date.IsZero() {
		text += " as of " + date.UTC().Format(time.RFC3339)
	}
	var latest time.Time
	for _, t := range tasks {
		if t.CreatedAt.After(latest) {
			latest = t.CreatedAt
		}
	}
	if !latest.IsZero() {
		text += ", the latest from " + latest.UTC().Format(time.RFC3339)
	}
	return response{text, len(tasks) == 0}, nil
}

func (p *project) checkPolicies(ctx context.Context) (response, error) {
	policies, _, err := p.client.Policies(ctx)
	text := fmt.Sprintf("policies: %d", len(policies))
	if tooRare := protection.TooRare(policies, p.verdicts); tooRare != "" {
		text += "; " + tooRare
	}
	return response{text: text}, err
}
