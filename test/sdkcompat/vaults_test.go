package sdkcompat

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	cbr "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cbr/v1"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cbr/v1/model"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestVaults lists the vaults of the simulated cloud with the SDK's client and with
// ours and compares the results.
func TestVaults(t *testing.T) {
	cloud, theirs, ours := start(t)
	// The SDK does not accept a number for an enterprise project, see TestLeniency.
	vaults := cloud.Vaults()
	for i := range vaults {
		vaults[i].EnterpriseProjectNumber = false
	}
	cloud.SetVaults(vaults...)

	var want []*cbrapi.Vault
	kinds := map[string]int{}
	for offset := int32(0); ; {
		limit := int32(2) // several pages
		response, err := theirs.ListVault(&model.ListVaultRequest{Limit: &limit, Offset: &offset})
		if err != nil {
			t.Fatal(err)
		}
		rows := value(response.Vaults)
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			v := translateVault(t, row)
			want = append(want, v)
			kinds[string(v.Billing.Status)]++
			kinds[v.Billing.ProtectType]++
			kinds[v.Billing.ObjectType]++
			if v.Tags != nil {
				kinds["tags"]++
			}
			for _, r := range v.Resources {
				if r.ExcludeVolumes != nil {
					kinds["excluded volumes"]++
				}
				if r.IncludedVolumes > 0 {
					kinds["included volumes"]++
				}
				if r.BackupSize != nil && r.BackupCount != nil {
					kinds["backups"]++
				}
			}
		}
		offset += int32(len(rows))
	}
	got, invalid, err := all(t.Context(), ours.Vaults())
	if err != nil || invalid != nil {
		t.Fatalf("our client: invalid fields %v, error %v", invalid, err)
	}
	// The SDK does not have the field.
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(cbrapi.Vault{}, "Frozen")); diff != "" {
		t.Errorf("the vaults differ (-SDK +ours):\n%s", diff)
	}
	// Without these, equality would prove little.
	for _, kind := range []string{"available", "frozen", "lock", "backup", "replication", "server", "disk", "tags", "excluded volumes", "included volumes", "backups"} {
		if kinds[kind] == 0 {
			t.Errorf("no vault is or has %s", kind)
		}
	}
}

// TestPolicies compares policies in the same way.
func TestPolicies(t *testing.T) {
	_, theirs, ours := start(t)
	response, err := theirs.ListPolicies(&model.ListPoliciesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var want []*cbrapi.Policy
	enabled, kinds := map[bool]int{}, map[cbrapi.OperationType]int{}
	for _, row := range value(response.Policies) {
		p := translatePolicy(t, row)
		want = append(want, p)
		enabled[*p.Enabled]++
		kinds[p.OperationType]++
	}
	got, invalid, err := ours.Policies(t.Context())
	if err != nil || invalid != nil {
		t.Fatalf("our client: invalid fields %v, error %v", invalid, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the policies differ (-SDK +ours):\n%s", diff)
	}
	if enabled[true] == 0 || enabled[false] == 0 || kinds[cbrapi.OperationBackup] == 0 || kinds[cbrapi.OperationReplication] == 0 {
		t.Errorf("not all kinds of policies: enabled %v, operations %v", enabled, kinds)
	}
}

// TestLeniency compares vaults that our client can read and the SDK cannot: one
// value costs it the whole list.
func TestLeniency(t *testing.T) {
	cloud, theirs, ours := start(t)
	vault := simulator.Vault{ID: "10000000-0000-4000-8000-000000000701", Name: "vault"}
	for name, test := range map[string]struct {
		change func(*simulator.Vault)
		want   func(*cbrapi.Vault) bool
	}{
		"number for an enterprise project": {
			func(v *simulator.Vault) { v.EnterpriseProjectID, v.EnterpriseProjectNumber = "0", true },
			func(v *cbrapi.Vault) bool { return v.EnterpriseProjectID == "0" },
		},
		"more than 2 PB of backups, in MB": {
			func(v *simulator.Vault) { v.Used = 3 << 31 },
			func(v *cbrapi.Vault) bool { return v.Billing.Used != nil && *v.Billing.Used == 3<<51 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			odd := vault
			test.change(&odd)
			cloud.SetVaults(odd)
			got, invalid, err := all(t.Context(), ours.Vaults())
			if err != nil || invalid != nil || len(got) != 1 || got[0].Invalid != nil || !test.want(got[0]) {
				t.Errorf("our client reads %+v; invalid fields %v, error %v", got, invalid, err)
			}
			if response, err := theirs.ListVault(&model.ListVaultRequest{}); err == nil {
				t.Errorf("the SDK can read %+v: compare it in TestVaults", response)
			}
		})
	}
}

// start returns a simulated cloud with a fixed clock, and clients for it.
func start(t *testing.T) (*simulator.Simulator, *cbr.CbrClient, *cbrapi.Client) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	now := time.Now()
	key := simulator.AccessKey{Access: "AKPERMANENT", Secret: "secret-of-permanent"}
	cloud := simulator.New(simulator.Options{
		Now:        func() time.Time { return now },
		AccessKeys: []simulator.AccessKey{key},
	})
	server := httptest.NewServer(cloud)
	t.Cleanup(server.Close)
	return cloud, sdkClient(t, server.URL, key), ourClient(t, server.URL, key)
}

// translateVault converts the SDK's type to ours.
func translateVault(t *testing.T, v model.Vault) *cbrapi.Vault {
	t.Helper()
	const megabyte, gigabyte = 1 << 20, 1 << 30
	b := v.Billing
	out := &cbrapi.Vault{
		ID:                  strings.ToLower(v.Id),
		Name:                v.Name,
		EnterpriseProjectID: value(v.EnterpriseProjectId),
		CreatedAt:           parseTime(t, value(v.CreatedAt)),
		AutoExpand:          v.AutoExpand,
		Threshold:           percent(v.Threshold),
		SMNNotify:           v.SmnNotify,
		Locked:              v.Locked,
		Billing: cbrapi.Billing{
			Status:          cbrapi.VaultStatus(b.Status.Value()),
			ChargingMode:    b.ChargingMode.Value(),
			ProtectType:     b.ProtectType.Value(),
			ObjectType:      value(b.ObjectType).Value(),
			ConsistentLevel: b.ConsistentLevel.Value(),
			Capacity:        bytes(&b.Size, gigabyte),
			Allocated:       bytes(&b.Allocated, gigabyte),
			Used:            bytes(&b.Used, megabyte),
			MultiAZ:         b.IsMultiAz,
		},
		Resources: []cbrapi.VaultResource{},
	}
	for _, r := range v.Resources {
		out.Resources = append(out.Resources, cbrapi.VaultResource{
			ID:              strings.ToLower(r.Id),
			Type:            r.Type,
			Name:            r.Name,
			ProtectStatus:   cbrapi.ProtectStatus(value(r.ProtectStatus).Value()),
			AutoProtect:     r.AutoProtect,
			BackupCount:     wide(r.BackupCount),
			BackupSize:      bytes(r.BackupSize, megabyte),
			ExcludeVolumes:  value(value(r.ExtraInfo).ExcludeVolumes),
			IncludedVolumes: len(value(value(r.ExtraInfo).IncludeVolumes)),
		})
	}
	for _, tag := range value(v.Tags) {
		if out.Tags == nil {
			out.Tags = map[string]string{}
		}
		out.Tags[tag.Key] = tag.Value
	}
	return out
}

// translatePolicy converts the SDK's type to ours.
func translatePolicy(t *testing.T, p model.Policy) *cbrapi.Policy {
	t.Helper()
	properties := p.Trigger.Properties
	out := &cbrapi.Policy{
		ID:            strings.ToLower(p.Id),
		Name:          p.Name,
		Enabled:       &p.Enabled,
		OperationType: cbrapi.OperationType(p.OperationType.Value()),
		Patterns:      properties.Pattern,
		StartTime:     parseTime(t, value(properties.StartTime)),
	}
	if d := p.OperationDefinition; d != nil {
		out.Retention = cbrapi.Retention{
			MaxBackups:   int(value(d.MaxBackups)),
			Days:         int(value(d.RetentionDurationDays)),
			DayBackups:   int(value(d.DayBackups)),
			WeekBackups:  int(value(d.WeekBackups)),
			MonthBackups: int(value(d.MonthBackups)),
			YearBackups:  int(value(d.YearBackups)),
		}
	}
	for _, v := range value(p.AssociatedVaults) {
		out.VaultIDs = append(out.VaultIDs, strings.ToLower(v.VaultId))
	}
	return out
}

func bytes(n *int32, unit int64) *int64 {
	if n == nil {
		return nil
	}
	b := int64(*n) * unit
	return &b
}

func percent(n *int32) *float64 {
	if n == nil {
		return nil
	}
	p := float64(*n)
	return &p
}
