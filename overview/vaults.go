package overview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

// vaultView is a row of the table of vaults. Unknown values are empty.
type vaultView struct {
	Status      string
	Unavailable bool
	Vault       string
	Used        string
	Full        bool
	NearlyFull  bool
	Resources   string
	Scheduled   string // how often its policies run, and what they do not cover
	Uncovered   bool   // whether no policy backs up some resource of the vault, or one is gone
	severity    int
}

// viewVaults returns the vaults by severity: unavailable, full, nearly full, not covered.
func viewVaults(s *protection.Snapshot) []vaultView {
	if s.Inventory == nil {
		return nil
	}
	schedules, uncovered, disabled := schedulesByVault(s), map[string][]string{}, map[string][]string{}
	for _, c := range s.Coverage {
		if !c.Covered {
			uncovered[c.VaultID] = append(uncovered[c.VaultID], resourceName(s, c.ResourceID))
		}
	}
	for _, p := range s.Inventory.Policies {
		if isFalse(p.Enabled) {
			for _, id := range p.VaultIDs {
				disabled[id] = append(disabled[id], cmp.Or(p.Name, p.ID))
			}
		}
	}
	var rows []vaultView
	for _, v := range s.Inventory.Vaults {
		row := viewVault(v)
		row.Vault = s.VaultName(v.ID)
		texts := schedules[v.ID]
		if len(texts) > 0 {
			texts = []string{strings.Join(texts, ", ")}
		}
		gone := named(v, cbrapi.ProtectDeleted)
		for _, of := range []struct {
			text  string
			names []string
		}{
			{"disabled policies: ", disabled[v.ID]},
			{"not backed up by an enabled policy with a known schedule: ", uncovered[v.ID]},
			{"protection status error: ", named(v, cbrapi.ProtectError)},
			{"no longer existing, but still bound and paid for: ", gone},
		} {
			if len(of.names) > 0 {
				texts = append(texts, of.text+strings.Join(of.names, ", "))
			}
		}
		row.Scheduled, row.Uncovered = strings.Join(texts, "; "), len(uncovered[v.ID]) > 0 || len(gone) > 0
		for weight, wrong := range []bool{row.Uncovered, row.NearlyFull, row.Full, row.Unavailable} {
			if wrong {
				row.severity += 1 << weight
			}
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b vaultView) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), strings.Compare(a.Vault, b.Vault))
	})
	return rows
}

// schedulesByVault says how often each vault runs each operation.
func schedulesByVault(s *protection.Snapshot) map[string][]string {
	schedules, seen := map[string][]string{}, map[*inventory.Plan]bool{}
	for _, x := range s.Inventory.Expected {
		if !seen[x.Plan] {
			seen[x.Plan] = true
			interval, _ := x.Plan.Schedule().LongestGap()
			schedules[x.VaultID] = append(schedules[x.VaultID], fmt.Sprintf("%s every %s", x.OperationType, Age(interval)))
		}
	}
	return schedules
}

// named returns the names of the resources of a vault that have the status.
func named(v *cbrapi.Vault, status cbrapi.ProtectStatus) []string {
	var names []string
	for _, r := range v.Resources {
		if r.ProtectStatus == status {
			names = append(names, cmp.Or(r.Name, r.ID))
		}
	}
	return names
}

func viewVault(v *cbrapi.Vault) vaultView {
	b := &v.Billing
	row := vaultView{
		Status:      string(protection.StatusOf(v)),
		Unavailable: isFalse(protection.Available(v)),
		Full:        isTrue(protection.Full(v)),
		NearlyFull:  isTrue(protection.NearlyFull(v)),
	}
	if v.Resources != nil {
		row.Resources = fmt.Sprint(len(v.Resources))
	}
	switch {
	case b.Used != nil && b.Capacity != nil && *b.Capacity > 0:
		row.Used = fmt.Sprintf("%s of %s, %.0f %%", formatBytes(*b.Used), formatBytes(*b.Capacity), 100*float64(*b.Used)/float64(*b.Capacity))
	case b.Used != nil:
		row.Used = formatBytes(*b.Used)
	}
	return row
}
