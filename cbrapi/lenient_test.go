package cbrapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// A field in an odd form costs that field at most: the table says what becomes
// of it and what Invalid lists.
func TestOddForms(t *testing.T) {
	type (
		task    = cbrapi.OperationLog
		invalid = []cbrapi.InvalidField
	)
	tests := map[string][]struct {
		sent    string // members of operation_log
		want    func(*task)
		invalid invalid
	}{
		"progress": {
			{`"extra_info": {"common": {"progress": "100"}}`, func(l *task) { l.ExtraInfo.Common.Progress = new(100.0) }, nil},
			{`"extra_info": {"common": {"progress": 99.5}}`, func(l *task) { l.ExtraInfo.Common.Progress = new(99.5) }, nil},
			{`"extra_info": {"common": {"progress": 0}}`, func(l *task) { l.ExtraInfo.Common.Progress = new(0.0) }, nil},
			{`"extra_info": {"common": {"progress": -1}}`, nil, invalid{{"extra_info.common.progress", "-1"}}},
			{`"extra_info": {"common": {"progress": 150}}`, nil, invalid{{"extra_info.common.progress", "150"}}},
			{`"extra_info": {"common": {"progress": null}}`, nil, nil},
			{`"extra_info": {"common": {"progress": ""}}`, nil, nil},
			{`"extra_info": {"common": {}}`, nil, nil},
			{`"extra_info": {"common": {"progress": {}}}`, nil, invalid{{"extra_info.common.progress", "map[]"}}},
			{`"extra_info": {"common": {"progress": [100]}}`, nil, invalid{{"extra_info.common.progress", "[100]"}}},
			{`"extra_info": {"common": {"progress": true}}`, nil, invalid{{"extra_info.common.progress", "true"}}},
			{`"extra_info": {"common": {"progress": "NaN"}}`, nil, invalid{{"extra_info.common.progress", "NaN"}}},
			{`"extra_info": {"common": {"progress": "Inf"}}`, nil, invalid{{"extra_info.common.progress", "Inf"}}},
			{`"extra_info": {"common": {"progress": 1e999}}`, nil, invalid{{"extra_info.common.progress", "1e999"}}},
			{`"extra_info": {"common": {"progress": "100 %"}}`, nil, invalid{{"extra_info.common.progress", "100 %"}}},
		},
		"incremental": {
			{`"extra_info": {"backup": {"incremental": true}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{Incremental: new(true)} }, nil},
			{`"extra_info": {"backup": {"incremental": "true"}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{Incremental: new(true)} }, nil},
			{`"extra_info": {"backup": {"incremental": "\"true\""}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{Incremental: new(true)} }, nil},
			{`"extra_info": {"backup": {"incremental": "TRUE"}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{Incremental: new(true)} }, nil},
			{`"extra_info": {"backup": {"incremental": false}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{Incremental: new(false)} }, nil},
			{`"extra_info": {"backup": {"incremental": "\"false\""}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{Incremental: new(false)} }, nil},
			{`"extra_info": {"backup": {"incremental": null}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, nil},
			{`"extra_info": {"backup": {"incremental": ""}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, nil},
			{`"extra_info": {"backup": {"incremental": "yes"}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, invalid{{"extra_info.backup.incremental", "yes"}}},
			{`"extra_info": {"backup": {"incremental": {}}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, invalid{{"extra_info.backup.incremental", "map[]"}}},
		},
		"app_consistency_status": {
			{`"extra_info": {"backup": {"app_consistency_status": 1}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{AppConsistencyStatus: "1"} }, nil},
			{`"extra_info": {"backup": {"app_consistency_status": "not known"}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, invalid{{"extra_info.backup.app_consistency_status", "not known"}}},
		},
		"error_info": {
			{`"error_info": null`, nil, nil},
			{`"error_info": {}`, nil, nil},
			{`"error_info": {"code": null, "message": null}`, nil, nil},
			{`"error_info": "out of space"`, nil, invalid{{"error_info", "out of space"}}},
			{`"error_info": {"code": 6114}`, func(l *task) { l.ErrorInfo.Code = "6114" }, nil},
			{`"error_info": {"code": ["6114"], "message": "kept"}`, func(l *task) { l.ErrorInfo.Message = "kept" }, invalid{{"error_info.code", "[6114]"}}},
			{`"error_info": {"code": "the vault is full"}`, nil, invalid{{"error_info.code", "the vault is full"}}},
			{`"error_info": {"message": "one\r\n\ttwo\u0000\u2028three"}`, func(l *task) { l.ErrorInfo.Message = "one two three" }, nil},
			{`"error_info": {"message": "` + strings.Repeat("满", 3000) + `"}`, func(l *task) { l.ErrorInfo.Message = strings.Repeat("满", 2048) + "…" }, nil},
			{`"error_info": {"message": {"zh": "满"}}`, nil, invalid{{"error_info.message", "map[zh:满]"}}},
		},
		"extra_info": {
			{`"extra_info": null`, nil, nil},
			{`"extra_info": {}`, nil, nil},
			{`"extra_info": {"common": null, "resource": null, "backup": null, "sync": null, "remove_resources": null}`, nil, nil},
			{`"extra_info": "{}"`, nil, invalid{{"extra_info", "{}"}}},
			{`"extra_info": [1]`, nil, invalid{{"extra_info", "[1]"}}},
			{`"extra_info": {"common": 7, "backup": "none"}`, nil, invalid{{"extra_info.common", "7"}, {"extra_info.backup", "none"}}},
			{`"extra_info": {"backup": {}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, nil},
		},
		"volumes": {
			{`"extra_info": {"resource": {"extra_info": {"exclude_volumes": ["a", 7]}}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{ExcludeVolumes: []string{"a", "7"}} }, nil},
			{`"extra_info": {"resource": {"extra_info": {"exclude_volumes": []}}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{ExcludeVolumes: []string{}} }, nil},
			{`"extra_info": {"resource": {"extra_info": {"exclude_volumes": null}}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{} }, nil},
			{`"extra_info": {"resource": {"extra_info": {"exclude_volumes": "a"}}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{} }, invalid{{"extra_info.resource.extra_info.exclude_volumes", "a"}}},
			{`"extra_info": {"resource": {"extra_info": {"exclude_volumes": ["a", null, {}, ""]}}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{ExcludeVolumes: []string{"a"}} }, invalid{
				{"extra_info.resource.extra_info.exclude_volumes", "<nil>"},
				{"extra_info.resource.extra_info.exclude_volumes", "map[]"},
				{"extra_info.resource.extra_info.exclude_volumes", ""},
			}},
			{`"extra_info": {"resource": {"extra_info": {"include_volumes": ["a", {"id": 7, "os_version": []}]}}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{IncludeVolumes: []cbrapi.Volume{{ID: "7"}}} }, invalid{
				{"extra_info.resource.extra_info.include_volumes", "a"},
				{"extra_info.resource.extra_info.include_volumes.os_version", "[]"},
			}},
			{`"extra_info": {"resource": {"extra_info": "none"}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{} }, invalid{{"extra_info.resource.extra_info", "none"}}},
			{`"extra_info": {"remove_resources": {"resources": {}}}`, func(l *task) { l.ExtraInfo.RemoveResources = &cbrapi.RemoveResources{} }, invalid{{"extra_info.remove_resources.resources", "map[]"}}},
		},
		"times": {
			{`"created_at": "yesterday"`, nil, invalid{{"created_at", "yesterday"}}},
			{`"started_at": 1710205200`, nil, invalid{{"started_at", "1710205200"}}},
			{`"ended_at": ""`, nil, nil},
			{`"ended_at": null`, nil, nil},
			{`"ended_at": {}`, nil, invalid{{"ended_at", "map[]"}}},
			{`"updated_at": "0001-01-01T00:00:00Z"`, nil, invalid{{"updated_at", "0001-01-01T00:00:00Z"}}},
			{`"updated_at": "1970-01-01T00:00:00Z"`, nil, invalid{{"updated_at", "1970-01-01T00:00:00Z"}}},
			{`"started_at": "2024-03-12T02:00:00Z", "ended_at": "2024-03-12T01:00:00Z"`, func(l *task) { l.StartedAt, l.EndedAt = at("02:00:00"), at("01:00:00") }, invalid{{"ended_at", "2024-03-12T01:00:00Z"}}},
			{`"started_at": "2024-03-12T02:00:00Z", "ended_at": "2024-03-12T02:00:00Z"`, func(l *task) { l.StartedAt, l.EndedAt = at("02:00:00"), at("02:00:00") }, nil},
		},
		"words": {
			{`"status": "erasing"`, func(l *task) { l.Status = "erasing" }, nil},
			{`"status": null`, func(l *task) { l.Status = "" }, nil},
			{`"status": 3`, func(l *task) { l.Status = "3" }, nil},
			{`"status": "is being backed up"`, func(l *task) { l.Status = "" }, invalid{{"status", "is being backed up"}}},
			{`"status": "failed\n"`, func(l *task) { l.Status = "" }, invalid{{"status", "failed\n"}}},
			{`"status": "fai\u200bled"`, func(l *task) { l.Status = "" }, invalid{{"status", "fai\u200bled"}}},
			{`"operation_type": "` + strings.Repeat("x", 64) + `"`, func(l *task) { l.OperationType = cbrapi.OperationType(strings.Repeat("x", 64)) }, nil},
			{`"operation_type": "` + strings.Repeat("x", 65) + `"`, nil, invalid{{"operation_type", strings.Repeat("x", 64) + "…"}}},
		},
		"names": {
			{`"vault_name": "备份 vault"`, func(l *task) { l.VaultName = "备份 vault" }, nil},
			{`"vault_name": "` + strings.Repeat("库", 255) + `"`, func(l *task) { l.VaultName = strings.Repeat("库", 255) }, nil},
			{`"vault_name": "` + strings.Repeat("x", 1025) + `"`, nil, invalid{{"vault_name", strings.Repeat("x", 64) + "…"}}},
			{`"vault_name": 0`, func(l *task) { l.VaultName = "0" }, nil},
			{`"vault_name": 10000000000000000001`, func(l *task) { l.VaultName = "10000000000000000001" }, nil},
			{`"vault_name": null`, nil, nil},
			{`"policy_id": ["p"]`, nil, invalid{{"policy_id", "[p]"}}},
		},
		"counts": {
			{`"extra_info": {"sync": {"sync_backup_num": "7", "delete_backup_num": 7.0, "err_sync_backup_num": 1e3}}`, func(l *task) {
				l.ExtraInfo.Sync = &cbrapi.Sync{Backups: new(int64(7)), DeletedBackups: new(int64(7)), FailedBackups: new(int64(1000))}
			}, nil},
			{`"extra_info": {"sync": {"sync_backup_num": 3000000000}}`, func(l *task) { l.ExtraInfo.Sync = &cbrapi.Sync{Backups: new(int64(3e9))} }, nil},
			{`"extra_info": {"sync": {"sync_backup_num": -1, "delete_backup_num": 1.5, "err_sync_backup_num": 1e30}}`, func(l *task) { l.ExtraInfo.Sync = &cbrapi.Sync{} }, invalid{
				{"extra_info.sync.sync_backup_num", "-1"},
				{"extra_info.sync.delete_backup_num", "1.5"},
				{"extra_info.sync.err_sync_backup_num", "1e30"},
			}},
			{`"extra_info": {"sync": {"sync_backup_num": "", "delete_backup_num": null, "err_sync_backup_num": "Infinity"}}`, func(l *task) { l.ExtraInfo.Sync = &cbrapi.Sync{} }, invalid{{"extra_info.sync.err_sync_backup_num", "Infinity"}}},
			{`"extra_info": {"vault_delete": {"fail_count": 0, "fail_delete_count": 7, "total_delete_count": 8}}`, func(l *task) {
				l.ExtraInfo.VaultDelete = &cbrapi.VaultDelete{FailCount: new(int64(0)), TotalCount: new(int64(8))}
			}, nil},
			{`"extra_info": {"vault_delete": {"total_count": "many", "total_delete_count": 8}}`, func(l *task) { l.ExtraInfo.VaultDelete = &cbrapi.VaultDelete{TotalCount: new(int64(8))} }, invalid{{"extra_info.vault_delete.total_count", "many"}}},
		},
		"more than is known": {
			{`"vault": {"id": "v"}, "extra_info": {"migrate_resources": [1], "delete": {"soft": true}}`, func(l *task) { l.ExtraInfo.Delete = &cbrapi.Delete{} }, nil},
			{`"status": "failed", "status": "success"`, func(l *task) { l.Status = cbrapi.StatusSuccess }, nil},
		},
	}
	for field, forms := range tests {
		for _, test := range forms {
			t.Run(fmt.Sprintf("%s/%.80s", field, test.sent), func(t *testing.T) {
				body := `{"operation_log": {"id": "` + taskID + `", "status": "running", "project_id": "p", ` + test.sent + `}}`
				client := newClient(t, inMemory(http.StatusOK, "application/json", body))
				got, err := client.OperationLog(t.Context(), taskID)
				if err != nil {
					t.Fatal(err)
				}
				want := &task{ID: taskID, Status: cbrapi.StatusRunning, ProjectID: "p", Invalid: test.invalid}
				if test.want != nil {
					test.want(want)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("the task differs (-want +got):\n%s", diff)
				}
			})
		}
	}
}
