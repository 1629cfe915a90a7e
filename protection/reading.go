package protection

import (
	"slices"
	"time"
)

// The collectors: the configured tasks, the discovered tasks, and the vaults with their
// policies.
const (
	TasksCollector     = "tasks"
	DiscoveryCollector = "discovery"
	VaultsCollector    = "vaults"
)

// Collector is how completely one of the collectors reads the API.
type Collector struct {
	Name         string
	Complete     bool          // the latest attempt read everything
	LastComplete time.Time     // zero if none has
	Incomplete   time.Duration // since LastComplete or, if it is later, the first failure or the start; 0 if Complete
}

// Collectors returns the collectors of the project.
func (s *Snapshot) Collectors() []Collector {
	var all []Collector
	add := func(name string, complete bool, last, now time.Time, others ...time.Time) {
		c := Collector{Name: name, Complete: complete, LastComplete: last}
		if !complete {
			since := slices.MaxFunc(append(others, last), time.Time.Compare)
			c.Incomplete = max(now.Sub(since), 0)
		}
		all = append(all, c)
	}
	if len(s.Tasks) > 0 {
		add(TasksCollector, s.Complete, s.LastComplete, s.At, s.Since)
	}
	if d := s.Discovered; d != nil {
		add(DiscoveryCollector, d.Complete, d.LastComplete, s.At, s.Since)
	}
	if i := s.Inventory; i != nil { // it is not read by each scrape
		add(VaultsCollector, i.Complete, i.LastComplete, i.At, i.Since, i.FailingSince)
	}
	return all
}
