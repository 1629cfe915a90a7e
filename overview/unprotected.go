package overview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// unprotectedRow is a row of the table of resources that are in no vault.
type unprotectedRow struct {
	row
	known *cbrapi.Protectable
}

// unprotectedRows returns the resources that are in no vault.
func (p *project) unprotectedRows() []*unprotectedRow {
	if p.Protectables == nil {
		return nil
	}
	states := []State{StateUnprotected}
	if p.blind {
		states = append(states, StateBlind)
	}
	rows := make([]*unprotectedRow, 0, len(p.Protectables.Unprotected))
	for _, known := range p.Protectables.Unprotected {
		rows = append(rows, &unprotectedRow{row{project: p, states: states}, known})
	}
	return rows
}

func (r *unprotectedRow) texts() []string {
	return []string{r.project.Project, r.known.ID, r.known.Name, r.known.Type, r.why()}
}

// compare has those that can be protected first: something can be done about them.
func (r *unprotectedRow) compare(other *unprotectedRow) int {
	refused := func(r *unprotectedRow) int {
		if r.known.Refused {
			return 1
		}
		return 0
	}
	return cmp.Compare(refused(r), refused(other))
}

// why says why the resource cannot be protected; "" if it can be.
func (r *unprotectedRow) why() string {
	if !r.known.Refused {
		return ""
	}
	reason := cbrapi.ErrorInfo{Code: r.known.Code, Message: r.known.Reason}.String()
	return strings.TrimSuffix("it cannot be protected: "+reason, ": ")
}

func (r *unprotectedRow) show() Unprotected {
	return Unprotected{
		Project: r.project.Project, ResourceID: r.known.ID, ResourceName: r.known.Name, ResourceType: r.known.Type,
		States: r.states, Why: r.why(), Alert: "CBRResourceUnprotected",
	}
}

// protectables counts the resources of all projects, by type.
func (m *model) protectables() []ProtectableCount {
	var all []ProtectableCount
	for _, p := range m.projects {
		if p.Protectables == nil {
			continue
		}
		for _, c := range p.Protectables.Counts {
			n := slices.IndexFunc(all, func(one ProtectableCount) bool { return one.ResourceType == c.Type })
			if n < 0 {
				n, all = len(all), append(all, ProtectableCount{ResourceType: c.Type})
			}
			all[n].Protected += c.Protected
			all[n].Unprotected += c.Unprotected
			all[n].Excluded += c.Excluded
		}
	}
	return all
}

// describeProtectables says how many resources of each type exist; "" if there are no counts.
func describeProtectables(all []ProtectableCount) string {
	var types []string
	for _, p := range all {
		text := fmt.Sprintf("%s: %s in vaults, %s in none", p.ResourceType, formatCount(p.Protected), formatCount(p.Unprotected))
		if p.Excluded > 0 {
			text += ", " + formatCount(p.Excluded) + " excluded by the configuration"
		}
		types = append(types, text)
	}
	return strings.Join(types, "; ")
}
