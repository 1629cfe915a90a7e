package exporter

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/pace"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/collector"
	"github.com/cbr-exporter/cbr_exporter/config"
)

// projects is a configuration and what runs for it.
type projects struct {
	config    *config.Config
	all       []*project
	collector *collector.Collector
}

// project is what runs for one project: requests go from the collection through
// the client, the credentials and the measurement to the transport.
type project struct {
	*collection.Collection
	name        string
	collector   *collector.Collector // of this project alone
	api         pacedAPI
	prepare     func(context.Context) error    // nil if there is nothing to prepare
	credentials *atomic.Pointer[authorization] // another one when the project id is found
	closeIdle   func()                         // the connections that wait
}

// newProjects loads the configuration and prepares all that it asks for.
func (e *Exporter) newProjects() (*projects, error) {
	c, err := e.options.Load()
	if err != nil {
		return nil, err
	}
	p := &projects{config: c}
	var sources []collector.Source
	for _, pc := range c.Projects {
		one, err := e.newProject(pc, c.Scrape)
		if err != nil {
			p.close()
			return nil, fmt.Errorf("project %s: %w", pc.Name, err)
		}
		p.all = append(p.all, one)
		sources = append(sources, one)
	}
	p.collector = collector.New(sources...)
	for _, one := range p.all {
		one.collector = p.collector.Only(one)
	}
	return p, nil
}

// adopt takes over what the old projects know, and how far the API has slowed them
// down, where a project still is the same.
func (p *projects) adopt(old *projects) {
	if old == nil {
		return
	}
	for i, one := range p.all {
		for j, before := range old.all {
			now, then := p.config.Projects[i], old.config.Projects[j]
			if now.Name == then.Name && now.ProjectID == then.ProjectID && now.EnterpriseProjectID == then.EnterpriseProjectID &&
				now.LookupName() == then.LookupName() && now.Endpoint == then.Endpoint {
				one.Adopt(before.Collection)
				one.api.pacer.Adopt(before.api.pacer)
			}
		}
	}
}

func (p *projects) close() {
	if p == nil {
		return
	}
	for _, one := range p.all {
		one.Close()
		one.closeIdle()
	}
}

func (e *Exporter) newProject(p config.Project, s config.Scrape) (*project, error) {
	transport, closeIdle, err := e.transport(p.HTTPClient, s.Concurrency)
	if err != nil {
		return nil, err
	}
	measured := e.telemetry.Measure(p.Name, dateReader{transport, e.options.Now})
	authorized, err := e.authorize(p, measured)
	if err != nil {
		return nil, err
	}
	inUse := &atomic.Pointer[authorization]{}
	inUse.Store(authorized)
	lookup, err := e.newClient(p, inUse, measured)
	if err != nil {
		return nil, err
	}
	api := pacedAPI{lookup.client, pace.New(pace.Options{
		RequestsPerSecond: s.RequestsPerSecond,
		Now:               time.Now, // deadlines are by this clock, whatever the exporter's is
	})}
	prepare := prepareOf(lookup)
	return &project{
		name:        p.Name,
		api:         api,
		prepare:     prepare,
		credentials: inUse,
		closeIdle:   closeIdle,
		Collection: collection.New(api, collection.Options{
			Project: p.Name,
			Info: func() collection.ProjectInfo {
				return collection.ProjectInfo{ID: lookup.projectID(), Region: p.Region, EnterpriseProjectID: p.EnterpriseProjectID}
			},
			TaskIDs:         p.TaskIDs,
			Discovery:       discovery(p.Discovery),
			Prepare:         prepare,
			Timeout:         time.Duration(s.Timeout),
			Concurrency:     s.Concurrency,
			FinishedTaskTTL: time.Duration(s.FinishedTaskTTL),
			Now:             e.options.Now,
			Logger:          e.options.Logger,
			OnInvalidField:  func(field string) { e.telemetry.InvalidField(p.Name, field) },
		}),
	}, nil
}

// discovery returns what is to be found, in the collection's words; nil if nothing is.
func discovery(d *config.Discovery) *collection.Discovery {
	if d == nil {
		return nil
	}
	found := &collection.Discovery{
		Lookback: time.Duration(d.Lookback),
		Window:   time.Duration(d.Window),
		MaxTasks: d.MaxTasks,
		VaultIDs: d.VaultIDs,
	}
	for _, t := range d.OperationTypes {
		found.OperationTypes = append(found.OperationTypes, cbrapi.OperationType(t))
	}
	return found
}
