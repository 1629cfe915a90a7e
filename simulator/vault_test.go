package simulator_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const vaultsPath = "/v3/" + simulator.DefaultProjectID + "/vaults"

// fullVault returns a vault with all fields, bareVault one with the required ones.
func fullVault() simulator.Vault {
	return simulator.Vault{
		ID: "v-1", Name: "one", EnterpriseProjectID: "0", EnterpriseProjectNumber: true,
		Created:    time.Date(2020, 2, 5, 10, 38, 34, 209782000, time.UTC),
		ObjectType: "disk", ProtectType: "backup", ChargingMode: "pre_paid", ConsistentLevel: "crash_consistent",
		Status: "frozen", Size: 100, Allocated: 40, Used: 102400,
		AutoExpand: new(false), Threshold: new(int64(80)), SMNNotify: new(true), Locked: new(true), Frozen: new(false), MultiAZ: new(true),
		BindTags: []simulator.Tag{{Key: "backup", Value: "yes"}},
		Tags:     []simulator.Tag{{Key: "team", Value: "web"}, {Key: "部门", Value: ""}},
		Resources: []simulator.VaultResource{
			{
				ID: "r-1", Name: "disk one", Type: "OS::Cinder::Volume",
				Size: new(int64(40)), BackupSize: new(int64(0)), BackupCount: new(int64(3)),
				ProtectStatus: "protecting", AutoProtect: new(false),
				ExcludedVolumes: []string{"x"},
				IncludedVolumes: []simulator.IncludedVolume{{ID: "y"}, {ID: "z", OSVersion: "EulerOS"}},
			},
			{ID: "r-2", Type: "OS::Cinder::Volume"},
		},
	}
}

func bareVault() simulator.Vault {
	return simulator.Vault{ID: "v-2", Name: "two", EnterpriseProjectID: "", Status: "available", ProtectType: "hybrid"}
}

func TestVaultShape(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	named := bareVault()
	named.EnterpriseProjectID, named.Tags, named.BindTags = "0", []simulator.Tag{}, []simulator.Tag{}
	cloud.SetVaults(fullVault(), bareVault(), named)
	const always = `"project_id":"04f1829c788037ac2fb8c01eb2b04b95","description":null,"backup_name_prefix":null,"demand_billing":false,
		"cbc_delete_count":0,"availability_zone":"","sys_lock_source_service":"","supplier":"","cross_account":false,"cross_account_urn":""`
	const billed = `"frozen_scene":null,"order_id":null,"product_id":null,"storage_unit":null,"partner_bp_id":null,"is_double_az":false`
	var want any
	const text = `{"vaults":[
		{"id":"v-1","name":"one",` + always + `,
		 "provider_id":"d1603440-187d-4516-af25-121250c7cc97","enterprise_project_id":0,
		 "created_at":"2020-02-05T10:38:34.209782","auto_bind":true,"bind_rules":{"tags":[{"key":"backup","value":"yes"}]},
		 "auto_expand":false,"threshold":80,"smn_notify":true,"locked":true,"frozen":false,
		 "tags":[{"key":"team","value":"web"},{"key":"部门","value":""}],
		 "billing":{"size":100,"allocated":40,"used":102400,"status":"frozen",
		            "charging_mode":"pre_paid","protect_type":"backup","object_type":"disk","is_multi_az":true,
		            "consistent_level":"crash_consistent","cloud_type":"public","spec_code":"vault.backup.volume.normal",` + billed + `},
		 "resources":[
		   {"id":"r-1","name":"disk one","type":"OS::Cinder::Volume","size":40,"backup_size":0,"backup_count":3,
		    "protect_status":"protecting","auto_protect":false,
		    "extra_info":{"exclude_volumes":["x"],"include_volumes":["y",{"id":"z","os_version":"EulerOS"}]}},
		   {"id":"r-2","name":"","type":"OS::Cinder::Volume","protect_status":null}]},
		{"id":"v-2","name":"two",` + always + `,
		 "provider_id":"0daac4c5-6707-4851-97ba-169e36266b66","auto_bind":false,"bind_rules":{},
		 "billing":{"size":0,"allocated":0,"used":0,"status":"available","protect_type":"hybrid",
		            "cloud_type":"hybrid","spec_code":"vault.hybrid.server.normal",` + billed + `},"resources":[]},
		{"id":"v-2","name":"two",` + always + `,"enterprise_project_id":"0",
		 "provider_id":"0daac4c5-6707-4851-97ba-169e36266b66","auto_bind":false,"bind_rules":{"tags":[]},"tags":[],
		 "billing":{"size":0,"allocated":0,"used":0,"status":"available","protect_type":"hybrid",
		            "cloud_type":"hybrid","spec_code":"vault.hybrid.server.normal",` + billed + `},"resources":[]}],
		"count":3,"limit":1000,"offset":0}`
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, any(decode(t, get(cloud, vaultsPath, fixedToken).body))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRecordedShape compares the vaults with what was recorded of the real service.
func TestRecordedShape(t *testing.T) {
	t.Parallel()
	vault := func(id, name, created, objectType string) simulator.Vault {
		at, err := time.Parse("2006-01-02T15:04:05.000000", created)
		if err != nil {
			t.Fatal(err)
		}
		return simulator.Vault{
			ID: id, Name: name, Created: at, ObjectType: objectType, EnterpriseProjectID: "0",
			ProtectType: "backup", ChargingMode: "post_paid", ConsistentLevel: "crash_consistent", Status: "available", Size: 100, Allocated: 40,
			AutoExpand: new(false), Threshold: new(int64(80)), SMNNotify: new(true), Locked: new(false), Frozen: new(false), MultiAZ: new(false),
			Tags: []simulator.Tag{}, BindTags: []simulator.Tag{},
		}
	}
	bound := func(id, name, kind, status string, size, used, count int64) []simulator.VaultResource {
		return []simulator.VaultResource{{
			ID: id, Name: name, Type: kind, ProtectStatus: status, AutoProtect: new(true),
			Size: new(size), BackupSize: new(used), BackupCount: new(count),
		}}
	}
	const finance = "75047312-bfbd-4d28-8d7c-179d6d8425c0"
	a := vault("f0245f58-2df3-45b6-8a6f-5db5f7bb5e46", "vault-a", "2025-03-25T06:12:48.673924", "disk")
	a.EnterpriseProjectID, a.Size, a.Allocated, a.BindTags = finance, 50, 10, nil
	a.Resources = bound("414c079b-720b-4406-8fb7-0ee2febb1186", "volume-1", "OS::Cinder::Volume", "available", 10, 0, 1)
	b := vault("1c50a8f0-2fd2-4b01-8efa-5b68fea76ee0", "vault-b", "2025-03-22T02:59:06.548293", "server")
	b.EnterpriseProjectID, b.Allocated, b.Used = finance, 50, 17048
	b.Resources = bound("06145359-e352-4d4b-883c-169dc5dde3f1", "server-1", "OS::Nova::Server", "available", 50, 17048, 2)
	c := vault("d47da018-ac59-4473-85a3-c16254553dee", "vault-c", "2025-03-05T08:21:16.067222", "server")
	c.ProtectType, c.Allocated = "replication", 0
	c.Resources = bound("c81922b3-7a6e-4e1f-834d-4138ce376690", "server-2", "OS::Nova::Server", "", 40, 0, 0)
	d := vault("16f1d519-cefa-44a4-86c8-a5e5a2560a07", "vault-d", "2025-03-05T08:21:03.410568", "server")
	d.Resources = bound("ec46b93b-72cb-43da-8ebd-70db5d6f4e4f", "server-3", "OS::Nova::Server", "deleted", 40, 0, 0)

	tagged := b
	tagged.Tags = []simulator.Tag{{Key: "2", Value: "2"}}
	for file, test := range map[string]struct {
		vaults  []simulator.Vault
		listing simulator.Listing
	}{
		"vaults_deleted_resource.json": {vaults: []simulator.Vault{a, b, c, d}},
		"vaults_count_above_rows.json": {[]simulator.Vault{a, tagged, d}, simulator.Listing{OverCount: 1}},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			recorded, err := os.ReadFile(filepath.Join("..", "cbrapi", "testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			cloud, _ := scriptedCloud(0)
			cloud.SetVaults(test.vaults...)
			cloud.SetListing(test.listing)
			want, got := decode(t, string(recorded)), decode(t, get(cloud, vaultsPath+"?limit=100", fixedToken).body)
			for _, v := range slices.Concat(want["vaults"].([]any), got["vaults"].([]any)) {
				delete(v.(object), "project_id")
				delete(v.(object), "user_id") // which the simulator does not know
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-recorded +simulated):\n%s", diff)
			}
		})
	}
}

// A user who is restricted to an enterprise project sees only its vaults.
func TestVaultsOfRestrictedUser(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	other := bareVault()
	other.ID, other.EnterpriseProjectID = "v-3", "e-1"
	cloud.SetVaults(fullVault(), bareVault(), other)
	cloud.SetListing(simulator.Listing{EnterpriseProject: "e-1", IgnoreFilters: true})
	for _, query := range []string{"enterprise_project_id=e-1", "enterprise_project_id=all_granted_eps"} {
		if got, _ := listed(t, cloud, vaultsPath+"?"+query); !slices.Equal(got, []string{"v-3"}) {
			t.Errorf("%q: got %v, want v-3", query, got)
		}
	}
}

func TestSpellingsOfEnterpriseProject(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	seen := make(map[string]int)
	for _, v := range decode(t, get(cloud, vaultsPath, fixedToken).body)["vaults"].([]any) {
		switch v.(object)["enterprise_project_id"].(type) {
		case float64:
			seen["number"]++
		case string:
			seen["text"]++
		case nil:
			seen["absent"]++
		}
	}
	if seen["number"] == 0 || seen["text"] == 0 || seen["absent"] == 0 {
		t.Errorf("got %v", seen)
	}
}

func TestSetVaults(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	if len(cloud.Vaults()) == 0 || len(cloud.Policies()) == 0 {
		t.Fatal("the demo project has no vaults or policies")
	}
	given := fullVault()
	cloud.SetVaults(given)
	cloud.SetPolicies(fullPolicy())
	given.Resources[0].Name = "changed meanwhile"
	cloud.Vaults()[0].Resources[0].ProtectStatus = "changed by a reader"
	cloud.Policies()[0].Patterns[0] = "changed by a reader"
	if diff := cmp.Diff([]simulator.Vault{fullVault()}, cloud.Vaults()); diff != "" {
		t.Errorf("vaults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]simulator.Policy{fullPolicy()}, cloud.Policies()); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
	cloud.SetVaults()
	cloud.SetPolicies()
	if len(cloud.Vaults()) != 0 || len(cloud.Policies()) != 0 {
		t.Errorf("there are %v, %v", cloud.Vaults(), cloud.Policies())
	}
}

func TestRenameInVaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cloud func() (*simulator.Simulator, *clock)
	}{
		"of the demo project": {func() (*simulator.Simulator, *clock) { return newCloud(1) }},
		"given": {func() (*simulator.Simulator, *clock) {
			cloud, clock := scriptedCloud(0)
			cloud.SetVaults(bareVault(), fullVault())
			return cloud, clock
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, clock := test.cloud()
			before := cloud.Vaults()
			vault, resource := before[1].ID, before[1].Resources[0].ID
			clock.advance(time.Minute)
			cloud.RenameVault(vault, "new vault")
			cloud.RenameResource(resource, "new resource")
			cloud.RenameVault(resource, "not a vault")
			clock.advance(time.Minute)
			cloud.RenameVault(vault, "latest vault")
			after := cloud.Vaults()
			if after[1].Name != "latest vault" || after[1].Resources[0].Name != "new resource" {
				t.Errorf("got %s, %s", after[1].Name, after[1].Resources[0].Name)
			}
			if after[0].Name != before[0].Name || after[1].Resources[1].Name != before[1].Resources[1].Name {
				t.Error("others are renamed too")
			}
			cloud.SetVaults(before...)
			if got := cloud.Vaults(); got[1].Name != before[1].Name || got[1].Resources[0].Name != before[1].Resources[0].Name {
				t.Errorf("set again: got %s, %s", got[1].Name, got[1].Resources[0].Name)
			}
		})
	}
}

func TestVaultsByEnterpriseProject(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	third := fullVault()
	third.ID, third.EnterpriseProjectID, third.EnterpriseProjectNumber = "v-3", "e-1", false
	cloud.SetVaults(fullVault(), bareVault(), third)
	for query, want := range map[string][]string{
		"":                                      {"v-1", "v-2", "v-3"},
		"enterprise_project_id=":                {"v-1", "v-2", "v-3"},
		"enterprise_project_id=0":               {"v-1", "v-2"}, // the default if absent
		"enterprise_project_id=e-1":             {"v-3"},
		"enterprise_project_id=all_granted_eps": {"v-1", "v-2", "v-3"},
	} {
		if got, count := listed(t, cloud, vaultsPath+"?"+query); !slices.Equal(got, want) || count != len(want) {
			t.Errorf("%q: got %v, count %d, want %v", query, got, count, want)
		}
	}
	cloud.SetListing(simulator.Listing{IgnoreFilters: true})
	if got, _ := listed(t, cloud, vaultsPath+"?enterprise_project_id=e-2"); len(got) != 3 {
		t.Errorf("filters ignored: got %v", got)
	}
}
