package cbrapi_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// TestRecordedVaults reads responses of the real API. The client understands every
// field of them, and the sizes of the backups add up to what is used of the vault, which
// proves their unit.
func TestRecordedVaults(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for file, wantUsed := range map[string]map[string]int64{
		"vaults_count_above_rows.json": {"vault-a": 0, "vault-b": 17048 * mb, "vault-d": 0},
		"vaults_deleted_resource.json": {"vault-a": 0, "vault-b": 17048 * mb, "vault-c": 0, "vault-d": 0},
		"vaults_replication.json":      {"vault-f": 0, "vault-g": 0},
		"vaults_turbo.json":            {"vault-e": 2260 * mb},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			vaults, invalid := vaultsOf(t, listTestdata(t, file))
			if len(invalid) != 0 {
				t.Errorf("got the invalid rows %v", invalid)
			}
			used := map[string]int64{}
			for _, v := range vaults {
				if v.Invalid != nil {
					t.Errorf("%s has the invalid fields %v", v.Name, v.Invalid)
				}
				for _, field := range []*bool{v.SMNNotify, v.Locked, v.Frozen, v.AutoExpand, v.Billing.MultiAZ} {
					if field == nil {
						t.Errorf("a field of %s is missing: %+v", v.Name, v)
					}
				}
				if v.Threshold == nil || *v.Threshold != 80 || !*v.SMNNotify || *v.Locked || *v.Frozen || *v.Billing.MultiAZ || v.CreatedAt.IsZero() {
					t.Errorf("%s has another threshold, flag or time: %+v", v.Name, v)
				}
				for _, r := range v.Resources {
					used[v.Name] += *r.BackupSize
				}
				if used[v.Name] != *v.Billing.Used {
					t.Errorf("the backups in %s have %d bytes, but %d are used", v.Name, used[v.Name], *v.Billing.Used)
				}
				used[v.Name] = *v.Billing.Used
			}
			if diff := cmp.Diff(wantUsed, used); diff != "" {
				t.Errorf("used bytes differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRecordedProtectStatus(t *testing.T) {
	t.Parallel()
	vaults, _ := vaultsOf(t, listTestdata(t, "vaults_deleted_resource.json"))
	got := map[string]cbrapi.ProtectStatus{}
	for _, v := range vaults {
		for _, r := range v.Resources {
			got[r.Name] = r.ProtectStatus
		}
	}
	want := map[string]cbrapi.ProtectStatus{
		"volume-1": cbrapi.ProtectAvailable, "server-1": cbrapi.ProtectAvailable,
		"server-2": "", // null
		"server-3": cbrapi.ProtectDeleted,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses differ (-want +got):\n%s", diff)
	}
}

// TestRecordedCount has the count be higher than the number of vaults: the list ends at
// the first page without rows, each time it is read.
func TestRecordedCount(t *testing.T) {
	t.Parallel()
	body := listTestdata(t, "vaults_count_above_rows.json")
	var offsets []string
	client := newClient(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		offsets = append(offsets, r.FormValue("offset"))
		if r.FormValue("offset") == "0" {
			reply(http.StatusOK, "application/json", body)(w, r)
			return
		}
		reply(http.StatusOK, "application/json", `{"vaults":[],"count":4,"offset":3,"limit":1000}`)(w, r)
	}))
	for range 3 {
		offsets = nil
		vaults, invalid, err := all(t.Context(), client.Vaults())
		if len(vaults) != 3 || len(invalid) != 0 || err != nil {
			t.Errorf("got %d vaults, %v, %v, want three", len(vaults), invalid, err)
		}
		if diff := cmp.Diff([]string{"0", "3"}, offsets); diff != "" {
			t.Errorf("offsets differ (-want +got):\n%s", diff)
		}
	}
}

func TestRecordedPolicies(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		operation cbrapi.OperationType
		vault     string
	}{
		"policies_backup.json":      {cbrapi.OperationBackup, "1420f85e-deee-4a17-894b-30ad1d1ea7c2"},
		"policies_replication.json": {cbrapi.OperationReplication, "466ef0a7-d78e-417e-8991-e9cccad14b49"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			policies, invalid := policiesOf(t, listTestdata(t, file))
			if len(policies) != 1 || len(invalid) != 0 {
				t.Fatalf("got %d policies, invalid rows %v", len(policies), invalid)
			}
			p := policies[0]
			if p.OperationType != want.operation || len(p.VaultIDs) != 1 || p.VaultIDs[0] != want.vault || p.StartTime.Year() != 2025 || len(p.Patterns) != 1 || !*p.Enabled || p.Retention != (cbrapi.Retention{MaxBackups: -1, Days: 30}) || p.Invalid != nil {
				t.Errorf("got %+v", p)
			}
		})
	}
}
