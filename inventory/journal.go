package inventory

import (
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// journal logs what changes. A list that cannot be read says so once, and once when
// that is over, or the log would hide everything else.
type journal struct {
	logger log.Logger

	mu       sync.Mutex
	failing  map[string]cbrapi.Reason // by list: why the newest attempt failed
	complete bool                     // both lists have been read
	told     map[string]bool          // fields and patterns that have been told of
}

func newJournal(logger log.Logger) *journal {
	return &journal{logger: logger, failing: map[string]cbrapi.Reason{}, told: map[string]bool{}}
}

// read logs what became of the lists in the reading that is over.
func (j *journal) read(lists []string, k *known) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, list := range lists {
		err := k.of(list).err
		before, failed := j.failing[list]
		if err == nil {
			delete(j.failing, list)
			if failed {
				_ = level.Info(j.logger).Log("msg", list+" are read again")
			}
			continue
		}
		reason := cbrapi.ReasonOf(err)
		logger := level.Warn(j.logger)
		if failed && before == reason {
			logger = level.Debug(j.logger)
		}
		j.failing[list] = reason
		_ = logger.Log("msg", "reading "+list+" failed", "reason", reason, "err", err, "remedy", Remedy(reason))
	}
	if len(j.failing) > 0 || !k.all() {
		return
	}
	logger := level.Info(j.logger)
	if j.complete {
		logger = level.Debug(j.logger)
	}
	j.complete = true
	resources := 0
	for _, v := range k.allVaults {
		resources += len(v.Resources)
	}
	_ = logger.Log("msg", "vaults and policies are read", "vaults", len(k.allVaults), "resources", resources,
		"policies", len(k.allPolicies), "expected", len(k.expected), "took", k.took.Round(time.Millisecond))
}

// invalid logs the first value of each field that could not be read, and the vault
// or policy that it is of.
func (j *journal) invalid(id string, f cbrapi.InvalidField) {
	_ = j.once("field "+f.Field).Log("msg", "unreadable field", "id", id, "field", f.Field, "value", f.Value)
}

// unreadable logs each pattern once that could not be read.
func (j *journal) unreadable(p *cbrapi.Policy, err error) {
	_ = j.once("pattern "+p.ID+" "+err.Error()).Log("msg", "unreadable schedule; how often this policy runs is not known",
		"policy_id", p.ID, "policy_name", p.Name, "err", err)
}

// once returns a logger for what is worth a warning the first time only. A thousand
// things are enough: an ill API may send ever new ones.
func (j *journal) once(what string) log.Logger {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.told[what] || len(j.told) >= 1000 {
		return level.Debug(j.logger)
	}
	j.told[what] = true
	return level.Warn(j.logger)
}
