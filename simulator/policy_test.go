package simulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const policiesPath = "/v3/" + simulator.DefaultProjectID + "/policies"

func fullPolicy() simulator.Policy {
	return simulator.Policy{
		ID: "p-1", Name: "offsite", OperationType: "replication", Enabled: true,
		Patterns: []string{"FREQ=DAILY;INTERVAL=1;BYHOUR=0,8;BYMINUTE=5", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=16;BYMINUTE=05"},
		Start:    time.Date(2020, 1, 8, 9, 59, 49, 0, time.UTC),
		Vaults:   []simulator.PolicyVault{{ID: "v-1"}, {ID: "v-2", Destination: new("v-3")}},

		MaxBackups: 99, RetentionDays: 7, DayBackups: 1, WeekBackups: 2, MonthBackups: 3, YearBackups: 4,
	}
}

func TestPolicyShape(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	cloud.SetPolicies(fullPolicy(), simulator.Policy{ID: "p-2", Name: "bare", OperationType: "backup"}, simulator.Policy{ID: "p-3", Name: "unbound", OperationType: "backup", Vaults: []simulator.PolicyVault{}})
	var want any
	const text = `{"policies":[
		{"id":"p-1","name":"offsite","enabled":true,"operation_type":"replication",
		 "trigger":{"name":"default","type":"time","properties":{
		   "pattern":["FREQ=DAILY;INTERVAL=1;BYHOUR=0,8;BYMINUTE=5","FREQ=WEEKLY;BYDAY=MO;BYHOUR=16;BYMINUTE=05"],
		   "start_time":"2020-01-08 09:59:49"}},
		 "operation_definition":{"max_backups":99,"created_by":"customer","retention_duration_days":7,"timezone":"UTC+08:00",
		   "day_backups":1,"week_backups":2,"month_backups":3,"year_backups":4},
		 "associated_vaults":[{"vault_id":"v-1","destination_vault_id":null},{"vault_id":"v-2","destination_vault_id":"v-3"}]},
		{"id":"p-2","name":"bare","enabled":false,"operation_type":"backup",
		 "trigger":{"name":"default","type":"time","properties":{"pattern":[]}},
		 "operation_definition":{"max_backups":-1,"created_by":"customer","timezone":"UTC+08:00","day_backups":0,"week_backups":0,"month_backups":0,"year_backups":0},
		 "associated_vaults":null},
		{"id":"p-3","name":"unbound","enabled":false,"operation_type":"backup",
		 "trigger":{"name":"default","type":"time","properties":{"pattern":[]}},
		 "operation_definition":{"max_backups":-1,"created_by":"customer","timezone":"UTC+08:00","day_backups":0,"week_backups":0,"month_backups":0,"year_backups":0},
		 "associated_vaults":[]}],
		"count":3,"limit":1000,"offset":0}`
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
	if len(triggers) != 3 || triggers[nil] {
		t.Errorf("ids of triggers: got %v, want three", triggers)
	}
}

func TestListsRequireAuthorization(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"tasks:list": listPath, "vaults:list": vaultsPath, "policies:list": policiesPath,
		"backups:list": backupsPath, "vaults:listProtectables": protectablesPath("turbo"),
	} {
		t.Run(name, func(t *testing.T) {
			cloud, _ := scriptedCloud(0)
			if got := get(cloud, path, "MIIunknown"); got.status != 401 {
				t.Errorf("invalid token: got %d, want 401", got.status)
			}
			if got := get(cloud, strings.Replace(path, "04f1", "14f1", 1), fixedToken); got.status != 403 {
				t.Errorf("another project: got %d, want 403", got.status)
			}
			cloud.SetListing(simulator.Listing{EnterpriseProject: "e-1"})
			for query, want := range map[string]int{
				"": 403, "enterprise_project_id=e-2": 403, "enterprise_project_id=e-1": 200, "enterprise_project_id=all_granted_eps": 200,
			} {
				got := get(cloud, path+"?"+query, fixedToken)
				if got.status != want || want == 403 && !strings.Contains(got.body, "cbr:"+name+" ") {
					t.Errorf("%q: got %d %s, want %d", query, got.status, got.body, want)
				}
			}
			if got := cloud.Requests(); got.Seen != 6 || got.Refused != 2 {
				t.Errorf("counted %+v, want 6 requests, 2 refused", got)
			}
		})
	}
}

// Escaped queries arrive over the wire as they were signed.
func TestListsWithSignature(t *testing.T) {
	t.Parallel()
	cloud, _ := newSignedCloud()
	for _, path := range []string{listPath, vaultsPath, policiesPath, backupsPath, protectablesPath("disk")} {
		request := signedWith(permanent())
		request.before = func(r *http.Request) {
			r.URL.Path = path
			r.URL.RawQuery = "start_time=2018-02-01T12%3A00%3A00Z&limit=3&offset=0"
		}
		if got := request.do(cloud); got.status != 200 {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
}

func TestEmptyLists(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	for path, want := range map[string]string{
		vaultsPath:   `{"vaults":[],"count":0,"offset":0,"limit":1000}`,
		policiesPath: `{"policies":[],"count":0,"limit":1000,"offset":0}`,
		backupsPath:  `{"backups":[],"count":0,"offset":0,"limit":1000}`,

		protectablesPath("server"): `{"instances":[],"count":0}`,
	} {
		if got := get(cloud, path, fixedToken); got.status != 200 || got.body != want {
			t.Errorf("got %d %s, want %s", got.status, got.body, want)
		}
	}
}
