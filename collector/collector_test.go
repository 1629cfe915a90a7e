package collector_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
	"github.com/cbr-exporter/cbr_exporter/collector"
	"github.com/cbr-exporter/cbr_exporter/coverage"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// source is a project of which all is known.
type source coverage.Snapshot

func (s source) Collect(context.Context) coverage.Snapshot { return coverage.Snapshot(s) }

// TestFullTask has a task with every field set, so that every family has a
// sample. A pedantic registry compares what is collected with what is described.
func TestFullTask(t *testing.T) {
	n, yes := int64(7), true
	c := collector.New([]string{"tag_team"}, source{
		Snapshot: collection.Snapshot{
			Project:      "test",
			Info:         collection.ProjectInfo{ID: "id"},
			Tasks:        []collection.Task{{ID: "1", Log: fullTask(), Known: true}},
			LastComplete: time.Unix(1e9, 0),
			Standings: []ledger.Standing{{
				LastFinished: fullTask(),
				LastSuccess:  &ledger.Outcome{End: time.Unix(1e9, 0), Duration: time.Hour, HasDuration: true},
				LastFailure:  &ledger.Outcome{End: time.Unix(1e9, 0)},
			}},
			Resources: []ledger.Resource{{ID: "resource"}},
			Found: &collection.Found{
				Swept: true, HistoryStart: time.Unix(1e9, 0), LastComplete: time.Unix(1e9, 0),
				Tallies: []ledger.Tally{{VaultID: "vault"}},
			},
		},
		Inventory: &inventory.Snapshot{
			Vaults: []*cbrapi.Vault{{
				ID: "vault", Billing: cbrapi.Billing{Capacity: &n, Allocated: &n, Used: &n},
				Resources: []cbrapi.VaultResource{{ID: "resource", BackupCount: &n, BackupSize: &n, ExcludeVolumes: []string{"a"}}},
			}},
			Policies:     []*cbrapi.Policy{{ID: "policy", Enabled: &yes, VaultIDs: []string{"vault"}}},
			Expected:     []inventory.Expectation{{Interval: time.Hour, Since: time.Unix(1, 0)}},
			LastComplete: time.Unix(1e9, 0),
		},
	})
	scrape := c.Scrape(t.Context())

	r := prometheus.NewPedanticRegistry()
	r.MustRegister(scrape)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	descs := make(chan *prometheus.Desc, 1000)
	scrape.Describe(descs)
	if got, want := len(families), len(descs); got != want {
		t.Errorf("got %d families with samples, want all %d", got, want)
	}
}

// TestOnly collects from one of two projects, and makes nothing anew for it.
func TestOnly(t *testing.T) {
	one := source{Snapshot: collection.Snapshot{Project: "one"}}
	other := source{Snapshot: collection.Snapshot{Project: "other"}}
	all := collector.New(nil, one, other)
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(all.Only(other).Scrape(t.Context()))
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "project" && l.GetValue() != "other" {
					t.Errorf("%s is about the project %s", f.GetName(), l.GetValue())
				}
			}
		}
	}
	if len(families) == 0 {
		t.Error("nothing was collected")
	}
	if got := testing.AllocsPerRun(10, func() { all.Only(other) }); got > 10 {
		t.Errorf("it takes %.0f allocations, as if the families were made anew", got)
	}
}

// fullTask has all that a task of any type can have.
func fullTask() *cbrapi.OperationLog {
	hour := func(h int) time.Time { return time.Date(2026, 11, 20, h, 0, 0, 0, time.UTC) }
	n, yes, percent := int64(7), true, 50.0
	return &cbrapi.OperationLog{
		ID: "1", Status: cbrapi.StatusFailed, OperationType: cbrapi.OperationBackup,
		CreatedAt: hour(1), StartedAt: hour(2), EndedAt: hour(3), UpdatedAt: hour(4),
		ErrorInfo: cbrapi.ErrorInfo{Code: "BackupService.6114"},
		PolicyID:  "policy", ProviderID: "provider", CheckpointID: "checkpoint",
		VaultID: "vault", VaultName: "name",
		ExtraInfo: cbrapi.ExtraInfo{
			Common:      cbrapi.Common{Progress: &percent, RequestID: "request"},
			Resource:    &cbrapi.Resource{ID: "resource", Type: "OS::Nova::Server", Name: "ecs", ExcludeVolumes: []string{"a"}},
			Backup:      &cbrapi.Backup{BackupID: "backup", Incremental: &yes, AppConsistencyStatus: "0"},
			Restore:     &cbrapi.Restore{TargetResourceID: "target"},
			Replication: &cbrapi.Replication{SourceRegion: "source"},
			Sync:        &cbrapi.Sync{Backups: &n, DeletedBackups: &n, FailedBackups: &n},
			VaultDelete: &cbrapi.VaultDelete{FailCount: &n, TotalCount: &n},
		},
	}
}
