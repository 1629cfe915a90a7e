package simulator_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const policiesPath = "/v3/" + simulator.DefaultProjectID + "/policies"

func fullPolicy() simulator.Policy {
	return simulator.Policy{
		ID: "p-1", Name: "offsite", OperationType: "replication", PolicyType: "custom_policy", Enabled: true,
		Patterns: []string{"FREQ=DAILY;INTERVAL=1;BYHOUR=0,8;BYMINUTE=5", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=16;BYMINUTE=05"},
		Start:    time.Date(2020, 1, 8, 9, 59, 49, 0, time.UTC),
		Vaults:   []simulator.PolicyVault{{ID: "v-1", DestinationID: "d-1"}, {ID: "v-2"}},

		RetentionDays: 7, MaxBackups: -1,
		DestinationRegion: "cn-east-3", DestinationProjectID: "p",
	}
}

func TestPolicyShape(t *testing.T) {
	cloud, _ := scriptedCloud(0)
	cloud.SetPolicies(fullPolicy(), simulator.Policy{ID: "p-2", Name: "bare", OperationType: "backup"})
	var want any
	const text = `{"policies":[
		{"id":"p-1","name":"offsite","enabled":true,"operation_type":"replication","policy_type":"custom_policy",
		 "trigger":{"name":"default","type":"time","properties":{
		   "pattern":["FREQ=DAILY;INTERVAL=1;BYHOUR=0,8;BYMINUTE=5","FREQ=WEEKLY;BYDAY=MO;BYHOUR=16;BYMINUTE=05"],
		   "start_time":"2020-01-08 09:59:49"}},
		 "operation_definition":{"retention_duration_days":7,"max_backups":-1,"timezone":"UTC+08:00",
		   "day_backups":0,"week_backups":0,"month_backups":0,"year_backups":0,
		   "destination_region":"cn-east-3","destination_project_id":"p"},
		 "associated_vaults":[{"vault_id":"v-1","destination_vault_id":"d-1"},{"vault_id":"v-2"}]},
		{"id":"p-2","name":"bare","enabled":false,"operation_type":"backup",
		 "trigger":{"name":"default","type":"time","properties":{"pattern":[]}},
		 "operation_definition":{"timezone":"UTC+08:00","day_backups":0,"week_backups":0,"month_backups":0,"year_backups":0},
		 "associated_vaults":[]}],
		"count":2}`
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	got := decode(t, get(cloud, policiesPath, fixedToken).body)
	triggers := make(map[any]bool)
	for _, p := range got["policies"].([]any) {
		trigger := p.(object)["trigger"].(object)
		triggers[trigger["id"]] = true
		delete(trigger, "id")
	}
	if diff := cmp.Diff(want, any(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(triggers) != 2 || triggers[nil] {
		t.Errorf("ids of triggers: got %v, want two", triggers)
	}
}

func TestPolicyFilters(t *testing.T) {
	cloud, _ := scriptedCloud(0)
	cloud.SetPolicies(
		simulator.Policy{ID: "p-1", OperationType: "backup", Vaults: []simulator.PolicyVault{{ID: "v-1"}, {ID: "v-2"}}},
		simulator.Policy{ID: "p-2", OperationType: "replication", Vaults: []simulator.PolicyVault{{ID: "v-2", DestinationID: "v-3"}}},
	)
	for query, want := range map[string][]string{
		"":                                     {"p-1", "p-2"},
		"operation_type=&vault_id=":            {"p-1", "p-2"},
		"limit=1&offset=1":                     {"p-1", "p-2"}, // no paging
		"operation_type=backup":                {"p-1"},
		"operation_type=restore":               {},
		"vault_id=v-2":                         {"p-1", "p-2"},
		"vault_id=v-3":                         {},
		"vault_id=v-2&operation_type=backup":   {"p-1"},
		"vault_id=v-1&operation_type=restore":  {},
		"enterprise_project_id=no+such+one":    {"p-1", "p-2"},
		"vault_id=v-1&operation_type=":         {"p-1"},
		"operation_type=replication&vault_id=": {"p-2"},
	} {
		body := decode(t, get(cloud, policiesPath+"?"+query, fixedToken).body)
		got := []string{}
		for _, p := range body["policies"].([]any) {
			got = append(got, p.(object)["id"].(string))
		}
		if !slices.Equal(got, want) || body["count"] != float64(len(want)) {
			t.Errorf("%q: got %v, count %v, want %v", query, got, body["count"], want)
		}
	}
}

// Both lists are guarded as that of the tasks is.
func TestVaultsAndPoliciesAreGuarded(t *testing.T) {
	for name, path := range map[string]string{"vaults": vaultsPath, "policies": policiesPath} {
		t.Run(name, func(t *testing.T) {
			cloud, _ := scriptedCloud(0)
			if got := get(cloud, path, "MIIunknown"); got.status != 401 {
				t.Errorf("with no good token: got %d, want 401", got.status)
			}
			if got := get(cloud, strings.Replace(path, "04f1", "14f1", 1), fixedToken); got.status != 403 {
				t.Errorf("another project: got %d, want 403", got.status)
			}
			cloud.SetListing(simulator.Listing{EnterpriseProject: "e-1"})
			for query, want := range map[string]int{
				"": 403, "enterprise_project_id=e-2": 403, "enterprise_project_id=e-1": 200, "enterprise_project_id=all_granted_eps": 200,
			} {
				got := get(cloud, path+"?"+query, fixedToken)
				if got.status != want || want == 403 && !strings.Contains(got.body, "cbr:"+name+":list") {
					t.Errorf("%q: got %d %s, want %d", query, got.status, got.body, want)
				}
			}
			want := simulator.Requests{Seen: 6, Refused: 2}
			if name == "vaults" {
				want.Vaults = 6
			} else {
				want.Policies = 6
			}
			if got := cloud.Requests(); got != want {
				t.Errorf("counted %+v, want %+v", got, want)
			}
		})
	}
}

// A user who is confined sees the vaults of the enterprise project alone.
func TestVaultsOfOneEnterpriseProject(t *testing.T) {
	cloud, _ := scriptedCloud(0)
	other := bareVault()
	other.ID, other.EnterpriseProjectID = "v-3", "e-1"
	cloud.SetVaults(fullVault(), bareVault(), other)
	cloud.SetListing(simulator.Listing{EnterpriseProject: "e-1", IgnoreFilters: true})
	for _, query := range []string{"enterprise_project_id=e-1", "enterprise_project_id=all_granted_eps"} {
		if got, _ := listedVaults(t, cloud, query); !slices.Equal(got, []string{"v-3"}) {
			t.Errorf("%q: got %v, want v-3", query, got)
		}
	}
}

func TestVaultsSigned(t *testing.T) {
	cloud, _ := newSignedCloud()
	for _, path := range []string{vaultsPath, policiesPath} {
		request := signedWith(permanent())
		request.before = func(r *http.Request) {
			r.URL.Path = path
			r.URL.RawQuery = "limit=3&offset=0"
		}
		if got := request.do(cloud); got.status != 200 {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
}
