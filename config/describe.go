package config

import (
	"fmt"
	"strings"
)

// Reads says in words what the exporter reads of the project.
func (p *Project) Reads() string {
	var parts []string
	if d := p.Discovery; d != nil {
		text := "the task list, " + d.Lookback.String() + " back"
		if len(d.OperationTypes) > 0 {
			text += ", " + list(d.OperationTypes)
		}
		if n := len(d.VaultIDs); n > 0 {
			text += ", in " + count(n, "vault")
		}
		parts = append(parts, text)
	}
	if n := len(p.TaskIDs); n > 0 {
		parts = append(parts, count(n, "task")+" by id")
	}
	if v := p.Vaults; v != nil {
		parts = append(parts, "vaults and policies every "+v.Refresh.String())
	}
	if b := p.Backups; b != nil {
		parts = append(parts, "backups every "+b.Refresh.String())
	}
	if r := p.Protectables; r != nil {
		text := list(r.Types) + " resources every " + r.Refresh.String()
		if n := len(r.Exclude); n > 0 {
			text += ", with " + count(n, "exclusion")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// list writes a list in words.
func list(items []string) string {
	last := len(items) - 1
	if last < 1 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:last], ", ") + " and " + items[last]
}

// EndpointSetting returns the key from which Endpoint follows: endpoint, or region with
// its value.
func (p *Project) EndpointSetting() string { return p.setting("endpoint", p.Endpoint) }

// IAMEndpointSetting is EndpointSetting for IAMEndpoint.
func (p *Project) IAMEndpointSetting() string { return p.setting("iam_endpoint", p.IAMEndpoint) }

func (p *Project) setting(key, url string) string {
	if backup, identity, _ := endpoints(p.Region); url == backup || url == identity {
		return p.regionSetting()
	}
	return key
}

func (p *Project) regionSetting() string { return fmt.Sprintf("region (%s)", p.Region) }

// ProjectSetting returns the key by which the project is known to the API.
func (p *Project) ProjectSetting() string {
	switch {
	case p.ProjectID != "":
		return "project_id"
	case p.ProjectName != "":
		return "project_name"
	default:
		return p.regionSetting()
	}
}

// Describe says of which kind the credentials are and where they come from, without
// showing them.
func (c *Credentials) Describe() string {
	text := string(c.Kind())
	if places := c.Places(); places != "" {
		text += " from " + places
	}
	return strings.TrimSpace(text + " " + c.Source)
}

// Places lists where the parts of the credentials are: variables of the environment,
// files with their keys, or the keys that have the value. An agency has none.
func (c *Credentials) Places() string {
	if c.Variables != nil {
		return list(c.Variables)
	}
	var places []string
	for _, p := range c.parts() {
		switch {
		case *p.file != "":
			places = append(places, p.key+"_file "+*p.file)
		case *p.value != "":
			places = append(places, "credentials."+p.key)
		}
	}
	return list(places)
}
