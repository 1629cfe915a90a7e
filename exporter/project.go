package exporter

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/pace"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/collector"
	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/coverage"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// project is what runs for one project: requests go from the collection and the
// inventory through the client, the credentials and the measurement to the transport.
// It is a collector.Source.
type project struct {
	tasks       *collection.Collection
	vaults      *inventory.Inventory // nil where vaults and policies are not read
	tagKeys     map[string]string    // by the labels that show these tags of vaults
	follows     func(vaultID string, operation cbrapi.OperationType) bool
	name        string
	collector   *collector.Collector // of this project alone
	api         api
	pacer       *pace.Pacer
	prepare     func(context.Context) error    // nil if there is nothing to prepare
	credentials *atomic.Pointer[authorization] // another one when the project id is found
	closeIdle   func()                         // the connections that wait
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
	pacer := pace.New(pace.Options{
		RequestsPerSecond: s.RequestsPerSecond,
		Now:               time.Now, // deadlines are by this clock, whatever the exporter's is
	})
	lookup, err := e.newClient(p, inUse, pacer, measured)
	if err != nil {
		return nil, err
	}
	api := api{lookup.client}
	prepare := prepareOf(lookup)
	onInvalidField := func(field string) { e.telemetry.InvalidField(p.Name, field) }
	one := &project{
		name:        p.Name,
		api:         api,
		pacer:       pacer,
		prepare:     prepare,
		credentials: inUse,
		closeIdle:   closeIdle,
		tasks: collection.New(api, collection.Options{
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
			OnInvalidField:  onInvalidField,
		}),
	}
	if d := discovery(p.Discovery); d != nil {
		one.follows = d.Follows
	}
	if v := p.Vaults; v != nil {
		one.tagKeys = tagKeys(v)
		one.vaults = inventory.New(api, inventory.Options{
			Project:        p.Name,
			Refresh:        time.Duration(v.Refresh),
			Timeout:        time.Duration(s.Timeout),
			Prepare:        prepare,
			Now:            e.options.Now,
			Logger:         e.options.Logger,
			OnInvalidField: onInvalidField,
		})
	}
	return one, nil
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

// Collect implements collector.Source.
func (p *project) Collect(ctx context.Context) coverage.Snapshot {
	var vaults inventory.Snapshot
	var wait sync.WaitGroup
	if p.vaults != nil {
		wait.Go(func() { vaults = p.vaults.Collect(ctx) })
	}
	tasks := p.tasks.Collect(ctx)
	wait.Wait()
	return p.snapshot(tasks, vaults)
}

// last returns what was known at the end of the last pass and the last reading of
// the vaults, without asking the API; ok is false before the pass.
func (p *project) last() (s coverage.Snapshot, ok bool) {
	tasks, ok := p.tasks.Last()
	var vaults inventory.Snapshot
	if p.vaults != nil {
		vaults = p.vaults.Last()
	}
	return p.snapshot(tasks, vaults), ok
}

func (p *project) snapshot(tasks collection.Snapshot, vaults inventory.Snapshot) coverage.Snapshot {
	s := coverage.Snapshot{Snapshot: tasks}
	if p.vaults != nil {
		s = coverage.Of(tasks, vaults)
		s.TagKeys, s.Follows = p.tagKeys, p.follows
	}
	return s
}

// adopt takes over what is known from an old configuration of the same project.
func (p *project) adopt(old *project) {
	p.tasks.Adopt(old.tasks)
	p.pacer.Adopt(old.pacer)
	if p.vaults != nil && old.vaults != nil {
		p.vaults.Adopt(old.vaults)
	}
}

func (p *project) close() {
	p.tasks.Close()
	if p.vaults != nil {
		p.vaults.Close()
	}
	p.closeIdle()
}
