package overview

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

// vaultRow is a row of the table of vaults.
type vaultRow struct {
	row
	known *cbrapi.Vault
	plans []inventory.Expectation // one of each plan
	// The names of what leaves gaps: policies and resources.
	disabled, uncovered, failing, gone []string
}

// vaultRows returns the vaults.
func (p *project) vaultRows() []*vaultRow {
	if p.Inventory == nil {
		return nil
	}
	rows := make([]*vaultRow, 0, len(p.Inventory.Vaults))
	byID := map[string]*vaultRow{}
	for _, v := range p.Inventory.Vaults {
		r := &vaultRow{row: row{project: p, vaultID: v.ID}, known: v}
		r.failing, r.gone = named(v, cbrapi.ProtectError), named(v, cbrapi.ProtectDeleted)
		rows = append(rows, r)
		byID[v.ID] = r
	}
	seen := map[*inventory.Plan]bool{}
	for _, e := range p.Inventory.Expected {
		if r := byID[e.VaultID]; r != nil && !seen[e.Plan] {
			seen[e.Plan] = true
			r.plans = append(r.plans, e)
		}
	}
	for _, c := range p.Coverage {
		if r := byID[c.VaultID]; r != nil && !c.Covered {
			r.uncovered = append(r.uncovered, cmp.Or(p.ResourceName(c.ResourceID), c.ResourceID))
		}
	}
	for _, policy := range p.Inventory.Policies {
		if !isFalse(policy.Enabled) {
			continue
		}
		for _, id := range policy.VaultIDs {
			if r := byID[id]; r != nil {
				r.disabled = append(r.disabled, cmp.Or(policy.Name, policy.ID))
			}
		}
	}
	for _, r := range rows {
		r.states = r.judge()
	}
	return rows
}

// named returns the names of the resources of a vault that have the status.
func named(v *cbrapi.Vault, status cbrapi.ProtectStatus) []string {
	var names []string
	for i := range v.Resources {
		if r := &v.Resources[i]; r.ProtectStatus == status {
			names = append(names, cmp.Or(r.Name, r.ID))
		}
	}
	return names
}

// judge returns the states, the worst first. A full vault is not nearly full as well.
func (r *vaultRow) judge() []State {
	full := isTrue(protection.Full(r.known))
	states := statesOf(
		candidate{StateUnavailable, isFalse(protection.Available(r.known))},
		candidate{StateFull, full},
		candidate{StateNearlyFull, !full && isTrue(protection.NearlyFull(r.known))},
		candidate{StateGaps, len(r.disabled)+len(r.uncovered)+len(r.failing)+len(r.gone) > 0},
	)
	return append(states, statesOf(candidate{StateBlind, r.project.blind}, candidate{StateOK, states == nil})...)
}

func (r *vaultRow) name() string { return r.project.VaultName(r.vaultID) }

func (r *vaultRow) texts() []string {
	return append([]string{r.project.Project, r.vaultID, r.name()}, r.why()...)
}

func (r *vaultRow) compare(other *vaultRow) int { return strings.Compare(r.name(), other.name()) }

// why returns what is wrong.
func (r *vaultRow) why() []string {
	var texts []string
	if r.is(StateUnavailable) {
		texts = append(texts, fmt.Sprintf("It takes no backups: its status is %s.", protection.StatusOf(r.known)))
	}
	if r.is(StateFull) {
		texts = append(texts, "It is full: backups fail until it is expanded or backups are deleted.")
	}
	if r.is(StateNearlyFull) {
		texts = append(texts, "It is nearly full.")
	}
	for _, of := range []struct {
		text  string
		names []string
	}{
		{"Disabled policies: ", r.disabled},
		{"Not covered by an enabled policy with a known schedule: ", r.uncovered},
		{"Protection status error: ", r.failing},
		{"No longer existing, but still bound and paid for: ", r.gone},
	} {
		if len(of.names) > 0 {
			texts = append(texts, of.text+enumerate(of.names, ", ", 10)+".")
		}
	}
	return texts
}

// enumerate lists the first of the names, and how many others there are.
func enumerate(names []string, last string, most int) string {
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %s more", formatCount(len(names)-most))
	}
	n := len(names) - 1
	if n == 0 {
		return names[0]
	}
	return strings.Join(names[:n], ", ") + last + names[n]
}

// alert returns the name of the alert that fires for the worst of what is wrong.
func (r *vaultRow) alert() string {
	switch {
	case r.is(StateUnavailable):
		return "CBRVaultNotAvailable"
	case r.is(StateFull):
		return "CBRVaultFull"
	case r.is(StateNearlyFull):
		return "CBRVaultNearlyFull"
	case len(r.disabled) > 0:
		return "CBRPolicyDisabled"
	case len(r.uncovered) > 0:
		return "CBRResourceNotCovered"
	case len(r.failing) > 0:
		return "CBRProtectionError"
	default:
		return ""
	}
}

func (r *vaultRow) show() Vault {
	v := Vault{
		Place:    r.project.place(r.vaultID),
		Status:   protection.StatusOf(r.known),
		States:   r.states,
		Why:      r.why(),
		Alert:    r.alert(),
		Used:     r.known.Billing.Used,
		Capacity: r.known.Billing.Capacity,
	}
	if r.known.Resources != nil {
		v.Resources = new(len(r.known.Resources))
	}
	for _, e := range r.plans {
		if gap, ok := e.Plan.Schedule().LongestGap(); ok {
			v.Schedules = append(v.Schedules, fmt.Sprintf("%s every %s", e.OperationType, age(gap)))
		}
	}
	return v
}
