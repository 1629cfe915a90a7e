package cbrapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// A field of an unexpected type or value costs at most that field.
func TestInvalidFields(t *testing.T) {
	t.Parallel()
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
			{`"extra_info": {"common": {"progress": 150}}`, nil, invalid{{"extra_info.common.progress", "150"}}},
			{`"extra_info": {"common": {"progress": null}}`, nil, nil},
			{`"extra_info": {"common": {"progress": ""}}`, nil, nil},
			{`"extra_info": {"common": {}}`, nil, nil},
			{`"extra_info": {"common": {"progress": {}}}`, nil, invalid{{"extra_info.common.progress", "{}"}}},
			{`"extra_info": {"common": {"progress": "NaN"}}`, nil, invalid{{"extra_info.common.progress", "NaN"}}},
			{`"extra_info": {"common": {"progress": 1e999}}`, nil, invalid{{"extra_info.common.progress", "1e999"}}},
			{`"extra_info": {"common": {"progress": "100 %"}}`, nil, invalid{{"extra_info.common.progress", "100 %"}}},
		},
		"incremental": {
			{`"extra_info": {"backup": {"incremental": true}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{Incremental: new(true)} }, nil},
			{`"extra_info": {"backup": {"incremental": "true"}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{Incremental: new(true)} }, nil},
			{`"extra_info": {"backup": {"incremental": "\"true\""}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{Incremental: new(true)} }, nil},
			{`"extra_info": {"backup": {"incremental": "TRUE"}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{Incremental: new(true)} }, nil},
			{`"extra_info": {"backup": {"incremental": null}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, nil},
			{`"extra_info": {"backup": {"incremental": ""}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, nil},
			{`"extra_info": {"backup": {"incremental": "yes"}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, invalid{{"extra_info.backup.incremental", "yes"}}},
			{`"extra_info": {"backup": {"incremental": {}}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, invalid{{"extra_info.backup.incremental", "{}"}}},
		},
		"app_consistency_status": {
			{`"extra_info": {"backup": {"app_consistency_status": 1}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{AppConsistencyStatus: "1"} }, nil},
			{`"extra_info": {"backup": {"app_consistency_status": "not known"}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, invalid{{"extra_info.backup.app_consistency_status", "not known"}}},
		},
		"error_info": {
			{`"error_info": {"code": null, "message": null}`, nil, nil},
			{`"error_info": "out of space"`, nil, invalid{{"error_info", "out of space"}}},
			{`"error_info": {"code": 6114}`, func(l *task) { l.ErrorInfo.Code = "6114" }, nil},
			{`"error_info": {"code": ["6114"], "message": "kept"}`, func(l *task) { l.ErrorInfo.Message = "kept" }, invalid{{"error_info.code", `["6114"]`}}},
			{`"error_info": {"code": "the vault is full"}`, nil, invalid{{"error_info.code", "the vault is full"}}},
			{`"error_info": {"message": "one\r\n\ttwo\u0000\u2028three"}`, func(l *task) { l.ErrorInfo.Message = "one two three" }, nil},
			{`"error_info": {"message": "` + strings.Repeat("满", 3000) + `"}`, func(l *task) { l.ErrorInfo.Message = strings.Repeat("满", 2048) + "…" }, nil},
			{`"error_info": {"message": {"zh": "满"}}`, nil, invalid{{"error_info.message", `{"zh": "满"}`}}},
		},
		"extra_info": {
			{`"extra_info": {}`, nil, nil},
			{`"extra_info": {"common": null, "resource": null, "backup": null, "sync": null, "remove_resources": null}`, nil, nil},
			{`"extra_info": "{}"`, nil, invalid{{"extra_info", "{}"}}},
			{`"extra_info": {"common": 7, "backup": "none"}`, nil, invalid{{"extra_info.common", "7"}, {"extra_info.backup", "none"}}},
			{`"extra_info": {"backup": {}}`, func(l *task) { l.ExtraInfo.Backup = &cbrapi.Backup{} }, nil},
		},
		"volumes": {
			{`"extra_info": {"resource": {"extra_info": {"exclude_volumes": ["a", 7]}}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{ExcludeVolumes: []string{"a", "7"}} }, nil},
			{`"extra_info": {"resource": {"extra_info": {"exclude_volumes": []}}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{ExcludeVolumes: []string{}} }, nil},
			{`"extra_info": {"resource": {"extra_info": {"exclude_volumes": null}}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{} }, nil},
			{`"extra_info": {"resource": {"extra_info": {"exclude_volumes": ["a", null, {}, ""]}}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{ExcludeVolumes: []string{"a"}} }, invalid{
				{"extra_info.resource.extra_info.exclude_volumes", "null"},
				{"extra_info.resource.extra_info.exclude_volumes", "{}"},
				{"extra_info.resource.extra_info.exclude_volumes", ""},
			}},
			{`"extra_info": {"resource": {"extra_info": "none"}}`, func(l *task) { l.ExtraInfo.Resource = &cbrapi.Resource{} }, invalid{{"extra_info.resource.extra_info", "none"}}},
		},
		"times": {
			{`"created_at": "yesterday"`, nil, invalid{{"created_at", "yesterday"}}},
			{`"started_at": 1710205200`, nil, invalid{{"started_at", "1710205200"}}},
			{`"ended_at": ""`, nil, nil},
			{`"ended_at": null`, nil, nil},
			{`"updated_at": "0001-01-01T00:00:00Z"`, nil, invalid{{"updated_at", "0001-01-01T00:00:00Z"}}},
			{`"started_at": "2024-03-12T02:00:00Z", "ended_at": "2024-03-12T01:00:00Z"`, func(l *task) { l.StartedAt, l.EndedAt = at("02:00:00"), at("01:00:00") }, invalid{{"ended_at", "2024-03-12T01:00:00Z"}}},
			{`"started_at": "2024-03-12T02:00:00Z", "ended_at": "2024-03-12T02:00:00Z"`, func(l *task) { l.StartedAt, l.EndedAt = at("02:00:00"), at("02:00:00") }, nil},
		},
		"words": {
			{`"status": "erasing"`, func(l *task) { l.Status = "erasing" }, nil},
			{`"status": null`, func(l *task) { l.Status = "" }, nil},
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
			{`"vault_name": 10000000000000000001`, func(l *task) { l.VaultName = "10000000000000000001" }, nil},
			{`"vault_name": null`, nil, nil},
			{`"policy_id": ["p"]`, nil, invalid{{"policy_id", `["p"]`}}},
		},
		"counts": {
			{`"extra_info": {"sync": {"sync_backup_num": "7", "delete_backup_num": 7.0, "err_sync_backup_num": 1e3}}`, func(l *task) {
				l.ExtraInfo.Sync = &cbrapi.Sync{Backups: new(int64(7)), DeletedBackups: new(int64(7)), FailedBackups: new(int64(1000))}
			}, nil},
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
		"resources": {
			{`"extra_info": {"remove_resources": {"resources": [7, {"id": [1]}, {"id": ""}, {"id": "a", "name": [1]}]}}`, func(l *task) {
				l.ExtraInfo.RemoveResources = &cbrapi.RemoveResources{Resources: []cbrapi.Resource{{ID: "a"}}}
			}, invalid{
				{"extra_info.remove_resources.resources", "7"},
				{"extra_info.remove_resources.resources.id", "[1]"},
				{"extra_info.remove_resources.resources.id", ""},
				{"extra_info.remove_resources.resources.name", "[1]"},
			}},
		},
		"more than is known": {
			{`"vault": {"id": "v"}, "extra_info": {"migrate_resources": [1], "delete": {"soft": true}}`, func(l *task) { l.ExtraInfo.Delete = &cbrapi.Delete{} }, nil},
			{`"status": "failed", "status": "success"`, func(l *task) { l.Status = cbrapi.StatusSuccess }, nil},
		},
	}
	for field, forms := range tests {
		for _, test := range forms {
			t.Run(fmt.Sprintf("%s/%.80s", field, test.sent), func(t *testing.T) {
				body := `{"operation_log": {"id": "` + taskID + `", "status": "running", ` + test.sent + `}}`
				client := newClient(t, inMemory(http.StatusOK, "application/json", body))
				got, err := client.OperationLog(t.Context(), taskID)
				if err != nil {
					t.Fatal(err)
				}
				want := &task{ID: taskID, Status: cbrapi.StatusRunning, Invalid: test.invalid}
				if test.want != nil {
					test.want(want)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("got another task (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestMalformedLists(t *testing.T) {
	t.Parallel()
	const (
		noObject = "the response is not one JSON object"
		noList   = "the response has no list called operation_logs"
	)
	sample, _ := testdata(t, "sample.json")
	for name, test := range map[string]struct{ body, want string }{
		"empty":                  {"", "the response is empty"},
		"a page":                 {"<html></html>", "the response is a page of HTML or XML; a proxy or load balancer may have sent it"},
		"text":                   {"ok", noObject},
		"null":                   {`null`, noObject},
		"a list":                 {`[]`, noObject},
		"one task":               {sample, noList},
		"an object for the list": {`{"operation_logs":{}}`, noList},
		"half a row":             {`{"operation_logs":[{"id":"` + taskID + `"},{"id":`, noObject},
		"half an object":         {`{"operation_logs":[{"id":"` + taskID + `"}],"count":`, noObject},
		"two lists in a row":     {`{"operation_logs":[]}{"operation_logs":[]}`, noObject},
		"garbage behind":         {`{"operation_logs":[]}}`, noObject},
	} {
		t.Run(name, func(t *testing.T) {
			h := &fakeList{rows: []string{rowOf(taskID)}}
			h.fault = func(int, int) http.HandlerFunc { return reply(http.StatusOK, "application/json", test.body) }
			l := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{})
			got, err := l.Next(t.Context())
			var e *cbrapi.Error
			if got != nil || !errors.As(err, &e) {
				t.Fatalf("Next() = %v, %v, want a *cbrapi.Error alone", got, err)
			}
			want := &cbrapi.Error{Operation: "ListOpLogs", StatusCode: http.StatusOK, Message: test.want}
			if diff := cmp.Diff(want, e); diff != "" {
				t.Errorf("got another error (-want +got):\n%s", diff)
			}
			if cbrapi.ReasonOf(err) != cbrapi.ReasonUpstream {
				t.Errorf("ReasonOf(%v) = %q", err, cbrapi.ReasonOf(err))
			}
			if l.Rows() != 0 || l.Done() || !l.Date().IsZero() || l.Invalid() != nil {
				t.Errorf("the malformed page changed the list: %d rows", l.Rows())
			}
			h.fault = nil
			if got := mustReadAll(t, l); !cmp.Equal([]string{taskID}, got) {
				t.Errorf("then got the tasks %v, want one", got)
			}
		})
	}
}

func TestEmptyLists(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"null":        `{"operation_logs":null}`,
		"with a body": ` { "count": 0, "operation_logs": [ ], "limit": 1000, "offset": 0, "more": {"x": [1]} } `,
		"a count":     `{"operation_logs":[],"count":7}`,
	} {
		t.Run(name, func(t *testing.T) {
			l := newClient(t, serve(t, reply(http.StatusOK, "application/json", body))).OperationLogs(cbrapi.ListFilter{})
			got, err := l.Next(t.Context())
			if got != nil || err != nil || !l.Done() {
				t.Errorf("Next() = %v, %v, want nothing, and the end", got, err)
			}
		})
	}
}

// The tasks of a list share equal texts. A garbage collection may end that for the texts
// that follow.
func TestTextsAreShared(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	task := sampleRow(t, "backup.json")
	h := &fakeList{rows: []string{task, strings.Replace(task, taskID, idOf(2), 1)}}
	got, err := newClient(t, serve(t, h.ServeHTTP)).OperationLogs(cbrapi.ListFilter{}).Next(t.Context())
	if err != nil || len(got) != 2 {
		t.Fatalf("got %d tasks, error %v; want 2", len(got), err)
	}
	for name, text := range map[string]func(*cbrapi.OperationLog) string{
		"status":        func(l *cbrapi.OperationLog) string { return string(l.Status) },
		"vault id":      func(l *cbrapi.OperationLog) string { return l.VaultID },
		"vault name":    func(l *cbrapi.OperationLog) string { return l.VaultName },
		"error code":    func(l *cbrapi.OperationLog) string { return l.ErrorInfo.Code },
		"error message": func(l *cbrapi.OperationLog) string { return l.ErrorInfo.Message },
		"resource name": func(l *cbrapi.OperationLog) string { return l.ExtraInfo.Resource.Name },
		"volume":        func(l *cbrapi.OperationLog) string { return l.ExtraInfo.Resource.ExcludeVolumes[0] },
	} {
		a, b := text(got[0]), text(got[1])
		if a == "" || a != b || unsafe.StringData(a) != unsafe.StringData(b) {
			t.Errorf("%s: %q and %q do not share memory", name, a, b)
		}
	}
}
