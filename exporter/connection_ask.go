package exporter

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// subject is what the API is asked about to check the connection.
type subject struct {
	ask    func(context.Context) (string, error) // returns what the API says, in words
	remedy func(cbrapi.Reason) string            // knows one where that fails
}

func (p *project) subjects(settings config.Project) []subject {
	var all []subject
	switch {
	case settings.Discovery != nil:
		all = append(all, subject{p.askForList, collection.Remedy})
	case len(settings.TaskIDs) > 0:
		all = append(all, subject{p.askForTask(settings.TaskIDs[0]), collection.Remedy})
	}
	if settings.Vaults != nil {
		all = append(all, subject{p.askForVaults, inventory.Remedy}, subject{p.askForPolicies, inventory.Remedy})
	}
	return all
}

func (p *project) askForTask(id string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
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
}

// askForVaults asks for a whole page. Where that is too large, and only there, it
// asks for a smaller one.
func (p *project) askForVaults(ctx context.Context) (string, error) {
	list := p.api.client().Vaults()
	vaults, err := list.Next(ctx)
	switch {
	case err != nil:
		return "", err
	case len(vaults) == 0 && list.Rows() > 0:
		return "", useless("ListVault", list.Rows(), "a vault with an id")
	case len(vaults) == 0:
		return "and has no vault; if there should be some, check project_id and enterprise_project_id", nil
	}
	return fmt.Sprintf("and lists %s vaults", atLeast(len(vaults), list.More())), nil
}

func (p *project) askForPolicies(ctx context.Context) (string, error) {
	policies, _, err := p.api.Policies(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("and %d policies", len(policies)), nil
}

// useless is the error for an answer that has rows, and nothing of what was asked for.
func useless(operation string, rows int, want string) error {
	return &cbrapi.Error{
		Operation: operation, StatusCode: http.StatusOK,
		Message: fmt.Sprintf("none of the %d rows is %s", rows, want),
	}
}

// atLeast writes the number of rows in a page, and whether the list may have more.
func atLeast(n int, more bool) string {
	if more {
		return fmt.Sprintf("%d or more", n)
	}
	return fmt.Sprint(n)
}

func (p *project) askForList(ctx context.Context) (string, error) {
	list := p.api.client().List(cbrapi.ListFilter{})
	tasks, err := list.Try(ctx)
	switch {
	case err != nil:
		return "", err
	case len(tasks) == 0 && (list.Rows() > 0 || !list.Done()):
		return "", useless("ListOpLogs", list.Rows(), "a task of the project with an id")
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
	text := fmt.Sprintf("and lists %s tasks%s", atLeast(len(tasks), list.More()), asOf)
	if !newest.CreatedAt.IsZero() {
		text += ", the newest of them from " + newest.CreatedAt.UTC().Format(time.RFC3339)
	}
	return text, nil
}
