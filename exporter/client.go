package exporter

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/pace"
	"github.com/cbr-exporter/cbr_exporter/config"
)

// newClient returns what returns the client of the project, and what has to
// precede each pass over it, if anything. Requests go through the authorization in
// use, which sends them on to next; it is replaced by one with the project id, where
// that has to be found. Its requests keep to the pacer.
func (e *Exporter) newClient(p config.Project, inUse *atomic.Pointer[authorization], pacer *pace.Pacer, next http.RoundTripper) (*lookup, error) {
	authorized := inUse.Load()
	// Also where the id is not known yet, to find what is wrong with the endpoint.
	client, err := e.openClient(p, authorized, pacer)
	if err != nil {
		return nil, err
	}
	if p.ProjectID != "" {
		return found(client, p.ProjectID), nil
	}
	return e.newLookup(p, authorized, func(projectID string) (*cbrapi.Client, error) {
		known := p
		known.ProjectID = projectID
		if hasToken(p.Credentials) {
			return e.openClient(known, authorized, pacer)
		}
		// The id is a part of what is signed.
		signed, err := e.authorize(known, next)
		if err != nil {
			return nil, err
		}
		inUse.Store(signed)
		return e.openClient(known, signed, pacer)
	})
}

func (e *Exporter) openClient(p config.Project, authorized http.RoundTripper, pacer *pace.Pacer) (*cbrapi.Client, error) {
	return cbrapi.New(cbrapi.Options{
		Endpoint:            p.Endpoint,
		Transport:           authorized,
		UserAgent:           e.options.UserAgent,
		Pace:                paced(pacer),
		EnterpriseProjectID: p.EnterpriseProjectID,
	}, p.ProjectID)
}

// prepareOf returns what has to precede each pass; nil if nothing has to.
func prepareOf(l *lookup) func(context.Context) error {
	if l.find == nil {
		return nil
	}
	return l.prepare
}
