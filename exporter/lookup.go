package exporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/go-kit/log/level"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/config"
)

// lookup has the client of a project whose id may not be in the configuration.
// Nothing is asked before the first pass, so that the exporter starts without the
// cloud.
type lookup struct {
	find func(context.Context) (projectID string, err error) // nil where nothing has to be found
	open func(projectID string) (*cbrapi.Client, error)
	turn chan struct{} // holds one place: tasks and vaults need the id at once
	// found is nil until the id is known.
	found atomic.Pointer[foundProject]
}

type foundProject struct {
	id     string
	client *cbrapi.Client
}

// found returns a lookup that is over.
func found(client *cbrapi.Client, projectID string) *lookup {
	l := &lookup{}
	l.found.Store(&foundProject{projectID, client})
	return l
}

// newLookup returns a lookup that asks IAM through authorized, and CBR with the
// client that open returns for the id.
func (e *Exporter) newLookup(p config.Project, authorized http.RoundTripper, open func(projectID string) (*cbrapi.Client, error)) (*lookup, error) {
	iam, err := cbrapi.NewIAM(cbrapi.Options{
		Endpoint:  p.IAMEndpoint,
		Transport: authorized,
		UserAgent: e.options.UserAgent,
	})
	if err != nil {
		return nil, err
	}
	find := iam.ProjectID
	if hasToken(p.Credentials) {
		find = iam.VisibleProjectID
	}
	return &lookup{
		find: func(ctx context.Context) (string, error) {
			id, err := find(ctx, p.LookupName())
			if err == nil {
				_ = level.Info(e.options.Logger).Log("msg", "project id found", "project", p.Name, "project_name", p.LookupName(), "project_id", id)
			}
			return id, err
		},
		open: open,
		turn: make(chan struct{}, 1),
	}, nil
}

// prepare looks the id up unless it is known, one at a time.
func (l *lookup) prepare(ctx context.Context) error {
	if l.found.Load() != nil {
		return nil
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return lookupError(ctx.Err())
	}
	if l.found.Load() != nil { // whoever was first has found it
		return nil
	}
	id, err := l.find(ctx)
	if err != nil {
		return lookupError(err)
	}
	client, err := l.open(id)
	if err != nil {
		return err
	}
	l.found.Store(&foundProject{id, client})
	return nil
}

// lookupError adds to an error what to do about it, where the configuration is
// the place.
func lookupError(err error) error {
	remedy := ""
	var ambiguous *cbrapi.ProjectError
	switch {
	case errors.As(err, &ambiguous):
		remedy = "; set project_id or project_name"
	case cbrapi.ReasonOf(err) == cbrapi.ReasonPermission:
		remedy = "; set project_id, which needs no permission"
	}
	return fmt.Errorf("looking up the project id: %w%s", err, remedy)
}

// client returns the client of the project. It is called after prepare.
func (l *lookup) client() *cbrapi.Client { return l.found.Load().client }

// projectID returns the id of the project; "" while it is not known.
func (l *lookup) projectID() string {
	if p := l.found.Load(); p != nil {
		return p.id
	}
	return ""
}

// hasToken reports whether requests carry a token, which is for a project, and
// not a signature, which names it.
func hasToken(c config.Credentials) bool {
	return c.Kind() == config.KindToken || c.Kind() == config.KindPassword
}
