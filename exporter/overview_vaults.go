package exporter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/coverage"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// vaultView is a row of the table of vaults. What is not known is empty.
type vaultView struct {
	Status    string
	Trouble   bool // with the status
	Vault     string
	Used      string
	Full      bool
	Resources string
	Expected  string // how often its policies run
	Uncovered bool   // something is bound to it that no policy backs up
	severity  int
}

// viewVaults shows the vaults, the worst first: one that takes no backup, because it
// is full or out of use, and one that gets none, because no policy runs.
func viewVaults(s coverage.Snapshot) []vaultView {
	if s.Inventory == nil {
		return nil
	}
	type plan struct {
		operation cbrapi.OperationType
		interval  time.Duration
	}
	plans := map[string][]plan{} // by vault, of which all that follow them have the same
	backedUp := map[string]int{} // resources by vault
	for _, e := range s.Inventory.Expected {
		if p := (plan{e.OperationType, e.Interval}); !slices.Contains(plans[e.VaultID], p) {
			plans[e.VaultID] = append(plans[e.VaultID], p)
		}
		if e.OperationType == cbrapi.OperationBackup {
			backedUp[e.VaultID]++
		}
	}
	var rows []vaultView
	for _, v := range s.Inventory.Vaults {
		var expected []string
		for _, p := range plans[v.ID] {
			expected = append(expected, fmt.Sprintf("%s every %s", p.operation, age(p.interval)))
		}
		row := viewVault(v)
		row.Expected = strings.Join(expected, ", ")
		uncovered := len(v.Resources) - backedUp[v.ID]
		if uncovered > 0 && takesBackups(v) && !s.Inventory.LastComplete.IsZero() {
			text := fmt.Sprintf("no enabled policy with a known schedule backs up %d of %d resources", uncovered, len(v.Resources))
			row.Expected = strings.TrimPrefix(row.Expected+"; "+text, "; ")
			row.Uncovered = true
			row.severity++
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b vaultView) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), strings.Compare(a.Vault, b.Vault))
	})
	return rows
}

// takesBackups reports whether policies for backup are meant for the vault: what is in
// a hybrid one is synchronised, and what is in one for replication is copied.
func takesBackups(v *cbrapi.Vault) bool {
	return v.Billing.ProtectType != "hybrid" && v.Billing.ProtectType != "replication"
}

func viewVault(v *cbrapi.Vault) vaultView {
	b := &v.Billing
	row := vaultView{
		Status:  string(b.Status),
		Trouble: b.Status != cbrapi.VaultAvailable && b.Status != "",
		Vault:   cmp.Or(v.Name, v.ID),
		Full:    isFull(v),
	}
	if v.Resources != nil {
		row.Resources = fmt.Sprint(len(v.Resources))
	}
	switch {
	case b.Used != nil && b.Capacity != nil && *b.Capacity > 0:
		row.Used = fmt.Sprintf("%s of %s, %.0f %%", size(*b.Used), size(*b.Capacity), 100*float64(*b.Used)/float64(*b.Capacity))
	case b.Used != nil:
		row.Used = size(*b.Used)
	}
	if row.Trouble {
		row.severity += 4
	}
	if row.Full {
		row.severity += 2
	}
	return row
}

// isFull reports whether a vault is used to 100 %, as the page shows it: a backup is
// refused where it does not fit, which is before the last byte.
func isFull(v *cbrapi.Vault) bool {
	b := &v.Billing
	return b.Used != nil && b.Capacity != nil && float64(*b.Used) >= 0.995*float64(*b.Capacity)
}

// overdueView is a row of the table of what ought to have had a success by now.
type overdueView struct {
	Resource, Vault, Operation string
	Every                      string
	LastSuccess                moment
	Reason                     string // that the vault gives; empty where the tasks have to tell
	succeeded                  time.Time
}

// viewOverdue shows what has had no success for the longest time first.
func viewOverdue(s coverage.Snapshot, now time.Time) []overdueView {
	overdue := s.Overdue()
	if len(overdue) == 0 {
		return nil
	}
	names := map[string]string{}
	for _, r := range s.Resources {
		names[r.ID] = r.Name
	}
	vaults := map[string]*cbrapi.Vault{}
	for _, v := range s.Inventory.Vaults {
		vaults[v.ID] = v
	}
	var rows []overdueView
	for _, o := range overdue {
		v := vaults[o.VaultID]
		row := overdueView{
			Resource:    cmp.Or(names[o.ResourceID], o.ResourceID),
			Vault:       cmp.Or(v.Name, v.ID),
			Operation:   string(o.OperationType),
			Every:       age(o.Interval),
			LastSuccess: noneSince(s.Found.HistoryStart, now),
			succeeded:   o.LastSuccess,
		}
		if !o.LastSuccess.IsZero() {
			row.LastSuccess = ago(o.LastSuccess, now)
		}
		switch status := v.Billing.Status; {
		case status != cbrapi.VaultAvailable && status != "":
			row.Reason = fmt.Sprintf("the vault has the status %s", status)
		case isFull(v):
			row.Reason = "the vault is full"
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b overdueView) int { return a.succeeded.Compare(b.succeeded) })
	return rows
}

// sayVaults says what is missing, and whether that can be trusted.
func sayVaults(s coverage.Snapshot, now time.Time, say func(string, ...any)) {
	i := s.Inventory
	if s.Found != nil && s.Found.Swept && !i.LastComplete.IsZero() {
		say("Of %d resources and operations that policies cover, %d ought to have had a success by now and had none.", len(i.Expected), len(s.Overdue()))
	}
	for _, reason := range cbrapi.Reasons() {
		if i.Reasons[reason] {
			say("Vaults or policies could not be read. Reason: %s; %s.", reason, inventory.Remedy(reason))
		}
	}
	switch {
	case i.Complete:
		say("Vaults and policies are as of %s ago.", age(now.Sub(i.LastComplete)))
	case i.LastComplete.IsZero():
		say("Never yet have all vaults and policies been known.")
	default:
		say("They are as of %s ago.", age(now.Sub(i.LastComplete)))
	}
}

// size writes a number of bytes as people say it.
func size(bytes int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	n, unit := float64(bytes), 0
	for n >= 1024 && unit < len(units)-1 {
		n, unit = n/1024, unit+1
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0") + " " + units[unit]
}
