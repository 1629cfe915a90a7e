package collector_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collector"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestEveryFamilyHasSamples collects a snapshot in which every field is set. A pedantic
// registry compares what is collected with what is described.
func TestEveryFamilyHasSamples(t *testing.T) {
	n, yes, percent := int64(7), true, 50.0
	all := collector.New([]string{"tag_team"}).Families(protection.Snapshot{
		Info: protection.ProjectInfo{ID: "id"},
		Snapshot: tasks.Snapshot{
			Project:      "test",
			Tasks:        []tasks.Task{{ID: "1", Log: fullTask(), Known: true}},
			LastComplete: time.Unix(1e9, 0),
			ResourceStates: []ledger.ResourceState{{
				LastFinished: fullTask(),
				LastSuccess:  &ledger.Run{End: time.Unix(1e9, 0), Duration: time.Hour, HasDuration: true},
				LastFailure:  &ledger.Run{End: time.Unix(1e9, 0)},
			}},
			VaultTasks: []*cbrapi.OperationLog{fullTask()},
			Resources:  []ledger.Resource{{ID: "resource"}},
			Discovered: &tasks.Discovered{
				Synced: true, HistoryStart: time.Unix(1e9, 0), LastComplete: time.Unix(1e9, 0),
			},
		},
		TaskCounts: []protection.TaskCount{{VaultID: "vault"}},
		Inventory: &inventory.Snapshot{
			Vaults: []*cbrapi.Vault{{
				ID: "vault", Billing: cbrapi.Billing{Status: cbrapi.VaultAvailable, Capacity: &n, Allocated: &n, Used: &n},
				Threshold: &percent, Locked: &yes, Frozen: &yes,
				Resources: []cbrapi.VaultResource{{
					ID: "resource", BackupCount: &n, BackupSize: &n, ExcludeVolumes: []string{"a"}, IncludedVolumes: 1,
				}},
			}},
			Policies: []*cbrapi.Policy{{ID: "policy", Enabled: &yes, VaultIDs: []string{"vault"}}},
			Reading:  inventory.Reading{LastComplete: time.Unix(1e9, 0)},
		},
		Verdicts:    []protection.Verdict{{VaultID: "vault", Due: time.Unix(1e9, 0), Overdue: &yes, Failing: &yes}},
		Coverage:    []protection.Coverage{{VaultID: "another vault"}},
		ActiveTasks: []protection.ActiveTask{{Log: fullTask()}},
		RestorePoints: []protection.RestorePoints{{ResourceID: "resource", VaultID: "vault", Restorable: &yes, Lost: &yes, RestorePoints: inventory.RestorePoints{
			Latest: time.Unix(1e9, 0), Oldest: time.Unix(1e9, 0), NextExpiry: time.Unix(1e9, 0),
			Replicas: []inventory.Replicas{{Region: "elsewhere", Latest: time.Unix(1e9, 0), Failed: 1, FailCode: "code"}},
		}}},
		Protectables: &protection.Protectables{
			Counts:      []protection.ProtectableCount{{Type: "OS::Nova::Server"}},
			Unprotected: []*cbrapi.Protectable{{ID: "resource"}},
		},
	})

	r := prometheus.NewPedanticRegistry()
	for _, f := range all {
		r.MustRegister(f)
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(families), len(all); got != want {
		t.Errorf("got %d families with samples, want all %d that are described", got, want)
	}
}

// fullTask returns a task with every field that any type of task can have.
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
