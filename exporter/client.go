package exporter

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/config"
)

// newAPI returns the API of the project, and what has to precede each pass over
// it, if anything. Requests go through the authorization in use, which sends them on
// to next; it is replaced by one with the project id, where that has to be found.
func (e *Exporter) newAPI(p config.Project, inUse *atomic.Pointer[authorization], next http.RoundTripper) (collection.API, func(context.Context) error, error) {
	authorized := inUse.Load()
	// Also where the id is not known yet, to find what is wrong with the endpoint.
	client, err := e.newClient(p, authorized)
	if err != nil || p.ProjectID != "" {
		return client, nil, err
	}
	l, err := e.newLookup(p, authorized, func(projectID string) (*cbrapi.Client, error) {
		found := p
		found.ProjectID = projectID
		if hasToken(p.Credentials) {
			return e.newClient(found, authorized)
		}
		// The id is a part of what is signed.
		signed, err := e.authorize(found, next)
		if err != nil {
			return nil, err
		}
		inUse.Store(signed)
		return e.newClient(found, signed)
	})
	if err != nil {
		return nil, nil, err
	}
	return l, l.prepare, nil
}

func (e *Exporter) newClient(p config.Project, authorized http.RoundTripper) (*cbrapi.Client, error) {
	return cbrapi.New(cbrapi.Options{
		Endpoint:  p.Endpoint,
		Transport: authorized,
		UserAgent: e.options.UserAgent,
	}, p.ProjectID)
}
