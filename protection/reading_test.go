package protection_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

func TestCollectors(t *testing.T) {
	t.Parallel()
	ago := func(minutes int) time.Time { return noon().Add(-time.Duration(minutes) * time.Minute) }
	one := make([]tasks.Task, 1)
	read := []*cbrapi.Vault{}
	for name, test := range map[string]struct {
		tasks  tasks.Snapshot
		vaults *inventory.Snapshot
		want   []protection.Collector
	}{
		"none": {},
		"complete": {
			tasks.Snapshot{Tasks: one, Complete: true, LastComplete: ago(1), Since: ago(60), Discovered: &tasks.Discovered{Complete: true, LastComplete: ago(2)}},
			&inventory.Snapshot{Vaults: read, Reading: inventory.Reading{Complete: true, LastComplete: ago(3)}, Since: ago(60)},
			[]protection.Collector{{"tasks", true, ago(1), 0}, {"discovery", true, ago(2), 0}, {"vaults", true, ago(3), 0}},
		},
		"since the last success": {
			tasks.Snapshot{Tasks: one, LastComplete: ago(10), Since: ago(60), Discovered: &tasks.Discovered{LastComplete: ago(20)}},
			&inventory.Snapshot{Vaults: read, Reading: inventory.Reading{LastComplete: ago(30)}, Since: ago(60)},
			[]protection.Collector{{"tasks", false, ago(10), 10 * time.Minute}, {"discovery", false, ago(20), 20 * time.Minute}, {"vaults", false, ago(30), 30 * time.Minute}},
		},
		"never": {
			tasks.Snapshot{Tasks: one, Since: ago(50), Discovered: &tasks.Discovered{}},
			&inventory.Snapshot{Vaults: read, Since: ago(40)},
			[]protection.Collector{{Name: "tasks", Incomplete: 50 * time.Minute}, {Name: "discovery", Incomplete: 50 * time.Minute}, {Name: "vaults", Incomplete: 40 * time.Minute}},
		},
		"inherited success before the start": {
			tasks.Snapshot{Tasks: one, LastComplete: ago(10), Since: ago(5)},
			nil,
			[]protection.Collector{{"tasks", false, ago(10), 5 * time.Minute}},
		},
		"clock set back": {
			tasks.Snapshot{Tasks: one, LastComplete: ago(-10), Since: ago(5)},
			nil,
			[]protection.Collector{{"tasks", false, ago(-10), 0}},
		},
		"vaults alone": {
			tasks.Snapshot{},
			&inventory.Snapshot{Vaults: read, Reading: inventory.Reading{LastComplete: ago(2)}, Since: ago(3)},
			[]protection.Collector{{"vaults", false, ago(2), 2 * time.Minute}},
		},
		"all lists": {
			tasks.Snapshot{},
			&inventory.Snapshot{
				Vaults: read, Reading: inventory.Reading{Complete: true, LastComplete: ago(1)}, Since: ago(60),
				Backups:      &inventory.Backups{Reading: inventory.Reading{LastComplete: ago(20), FailingSince: ago(15)}},
				Protectables: &inventory.Protectables{Reading: inventory.Reading{Complete: true, LastComplete: ago(50)}},
			},
			[]protection.Collector{{"vaults", true, ago(1), 0}, {"backups", false, ago(20), 15 * time.Minute}, {"protectables", true, ago(50), 0}},
		},
		"vaults being read": {
			tasks.Snapshot{Discovered: &tasks.Discovered{Complete: true, LastComplete: noon()}, Since: ago(1)},
			&inventory.Snapshot{Reading: inventory.Reading{Waiting: true}, Since: ago(1)},
			[]protection.Collector{{Name: "discovery", Incomplete: time.Minute}, {Name: "vaults", Incomplete: time.Minute}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.tasks.At = noon()
			if test.vaults != nil {
				test.vaults.At = noon()
			}
			s := protection.NewSnapshot(test.tasks, test.vaults, protection.Options{})
			if diff := cmp.Diff(test.want, s.Collectors()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
