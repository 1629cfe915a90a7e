// Package collector exposes snapshots of projects as Prometheus metrics. Each metric is
// a row of a table with its name, help, labels and reader. Package collector sends no
// requests and keeps no state.
package collector

import (
	"cmp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/protection"
)

// Collector holds the tables of metrics. It is safe for concurrent use.
type Collector struct {
	tagLabels []string
	tables    []source
}

// source is a table of any type.
type source interface {
	families(snapshots []snapshot, shared pairs) []Family
}

// New returns a Collector with labels for tags of vaults: on what is known and judged of
// vaults, and on what is judged of resources and on their restore points. A snapshot says in
// TagKeys which tag belongs to which label.
func New(tagLabels []string) *Collector {
	withTags := func(labels ...string) []string { return append(labels, tagLabels...) }
	return &Collector{tagLabels, []source{
		newTable(slices.Concat(projectFamilies(), windowFamilies()), eachProject),
		newTable(configuredTaskFamilies(), eachConfiguredTask, "task_id"),
		newTable(taskFamilies(), eachTask, "task_id", "operation_type", "vault"),
		newTable(activeTaskFamilies(), eachActiveTask, "task_id", "operation_type", "vault"),
		newTable(taskCountFamilies(), eachTaskCount, "vault_id", "vault", "operation_type"),
		newTable(resourceFamilies(), eachResource, "resource_id"),
		newTable(resourceStateFamilies(), eachResourceState, "vault_id", "vault", "resource_id", "resource_name", "operation_type"),
		newTable(verdictFamilies(), eachVerdict, withTags("vault_id", "vault", "resource_id", "resource_name", "operation_type")...),
		newTable(coverageFamilies(), eachCoverage, withTags("vault_id", "vault", "resource_id", "resource_name")...),
		newTable(restorePointFamilies(), eachRestorePoints, withTags("vault_id", "vault", "resource_id", "resource_name")...),
		newTable(vaultFamilies(), eachVault, withTags("vault_id", "vault")...),
		newTable(vaultResourceFamilies(), eachVaultResource, "vault_id", "vault", "resource_id", "resource_name"),
		newTable(vaultTaskFamilies(), eachVaultTask, "vault_id", "vault", "operation_type"),
		newTable(policyFamilies(), eachPolicy, "policy_id", "policy_name"),
		newTable(unprotectedFamilies(), eachUnprotected, "resource_id", "resource_name", "resource_type"),
		newTable(protectableFamilies(), eachProtectable, "resource_type"),
	}}
}

// Family is one metric family of some snapshots. It implements prometheus.Collector.
type Family struct {
	Name    string
	Size    int // the number of what it is about, such as tasks
	desc    *prometheus.Desc
	collect func(chan<- prometheus.Metric)
}

// Describe implements prometheus.Collector.
func (f Family) Describe(ch chan<- *prometheus.Desc) { ch <- f.desc }

// Collect implements prometheus.Collector.
func (f Family) Collect(ch chan<- prometheus.Metric) { f.collect(ch) }

// Families returns the families of the snapshots, by name. Each snapshot is of another
// project. A page takes little memory if its families are collected one after the other.
func (c *Collector) Families(snapshots ...protection.Snapshot) []Family {
	tagged := make([]snapshot, len(snapshots))
	for i := range snapshots {
		tagged[i] = snapshot{&snapshots[i], c.tagsOf(&snapshots[i])}
	}
	var all []Family
	shared := pairs{}
	for _, t := range c.tables {
		all = append(all, t.families(tagged, shared)...)
	}
	slices.SortFunc(all, func(a, b Family) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// snapshot is a snapshot with the values of the labels for the tags of its vaults.
type snapshot struct {
	*protection.Snapshot
	tags map[string][]string // by vault, and by "" for an unknown one
}

// tagsOf returns the values of the labels for tags. All vaults have all labels, because the
// samples of a family have the same labels.
func (c *Collector) tagsOf(s *protection.Snapshot) map[string][]string {
	tags := map[string][]string{"": make([]string, len(c.tagLabels))}
	if s.Inventory == nil {
		return tags
	}
	for _, v := range s.Inventory.Vaults {
		values := slices.Clone(tags[""])
		for i, label := range c.tagLabels {
			if key, exposed := s.TagKeys[label]; exposed {
				values[i] = v.Tags[key]
			}
		}
		tags[v.ID] = values
	}
	return tags
}

// withTags returns values of labels, the first of which is the id of a vault, with those of its
// tags.
func (s snapshot) withTags(values ...string) []string {
	tags, known := s.tags[values[0]]
	if !known {
		tags = s.tags[""]
	}
	return append(values, tags...)
}
