package config

import (
	"path"
	"strings"
	"time"
)

// Backups says how a project's backups are read.
type Backups struct {
	Refresh Duration `yaml:"refresh"` // interval between readings
}

// Protectables says how the resources that could be in a vault are read.
type Protectables struct {
	Types   []string `yaml:"types"`   // distinct kinds of resources; one at least
	Refresh Duration `yaml:"refresh"` // interval between readings
	// Exclude are the ids, in any case, or patterns of the names of what is meant to have no
	// backup.
	Exclude []string `yaml:"exclude"`
}

// UnmarshalYAML fills in defaults.
func (b *Backups) UnmarshalYAML(unmarshal func(any) error) error {
	*b = Backups{Refresh: Duration(15 * time.Minute)}
	type plain Backups
	return unmarshal((*plain)(b))
}

// UnmarshalYAML fills in defaults.
func (p *Protectables) UnmarshalYAML(unmarshal func(any) error) error {
	*p = Protectables{Types: []string{"server", "turbo"}, Refresh: Duration(time.Hour)}
	type plain Protectables
	return unmarshal((*plain)(p))
}

func (b *Backups) validate(p problems) {
	checkRange(b.Refresh, Duration(time.Minute), day, p.at("refresh"))
}

// protectableTypes returns the kinds of resources that the API documents.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListProtectable.html.
func protectableTypes() []string {
	return []string{"server", "disk", "turbo", "workspace", "workspace_v2"}
}

func (p *Protectables) validate(found problems) {
	types := protectableTypes()
	if len(p.Types) == 0 {
		found.at("types").add("no type; write one at least of %s, or remove protectables", strings.Join(types, ", "))
	}
	checkTypes(p.Types, "types", "resource", types, found)
	checkRange(p.Refresh, Duration(5*time.Minute), 7*day, found.at("refresh"))
	isPattern := func(item string) bool {
		_, err := path.Match(item, "")
		return err == nil
	}
	checkItems(p.Exclude, "exclude", isPattern, `a pattern; close each [ with a ], and write \[ and \\ for the characters themselves`, found)
	for i, item := range p.Exclude {
		if strings.Trim(item, "*") == "" {
			found.item("exclude", i).add("%q is the pattern of every name; remove protectables instead", item)
		}
	}
}
