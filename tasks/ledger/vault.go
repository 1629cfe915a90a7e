package ledger

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// vaultKey identifies one type of operation on a vault.
type vaultKey struct {
	vaultID   string               // "" if the API did not send it
	operation cbrapi.OperationType // canonical: copy counts as replication
}

// VaultTasks returns the last finished task of each vault and type of operation that
// names no resource, such as the deletion of the vault, ordered by type and vault.
func (l *Ledger) VaultTasks() []*cbrapi.OperationLog {
	l.forget()
	var logs []*cbrapi.OperationLog
	for _, v := range l.vaultTasks {
		if v.finished != nil {
			logs = append(logs, v.finished)
		}
	}
	slices.SortFunc(logs, func(a, b *cbrapi.OperationLog) int {
		return cmp.Or(cmp.Compare(a.OperationType.Canonical(), b.OperationType.Canonical()), strings.Compare(a.VaultID, b.VaultID))
	})
	return logs
}

type vaultName struct {
	position // of the task with the name
	name     string
}

// VaultNames returns the name of each vault in its latest task that has one, by id.
func (l *Ledger) VaultNames() map[string]string {
	l.forget()
	names := make(map[string]string, len(l.vaultNames))
	for id, n := range l.vaultNames {
		names[id] = n.name
	}
	return names
}
