package protection

import (
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// The collectors: the configured tasks, the discovered tasks, the vaults with their
// policies, the backups, and the resources that can be protected.
const (
	TasksCollector     = "tasks"
	DiscoveryCollector = "discovery"
	VaultsCollector    = "vaults"

	BackupsCollector      = "backups"
	ProtectablesCollector = "protectables"
)

// Collector is how completely one of the collectors reads the API.
type Collector struct {
	Name         string
	Complete     bool          // the latest attempt read everything
	LastComplete time.Time     // zero if none has
	Incomplete   time.Duration // since LastComplete or, if it is later, the first failure or the start; 0 if Complete
}

// Reading is how completely the lists are known that a collector reads beside the passes.
type Reading struct {
	Collector string
	inventory.Reading
}

// Readings returns how completely the lists are known that are read beside the passes.
func (s *Snapshot) Readings() []Reading {
	i := s.Inventory
	if i == nil {
		return nil
	}
	all := []Reading{{VaultsCollector, i.Reading}}
	if i.Backups != nil {
		all = append(all, Reading{BackupsCollector, i.Backups.Reading})
	}
	if i.Protectables != nil {
		all = append(all, Reading{ProtectablesCollector, i.Protectables.Reading})
	}
	return all
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
	for _, r := range s.Readings() { // not by each scrape
		add(r.Collector, r.Complete, r.LastComplete, s.Inventory.At, s.Inventory.Since, r.FailingSince)
	}
	return all
}
