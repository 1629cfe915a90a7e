package cbrapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const backupID = "10000000-0000-4000-8000-000000000c01"

func backupsOf(t *testing.T, body string) ([]*cbrapi.VaultBackup, []cbrapi.InvalidField) {
	t.Helper()
	client := newClient(t, serve(t, onePage("backups", body)))
	backups, invalid, err := all(t.Context(), client.Backups(cbrapi.BackupFilter{}))
	if err != nil {
		t.Fatal(err)
	}
	return backups, invalid
}

func TestBackups(t *testing.T) {
	t.Parallel()
	utc := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return at.UTC()
	}
	expectFiles(t, backupsOf, map[string][]*cbrapi.VaultBackup{
		"backups_sample.json": {
			{
				ID: "b1c4afd9-e7a6-4888-9010-c2bac3aa7910", Name: "autobk_b629",
				Status:    cbrapi.BackupAvailable,
				VaultID:   "cca85ea5-00a4-418d-9222-bd83985bc515",
				Resource:  cbrapi.Resource{ID: "1a503932-ee8f-4dd5-8248-8dfb57e584c5", Type: "OS::Nova::Server", Name: "test001-02"},
				CreatedAt: utc("2020-02-21T07:00:54.065Z"),
				ExpiredAt: utc("2020-05-21T07:00:54.060Z"),
			},
			{
				ID: "5606aab5-2dc2-4498-8144-dc848d099af5", Name: "autobk_6809",
				Status:    cbrapi.BackupAvailable,
				VaultID:   "79bd9daa-884f-4f84-b8fe-235d58cd927d",
				Resource:  cbrapi.Resource{ID: "54f7ccbc-072f-4ec5-a7b7-b24dabdb4539", Type: "OS::Cinder::Volume", Name: "qsy_000"},
				CreatedAt: utc("2020-02-21T07:00:34.882Z"),
				ExpiredAt: utc("2020-03-22T07:00:34.878Z"),
			},
		},
		"backups.json": {
			{
				ID: backupID, Name: "autobk_0001",
				Status:      cbrapi.BackupAvailable,
				VaultID:     vaultID,
				Resource:    cbrapi.Resource{ID: resourceID, Type: "OS::Nova::Server", Name: "web-1"},
				CreatedAt:   utc("2024-03-12T01:00:00.209782Z"),
				ProtectedAt: utc("2024-03-12T01:00:31Z"),
				ExpiredAt:   utc("2024-04-11T01:00:00Z"),
				Replicas: []cbrapi.Replica{
					{Status: cbrapi.ReplicaSuccess, DestinationRegion: "region-2", CreatedAt: at("03:00:00")},
					{Status: cbrapi.ReplicaFail, DestinationRegion: "region-3", CreatedAt: at("03:00:01"), FailCode: "BackupService.6129"},
					{Status: "skip", DestinationRegion: "region-4"},
					{Status: "waiting_replicate", DestinationRegion: "region-5"},
					{Status: "replicating", DestinationRegion: "region-6"},
				},
			},
			{
				ID: "10000000-0000-4000-8000-000000000c02", Name: "autobk_0001_volume",
				Status: cbrapi.BackupError, ParentID: backupID, VaultID: vaultID,
				Resource:  cbrapi.Resource{ID: "10000000-0000-4000-8000-000000000601", Type: "OS::Cinder::Volume", Name: "web-1-data"},
				CreatedAt: utc("2024-03-12T01:00:01.5Z"),
			},
			{
				ID:        "10000000-0000-4000-8000-000000000c04",
				Status:    cbrapi.BackupProtecting,
				Resource:  cbrapi.Resource{ID: "10000000-0000-4000-8000-00000000050a"},
				CreatedAt: at("02:00:00"),
			},
		},
		"backups_server_and_disk.json": { // recorded
			{
				ID: "c4005ae3-2f20-40cd-8aba-2c75e3f9b8ae", Name: "server-backup",
				Status:      cbrapi.BackupAvailable,
				VaultID:     "1c50a8f0-2fd2-4b01-8efa-5b68fea76ee0",
				Resource:    cbrapi.Resource{ID: "06145359-e352-4d4b-883c-169dc5dde3f1", Type: "OS::Nova::Server", Name: "ecs-one"},
				CreatedAt:   utc("2025-03-25T06:32:07.951164Z"),
				ProtectedAt: utc("2025-03-25T06:32:31.057153Z"),
			},
			{
				ID: "6294e79c-fea1-4660-8f9d-e08b5dcba24c", Name: "backup-encrypted",
				Status:    cbrapi.BackupAvailable,
				VaultID:   "f0245f58-2df3-45b6-8a6f-5db5f7bb5e46",
				Resource:  cbrapi.Resource{ID: "414c079b-720b-4406-8fb7-0ee2febb1186", Type: "OS::Cinder::Volume", Name: "volume-encrypted"},
				CreatedAt: utc("2025-03-25T06:23:27.304116Z"),
			},
			{
				ID: "549ab3c4-a911-41e9-88fd-17aa981720f3", Name: "manualbk_vault-e380-custodian-ef4e",
				Status:      cbrapi.BackupAvailable,
				VaultID:     "1c50a8f0-2fd2-4b01-8efa-5b68fea76ee0",
				Resource:    cbrapi.Resource{ID: "06145359-e352-4d4b-883c-169dc5dde3f1", Type: "OS::Nova::Server", Name: "ecs-one"},
				CreatedAt:   utc("2025-03-25T06:07:54.084293Z"),
				ProtectedAt: utc("2025-03-25T06:08:17.237042Z"),
			},
		},
		"backups_turbo.json": {{ // recorded; protected_at is a date alone
			ID: "d2607364-f61c-4735-8596-b03465b391ac", Name: "sfs-turbo-one_6a33",
			Status:    cbrapi.BackupAvailable,
			VaultID:   "154615a1-2e82-490a-84cb-1d03ed41c47c",
			Resource:  cbrapi.Resource{ID: "8ffe38f1-c119-40df-886b-4fcb2b455925", Type: "OS::Sfs::Turbo", Name: "sfs-turbo-one"},
			CreatedAt: utc("2025-03-22T05:37:26.271454Z"),
		}},
	})
}

// An invalid field of a backup costs only that field.
func TestInvalidBackupFields(t *testing.T) {
	t.Parallel()
	type (
		backup   = cbrapi.VaultBackup
		resource = cbrapi.Resource
		replica  = cbrapi.Replica
		invalid  = []cbrapi.InvalidField
	)
	expectMembers(t, backupsOf, "backups", backupID, []members[backup]{
		{`"name": null, "status": null, "image_type": null, "parent_id": null, "vault_id": null`, backup{}, nil},
		{`"resource_id": null, "resource_type": null, "resource_name": null`, backup{}, nil},
		{`"created_at": null, "protected_at": null, "expired_at": null, "replication_records": null`, backup{}, nil},
		{`"children": null, "extend_info": {"progress": null}, "resource_size": "large", "version": {}`, backup{}, nil},
		{`"name": 7, "vault_id": "V", "parent_id": "P"`, backup{Name: "7", VaultID: "v", ParentID: "p"}, nil},
		{`"status": "waiting_delete"`, backup{Status: "waiting_delete"}, nil},
		{`"resource_id": "R", "resource_type": "OS::Native::Server", "resource_name": "备份"`, backup{Resource: resource{ID: "r", Type: "OS::Native::Server", Name: "备份"}}, nil},

		{`"name": ["a"]`, backup{}, invalid{{"backups.name", `["a"]`}}},
		{`"status": "being backed up"`, backup{}, invalid{{"backups.status", "being backed up"}}},
		{`"parent_id": {}`, backup{}, invalid{{"backups.parent_id", "{}"}}},
		{`"vault_id": []`, backup{}, invalid{{"backups.vault_id", "[]"}}},
		{`"resource_id": {}`, backup{}, invalid{{"backups.resource_id", "{}"}}},
		{`"resource_type": []`, backup{}, invalid{{"backups.resource_type", "[]"}}},
		{`"resource_name": "` + strings.Repeat("x", 1025) + `"`, backup{}, invalid{{"backups.resource_name", strings.Repeat("x", 64) + "…"}}},
		{`"created_at": "2025-03-22"`, backup{}, invalid{{"backups.created_at", "2025-03-22"}}},
		{`"protected_at": "2025-03-22"`, backup{}, nil},
		{`"protected_at": "2025-03-32"`, backup{}, invalid{{"backups.protected_at", "2025-03-32"}}},
		{`"protected_at": 1558622123`, backup{}, invalid{{"backups.protected_at", "1558622123"}}},
		{`"expired_at": "never"`, backup{}, invalid{{"backups.expired_at", "never"}}},

		{`"replication_records": []`, backup{}, nil},
		{`"replication_records": {}`, backup{}, invalid{{"backups.replication_records", "{}"}}},
		{
			`"replication_records": [null, {"status": "success"}, "fail", {}]`,
			backup{Replicas: []replica{{Status: cbrapi.ReplicaSuccess}, {}}},
			invalid{{"backups.replication_records", "null"}, {"backups.replication_records", "fail"}},
		},
		{
			`"replication_records": [{"status": "a b", "destination_region": [], "created_at": "soon", "extra_info": {"fail_code": "the vault is full"}}]`,
			backup{Replicas: []replica{{}}},
			invalid{
				{"backups.replication_records.status", "a b"},
				{"backups.replication_records.destination_region", "[]"},
				{"backups.replication_records.created_at", "soon"},
				{"backups.replication_records.extra_info.fail_code", "the vault is full"},
			},
		},
		{
			`"replication_records": [{"status": "fail", "destination_region": "r", "extra_info": "none"}, {"status": "lost", "extra_info": {"fail_code": 6129}}]`,
			backup{Replicas: []replica{{Status: cbrapi.ReplicaFail, DestinationRegion: "r"}, {Status: "lost", FailCode: "6129"}}},
			invalid{{"backups.replication_records.extra_info", "none"}},
		},
	}, func(want backup, id string, invalid invalid) *backup {
		want.ID, want.Invalid = id, invalid
		return &want
	})
}

func TestBackupStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[cbrapi.BackupStatus]struct{ restorePoint, protecting bool }{
		"available":       {restorePoint: true},
		"restoring":       {restorePoint: true},
		"waiting_restore": {restorePoint: true},
		"protecting":      {protecting: true},
		"waiting_protect": {protecting: true},
		"deleting":        {},
		"waiting_delete":  {},
		"error":           {},
		"melting":         {},
		"":                {},
	} {
		if status.RestorePoint() != want.restorePoint || status.Protecting() != want.protecting {
			t.Errorf("%q: restore point %t, protecting %t, want %+v", status, status.RestorePoint(), status.Protecting(), want)
		}
	}
}

func TestBackupQuery(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		enterpriseProject string
		filter            cbrapi.BackupFilter
		want              string
	}{
		"all": {
			want: "limit=1000&offset=0&show_replication=true&sort=created_at%3Adesc",
		},
		"created since": {
			filter: cbrapi.BackupFilter{CreatedSince: time.Date(2026, 3, 12, 9, 2, 3, 999e6, time.FixedZone("", 8*3600))},
			want:   "limit=1000&offset=0&show_replication=true&sort=created_at%3Adesc&start_time=2026-03-12T01%3A02%3A03Z",
		},
		"enterprise projects": {
			enterpriseProject: "all_granted_eps",
			want:              "enterprise_project_id=all_granted_eps&limit=1000&offset=0&show_replication=true&sort=created_at%3Adesc",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := requestsOf(t, test.enterpriseProject, `{"backups":[]}`, func(c *cbrapi.Client) error {
				_, err := c.Backups(test.filter).Next(t.Context())
				return err
			})
			if diff := cmp.Diff([]string{"ListBackups GET /v3/" + projectID + "/backups?" + test.want}, got); diff != "" {
				t.Errorf("requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBackupPages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rows     int
		large    int // rows above which a page is too large; 0: none is
		requests []string
	}{
		"none":            {0, 0, []string{"1000@0"}},
		"a few":           {2, 0, []string{"1000@0", "1000@2"}},
		"pages":           {2500, 0, []string{"1000@0", "1000@950", "1000@1900", "1000@2500"}},
		"pages too large": {200, 150, []string{"1000@0", "100@0", "100@50", "100@100", "100@150", "100@200"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &fakeList{list: "backups", rows: rowsOf(test.rows)}
			h.fault = tooLargeAbove(test.large)
			backups, invalid, err := all(t.Context(), newClient(t, serve(t, h.ServeHTTP)).Backups(cbrapi.BackupFilter{}))
			if len(backups) != test.rows || invalid != nil || err != nil {
				t.Errorf("got %d backups, invalid rows %v, error %v; want %d", len(backups), invalid, err, test.rows)
			}
			if diff := cmp.Diff(test.requests, h.takeRequests()); diff != "" {
				t.Errorf("requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

// BenchmarkBackups reads a page of 1000 backups of 1.1 KB, as recorded, from memory.
//
// The target is 60 ms on a shared core: 50,000 backups then take 3 seconds of work, once
// an hour.
func BenchmarkBackups(b *testing.B) {
	recorded := rowsIn(b, "backups_server_and_disk.json")[0]
	rows := make([]string, 1000)
	for i := range rows {
		rows[i] = strings.Replace(recorded, "c4005ae3-2f20-40cd-8aba-2c75e3f9b8ae", idOf(i), 1)
	}
	body := `{"backups":[` + strings.Join(rows, ",") + `],"count":50000}`
	client := newClient(b, inMemory(http.StatusOK, "application/json", body))
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		backups, err := client.Backups(cbrapi.BackupFilter{}).Next(b.Context())
		if err != nil || len(backups) != len(rows) {
			b.Fatalf("Next() = %d backups, %v", len(backups), err)
		}
	}
}

// TestBackupPageWithoutReadableRows has the second page repeat rows of the first one, and none
// of its others be readable.
func TestBackupPageWithoutReadableRows(t *testing.T) {
	t.Parallel()
	h := &fakeList{list: "backups", rows: rowsOf(1900)}
	for n := range 900 {
		h.rows[1000+n] = fmt.Sprintf(`{"name":"%d"}`, n)
	}
	list := newClient(t, serve(t, h.ServeHTTP)).Backups(cbrapi.BackupFilter{})
	_, _, err := all(t.Context(), list)
	const want = "no row of backups can be read: backups.id is null in row 1001"
	if list.Done() || err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("done %t, error %v, want %q", list.Done(), err, want)
	}
}
