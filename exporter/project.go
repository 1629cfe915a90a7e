package exporter

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collector"
	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/problem"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

// projects is a configuration and what runs for it.
type projects struct {
	config    *config.Config
	all       []*project // in the order of the configuration
	collector *collector.Collector
}

// newProjects loads the configuration and builds its projects. It sends no request.
func (e *Exporter) newProjects() (*projects, error) {
	c, err := e.options.Load()
	if err != nil {
		return nil, err
	}
	p := &projects{config: c}
	for _, pc := range c.Projects {
		one, err := e.newProject(pc, c.Scrape)
		if err != nil {
			p.close()
			return nil, fmt.Errorf("project %s: %w", pc.Name, err)
		}
		p.all = append(p.all, one)
	}
	p.collector = collector.New(tagLabels(c.Projects))
	return p, nil
}

// inherit has each project take over what is known of the same project in old.
func (p *projects) inherit(old *projects) {
	for _, one := range p.all {
		if before := old.named(one.name); before != nil && one.sameAs(before) {
			one.inherit(before)
		}
	}
}

// named returns the project with that name, or nil.
func (p *projects) named(name string) *project {
	for _, one := range p.all {
		if one.name == name {
			return one
		}
	}
	return nil
}

// closeTimeout limits how long a reload, and the end of the program, wait for what they
// have cancelled.
const closeTimeout = 3 * time.Second

// close cancels what runs and waits for its end, but not for long.
func (p *projects) close() {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var all sync.WaitGroup
		for _, one := range p.all {
			all.Go(one.close)
		}
		all.Wait()
	}()
	select {
	case <-ended:
	case <-time.After(closeTimeout):
	}
}

// project is what runs for one project. A request goes from the task tracker or the
// inventory to the client, its limiter, and the transport.
type project struct {
	name      string
	config    config.Project
	transport *transport
	limiter   *cbrapi.Limiter
	client    *cbrapi.Client
	tasks     *tasks.Tracker
	inventory *inventory.Inventory // nil if vaults and policies are not read
	hints     problem.Hints
	margin    *margin           // of the page of this project
	page      string            // URL of the page for people
	tagKeys   map[string]string // keys of vault tags by their labels
	verdicts  protection.Options
	judged    judged
}

func (e *Exporter) newProject(p config.Project, s config.Scrape) (*project, error) {
	transport, err := e.newTransport(p, s)
	if err != nil {
		return nil, err
	}
	limiter := cbrapi.NewLimiter(s.RequestsPerSecond, rand.Float64)
	client, err := e.newClient(p, limiter, transport)
	if err != nil {
		return nil, err
	}
	invalidFields, hints := e.telemetry.InvalidFields(p.Name), hints(p)
	one := &project{
		name:      p.Name,
		config:    p,
		transport: transport,
		margin:    &margin{},
		page:      e.options.page(),
		limiter:   limiter,
		client:    client,
		hints:     hints,
		verdicts:  verdicts(p),
		tasks: tasks.New(client, tasks.Options{
			Project:         p.Name,
			TaskIDs:         p.TaskIDs,
			Discovery:       discovery(p.Discovery),
			Timeout:         time.Duration(s.Timeout),
			Concurrency:     s.Concurrency,
			FinishedTaskTTL: time.Duration(s.FinishedTaskTTL),
			Now:             e.options.Now,
			Logger:          e.options.Logger,
			InvalidFields:   invalidFields,
			Hints:           hints,
		}),
	}
	if v := p.Vaults; v != nil {
		one.tagKeys = tagKeys(v)
		o := inventory.Options{
			Project:       p.Name,
			Refresh:       time.Duration(v.Refresh),
			Timeout:       time.Duration(s.Timeout),
			MaxResources:  50_000, // well above what any project has
			Now:           e.options.Now,
			Logger:        e.options.Logger,
			InvalidFields: invalidFields,
			Hints:         hints,
		}
		if b := p.Backups; b != nil {
			o.BackupsRefresh = time.Duration(b.Refresh)
		}
		if b := p.Protectables; b != nil {
			o.ProtectablesRefresh = time.Duration(b.Refresh)
			for _, kind := range b.Types {
				o.ProtectableTypes = append(o.ProtectableTypes, cbrapi.ProtectableType(kind))
			}
		}
		one.inventory = inventory.New(client, o)
	}
	return one, nil
}

// newClient returns the client of a project. A project id that is not configured is
// looked up by its first request.
func (e *Exporter) newClient(p config.Project, limiter *cbrapi.Limiter, transport *transport) (*cbrapi.Client, error) {
	o := cbrapi.Options{
		Endpoint:            p.Endpoint,
		Transport:           transport,
		UserAgent:           e.options.UserAgent,
		Limiter:             limiter,
		EnterpriseProjectID: p.EnterpriseProjectID,
	}
	if p.ProjectID == "" {
		iam, err := cbrapi.NewIAM(cbrapi.Options{Endpoint: p.IAMEndpoint, Transport: transport, UserAgent: e.options.UserAgent})
		if err != nil {
			return nil, err
		}
		kind := p.Credentials.Kind()
		o.ProjectLookup = &cbrapi.ProjectLookup{
			IAM:         iam,
			Name:        p.LookupName(),
			VisibleOnly: kind == config.KindToken || kind == config.KindPassword,
		}
	}
	return cbrapi.New(o, p.ProjectID)
}

// discovery returns the options of the task tracker for d; nil for nil.
func discovery(d *config.Discovery) *tasks.Discovery {
	if d == nil {
		return nil
	}
	o := &tasks.Discovery{
		Lookback: time.Duration(d.Lookback),
		Window:   time.Duration(d.Window),
		// Both are well above what any project has.
		MaxActive: 50_000,
		MaxKeys:   50_000,
	}
	for _, t := range d.OperationTypes {
		o.OperationTypes = append(o.OperationTypes, cbrapi.OperationType(t))
	}
	return o
}

// follows returns what d follows; nil for nil. If the vault is not known, it may be any.
func follows(d *config.Discovery) protection.Follows {
	if d == nil {
		return nil
	}
	tracked := discovery(d)
	return func(vaultID string, operation cbrapi.OperationType) bool {
		inVault := len(d.VaultIDs) == 0 || vaultID == "" || slices.Contains(d.VaultIDs, vaultID)
		return inVault && tracked.Follows(operation)
	}
}

// verdicts returns how the tasks of p are judged.
func verdicts(p config.Project) protection.Options {
	o := protection.Options{Follows: follows(p.Discovery), StuckAfter: time.Duration(config.DefaultStuckAfter)}
	if d := p.Discovery; d != nil {
		o.ExpectedInterval, o.StuckAfter = time.Duration(d.ExpectedInterval), time.Duration(d.StuckAfter)
		o.Lookback = time.Duration(d.Lookback)
	}
	if p.Vaults != nil {
		o.Grace = time.Duration(p.Vaults.Grace)
	}
	o.Backups = p.Backups != nil
	if p.Protectables != nil {
		o.Excluded = p.Protectables.Exclude
	}
	return o
}

// collect returns a snapshot of the project, at the latest when ctx is done.
func (p *project) collect(ctx context.Context) protection.Snapshot {
	var lists *inventory.Snapshot
	var wait sync.WaitGroup
	if p.inventory != nil {
		wait.Go(func() { lists = new(p.inventory.Collect(ctx)) })
	}
	known := p.tasks.Collect(ctx)
	wait.Wait()
	return p.snapshot(known, lists)
}

// last returns what was known at the end of the last pass, without a request; ok is
// false if there was none.
func (p *project) last() (s protection.Snapshot, ok bool) {
	known, ok := p.tasks.Last()
	var lists *inventory.Snapshot
	if p.inventory != nil {
		lists = new(p.inventory.Last())
	}
	return p.snapshot(known, lists), ok
}

// lastSnapshots returns the snapshots of the last passes. It sends no requests.
func (e *Exporter) lastSnapshots() []overview.Source {
	var all []overview.Source
	for _, p := range e.current.Load().all {
		last, ok := p.last()
		all = append(all, overview.Source{Snapshot: last, Scraped: ok})
	}
	return all
}

func (p *project) snapshot(known tasks.Snapshot, lists *inventory.Snapshot) protection.Snapshot {
	s := p.judged.snapshot(known, lists, p.verdicts)
	s.TagKeys = p.tagKeys
	s.Info = protection.ProjectInfo{
		ID:                  p.client.ProjectID(),
		Region:              p.config.Region,
		EnterpriseProjectID: p.config.EnterpriseProjectID,
		Page:                p.page,
		Hints:               p.hints,
	}
	return s
}

// sameAs reports whether two projects with the same name are the same one in the cloud.
func (p *project) sameAs(other *project) bool {
	a, b := p.config, other.config
	return a.ProjectID == b.ProjectID && a.EnterpriseProjectID == b.EnterpriseProjectID &&
		a.LookupName() == b.LookupName() && a.Endpoint == b.Endpoint
}

// inherit takes over what old knows, and how far the API throttles it.
func (p *project) inherit(old *project) {
	p.tasks.Inherit(old.tasks)
	p.limiter.Inherit(old.limiter)
	p.margin = old.margin
	if p.inventory != nil && old.inventory != nil {
		p.inventory.Inherit(old.inventory)
	}
}

// close cancels what runs and waits for its end.
func (p *project) close() {
	p.tasks.Close()
	if p.inventory != nil {
		p.inventory.Close()
	}
	p.transport.closeIdle()
}

// tagKeys returns the keys of the tags that are exposed, by label.
func tagKeys(v *config.Vaults) map[string]string {
	keys := map[string]string{}
	for _, key := range v.Tags {
		keys[config.TagLabel(key)] = key
	}
	return keys
}

// tagLabels returns the sorted labels of the tags of all projects.
func tagLabels(all []config.Project) []string {
	labels := map[string]string{}
	for _, p := range all {
		if p.Vaults != nil {
			maps.Copy(labels, tagKeys(p.Vaults))
		}
	}
	return slices.Sorted(maps.Keys(labels))
}
