package overview

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// maxRuns is how many of the latest tasks of an operation are shown.
const maxRuns = 10

// detail returns what is known of a resource. The error says what is not known.
func (m *model) detail(projectName, resourceID, version string) (*Detail, error) {
	if projectName == "" || resourceID == "" {
		return nil, errors.New("name a resource, as in ?project=NAME&id=ID")
	}
	p, err := m.project(projectName)
	if err != nil {
		return nil, err
	}
	if !p.scraped {
		return nil, notFoundError(fmt.Sprintf("there is no data of project %s yet", projectName))
	}
	d := &Detail{
		Version: version, At: m.at,
		ResourceID: resourceID, ResourceName: p.ResourceName(resourceID), ResourceType: p.ResourceType(resourceID),
		Operations: []Operation{}, Tasks: []Task{}, Policies: []Policy{}, Blind: p.blind, Reading: p.reading(),
	}
	vaultID := ""
	for _, r := range p.resources {
		if r.resourceID != resourceID {
			continue
		}
		vaultID = cmp.Or(r.vaultID, vaultID)
		o := Operation{Resource: r.show(), Runs: []Run{}}
		if r.state != nil {
			all := r.state.Runs.List()
			for _, run := range slices.Backward(all[max(0, len(all)-maxRuns):]) {
				o.Runs = append(o.Runs, newRun(run))
			}
		}
		d.ResourceName, d.ResourceType = cmp.Or(o.ResourceName, d.ResourceName), cmp.Or(o.ResourceType, d.ResourceType)
		d.Operations = append(d.Operations, o)
	}
	for _, r := range p.tasks {
		for _, named := range r.resources() {
			if named.ID != resourceID {
				continue
			}
			d.ResourceName = cmp.Or(d.ResourceName, named.Name)
			d.Tasks = append(d.Tasks, r.show())
			if vaultID == "" {
				vaultID = r.vaultID
			}
		}
	}
	points := p.RestorePointsOf(resourceID)
	if points != nil && vaultID == "" {
		vaultID = points.VaultID
	}
	binding, bound := p.Binding(resourceID)
	if bound {
		vaultID = binding.VaultID
	}
	if !bound && len(d.Operations) == 0 && len(d.Tasks) == 0 && points == nil {
		return nil, p.noSuchResource(resourceID)
	}
	d.Place, d.Binding = p.place(vaultID), p.describeBinding(resourceID)
	d.Restorable, d.RestorePoints = p.describeRestorePoints(points), showRestorePoints(points)
	d.Policies = append(d.Policies, p.policies(vaultID)...)
	for _, r := range p.vaults {
		if r.vaultID == vaultID {
			d.Vault = new(r.show())
			d.Locked = r.known.Locked
			for _, in := range r.known.Resources {
				if in.ID == resourceID {
					d.BackupBytes = in.BackupSize
				}
			}
		}
	}
	return d, nil
}

// noSuchResource says why nothing is known of a resource.
func (p *project) noSuchResource(id string) error {
	text := fmt.Sprintf("project %s has no resource %q", p.Project, id)
	switch d := p.Discovered; {
	case p.Waiting:
		text = "resources are shown once the vaults have been read"
	case d != nil && !d.Synced:
		text += " so far: the whole task list has not been read yet"
	}
	return notFoundError(text)
}

// describeBinding says how a resource is bound to its vault.
func (p *project) describeBinding(id string) string {
	b, bound := p.Binding(id)
	switch {
	case p.Inventory == nil:
		return "To which vault it is bound is not read."
	case p.Inventory.Vaults == nil:
		return "To which vault it is bound is not known yet."
	case !bound:
		return "It is not bound to any vault."
	}
	text := "It is bound to the vault " + p.VaultName(b.VaultID)
	switch {
	case b.Deleted:
		text += ", but does not exist any more"
	case b.Manual:
		text += ", but does not follow its policies"
	default:
		text += " and follows its policies"
	}
	if !b.Since.IsZero() && !b.Deleted {
		text += "; that was first seen on " + b.Since.UTC().Format("2006-01-02 15:04 UTC")
	}
	return text + "."
}

// policies returns the policies of a vault.
func (p *project) policies(vaultID string) []Policy {
	var all []Policy
	if p.Inventory == nil || vaultID == "" {
		return all
	}
	for _, policy := range p.Inventory.Policies {
		if slices.Contains(policy.VaultIDs, vaultID) {
			all = append(all, Policy{
				ID: policy.ID, Name: policy.Name, OperationType: policy.OperationType.Canonical(), Enabled: policy.Enabled,
				Patterns: policy.Patterns, Next: p.Next(policy, 3),
			})
		}
	}
	return all
}
