package config

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"
)

// Discovery says what is followed of a project's task list.
type Discovery struct {
	// Lookback is how far back the state of a resource is read.
	Lookback model.Duration `yaml:"lookback"`
	// Window is the age, by their creation, of the tasks that are counted. It is
	// no longer than Lookback.
	Window model.Duration `yaml:"window"`
	// OperationTypes are those of operationTypes, each once; empty means all.
	OperationTypes []string `yaml:"operation_types"`
	// VaultIDs are UUIDs in lower case, each once; empty means all vaults.
	VaultIDs []string `yaml:"vault_ids"`
	// MaxTasks is the number of tasks in the window that are kept.
	MaxTasks int `yaml:"max_tasks"`
}

const (
	defaultLookback = model.Duration(30 * 24 * time.Hour)
	defaultWindow   = model.Duration(24 * time.Hour)
	defaultMaxTasks = 100_000
	// highestMaxTasks keeps a typing error from filling the memory.
	highestMaxTasks = 10_000_000
	// maxLookback is years beyond what the API remembers, and short enough to count
	// back from any date.
	maxLookback = model.Duration(10 * 365 * 24 * time.Hour)
)

// operationTypes returns the types of operations that the API has. A task of a
// newer type may come from there, but in the file another word is a mistake.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListOpLogs.html.
func operationTypes() []string {
	return []string{
		"backup", "copy", "delete", "migrate_resources", "remove_resource",
		"replication", "restore", "sync", "vault_delete",
	}
}

// discovery reads a discovery. It has a default for each key, so that the one of
// the project says enough.
func discovery(to **Discovery) reader {
	return func(n node) {
		d := &Discovery{MaxTasks: defaultMaxTasks}
		m, ok := n.mapping(keys{
			"lookback":        positiveDuration(&d.Lookback, maxLookback),
			"window":          positiveDuration(&d.Window, maxLookback),
			"operation_types": distinct(&d.OperationTypes, operationType),
			"vault_ids":       uuids(&d.VaultIDs, "copy the vault's id from its page in the console, or from the API"),
			"max_tasks":       integer(&d.MaxTasks, 1, highestMaxTasks),
		})
		if !ok {
			return
		}
		if m.at("lookback").missing() {
			d.Lookback = defaultLookback
		}
		if m.at("window").missing() {
			d.Window = defaultWindow
		}
		switch {
		case d.Lookback == 0 || d.Window == 0: // it has a problem already
		case d.Window <= d.Lookback:
		case m.at("window").missing():
			m.at("lookback").problem("%s is shorter than window, which is %s where it is left out; set window as well, to %[1]s or less", d.Lookback, d.Window)
		default:
			m.at("window").problem("%s is longer than lookback, which is %s; shorten window or lengthen lookback", d.Window, d.Lookback)
		}
		*to = d
	}
}

// operationType returns the item of a list of them.
func operationType(n node) (string, bool) {
	value, ok := n.text()
	if !ok {
		return "", false
	}
	if known := operationTypes(); !slices.Contains(known, value) {
		n.problem("%.40q is not a type of operation; %s", value, hint(value, known))
		return "", false
	}
	return value, true
}
