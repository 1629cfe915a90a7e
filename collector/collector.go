// Package collector exposes snapshots of projects as Prometheus metrics. Each metric is
// a row of a table with its name, help, labels and reader; Describe and Collect both
// range over the tables. Package collector sends no requests and keeps no state.
package collector

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// Collector holds the tables of metrics. It is safe for concurrent use.
type Collector struct {
	tagLabels     []string
	project       table[*protection.Snapshot]
	configured    table[tasks.Task]
	task          table[task]
	resourceState table[resourceState]
	vaultTask     table[*cbrapi.OperationLog]
	resource      table[ledger.Resource]
	taskCount     table[protection.TaskCount]
	vault         table[vault]
	vaultResource table[*cbrapi.VaultResource]
	policy        table[*cbrapi.Policy]
	verdict       table[verdict]
	coverage      table[coverage]
	activeTask    table[protection.ActiveTask]
	restorePoints table[restorePoints]
	unprotected   table[*cbrapi.Protectable]
	protectable   table[protection.ProtectableCount]
}

// New returns a Collector with labels for tags of vaults: on cbr_vault_info and on what is
// judged of vaults and resources. A snapshot says in TagKeys which tag belongs to which
// label.
func New(tagLabels []string) *Collector {
	return &Collector{
		tagLabels:     tagLabels,
		project:       newTable(slices.Concat(projectFamilies(), windowFamilies())),
		configured:    newTable(configuredTaskFamilies(), "task_id"),
		task:          newTable(taskFamilies(), "task_id", "operation_type", "vault"),
		resourceState: newTable(resourceStateFamilies(), "vault_id", "vault", "resource_id", "resource_name", "operation_type"),
		vaultTask:     newTable(vaultTaskFamilies(), "vault_id", "vault", "operation_type"),
		resource:      newTable(resourceFamilies(), "resource_id"),
		taskCount:     newTable(taskCountFamilies(), "vault_id", "vault", "operation_type"),
		vault:         newTable(vaultFamilies(tagLabels), "vault_id", "vault"),
		vaultResource: newTable(vaultResourceFamilies(), "vault_id", "vault", "resource_id", "resource_name"),
		policy:        newTable(policyFamilies(), "policy_id", "policy_name"),
		verdict:       newTable(verdictFamilies(tagLabels), "vault_id", "vault", "resource_id", "resource_name", "operation_type"),
		coverage:      newTable(coverageFamilies(tagLabels), "vault_id", "vault", "resource_id", "resource_name"),
		activeTask:    newTable(activeTaskFamilies(), "task_id", "operation_type", "vault"),
		restorePoints: newTable(restorePointFamilies(tagLabels), "vault_id", "vault", "resource_id", "resource_name"),
		unprotected:   newTable(unprotectedFamilies(), "resource_id", "resource_name", "resource_type"),
		protectable:   newTable(protectableFamilies(), "resource_type"),
	}
}

// Metrics returns the metrics of the snapshots. Each of them is of another project.
func (c *Collector) Metrics(snapshots ...protection.Snapshot) prometheus.Collector {
	return &metrics{c, snapshots}
}

type metrics struct {
	collector *Collector
	snapshots []protection.Snapshot
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	c := m.collector
	c.project.describe(ch)
	c.configured.describe(ch)
	c.task.describe(ch)
	c.resourceState.describe(ch)
	c.vaultTask.describe(ch)
	c.resource.describe(ch)
	c.taskCount.describe(ch)
	c.vault.describe(ch)
	c.vaultResource.describe(ch)
	c.policy.describe(ch)
	c.verdict.describe(ch)
	c.coverage.describe(ch)
	c.activeTask.describe(ch)
	c.restorePoints.describe(ch)
	c.unprotected.describe(ch)
	c.protectable.describe(ch)
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	e := &emitter{ch: ch}
	for i := range m.snapshots {
		s := &m.snapshots[i]
		tags := tagsOf(s, m.collector.tagLabels)
		m.collector.collectTasks(s, e)
		m.collector.collectInventory(s, tags, e)
		m.collector.collectVerdicts(s, tags, e)
		m.collector.collectRestorePoints(s, tags, e)
		m.collector.collectProtectables(s, e)
	}
}

// collectTasks emits the metrics of the project and its tasks.
func (c *Collector) collectTasks(s *protection.Snapshot, e *emitter) {
	c.project.collect(e, []item[*protection.Snapshot]{c.project.item(e, s, s.Project)})
	c.configured.collect(e, items(s.Tasks, func(t tasks.Task) item[tasks.Task] {
		return c.configured.item(e, t, s.Project, t.ID)
	}))
	c.task.collect(e, items(s.Logs(), func(l *cbrapi.OperationLog) item[task] {
		return c.task.item(e, task{l, s}, s.Project, l.ID, string(l.OperationType), s.VaultName(s.VaultOf(l)))
	}))
	c.resourceState.collect(e, items(s.ResourceStates, func(r ledger.ResourceState) item[resourceState] {
		return c.resourceState.item(e, resourceState{r, s.Discovered != nil}, s.Project,
			r.VaultID, s.VaultName(r.VaultID), r.ResourceID, s.ResourceName(r.ResourceID), string(r.OperationType))
	}))
	c.vaultTask.collect(e, items(s.VaultTasks, func(l *cbrapi.OperationLog) item[*cbrapi.OperationLog] {
		return c.vaultTask.item(e, l, s.Project, l.VaultID, s.VaultName(l.VaultID), string(l.OperationType.Canonical()))
	}))
	c.resource.collect(e, items(s.Resources, func(r ledger.Resource) item[ledger.Resource] {
		return c.resource.item(e, r, s.Project, r.ID)
	}))
	c.taskCount.collect(e, items(s.TaskCounts, func(n protection.TaskCount) item[protection.TaskCount] {
		return c.taskCount.item(e, n, s.Project, n.VaultID, s.VaultName(n.VaultID), string(n.OperationType))
	}))
}

// collectInventory emits the metrics of vaults and policies.
func (c *Collector) collectInventory(s *protection.Snapshot, tagsOf func(vaultID string) []string, e *emitter) {
	if s.Inventory == nil {
		return
	}
	c.vault.collect(e, items(s.Inventory.Vaults, func(v *cbrapi.Vault) item[vault] {
		return c.vault.item(e, vault{v, tagsOf(v.ID)}, s.Project, v.ID, s.VaultName(v.ID))
	}))
	c.vaultResource.collect(e, items(vaultResources(s.Inventory.Vaults), func(r vaultResource) item[*cbrapi.VaultResource] {
		return c.vaultResource.item(e, r.resource, s.Project, r.vaultID, s.VaultName(r.vaultID), r.resource.ID, s.ResourceName(r.resource.ID))
	}))
	c.policy.collect(e, items(s.Inventory.Policies, func(p *cbrapi.Policy) item[*cbrapi.Policy] {
		return c.policy.item(e, p, s.Project, p.ID, p.Name)
	}))
}

func items[V, T any](values []V, itemOf func(V) item[T]) []item[T] {
	all := make([]item[T], len(values))
	for i, v := range values {
		all[i] = itemOf(v)
	}
	return all
}
