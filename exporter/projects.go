package exporter

import (
	"fmt"

	"github.com/cbr-exporter/cbr_exporter/collector"
	"github.com/cbr-exporter/cbr_exporter/config"
)

// projects is a configuration and what runs for it.
type projects struct {
	config    *config.Config
	all       []*project
	collector *collector.Collector
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
	p.collector = collector.New(tagLabels(c.Projects), sources...)
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
				one.adopt(before)
			}
		}
	}
}

func (p *projects) close() {
	if p == nil {
		return
	}
	for _, one := range p.all {
		one.close()
	}
}
