package cbrapi_test

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// testdata returns an answer in testdata and the id of its task.
func testdata(t testing.TB, name string) (body, id string) {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		OperationLog struct {
			ID string `json:"id"`
		} `json:"operation_log"`
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		t.Fatal(err)
	}
	return string(content), answer.OperationLog.ID
}

// at returns a time of 2024-03-12, the day of the answers that are made up.
func at(clock string) time.Time {
	t, err := time.Parse(time.DateOnly+" 15:04:05", "2024-03-12 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

func webServer() *cbrapi.Resource {
	return &cbrapi.Resource{
		ID: "10000000-0000-4000-8000-000000000101", Type: "OS::Nova::Server", Name: "web-01",
	}
}

func replicated() *cbrapi.Replication {
	return &cbrapi.Replication{
		SourceRegion:            "region-a",
		SourceProjectID:         "20000000000040008000000000000001",
		SourceBackupID:          "10000000-0000-4000-8000-000000000701",
		SourceBackupName:        "autobk_0001",
		SourceCheckpointID:      "10000000-0000-4000-8000-000000000201",
		DestinationRegion:       "region-b",
		DestinationProjectID:    "20000000000040008000000000000002",
		DestinationBackupID:     "10000000-0000-4000-8000-000000000702",
		DestinationBackupName:   "autobk_0001_copy",
		DestinationCheckpointID: "10000000-0000-4000-8000-000000000202",
	}
}

type decoded struct {
	file string
	want cbrapi.OperationLog
}

func answers() []decoded {
	server := webServer()
	server.ExcludeVolumes = []string{"10000000-0000-4000-8000-000000000601", "10000000-0000-4000-8000-000000000602"}
	server.IncludeVolumes = []cbrapi.Volume{
		{ID: "10000000-0000-4000-8000-000000000603", OSVersion: "EulerOS 2.9 64bit"},
		{ID: "10000000-0000-4000-8000-000000000604", OSVersion: "EulerOS 2.9 64bit"},
	}
	removed := webServer()
	removed.ExcludeVolumes = []string{"10000000-0000-4000-8000-000000000605"}
	removed.IncludeVolumes = []cbrapi.Volume{{ID: "10000000-0000-4000-8000-000000000606", OSVersion: "EulerOS 2.9 64bit"}}
	return []decoded{
		{"sample.json", cbrapi.OperationLog{
			ID:            "4827f2da-b008-4507-ab7d-42d0df5ed912",
			ProjectID:     "04f1829c788037ac2fb8c01eb2b04b95",
			Status:        cbrapi.StatusSuccess,
			OperationType: cbrapi.OperationBackup,
			CreatedAt:     time.Date(2019, 5, 23, 14, 31, 36, 39e6, time.UTC),
			StartedAt:     time.Date(2019, 5, 23, 14, 31, 36, 7e6, time.UTC),
			EndedAt:       time.Date(2019, 5, 23, 14, 35, 23, 511e6, time.UTC),
			UpdatedAt:     time.Date(2019, 5, 23, 14, 35, 23, 584e6, time.UTC),
			CheckpointID:  "b432511f-d889-428f-8b0e-5f47c524c6b6",
			ProviderID:    "0daac4c5-6707-4851-97ba-169e36266b66",
			ExtraInfo: cbrapi.ExtraInfo{
				Common: cbrapi.Common{Progress: new(100.0), RequestID: "req-cdb98cc4-e87b-4f40-9b4a-57ec036620bc"},
				Resource: &cbrapi.Resource{
					ID: "1dab32fa-ebf2-415a-ab0b-eabe6353bc86", Type: "OS::Nova::Server", Name: "ECS-0001",
				},
				Backup: &cbrapi.Backup{BackupID: "0e5d0ef6-7f0a-4890-b98c-cb12490e31c1", BackupName: "manualbk_1234"},
			},
		}},
		{"backup.json", cbrapi.OperationLog{
			ID:            "10000000-0000-4000-8000-000000000001",
			ProjectID:     projectID,
			Status:        cbrapi.StatusFailed,
			OperationType: cbrapi.OperationBackup,
			CreatedAt:     at("01:00:00"),
			StartedAt:     at("01:00:05.007"),
			EndedAt:       at("01:10:05.511"),
			UpdatedAt:     at("01:10:05.584"),
			ErrorInfo:     cbrapi.ErrorInfo{Code: "BackupService.6114", Message: "The vault is full."},
			CheckpointID:  "10000000-0000-4000-8000-000000000201",
			PolicyID:      "10000000-0000-4000-8000-000000000301",
			ProviderID:    "0daac4c5-6707-4851-97ba-169e36266b66",
			VaultID:       "10000000-0000-4000-8000-000000000401",
			VaultName:     "vault-web",
			ExtraInfo: cbrapi.ExtraInfo{
				Common: cbrapi.Common{
					Progress:  new(62.0),
					RequestID: "req-10000000-0000-4000-8000-000000000901",
					TaskID:    "10000000-0000-4000-8000-000000000501",
				},
				Resource: server,
				Backup: &cbrapi.Backup{
					BackupID:                   "10000000-0000-4000-8000-000000000701",
					BackupName:                 "autobk_0001",
					Incremental:                new(true),
					AppConsistencyStatus:       "0",
					AppConsistencyErrorCode:    "BackupService.5504",
					AppConsistencyErrorMessage: "Connecting to the agent failed.",
				},
			},
		}},
		{"replication.json", cbrapi.OperationLog{
			ID:            "10000000-0000-4000-8000-000000000002",
			ProjectID:     projectID,
			Status:        cbrapi.StatusRunning,
			OperationType: cbrapi.OperationReplication,
			CreatedAt:     at("01:00:00"),
			StartedAt:     at("02:00:00.5"),
			UpdatedAt:     at("02:30:00"),
			ProviderID:    "0daac4c5-6707-4851-97ba-169e36266b66",
			VaultID:       "10000000-0000-4000-8000-000000000402",
			VaultName:     "vault-offsite",
			ExtraInfo: cbrapi.ExtraInfo{
				Common:      cbrapi.Common{Progress: new(40.0), RequestID: "req-10000000-0000-4000-8000-000000000902"},
				Resource:    webServer(),
				Replication: replicated(),
			},
		}},
		{"copy.json", cbrapi.OperationLog{
			ID:            "10000000-0000-4000-8000-000000000003",
			ProjectID:     projectID,
			Status:        cbrapi.StatusWaiting,
			OperationType: cbrapi.OperationCopy,
			CreatedAt:     at("01:00:00"),
			UpdatedAt:     at("02:00:00"),
			ExtraInfo: cbrapi.ExtraInfo{
				Common:      cbrapi.Common{Progress: new(0.0), RequestID: "req-10000000-0000-4000-8000-000000000903"},
				Resource:    webServer(),
				Replication: replicated(),
			},
		}},
		{"restore.json", cbrapi.OperationLog{
			ID:            "10000000-0000-4000-8000-000000000004",
			ProjectID:     projectID,
			Status:        cbrapi.StatusTimeout,
			OperationType: cbrapi.OperationRestore,
			CreatedAt:     at("01:00:00"),
			StartedAt:     at("03:00:00"),
			EndedAt:       at("15:00:00"),
			UpdatedAt:     at("15:00:00"),
			CheckpointID:  "10000000-0000-4000-8000-000000000203",
			ExtraInfo: cbrapi.ExtraInfo{
				Common:   cbrapi.Common{Progress: new(99.0), RequestID: "req-10000000-0000-4000-8000-000000000904"},
				Resource: &cbrapi.Resource{ID: "10000000-0000-4000-8000-000000000102", Type: "OS::Cinder::Volume"},
				Restore: &cbrapi.Restore{
					BackupID:           "10000000-0000-4000-8000-000000000703",
					BackupName:         "manualbk_0001",
					TargetResourceID:   "10000000-0000-4000-8000-000000000103",
					TargetResourceName: "web-02",
				},
			},
		}},
		{"delete.json", cbrapi.OperationLog{
			ID:            "10000000-0000-4000-8000-000000000005",
			ProjectID:     projectID,
			Status:        cbrapi.StatusSuccess,
			OperationType: cbrapi.OperationDelete,
			CreatedAt:     at("01:00:00"),
			StartedAt:     at("04:00:00"),
			EndedAt:       at("04:00:01.209782"),
			UpdatedAt:     at("04:00:01.209782"),
			ExtraInfo: cbrapi.ExtraInfo{
				Common:   cbrapi.Common{Progress: new(100.0), RequestID: "req-10000000-0000-4000-8000-000000000905"},
				Resource: webServer(),
				Delete:   &cbrapi.Delete{BackupID: "10000000-0000-4000-8000-000000000704", BackupName: "manualbk_0002"},
			},
		}},
		{"sync.json", cbrapi.OperationLog{
			ID:            "10000000-0000-4000-8000-000000000006",
			ProjectID:     projectID,
			Status:        cbrapi.StatusSuccess,
			OperationType: cbrapi.OperationSync,
			CreatedAt:     at("01:00:00"),
			StartedAt:     at("05:00:00"),
			EndedAt:       at("05:01:00"),
			UpdatedAt:     at("05:01:00"),
			ProviderID:    "a13639de-00be-4e94-af30-26912d75e4a2",
			ExtraInfo: cbrapi.ExtraInfo{
				Common: cbrapi.Common{Progress: new(100.0), RequestID: "req-10000000-0000-4000-8000-000000000906"},
				Sync:   &cbrapi.Sync{Backups: new(int64(12)), DeletedBackups: new(int64(3)), FailedBackups: new(int64(1))},
			},
		}},
		{"remove_resource.json", cbrapi.OperationLog{
			ID:            "10000000-0000-4000-8000-000000000007",
			ProjectID:     projectID,
			Status:        cbrapi.StatusSuccess,
			OperationType: cbrapi.OperationRemoveResource,
			CreatedAt:     at("01:00:00"),
			StartedAt:     at("06:00:00"),
			EndedAt:       at("06:01:00"),
			UpdatedAt:     at("06:01:00"),
			ExtraInfo: cbrapi.ExtraInfo{
				Common: cbrapi.Common{Progress: new(100.0), RequestID: "req-10000000-0000-4000-8000-000000000907"},
				RemoveResources: &cbrapi.RemoveResources{
					FailCount:  new(int64(1)),
					TotalCount: new(int64(30)),
					Resources: []cbrapi.Resource{
						{ID: "10000000-0000-4000-8000-000000000104", Type: "OS::Sfs::Turbo", Name: "share-home"},
						*removed,
					},
				},
			},
		}},
		{"vault_delete.json", cbrapi.OperationLog{
			ID:            "10000000-0000-4000-8000-000000000008",
			ProjectID:     projectID,
			Status:        cbrapi.StatusFailed,
			OperationType: cbrapi.OperationVaultDelete,
			CreatedAt:     at("01:00:00"),
			StartedAt:     at("07:00:00"),
			EndedAt:       at("07:01:00"),
			UpdatedAt:     at("07:01:00"),
			ErrorInfo:     cbrapi.ErrorInfo{Code: "BackupService.6111", Message: "Deleting the vault failed."},
			VaultID:       "10000000-0000-4000-8000-000000000403",
			VaultName:     "vault-old",
			ExtraInfo: cbrapi.ExtraInfo{
				Common:      cbrapi.Common{Progress: new(100.0), RequestID: "req-10000000-0000-4000-8000-000000000908"},
				VaultDelete: &cbrapi.VaultDelete{FailCount: new(int64(2)), TotalCount: new(int64(5))},
			},
		}},
		{"vault_delete_long_names.json", cbrapi.OperationLog{
			ID:            "10000000-0000-4000-8000-000000000009",
			ProjectID:     projectID,
			Status:        cbrapi.StatusSuccess,
			OperationType: cbrapi.OperationVaultDelete,
			CreatedAt:     at("01:00:00"),
			StartedAt:     at("08:00:00"),
			EndedAt:       at("08:01:00"),
			UpdatedAt:     at("08:01:00"),
			VaultID:       "10000000-0000-4000-8000-000000000404",
			VaultName:     "vault-older",
			ExtraInfo: cbrapi.ExtraInfo{
				Common:      cbrapi.Common{Progress: new(100.0), RequestID: "req-10000000-0000-4000-8000-000000000909"},
				VaultDelete: &cbrapi.VaultDelete{FailCount: new(int64(0)), TotalCount: new(int64(1))},
			},
		}},
		{"migrate_resources.json", cbrapi.OperationLog{
			ID:            "10000000-0000-4000-8000-000000000010",
			ProjectID:     projectID,
			Status:        cbrapi.StatusSkipped,
			OperationType: cbrapi.OperationMigrateResources,
			CreatedAt:     at("01:00:00"),
			StartedAt:     at("09:00:00"),
			EndedAt:       at("09:00:00"),
			UpdatedAt:     at("09:00:00"),
			ErrorInfo:     cbrapi.ErrorInfo{Code: "BackupService.6215", Message: "The resource cannot be migrated."},
			VaultID:       "10000000-0000-4000-8000-000000000405",
			VaultName:     "vault-new",
			ExtraInfo: cbrapi.ExtraInfo{
				Common: cbrapi.Common{Progress: new(0.0), RequestID: "req-10000000-0000-4000-8000-000000000910"},
			},
		}},
	}
}

func TestOperationLog(t *testing.T) {
	for _, test := range answers() {
		t.Run(test.file, func(t *testing.T) {
			body, id := testdata(t, test.file)
			client := newClient(t, serve(t, reply(http.StatusOK, "application/json", body)))
			got, err := client.OperationLog(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("the task differs (-want +got):\n%s", diff)
			}
		})
	}
}

// A field that no answer fills is one that no test reads.
func TestAnswersFillEveryField(t *testing.T) {
	filled := map[string]bool{}
	for _, a := range answers() {
		markFilled(reflect.ValueOf(a.want), "OperationLog", filled)
	}
	for _, path := range leaves(reflect.TypeFor[cbrapi.OperationLog](), "OperationLog") {
		if path != "OperationLog.Invalid.Field" && path != "OperationLog.Invalid.Value" && !filled[path] {
			t.Errorf("no answer in testdata fills %s", path)
		}
	}
}

func isLeaf(t reflect.Type) bool {
	return t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]()
}

func leaves(t reflect.Type, path string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if isLeaf(t) {
		return []string{path}
	}
	var paths []string
	for f := range t.Fields() {
		paths = append(paths, leaves(f.Type, path+"."+f.Name)...)
	}
	return paths
}

func markFilled(v reflect.Value, path string, filled map[string]bool) {
	switch {
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			markFilled(v.Elem(), path, filled)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			markFilled(v.Index(i), path, filled)
		}
	case !isLeaf(v.Type()):
		for i := range v.NumField() {
			markFilled(v.Field(i), path+"."+v.Type().Field(i).Name, filled)
		}
	case !v.IsZero():
		filled[path] = true
	}
}

func TestOperationLogOfAnyCase(t *testing.T) {
	const upper = "1ABCDEF0-0000-4000-8000-00000000ABCD"
	const lower = "1abcdef0-0000-4000-8000-00000000abcd"
	for name, test := range map[string]struct{ asked, answered string }{
		"asked in upper case":    {upper, lower},
		"answered in upper case": {lower, upper},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"operation_log": {"id": "` + test.answered + `", "vault_id": "` + upper + `",
				"extra_info": {"resource": {"id": "` + upper + `"}}}}`
			client := newClient(t, inMemory(http.StatusOK, "application/json", body))
			got, err := client.OperationLog(t.Context(), test.asked)
			if err != nil {
				t.Fatal(err)
			}
			want := &cbrapi.OperationLog{
				ID: lower, VaultID: lower,
				ExtraInfo: cbrapi.ExtraInfo{Resource: &cbrapi.Resource{ID: lower}},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the task differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	for name, test := range map[string]struct {
		log  cbrapi.OperationLog
		want time.Duration
		ok   bool
	}{
		"success":  {cbrapi.OperationLog{Status: cbrapi.StatusSuccess, StartedAt: at("01:00:00"), EndedAt: at("01:00:01.5")}, 1500 * time.Millisecond, true},
		"timeout":  {cbrapi.OperationLog{Status: cbrapi.StatusTimeout, StartedAt: at("01:00:00"), EndedAt: at("13:00:00")}, 12 * time.Hour, true},
		"skipped":  {cbrapi.OperationLog{Status: cbrapi.StatusSkipped, StartedAt: at("01:00:00"), EndedAt: at("01:00:00")}, 0, true},
		"running":  {cbrapi.OperationLog{Status: cbrapi.StatusRunning, StartedAt: at("01:00:00"), EndedAt: at("02:00:00")}, 0, false},
		"unknown":  {cbrapi.OperationLog{Status: "erasing", StartedAt: at("01:00:00"), EndedAt: at("02:00:00")}, 0, false},
		"no start": {cbrapi.OperationLog{Status: cbrapi.StatusFailed, EndedAt: at("02:00:00")}, 0, false},
		"no end":   {cbrapi.OperationLog{Status: cbrapi.StatusFailed, StartedAt: at("02:00:00")}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := test.log.Duration()
			if got != test.want || ok != test.ok {
				t.Errorf("Duration() = %v, %v, want %v, %v", got, ok, test.want, test.ok)
			}
		})
	}

	negative := cbrapi.OperationLog{Status: cbrapi.StatusFailed, StartedAt: at("02:00:00"), EndedAt: at("01:59:59")}
	if d, ok := negative.Duration(); ok {
		t.Errorf("the duration of a task that ended before it started is %v, want none", d)
	}
}

func TestFinishedAt(t *testing.T) {
	started, updated, ended := at("01:00:00"), at("02:00:01"), at("02:00:00")
	for name, test := range map[string]struct {
		log  cbrapi.OperationLog
		want time.Time
		ok   bool
	}{
		"success":         {cbrapi.OperationLog{Status: cbrapi.StatusSuccess, StartedAt: started, UpdatedAt: updated, EndedAt: ended}, ended, true},
		"no end":          {cbrapi.OperationLog{Status: cbrapi.StatusTimeout, StartedAt: started, UpdatedAt: updated}, updated, true},
		"a start alone":   {cbrapi.OperationLog{Status: cbrapi.StatusFailed, StartedAt: started}, started, true},
		"a creation":      {cbrapi.OperationLog{Status: cbrapi.StatusSkipped, CreatedAt: started}, time.Time{}, false},
		"no time":         {cbrapi.OperationLog{Status: cbrapi.StatusSkipped}, time.Time{}, false},
		"running":         {cbrapi.OperationLog{Status: cbrapi.StatusRunning, StartedAt: started, UpdatedAt: updated}, time.Time{}, false},
		"unknown, an end": {cbrapi.OperationLog{Status: "erasing", StartedAt: started, UpdatedAt: updated, EndedAt: ended}, time.Time{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := test.log.FinishedAt(); !got.Equal(test.want) || ok != test.ok {
				t.Errorf("FinishedAt() = %v, %v, want %v, %v", got, ok, test.want, test.ok)
			}
		})
	}
}
