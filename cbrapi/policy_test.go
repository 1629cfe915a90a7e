package cbrapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const policyID = "10000000-0000-4000-8000-000000000801"

func policiesOf(t *testing.T, body string) ([]*cbrapi.Policy, []cbrapi.InvalidField) {
	t.Helper()
	policies, invalid, err := newClient(t, serve(t, reply(http.StatusOK, "application/json", body))).Policies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return policies, invalid
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	expectFiles(t, policiesOf, map[string][]*cbrapi.Policy{
		"policies_sample.json": {{
			ID: "cbb3ce6f-3332-4e7c-b98e-77290d8471ff", Name: "policy001", Enabled: new(true),
			OperationType: cbrapi.OperationBackup,
			Patterns:      []string{"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=14;BYMINUTE=00"},
			StartTime:     time.Date(2019, 5, 8, 6, 57, 5, 0, time.UTC),
			Retention:     cbrapi.Retention{Days: 1},
		}},
		"policies.json": {
			{
				ID: policyID, Name: "nightly", Enabled: new(true), OperationType: cbrapi.OperationBackup,
				Patterns:  []string{"FREQ=DAILY;INTERVAL=1;BYHOUR=2;BYMINUTE=00", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=14;BYMINUTE=30"},
				StartTime: time.Date(2024, 2, 5, 10, 38, 34, 0, time.UTC),
				Retention: cbrapi.Retention{MaxBackups: 14, Days: -1, DayBackups: 7, WeekBackups: 4, MonthBackups: 12, YearBackups: 3},
				VaultIDs:  []string{"10000000-0000-4000-8000-000000000702", vaultID},
			},
			{
				ID: "10000000-0000-4000-8000-000000000802", Name: "copies", Enabled: new(false), OperationType: cbrapi.OperationReplication,
				Patterns:  []string{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=3;BYMINUTE=00"},
				Retention: cbrapi.Retention{MaxBackups: -1},
				VaultIDs:  []string{vaultID},
			},
		},
	})
}

// An invalid field of a policy costs only that field.
func TestInvalidPolicyFields(t *testing.T) {
	t.Parallel()
	type (
		policy  = cbrapi.Policy
		invalid = []cbrapi.InvalidField
	)
	expectMembers(t, policiesOf, "policies", policyID, []members[policy]{
		{`"name": 7, "enabled": "true", "operation_type": "migration"`, policy{Name: "7", Enabled: new(true), OperationType: "migration"}, nil},
		{`"name": null, "enabled": null, "trigger": null, "associated_vaults": null`, policy{}, nil},
		{`"enabled": 2, "operation_type": "a b"`, policy{}, invalid{{"policies.enabled", "2"}, {"policies.operation_type", "a b"}}},
		{`"trigger": "time"`, policy{}, invalid{{"policies.trigger", "time"}}},
		{`"trigger": {"properties": []}`, policy{}, invalid{{"policies.trigger.properties", "[]"}}},
		{`"trigger": {"properties": {"pattern": []}}`, policy{Patterns: []string{}}, nil},
		{`"trigger": {"properties": {"pattern": ["FREQ=DAILY", "", {}, "` + strings.Repeat("x", 1025) + `"]}}`, policy{Patterns: []string{"FREQ=DAILY"}}, invalid{
			{"policies.trigger.properties.pattern", ""},
			{"policies.trigger.properties.pattern", "{}"},
			{"policies.trigger.properties.pattern", strings.Repeat("x", 64) + "…"},
		}},
		{`"trigger": {"properties": {"pattern": "FREQ=DAILY"}}`, policy{}, invalid{{"policies.trigger.properties.pattern", "FREQ=DAILY"}}},
		{`"trigger": {"properties": {"start_time": "soon"}}`, policy{}, invalid{{"policies.trigger.properties.start_time", "soon"}}},
		{`"operation_definition": null`, policy{}, nil},
		{`"operation_definition": []`, policy{}, invalid{{"policies.operation_definition", "[]"}}},
		{
			`"operation_definition": {"max_backups": "-1", "retention_duration_days": 99999, "day_backups": null, "week_backups": "", "month_backups": 2.0}`,
			policy{Retention: cbrapi.Retention{MaxBackups: -1, Days: 99999, MonthBackups: 2}},
			nil,
		},
		{
			`"operation_definition": {"max_backups": 1.5, "retention_duration_days": 1e300, "day_backups": "many", "week_backups": {}, "month_backups": "NaN", "year_backups": 1}`,
			policy{Retention: cbrapi.Retention{YearBackups: 1}},
			invalid{
				{"policies.operation_definition.max_backups", "1.5"},
				{"policies.operation_definition.retention_duration_days", "1e300"},
				{"policies.operation_definition.day_backups", "many"},
				{"policies.operation_definition.week_backups", "{}"},
				{"policies.operation_definition.month_backups", "NaN"},
			},
		},
		{
			`"associated_vaults": [{"vault_id": "B"}, {"vault_id": "a"}, {"vault_id": "b"}, {"destination_vault_id": "c"}, {"vault_id": []}, "d"]`,
			policy{VaultIDs: []string{"b", "a"}},
			invalid{{"policies.associated_vaults.vault_id", "null"}, {"policies.associated_vaults.vault_id", "[]"}, {"policies.associated_vaults", "d"}},
		},
	}, func(want policy, id string, invalid invalid) *policy {
		want.ID, want.Invalid = id, invalid
		return &want
	})
}

// A row that is not a policy costs only that row.
func TestInvalidPolicyRows(t *testing.T) {
	t.Parallel()
	got, invalid := policiesOf(t, `{"count":"many","policies":[null,{"name":"no id"},{"id":"p"},{"id":"`+strings.ToUpper(policyID)+`","name":"first"},{"id":"`+policyID+`"}]}`)
	if diff := cmp.Diff([]*cbrapi.Policy{{ID: policyID, Name: "first"}}, got); diff != "" {
		t.Errorf("policies differ (-want +got):\n%s", diff)
	}
	want := []cbrapi.InvalidField{
		{Field: "policies", Value: "null in row 1"},
		{Field: "policies.id", Value: "null in row 2, no id"},
		{Field: "policies.id", Value: "p in row 3"},
		{Field: "count", Value: "many"},
	}
	if diff := cmp.Diff(want, invalid); diff != "" {
		t.Errorf("invalid fields differ (-want +got):\n%s", diff)
	}
}

// The request for policies has neither pages nor an enterprise project.
func TestPolicyQuery(t *testing.T) {
	t.Parallel()
	got := requestsOf(t, "all_granted_eps", `{"policies":[]}`, func(c *cbrapi.Client) error {
		policies, invalid, err := c.Policies(t.Context())
		if policies != nil || invalid != nil {
			t.Errorf("Policies() = %v, %v, want nothing", policies, invalid)
		}
		return err
	})
	if diff := cmp.Diff([]string{"ListPolicies GET /v3/" + projectID + "/policies"}, got); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
}

func TestPoliciesFail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handle http.HandlerFunc
		want   string
		reason cbrapi.Reason
	}{
		"no permission": {
			reply(http.StatusForbidden, "application/json", `{"error_code":"CBR.0403","error_msg":"no"}`),
			"ListPolicies: HTTP status 403: CBR.0403: no", cbrapi.ReasonPermission,
		},
		"half a list":  {reply(http.StatusOK, "application/json", `{"policies":[{"id":"`+policyID+`"}`), "ListPolicies: HTTP status 200", cbrapi.ReasonUpstream},
		"another list": {reply(http.StatusOK, "application/json", `{"vaults":[]}`), "no list called policies", cbrapi.ReasonUpstream},
		"too large":    {tooLarge(true), "the response is larger than 16384 KiB", cbrapi.ReasonUpstream},
	} {
		t.Run(name, func(t *testing.T) {
			policies, invalid, err := newClient(t, serve(t, test.handle)).Policies(t.Context())
			if policies != nil || invalid != nil || err == nil {
				t.Fatalf("Policies() = %v, %v, %v, want an error alone", policies, invalid, err)
			}
			if !strings.Contains(err.Error(), test.want) || cbrapi.ReasonOf(err) != test.reason {
				t.Errorf("got the error %v and the reason %q, want %s and %q", err, cbrapi.ReasonOf(err), test.want, test.reason)
			}
		})
	}
}
