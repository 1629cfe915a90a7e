package simulator_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const backupsPath = "/v3/" + simulator.DefaultProjectID + "/backups"

// at returns a time of the day of the backups below.
func at(hour, minute, second, micros int) time.Time {
	return time.Date(2025, 3, 25, hour, minute, second, micros*1000, time.UTC)
}

func serverBackup() simulator.Backup {
	return simulator.Backup{
		ID: "b-1", CheckpointID: "c-1", Name: "server-backup", VaultID: "v-1",
		ResourceID: "r-1", ResourceName: "ecs-one", ResourceType: "OS::Nova::Server", ResourceSize: 50, Incremental: true,
		Created: at(6, 32, 7, 951164), Updated: at(6, 34, 3, 482887), Protected: at(6, 32, 31, 57153),
		Replicas: []simulator.BackupReplica{
			{Status: "success", DestinationRegion: "cn-east-3", DestinationVaultID: "v-9", DestinationBackupID: "b-9", Created: at(7, 0, 0, 0)},
			{Status: "fail", DestinationRegion: "cn-east-3", Created: at(8, 0, 0, 0), FailCode: "BackupService.6129", FailReason: "It is full."},
		},
	}
}

func diskBackup() simulator.Backup {
	return simulator.Backup{
		ID: "b-2", CheckpointID: "c-2", Name: "backup-encrypted", VaultID: "v-2",
		ResourceID: "r-2", ResourceName: "volume-encrypted", ResourceType: "OS::Cinder::Volume", ResourceSize: 10, Incremental: true,
		Status: "error", ParentID: "b-1", Automatic: true,
		Created: at(6, 23, 27, 304116), Expires: at(7, 23, 27, 304116),
	}
}

func turboBackup() simulator.Backup {
	return simulator.Backup{
		ID: "b-3", CheckpointID: "c-3", Name: "sfs-turbo-one_6a33", VaultID: "v-3",
		ResourceID: "r-3", ResourceName: "sfs-turbo-one", ResourceType: "OS::Sfs::Turbo", ResourceSize: 1228, ImageType: "replication",
		Created: at(5, 37, 26, 271454), Updated: at(5, 42, 48, 673786), Protected: at(5, 38, 0, 0),
	}
}

// The rows are those that were recorded of the real service, but for what the fields of a
// backup say, the availability zone, and the copies, of which only a model is known.
func TestBackupShape(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	cloud.SetBackups(serverBackup(), diskBackup(), turboBackup())
	const always = `"description":"","version":3,"project_id":"04f1829c788037ac2fb8c01eb2b04b95"`
	const unlessTurbo = `"scheduled_operation_id":null,"resource_az":"cn-north-4a"`
	const volume = `{"id":"b-2","checkpoint_id":"c-2","name":"backup-encrypted","status":"error","image_type":"backup","incremental":true,` + always + `,` + unlessTurbo + `,
		 "created_at":"2025-03-25T06:23:27.304116","updated_at":"2025-03-25T06:23:27.304116","protected_at":null,"expired_at":"2025-03-25T07:23:27.304116",
		 "resource_id":"r-2","resource_name":"volume-encrypted","resource_type":"OS::Cinder::Volume","resource_size":10,"vault_id":"v-2","parent_id":"b-1",
		 "provider_id":"d1603440-187d-4516-af25-121250c7cc97","children":[],"replication_records":[],
		 "extend_info":{"auto_trigger":true,"bootable":false,"os_images_data":null,"progress":100,"snapshot_id":"SNAPSHOT","support_lld":true,
		   "supported_restore_mode":null,"system_disk":false,"is_multi_az":false,"encrypted_algorithm":null,"is_dec":false,"app_consistency":null,"encrypted":false}}`
	const copied = `"source_region":"cn-north-4","source_project_id":"04f1829c788037ac2fb8c01eb2b04b95","source_backup_id":"b-1","source_checkpoint_id":"c-1"`
	const text = `{"backups":[
		{"id":"b-1","checkpoint_id":"c-1","name":"server-backup","status":"available","image_type":"backup","incremental":true,` + always + `,` + unlessTurbo + `,
		 "created_at":"2025-03-25T06:32:07.951164","updated_at":"2025-03-25T06:34:03.482887","protected_at":"2025-03-25T06:32:31.057153","expired_at":null,
		 "resource_id":"r-1","resource_name":"ecs-one","resource_type":"OS::Nova::Server","resource_size":50,"vault_id":"v-1","parent_id":null,
		 "provider_id":"0daac4c5-6707-4851-97ba-169e36266b66","children":[` + volume + `],
		 "replication_records":[
		   {"status":"success","created_at":"2025-03-25T07:00:00.000000","destination_region":"cn-east-3","destination_vault_id":"v-9","destination_backup_id":"b-9","extra_info":{"fail_code":"","fail_reason":"","destination_vault_id":"v-9"},` + copied + `},
		   {"status":"fail","created_at":"2025-03-25T08:00:00.000000","destination_region":"cn-east-3","destination_vault_id":"","destination_backup_id":"","extra_info":{"fail_code":"BackupService.6129","fail_reason":"It is full.","destination_vault_id":""},` + copied + `}],
		 "extend_info":{"auto_trigger":false,"bootable":null,"os_images_data":null,"progress":null,"snapshot_id":null,"support_lld":true,
		   "supported_restore_mode":"backup","system_disk":false,"is_multi_az":false,"encrypted_algorithm":null,"is_dec":false,
		   "app_consistency":{"app_consistency":"0","app_consistency_status":"0","app_consistency_error_code":"0","app_consistency_error_message":""},
		   "contain_system_disk":true,"encrypted":false,"architecture":"x86_64"}},
		` + volume + `,
		{"id":"b-3","checkpoint_id":"c-3","name":"sfs-turbo-one_6a33","status":"available","image_type":"replication","incremental":false,` + always + `,
		 "created_at":"2025-03-25T05:37:26.271454+00:00","updated_at":"2025-03-25T05:42:48.673786+00:00","protected_at":"2025-03-25",
		 "resource_id":"r-3","resource_name":"sfs-turbo-one","resource_type":"OS::Sfs::Turbo","resource_size":1228,"vault_id":"v-3",
		 "provider_id":"3f3c3220-245c-4805-b811-758870015881","children":[],"replication_records":[],
		 "extend_info":{"auto_trigger":false,"support_lld":true,"supported_restore_mode":"backup","contain_system_disk":false,"encrypted":false,"system_disk":false,"is_multi_az":false}}],
		"count":3,"offset":0,"limit":1000}`
	page := decode(t, get(cloud, backupsPath+"?show_replication=true", fixedToken).body)
	rows := page["backups"].([]any)
	for _, record := range rows[0].(object)["replication_records"].([]any) {
		for _, derived := range []string{"id", "destination_project_id", "destination_checkpoint_id"} {
			if record.(object)[derived] == "" {
				t.Errorf("%s of a replica is empty", derived)
			}
			delete(record.(object), derived)
		}
	}
	snapshot := rows[1].(object)["extend_info"].(object)["snapshot_id"].(string)
	if len(snapshot) != 36 {
		t.Errorf("snapshot_id: got %q", snapshot)
	}
	if diff := cmp.Diff(decode(t, strings.ReplaceAll(text, "SNAPSHOT", snapshot)), page); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, query := range []string{"", "?show_replication=false"} {
		row := decode(t, get(cloud, backupsPath+query, fixedToken).body)["backups"].([]any)[0].(object)
		if records, ok := row["replication_records"].([]any); !ok || len(records) != 0 {
			t.Errorf("%q: got the copies %v, want []", query, row["replication_records"])
		}
	}
}

func TestBackupQueries(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	one, two, three := fullVault(), fullVault(), fullVault()
	one.ID, one.EnterpriseProjectID = "v-1", "e-1"
	two.ID, two.EnterpriseProjectID = "v-2", "0"
	three.ID, three.EnterpriseProjectID = "v-3", ""
	cloud.SetVaults(one, two, three)
	cloud.SetBackups(turboBackup(), serverBackup(), diskBackup()) // not in the order of their creation
	all := []string{"b-1", "b-2", "b-3"}
	for name, test := range map[string]struct {
		listing simulator.Listing
		query   string
		want    []string
	}{
		"all, latest first":       {query: "", want: all},
		"latest first":            {query: "sort=created_at:desc", want: all},
		"since":                   {query: "start_time=2025-03-25T06:23:27Z", want: []string{"b-1", "b-2"}},
		"since a second later":    {query: "start_time=2025-03-25T06:23:28Z", want: []string{"b-1"}},
		"times ignored":           {listing: simulator.Listing{TimeOf: simulator.NoTime}, query: "start_time=2025-03-25T06:23:28Z", want: all},
		"filters ignored":         {listing: simulator.Listing{IgnoreFilters: true}, query: "enterprise_project_id=e-2", want: all},
		"an enterprise project":   {query: "enterprise_project_id=e-1", want: []string{"b-1"}},
		"the default one":         {query: "enterprise_project_id=0", want: []string{"b-2", "b-3"}},
		"all enterprise projects": {query: "enterprise_project_id=all_granted_eps", want: all},
		"a restricted user":       {listing: simulator.Listing{EnterpriseProject: "e-1", IgnoreFilters: true}, query: "enterprise_project_id=all_granted_eps", want: []string{"b-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud.SetListing(test.listing)
			if got, count := listed(t, cloud, backupsPath+"?"+test.query); !slices.Equal(got, test.want) || count != len(test.want) {
				t.Errorf("got %v, count %d, want %v", got, count, test.want)
			}
		})
	}
}

func TestBackupErrors(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	for _, query := range []string{"sort=created_at", "sort=created_at:asc", "start_time=2025-03-25"} {
		got := get(cloud, backupsPath+"?"+query, fixedToken)
		if got.status != 400 || decode(t, got.body)["error_code"] != "BackupService.9900" {
			t.Errorf("%s: got %d %s, want 400 BackupService.9900", query, got.status, got.body)
		}
	}
}

func TestSetBackups(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	given := serverBackup()
	cloud.SetBackups(given)
	given.Replicas[0].Status = "changed meanwhile"
	cloud.Backups()[0].Replicas[0].Status = "changed by a reader"
	if diff := cmp.Diff([]simulator.Backup{serverBackup()}, cloud.Backups()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if cloud.SetBackups(); len(cloud.Backups()) != 0 {
		t.Errorf("there are %v", cloud.Backups())
	}
}
