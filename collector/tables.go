package collector

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/coverage"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// tables holds the families by what they are about.
type tables struct {
	project       table[*coverage.Snapshot]
	configured    table[collection.Task]
	task          table[*cbrapi.OperationLog]
	standing      table[standing]
	resource      table[ledger.Resource]
	tally         table[ledger.Tally]
	vault         table[vault]
	vaultResource table[*cbrapi.VaultResource]
	policy        table[*cbrapi.Policy]
	expectation   table[expectation]
}

func newTables(tagLabels []string) tables {
	return tables{
		project:       newTable(slices.Concat(projectFamilies(), windowFamilies())),
		configured:    newTable(configuredFamilies(), "task_id"),
		task:          newTable(taskFamilies(), "task_id", "operation_type", "vault"),
		standing:      newTable(standingFamilies(), "vault_id", "vault", "resource_id", "operation_type"),
		resource:      newTable(resourceFamilies(), "resource_id"),
		tally:         newTable(tallyFamilies(), "vault_id", "vault", "operation_type"),
		vault:         newTable(vaultFamilies(tagLabels), "vault_id", "vault"),
		vaultResource: newTable(vaultResourceFamilies(), "vault_id", "vault", "resource_id"),
		policy:        newTable(policyFamilies(), "policy_id"),
		expectation:   newTable(expectationFamilies(), "vault_id", "vault", "resource_id", "operation_type"),
	}
}

func (t tables) describe(ch chan<- *prometheus.Desc) {
	t.project.describe(ch)
	t.configured.describe(ch)
	t.task.describe(ch)
	t.standing.describe(ch)
	t.resource.describe(ch)
	t.tally.describe(ch)
	t.vault.describe(ch)
	t.vaultResource.describe(ch)
	t.policy.describe(ch)
	t.expectation.describe(ch)
}

func (t tables) collect(s *coverage.Snapshot, e *emitter) {
	t.project.collect(e, []subject[*coverage.Snapshot]{t.project.subject(e, s, s.Project)})
	t.configured.collect(e, subjects(s.Tasks, func(task collection.Task) subject[collection.Task] {
		return t.configured.subject(e, task, s.Project, task.ID)
	}))
	t.task.collect(e, subjects(logs(s), func(l *cbrapi.OperationLog) subject[*cbrapi.OperationLog] {
		return t.task.subject(e, l, s.Project, l.ID, string(l.OperationType), firstText(l.VaultName, l.VaultID))
	}))
	t.standing.collect(e, subjects(s.Standings, func(r ledger.Standing) subject[standing] {
		return t.standing.subject(e, standing{r, s.Found != nil}, s.Project,
			r.VaultID, firstText(r.VaultName, r.VaultID), r.ResourceID, string(r.OperationType))
	}))
	t.resource.collect(e, subjects(s.Resources, func(r ledger.Resource) subject[ledger.Resource] {
		return t.resource.subject(e, r, s.Project, r.ID)
	}))
	if s.Found != nil {
		t.tally.collect(e, subjects(s.Found.Tallies, func(n ledger.Tally) subject[ledger.Tally] {
			return t.tally.subject(e, n, s.Project, n.VaultID, firstText(n.VaultName, n.VaultID), string(n.OperationType))
		}))
	}
	if s.Inventory != nil {
		t.collectInventory(s, e)
	}
}

// collectInventory emits what should be backed up.
func (t tables) collectInventory(s *coverage.Snapshot, e *emitter) {
	names := map[string]string{}
	for _, v := range s.Inventory.Vaults {
		names[v.ID] = firstText(v.Name, v.ID)
	}
	t.vault.collect(e, subjects(s.Inventory.Vaults, func(v *cbrapi.Vault) subject[vault] {
		return t.vault.subject(e, vault{v, s.TagKeys}, s.Project, v.ID, names[v.ID])
	}))
	t.vaultResource.collect(e, subjects(vaultResources(s.Inventory.Vaults), func(r vaultResource) subject[*cbrapi.VaultResource] {
		return t.vaultResource.subject(e, r.resource, s.Project, r.vault.ID, names[r.vault.ID], r.resource.ID)
	}))
	t.policy.collect(e, subjects(s.Inventory.Policies, func(p *cbrapi.Policy) subject[*cbrapi.Policy] {
		return t.policy.subject(e, p, s.Project, p.ID)
	}))
	t.expectation.collect(e, subjects(s.Inventory.Expected, func(x inventory.Expectation) subject[expectation] {
		return t.expectation.subject(e, expectation{x, s.Missable(x.ResourceKey)}, s.Project, x.VaultID, names[x.VaultID], x.ResourceID, string(x.OperationType))
	}))
}

// logs returns the tasks that are shown one by one.
func logs(s *coverage.Snapshot) []*cbrapi.OperationLog {
	var all []*cbrapi.OperationLog
	for _, task := range s.Tasks {
		if task.Log != nil {
			all = append(all, task.Log)
		}
	}
	if s.Found != nil {
		all = append(all, s.Found.Active...)
	}
	return all
}
