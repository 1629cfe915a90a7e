package cbrapi_test

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	vaultID    = "10000000-0000-4000-8000-000000000701"
	resourceID = "10000000-0000-4000-8000-000000000501"
)

func listTestdata(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func vaultsOf(t *testing.T, body string) ([]*cbrapi.Vault, []cbrapi.InvalidField) {
	t.Helper()
	vaults, invalid, err := all(t.Context(), newClient(t, serve(t, onePage("vaults", body))).Vaults())
	if err != nil {
		t.Fatal(err)
	}
	return vaults, invalid
}

func TestVaults(t *testing.T) {
	t.Parallel()
	expectFiles(t, vaultsOf, map[string][]*cbrapi.Vault{
		"vaults_sample.json": {{
			ID: "a335f9e1-1628-4c64-a7be-38656e5ec19c", Name: "vault-8538", EnterpriseProjectID: "0",
			CreatedAt:  time.Date(2020, 9, 4, 6, 57, 37, 344e6, time.UTC),
			AutoExpand: new(false),
			Billing: cbrapi.Billing{
				Status: cbrapi.VaultAvailable, ChargingMode: "post_paid", ProtectType: "backup",
				ObjectType: "server", ConsistentLevel: "crash_consistent",
				Capacity: new(int64(107374182400)), Allocated: new(int64(0)), Used: new(int64(0)),
			},
			Resources: []cbrapi.VaultResource{},
		}},
		"vaults.json": {
			{
				ID: vaultID, Name: "vault-web", EnterpriseProjectID: "10000000-0000-4000-8000-000000000901",
				CreatedAt:  time.Date(2024, 2, 5, 10, 38, 34, 209782e3, time.UTC),
				AutoExpand: new(true), Threshold: new(80.0), SMNNotify: new(true), Locked: new(false),
				Billing: cbrapi.Billing{
					Status: cbrapi.VaultAvailable, ChargingMode: "pre_paid", ProtectType: "backup",
					ObjectType: "server", ConsistentLevel: "app_consistent",
					Capacity: new(int64(536870912000)), Allocated: new(int64(257698037760)), Used: new(int64(3221225472)),
					MultiAZ: new(false),
				},
				Resources: []cbrapi.VaultResource{
					{
						ID: resourceID, Type: "OS::Nova::Server", Name: "web-1",
						ProtectStatus: cbrapi.ProtectProtecting, AutoProtect: new(true),
						BackupCount: new(int64(7)), BackupSize: new(int64(3221225472)),
						ExcludeVolumes: []string{"10000000-0000-4000-8000-000000000601", "10000000-0000-4000-8000-000000000602"},
					},
					{
						ID: "10000000-0000-4000-8000-000000000502", Type: "OS::Nova::Server", Name: "web-2",
						ProtectStatus: cbrapi.ProtectAvailable, AutoProtect: new(false),
						BackupCount: new(int64(0)), BackupSize: new(int64(0)),
						IncludedVolumes: 1,
					},
				},
				Tags: map[string]string{"team": "shop", "critical": ""},
			},
			{
				ID: "10000000-0000-4000-8000-000000000702", Name: "vault-copy",
				Billing: cbrapi.Billing{
					Status: cbrapi.VaultFrozen, ChargingMode: "post_paid", ProtectType: "replication",
					ObjectType: "server", ConsistentLevel: "crash_consistent",
					Capacity: new(int64(11258999068426240)), Allocated: new(int64(0)), Used: new(int64(11258999068426240)),
				},
				Resources: []cbrapi.VaultResource{{ID: "10000000-0000-4000-8000-000000000503", Type: "OS::Nova::Server"}},
			},
		},
	})
}

// An invalid field of a vault costs only that field.
func TestInvalidVaultFields(t *testing.T) {
	t.Parallel()
	type (
		vault    = cbrapi.Vault
		resource = cbrapi.VaultResource
		invalid  = []cbrapi.InvalidField
	)
	expectMembers(t, vaultsOf, "vaults", vaultID, []members[vault]{
		{`"name": 7, "enterprise_project_id": 0`, vault{Name: "7", EnterpriseProjectID: "0"}, nil},
		{`"name": null, "billing": null, "resources": null, "tags": null, "auto_expand": null`, vault{}, nil},
		{`"name": ["a"]`, vault{}, invalid{{"vaults.name", `["a"]`}}},
		{`"created_at": 1558622123`, vault{}, invalid{{"vaults.created_at", "1558622123"}}},
		{`"threshold": null, "smn_notify": null, "locked": null, "frozen": null, "billing": {"is_multi_az": null}`, vault{}, nil},
		{
			`"threshold": "0", "smn_notify": false, "locked": true, "frozen": "true", "billing": {"is_multi_az": true}`,
			vault{Threshold: new(0.0), SMNNotify: new(false), Locked: new(true), Frozen: new(true), Billing: cbrapi.Billing{MultiAZ: new(true)}},
			nil,
		},
		{`"threshold": 101, "smn_notify": 7, "locked": [], "frozen": {}, "billing": {"is_multi_az": "x"}`, vault{}, invalid{
			{"vaults.threshold", "101"}, {"vaults.smn_notify", "7"}, {"vaults.locked", "[]"}, {"vaults.frozen", "{}"}, {"vaults.billing.is_multi_az", "x"},
		}},
		{`"auto_expand": "true"`, vault{AutoExpand: new(true)}, nil},
		{`"auto_expand": "sometimes"`, vault{}, invalid{{"vaults.auto_expand", "sometimes"}}},
		{`"billing": "none"`, vault{}, invalid{{"vaults.billing", "none"}}},

		{`"billing": {"size": "100", "allocated": 40.0, "used": 12.5}`, vault{Billing: cbrapi.Billing{
			Capacity: new(int64(100 << 30)), Allocated: new(int64(40 << 30)), Used: new(int64(25 << 19)),
		}}, nil},
		{`"billing": {"size": 8589934591, "used": 8796093022207}`, vault{Billing: cbrapi.Billing{
			Capacity: new(int64(8589934591 << 30)), Used: new(int64(8796093022207 << 20)),
		}}, nil},
		{`"billing": {"size": 8589934592, "allocated": 1e300, "used": 8796093022208}`, vault{}, invalid{
			{"vaults.billing.size", "8589934592"}, {"vaults.billing.allocated", "1e300"}, {"vaults.billing.used", "8796093022208"},
		}},
		{`"billing": {"size": -1, "allocated": "NaN", "used": {}}`, vault{}, invalid{
			{"vaults.billing.size", "-1"}, {"vaults.billing.allocated", "NaN"}, {"vaults.billing.used", "{}"},
		}},
		{`"billing": {"size": "", "status": "melting", "charging_mode": "paid by nobody"}`, vault{Billing: cbrapi.Billing{Status: "melting"}}, invalid{
			{"vaults.billing.charging_mode", "paid by nobody"},
		}},

		{`"resources": []`, vault{Resources: []resource{}}, nil},
		{`"resources": {}`, vault{}, invalid{{"vaults.resources", "{}"}}},
		{`"resources": [null, 7, {}, {"id": ""}, {"id": {}}, {"id": "A"}]`, vault{Resources: []resource{{ID: "a"}}}, invalid{
			{"vaults.resources", "null"},
			{"vaults.resources", "7"},
			{"vaults.resources.id", "null"},
			{"vaults.resources.id", ""},
			{"vaults.resources.id", "{}"},
		}},
		{`"resources": [{"id": "a", "name": "first"}, {"id": "A", "name": "again"}]`, vault{Resources: []resource{{ID: "a", Name: "first"}}}, nil},
		{
			`"resources": [{"id": "a", "backup_size": "x", "backup_count": 3000000000, "auto_protect": "false", "protect_status": "removing"}]`,
			vault{Resources: []resource{{ID: "a", BackupCount: new(int64(3e9)), AutoProtect: new(false), ProtectStatus: cbrapi.ProtectRemoving}}},
			invalid{{"vaults.resources.backup_size", "x"}},
		},
		{
			`"resources": [{"id": "a", "extra_info": {"exclude_volumes": []}}, {"id": "b", "extra_info": {"exclude_volumes": ["v", 7, []]}}]`,
			vault{Resources: []resource{{ID: "a", ExcludeVolumes: []string{}}, {ID: "b", ExcludeVolumes: []string{"v", "7"}}}},
			invalid{{"vaults.resources.extra_info.exclude_volumes", "[]"}},
		},
		{
			`"resources": [{"id": "a", "extra_info": {"include_volumes": ["v", {"id": "w"}]}}, {"id": "b", "extra_info": {"include_volumes": []}}, {"id": "c", "extra_info": {"include_volumes": "v"}}]`,
			vault{Resources: []resource{{ID: "a", IncludedVolumes: 2}, {ID: "b"}, {ID: "c"}}},
			invalid{{"vaults.resources.extra_info.include_volumes", "v"}},
		},

		{`"tags": [{"key": "a", "value": 1}, {"key": "b"}, {"key": "a", "value": "again"}]`, vault{Tags: map[string]string{"a": "1", "b": ""}}, nil},
		{`"tags": [{"key": "a", "value": []}, {"key": [], "value": "v"}, {"value": "v"}, "t"]`, vault{}, invalid{
			{"vaults.tags.value", "[]"}, {"vaults.tags.key", "[]"}, {"vaults.tags.key", "null"}, {"vaults.tags", "t"},
		}},
		{`"tags": {"team": "shop"}`, vault{}, invalid{{"vaults.tags", `{"team": "shop"}`}}},
	}, func(want vault, id string, invalid invalid) *vault {
		want.ID, want.Invalid = id, invalid
		return &want
	})
}

// A row that is not a vault costs only that row.
func TestInvalidVaultRows(t *testing.T) {
	t.Parallel()
	got, invalid := vaultsOf(t, `{"vaults":[null,[],{"name":"no id"},{"id":7},{"id":"`+strings.ToUpper(vaultID)+`"},{"id":"`+vaultID+`"}],"count":"many"}`)
	if diff := cmp.Diff([]*cbrapi.Vault{{ID: vaultID}}, got); diff != "" {
		t.Errorf("vaults differ (-want +got):\n%s", diff)
	}
	want := []cbrapi.InvalidField{
		{Field: "vaults", Value: "null in row 1"},
		{Field: "vaults", Value: "[] in row 2"},
		{Field: "vaults.id", Value: "null in row 3, no id"},
		{Field: "vaults.id", Value: "7 in row 4"},
		{Field: "count", Value: "many"},
	}
	if diff := cmp.Diff(want, invalid); diff != "" {
		t.Errorf("invalid fields differ (-want +got):\n%s", diff)
	}
}

func TestVaultQuery(t *testing.T) {
	t.Parallel()
	for enterpriseProject, want := range map[string]string{
		"":                "limit=1000&offset=0",
		"all_granted_eps": "enterprise_project_id=all_granted_eps&limit=1000&offset=0",
	} {
		t.Run(want, func(t *testing.T) {
			got := requestsOf(t, enterpriseProject, `{"vaults":[]}`, func(c *cbrapi.Client) error {
				_, err := c.Vaults().Next(t.Context())
				return err
			})
			if diff := cmp.Diff([]string{"ListVault GET /v3/" + projectID + "/vaults?" + want}, got); diff != "" {
				t.Errorf("requests differ (-want +got):\n%s", diff)
			}
		})
	}
}

// BenchmarkVaults reads a page of 100 vaults with 32 resources each from memory.
//
// The target is 80 ms on a shared core: it happens every five minutes. Most of it is
// encoding/json.
func BenchmarkVaults(b *testing.B) {
	var resources []string
	for n := range 32 {
		resources = append(resources, `{"id":"r`+strconv.Itoa(n)+`","type":"OS::Nova::Server","name":"web","size":40,`+
			`"backup_size":12,"backup_count":7,"protect_status":"available","auto_protect":true,"extra_info":{"exclude_volumes":["v"]}}`)
	}
	var rows []string
	for n := range 100 {
		rows = append(rows, fmt.Sprintf(`{"id":%q,"name":"v","billing":{"size":100,"allocated":40,"used":7,"status":"available"},"resources":[%s],"tags":[{"key":"k","value":"v"}]}`,
			idOf(n), strings.Join(resources, ",")))
	}
	body := `{"vaults":[` + strings.Join(rows, ",") + `],"count":100}`
	client := newClient(b, inMemory(http.StatusOK, "application/json", body))
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		vaults, _, err := all(b.Context(), client.Vaults())
		if err != nil || len(vaults) != len(rows) {
			b.Fatalf("got %d vaults, %v", len(vaults), err)
		}
	}
}
