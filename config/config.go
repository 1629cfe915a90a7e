// Package config reads the configuration file: YAML in, a checked Config with
// all defaults filled in out.
//
// It is strict, since a mistake that is ignored here is a backup that nobody
// watches. Everything wrong with a file is reported at once, one line each, as
// FILE:LINE: KEY: what is wrong; the remedy.
//
// A key is one line in the table of its section's read method. The values of
// secrets, and of keys that a secret may have been pasted into, are never part
// of an error.
package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Config is the configuration in force.
type Config struct {
	Scrape   Scrape    `yaml:"scrape"`
	Projects []Project `yaml:"projects"`
}

// Parse reads a configuration. The file is named in errors, and relative paths
// in the configuration start at its folder. Credentials that are left out come
// from the environment, or else from the ECS agency.
func Parse(file string, content []byte, environment Environment) (*Config, error) {
	src := &source{file: file, environment: environment}
	c := Config{Scrape: defaultScrape()}
	if root, ok := parseYAML(src, content); ok {
		c.read(root)
	}
	if err := src.err(); err != nil {
		return nil, err
	}
	return &c, nil
}

func (c *Config) read(n node) {
	m, ok := n.mapping(keys{
		"scrape":   c.Scrape.read,
		"projects": projects(&c.Projects),
	})
	if ok && m.at("projects").empty() {
		m.at("projects").problem("no project; list at least one, with its region, project_id, credentials, and discovery or task_ids")
	}
}

// String returns the configuration as YAML, secrets masked.
func (c *Config) String() string {
	var b strings.Builder
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(c); err != nil {
		return fmt.Sprintf("# the configuration cannot be shown: %v\n", err)
	}
	return b.String()
}
