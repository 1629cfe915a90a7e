package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const vaultsPath = "/v3/" + simulator.DefaultProjectID + "/vaults"

// A fullVault has all that can be told, and a bareVault nothing that need not.
func fullVault() simulator.Vault {
	return simulator.Vault{
		ID: "v-1", Name: "one", EnterpriseProjectID: "0", EnterpriseProjectNumber: true,
		Created:    time.Date(2020, 2, 5, 10, 38, 34, 209782000, time.UTC),
		ObjectType: "disk", ProtectType: "backup", ChargingMode: "pre_paid", ConsistentLevel: "crash_consistent",
		Status: "frozen", FrozenScene: "ARREAR", Size: 100, Allocated: 40, Used: 102400,
		AutoExpand: new(false), Locked: new(true), SMNNotify: new(true), Threshold: new(int64(80)),
		Tags: []simulator.Tag{{Key: "team", Value: "web"}, {Key: "部门", Value: ""}},
		Resources: []simulator.VaultResource{
			{
				ID: "r-1", Name: "disk one", Type: "OS::Cinder::Volume",
				Size: new(int64(40)), BackupSize: new(int64(0)), BackupCount: new(int64(3)),
				ProtectStatus: "protecting", AutoProtect: new(false),
				ExcludedVolumes: []string{"x"}, IncludedVolumes: []string{"y"},
			},
			{ID: "r-2", Type: "OS::Cinder::Volume"},
		},
	}
}

func bareVault() simulator.Vault {
	return simulator.Vault{ID: "v-2", Name: "two", EnterpriseProjectID: "", Status: "available", ProtectType: "hybrid"}
}

func TestVaultShape(t *testing.T) {
	cloud, _ := scriptedCloud(0)
	named := bareVault()
	named.EnterpriseProjectID, named.Tags = "0", []simulator.Tag{}
	cloud.SetVaults(fullVault(), bareVault(), named)
	var want any
	const text = `{"vaults":[
		{"id":"v-1","name":"one","project_id":"04f1829c788037ac2fb8c01eb2b04b95",
		 "provider_id":"d1603440-187d-4516-af25-121250c7cc97","enterprise_project_id":0,
		 "created_at":"2020-02-05T10:38:34.209782","auto_bind":false,"bind_rules":{},
		 "auto_expand":false,"locked":true,"smn_notify":true,"threshold":80,
		 "tags":[{"key":"team","value":"web"},{"key":"部门","value":""}],
		 "billing":{"size":100,"allocated":40,"used":102400,"status":"frozen","frozen_scene":"ARREAR",
		            "charging_mode":"pre_paid","protect_type":"backup","object_type":"disk",
		            "consistent_level":"crash_consistent","cloud_type":"public","spec_code":"vault.backup.volume.normal"},
		 "resources":[
		   {"id":"r-1","name":"disk one","type":"OS::Cinder::Volume","size":40,"backup_size":0,"backup_count":3,
		    "protect_status":"protecting","auto_protect":false,
		    "extra_info":{"exclude_volumes":["x"],"include_volumes":[{"id":"y"}]}},
		   {"id":"r-2","name":"","type":"OS::Cinder::Volume"}]},
		{"id":"v-2","name":"two","project_id":"04f1829c788037ac2fb8c01eb2b04b95",
		 "provider_id":"0daac4c5-6707-4851-97ba-169e36266b66","auto_bind":false,"bind_rules":{},
		 "billing":{"size":0,"allocated":0,"used":0,"status":"available","protect_type":"hybrid",
		            "cloud_type":"hybrid","spec_code":"vault.hybrid.server.normal"},"resources":[]},
		{"id":"v-2","name":"two","project_id":"04f1829c788037ac2fb8c01eb2b04b95","enterprise_project_id":"0",
		 "provider_id":"0daac4c5-6707-4851-97ba-169e36266b66","auto_bind":false,"bind_rules":{},"tags":[],
		 "billing":{"size":0,"allocated":0,"used":0,"status":"available","protect_type":"hybrid",
		            "cloud_type":"hybrid","spec_code":"vault.hybrid.server.normal"},"resources":[]}],
		"count":3}`
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, any(decode(t, get(cloud, vaultsPath, fixedToken).body))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestVaultsOfNoCloud(t *testing.T) {
	cloud, _ := scriptedCloud(0)
	for path, want := range map[string]string{
		vaultsPath:   `{"vaults":[],"count":0}`,
		policiesPath: `{"policies":[],"count":0}`,
	} {
		if got := get(cloud, path, fixedToken); got.status != 200 || got.body != want {
			t.Errorf("got %d %s, want %s", got.status, got.body, want)
		}
	}
}

// listedVaults returns the ids of a page, and its count: -1 where there is none.
func listedVaults(t *testing.T, h http.Handler, query string) (ids []string, count int) {
	t.Helper()
	a := get(h, vaultsPath+"?"+query, fixedToken)
	page := struct {
		Vaults []struct{ ID string }
		Count  *int
	}{}
	if err := json.Unmarshal([]byte(a.body), &page); err != nil || a.status != http.StatusOK || page.Vaults == nil {
		t.Fatalf("%s: got %d %.200s, error %v", query, a.status, a.body, err)
	}
	ids = []string{}
	for _, v := range page.Vaults {
		ids = append(ids, v.ID)
	}
	if page.Count == nil {
		return ids, -1
	}
	return ids, *page.Count
}

func TestVaultFilters(t *testing.T) {
	cloud, _ := scriptedCloud(0)
	third := fullVault()
	third.ID, third.EnterpriseProjectID, third.EnterpriseProjectNumber = "v-3", "e-1", false
	third.Resources = []simulator.VaultResource{{ID: "r-3"}}
	cloud.SetVaults(fullVault(), bareVault(), third)
	cloud.SetPolicies(
		simulator.Policy{ID: "p-1", Vaults: []simulator.PolicyVault{{ID: "v-3"}, {ID: "v-2"}}},
		simulator.Policy{ID: "p-2"},
	)
	all := []string{"v-1", "v-2", "v-3"}
	for query, want := range map[string][]string{
		"":                                       all,
		"name=&status=":                          all,
		"unknown=x":                              all,
		"name=one":                               {"v-1", "v-3"},
		"name=on":                                {},
		"id=v-2":                                 {"v-2"},
		"id=v-1&id=v-2":                          {"v-1", "v-2"},
		"status=available":                       {"v-2"},
		"object_type=disk":                       {"v-1", "v-3"},
		"protect_type=hybrid":                    {"v-2"},
		"cloud_type=public":                      {"v-1", "v-3"},
		"policy_id=p-1":                          {"v-2", "v-3"},
		"policy_id=p-2":                          {},
		"policy_id=p-3":                          {},
		"resource_ids=r-2":                       {"v-1"},
		"resource_ids=r-9,r-3,r-1":               {"v-1", "v-3"},
		"resource_ids=r":                         {},
		"enterprise_project_id=0":                {"v-1", "v-2"}, // the default where it is not told
		"enterprise_project_id=e-1":              {"v-3"},
		"enterprise_project_id=all_granted_eps":  all,
		"name=one&policy_id=p-1&status=frozen":   {"v-3"},
		"name=one&policy_id=p-1&protect_type=no": {},
	} {
		if got, count := listedVaults(t, cloud, query); !slices.Equal(got, want) || count != len(want) {
			t.Errorf("%q: got %v, count %d, want %v", query, got, count, want)
		}
	}
}

func TestVaultPages(t *testing.T) {
	cloud, _ := scriptedCloud(0)
	var vaults []simulator.Vault
	for i := range 1200 {
		vaults = append(vaults, simulator.Vault{ID: fmt.Sprint(i)})
	}
	cloud.SetVaults(vaults...)
	for name, test := range map[string]struct {
		listing     simulator.Listing
		query       string
		first, rows int
		count       int
	}{
		"default":         {simulator.Listing{}, "", 0, 1000, 1200},
		"second":          {simulator.Listing{}, "limit=1000&offset=1000", 1000, 200, 1200},
		"in between":      {simulator.Listing{}, "limit=10&offset=5", 5, 10, 1200},
		"behind the end":  {simulator.Listing{}, "offset=1200", 0, 0, 1200},
		"capped":          {simulator.Listing{MaxLimit: 50}, "limit=1000&offset=100", 100, 50, 1200},
		"offset ignored":  {simulator.Listing{IgnoreOffset: true}, "limit=10&offset=100", 0, 10, 1200},
		"repeated":        {simulator.Listing{Repeat: 2}, "limit=10&offset=10", 8, 10, 1200},
		"no count":        {simulator.Listing{NoCount: true}, "limit=10", 0, 10, -1},
		"wrong count":     {simulator.Listing{WrongCount: true}, "limit=10", 0, 10, 10},
		"filters ignored": {simulator.Listing{IgnoreFilters: true}, "limit=10&name=x&policy_id=x&enterprise_project_id=x", 0, 10, 1200},
	} {
		t.Run(name, func(t *testing.T) {
			cloud.SetListing(test.listing)
			ids, count := listedVaults(t, cloud, test.query)
			if len(ids) != test.rows || count != test.count || len(ids) > 0 && ids[0] != fmt.Sprint(test.first) {
				t.Errorf("got %d rows, count %d, from %.20v", len(ids), count, ids)
			}
		})
	}
	cloud.SetListing(simulator.Listing{ShortPages: true})
	if ids, _ := listedVaults(t, cloud, "limit=100"); len(ids) == 0 || len(ids) >= 100 {
		t.Errorf("a short page has %d rows", len(ids))
	}
}

func TestVaultErrors(t *testing.T) {
	cloud, _ := newCloud(1)
	for _, query := range []string{"limit=0", "limit=1001", "limit=x", "offset=-1", "offset=x"} {
		got := get(cloud, vaultsPath+"?"+query, fixedToken)
		if got.status != 400 || decode(t, got.body)["error_code"] != "BackupService.9900" {
			t.Errorf("%s: got %d %s, want 400 BackupService.9900", query, got.status, got.body)
		}
	}
}
