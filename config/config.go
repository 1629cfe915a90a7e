// Package config reads the configuration file.
//
// Parse decodes YAML strictly, fills in defaults and validates. Its error has one
// line per problem: FILE:LINE: KEY: what is wrong; the remedy. No error contains a
// secret, nor the value of a key that may hold one by mistake.
package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Config is a valid configuration with all defaults filled in.
type Config struct {
	Scrape Scrape `yaml:"scrape"`
	// Projects have taken over the next two where they have none of their own.
	Credentials Credentials `yaml:"credentials,omitempty"`
	HTTPClient  *HTTPClient `yaml:"http_client,omitempty"`
	Projects    []Project   `yaml:"projects"`

	// Warnings have one line for each value that is likely wrong, but may be right.
	Warnings []string `yaml:"-"`
}

// Scrape says how the tasks of each project are read.
type Scrape struct {
	Timeout           Duration `yaml:"timeout"`             // of a pass over a project
	Concurrency       int      `yaml:"concurrency"`         // requests in flight per project
	RequestsPerSecond float64  `yaml:"requests_per_second"` // per project; 0: no limit
	FinishedTaskTTL   Duration `yaml:"finished_task_ttl"`   // age at which a finished task is read again; 0: at every scrape
}

// A Duration is written as Prometheus does, for example 1h30m or 7d.
type Duration = model.Duration

const notDuration = "not a duration; write a number and a unit, for example 500ms, 30s, 1h30m or 7d"

const (
	day         = Duration(24 * time.Hour)
	minDuration = Duration(time.Millisecond) // the smallest that can be written, but for 0
)

func defaultScrape() Scrape {
	return Scrape{
		Timeout:           Duration(30 * time.Second),
		Concurrency:       16,
		RequestsPerSecond: 20,
		FinishedTaskTTL:   Duration(15 * time.Minute),
	}
}

// Parse reads a configuration. The name of the file appears in errors, and relative paths
// start at dir. Projects without credentials take those of the top level, or else of the
// environment, or else of the ECS agency.
func Parse(file, dir string, content []byte, environment Environment) (*Config, error) {
	c := &Config{Scrape: defaultScrape()}
	r := &report{file: file, lines: map[string]int{}, types: map[*yaml.Node]reflect.Type{}}
	p := problems{report: r}
	decode(content, c, p)
	if len(r.found) == 0 { // else it is not known what the values are meant to be
		c.complete(dir, environment, p)
		c.validate(p)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	c.Warnings = inOrder(r.warned)
	return c, nil
}

// complete fills in what follows from the rest of the file and the environment.
func (c *Config) complete(dir string, environment Environment, p problems) {
	c.Credentials.complete(dir)
	if c.HTTPClient != nil {
		c.HTTPClient.complete(dir)
	}
	for i := range c.Projects {
		c.Projects[i].complete(dir, c, environment, p.item("projects", i))
	}
	if len(c.Projects) == 1 {
		only := &c.Projects[0]
		only.Name = cmp.Or(only.Name, only.Region, only.ProjectID, only.ProjectName)
	}
	usesEnvironment := func(project Project) bool {
		return project.HTTPClient != nil && project.HTTPClient.ProxyFromEnvironment
	}
	if slices.ContainsFunc(c.Projects, usesEnvironment) {
		environment.checkProxies(p)
	}
}

func (c *Config) validate(p problems) {
	c.Scrape.validate(p.at("scrape"))
	c.Credentials.validate(p.at("credentials"))
	if c.HTTPClient != nil {
		c.HTTPClient.validate(p.at("http_client"))
	}
	if len(c.Projects) == 0 {
		p.at("projects").add("no project; list at least one, with its region, project_id and discovery: {}")
	}
	names := map[string]int{}
	for i := range c.Projects {
		name, p := c.Projects[i].Name, p.item("projects", i)
		c.Projects[i].validate(c, p)
		first, taken := names[name]
		switch {
		case name == "" && len(c.Projects) > 1:
			p.at("name").add("missing; with two or more projects each needs a name")
		case taken:
			p.at("name").add("%q is already the name of projects[%d]; give each project its own name", name, first)
		}
		names[name] = i
	}
}

func (s *Scrape) validate(p problems) {
	checkRange(s.Timeout, minDuration, Duration(time.Hour), p.at("timeout"))
	checkRange(s.Concurrency, 1, 256, p.at("concurrency"))
	checkRange(s.RequestsPerSecond, 0, 10_000, p.at("requests_per_second"))
	checkRange(s.FinishedTaskTTL, 0, 30*day, p.at("finished_task_ttl")) // about as long as the API keeps tasks
}

// checkRange reports a value outside the two limits, both of which are allowed.
func checkRange[T cmp.Ordered](value, low, high T, p problems) {
	if value >= low && value <= high { // and not NaN
		return
	}
	p.add("%v is out of range; write a value from %v to %v", value, low, high)
}

// String returns the configuration as YAML with secrets masked.
func (c *Config) String() string {
	var b strings.Builder
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(c); err != nil {
		return fmt.Sprintf("# the configuration cannot be shown: %v\n", err)
	}
	return b.String()
}
