package sdkcompat

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	cbr "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cbr/v1"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cbr/v1/model"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const (
	server  = "OS::Nova::Server"
	disk    = "OS::Cinder::Volume"
	turbo   = "OS::Sfs::Turbo"
	desktop = "OS::Workspace::DesktopV2"
)

// TestBackups lists the backups of the simulated cloud with the SDK's client and with
// ours and compares the results.
func TestBackups(t *testing.T) {
	cloud, theirs, ours := start(t)
	cloud.SetBackups(append(cloud.Backups(), oddBackups(time.Now())...)...)
	want := theirBackups(t, theirs, model.ListBackupsRequest{})
	got := ourBackups(t, ours, cbrapi.BackupFilter{})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the backups differ (-SDK +ours):\n%s", diff)
	}
	if truth := len(cloud.Backups()); len(got) != truth {
		t.Errorf("our client lists %d backups of %d", len(got), truth)
	}
	kinds := map[string]int{}
	for _, b := range want {
		kinds[string(b.Status)]++
		kinds[b.Resource.Type]++
		for name, has := range map[string]bool{
			"a parent": b.ParentID != "", "an expiry": !b.ExpiredAt.IsZero(), "no expiry": b.ExpiredAt.IsZero(),
			"a time of the data": !b.ProtectedAt.IsZero(), "no time of the data": b.ProtectedAt.IsZero(),
		} {
			if has {
				kinds[name]++
			}
		}
		for _, r := range b.Replicas {
			kinds["replica "+string(r.Status)]++
			kinds["replica "+r.FailCode]++
		}
	}
	// Without these, equality would prove little.
	for _, kind := range []string{
		"available", "protecting", "deleting", "restoring", "error", "waiting_protect", "waiting_delete", "waiting_restore",
		server, disk, turbo, desktop,
		"a parent", "an expiry", "no expiry", "a time of the data", "no time of the data",
		"replica replicating", "replica success", "replica fail", "replica skip", "replica waiting_replicate", "replica BackupService.6129",
	} {
		if kinds[kind] == 0 {
			t.Errorf("no backup is or has %s", kind)
		}
	}
}

// TestBackupFilter checks that the SDK's start_time and our filter match the same backups.
func TestBackupFilter(t *testing.T) {
	cloud, theirs, ours := start(t)
	now := time.Now()
	all := oddBackups(now)
	cloud.SetBackups(all...)
	since := now.Add(-150 * time.Minute).UTC().Truncate(time.Second)
	want := theirBackups(t, theirs, model.ListBackupsRequest{StartTime: new(since.Format("2006-01-02T15:04:05Z"))})
	got := ourBackups(t, ours, cbrapi.BackupFilter{CreatedSince: since})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the backups differ (-SDK +ours):\n%s", diff)
	}
	if len(got) == 0 || len(got) == len(all) {
		t.Errorf("the filter matches %d of %d backups", len(got), len(all))
	}
}

// oddBackups returns a backup of each kind of resource and in each status, one an hour.
func oddBackups(now time.Time) []simulator.Backup {
	const vault = "10000000-0000-4000-8000-000000000701"
	backups := []simulator.Backup{
		{Status: "available", Replicas: []simulator.BackupReplica{
			{Status: "success", DestinationRegion: "region-2", Created: now.Add(-time.Hour)},
			{Status: "fail", DestinationRegion: "region-3", Created: now, FailCode: "BackupService.6129", FailReason: "The vault is full."},
			{Status: "skip", DestinationRegion: "region-3", Created: now},
			{Status: "waiting_replicate", DestinationRegion: "region-4", Created: now},
			{Status: "replicating", DestinationRegion: "region-5", Created: now},
		}},
		{Status: "protecting"},
		{Status: "deleting", ImageType: "replication"},
		{Status: "restoring", ResourceType: disk},
		{Status: "error", ResourceType: disk, ParentID: "10000000-0000-4000-8000-000000000c00"},
		{Status: "waiting_protect", ResourceType: turbo},
		{Status: "waiting_delete", ResourceType: turbo, Expires: now},
		{Status: "waiting_restore", ResourceType: desktop, Expires: now.Add(time.Hour)},
	}
	for i := range backups {
		b := &backups[i]
		digit := string(rune('0' + i))
		b.ID, b.ResourceID = "10000000-0000-4000-8000-000000000C0"+digit, "10000000-0000-4000-8000-00000000050"+digit
		b.Name, b.ResourceName, b.VaultID = "backup-"+digit, "resource-"+digit, vault
		if b.ResourceType == "" {
			b.ResourceType = server
		}
		b.Created = now.Add(-time.Duration(i) * time.Hour)
		if b.Status != "protecting" {
			b.Protected = b.Created.Add(time.Minute)
		}
	}
	return backups
}

// TestBackupLeniency has backups that our client can read. The SDK reads other times, or
// one value costs it the whole list.
func TestBackupLeniency(t *testing.T) {
	created := time.Date(2024, 3, 12, 1, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		sent   string        // members of the backup
		theirs time.Duration // by which the SDK's time is too late; 0: it cannot read the list
	}{
		"time with the zone of Beijing": {`"created_at": "2024-03-12T09:00:00+08:00"`, 8 * time.Hour},
		"text for a number":             {`"created_at": "2024-03-12T01:00:00Z", "resource_size": "40"`, 0},
		"number for a name":             {`"created_at": "2024-03-12T01:00:00Z", "resource_name": 40`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			theirs, ours := replay(t, "backups", `{"backups":[{"id":"10000000-0000-4000-8000-000000000c01",`+test.sent+`}]}`)
			got := ourBackups(t, ours, cbrapi.BackupFilter{})
			if len(got) != 1 || !got[0].CreatedAt.Equal(created) {
				t.Errorf("our client reads %+v", got)
			}
			switch response, err := theirs.ListBackups(&model.ListBackupsRequest{}); {
			case test.theirs == 0 && err == nil:
				t.Errorf("the SDK can read %+v: compare it in TestResponses", response)
			case test.theirs == 0:
			case err != nil:
				t.Errorf("the SDK: %v", err)
			default:
				if got := translateBackup(t, value(response.Backups)[0]).CreatedAt.Sub(created); got != test.theirs {
					t.Errorf("the SDK's time is %s too late, want %s", got, test.theirs)
				}
			}
		})
	}
}

// theirBackups returns all backups with their replicas, the latest first, in pages of 100.
func theirBackups(t *testing.T, client *cbr.CbrClient, request model.ListBackupsRequest) (backups []*cbrapi.VaultBackup) {
	t.Helper()
	request.ShowReplication, request.Sort, request.Limit = new(true), new("created_at:desc"), new(int32(100))
	for {
		request.Offset = new(int32(len(backups)))
		response, err := client.ListBackups(&request)
		if err != nil {
			t.Fatal(err)
		}
		rows := value(response.Backups)
		if len(rows) == 0 {
			return backups
		}
		for _, row := range rows {
			backups = append(backups, translateBackup(t, row))
		}
	}
}

func ourBackups(t *testing.T, client *cbrapi.Client, f cbrapi.BackupFilter) []*cbrapi.VaultBackup {
	t.Helper()
	backups, invalid, err := all(t.Context(), client.Backups(f))
	if invalid != nil || err != nil {
		t.Fatalf("our client: invalid fields %v, error %v", invalid, err)
	}
	return backups
}

// translateBackup converts the SDK's type to ours.
func translateBackup(t *testing.T, b model.BackupResp) *cbrapi.VaultBackup {
	t.Helper()
	out := &cbrapi.VaultBackup{
		ID:        strings.ToLower(b.Id),
		Name:      b.Name,
		Status:    cbrapi.BackupStatus(b.Status.Value()),
		ParentID:  strings.ToLower(b.ParentId),
		VaultID:   strings.ToLower(b.VaultId),
		Resource:  cbrapi.Resource{ID: strings.ToLower(b.ResourceId), Type: b.ResourceType, Name: b.ResourceName},
		CreatedAt: time.Time(value(b.CreatedAt)),
		ExpiredAt: time.Time(value(b.ExpiredAt)),
	}
	if _, err := time.Parse(time.DateOnly, b.ProtectedAt); err != nil {
		out.ProtectedAt = parseTime(t, b.ProtectedAt)
	}
	for _, r := range value(b.ReplicationRecords) {
		out.Replicas = append(out.Replicas, cbrapi.Replica{
			Status:            cbrapi.ReplicaStatus(value(r.Status).Value()),
			DestinationRegion: value(r.DestinationRegion),
			CreatedAt:         parseTime(t, value(r.CreatedAt)),
			FailCode:          value(value(r.ExtraInfo).FailCode),
		})
	}
	return out
}
