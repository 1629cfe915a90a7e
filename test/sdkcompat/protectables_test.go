package sdkcompat

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	cbr "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cbr/v1"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/cbr/v1/model"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestProtectables compares the resources of each kind in the same way.
func TestProtectables(t *testing.T) {
	cloud, theirs, ours := start(t)
	// The SDK does not accept a number for an enterprise project, see TestProtectableLeniency.
	vaults := cloud.Vaults()
	for i := range vaults {
		vaults[i].EnterpriseProjectNumber = false
	}
	held := simulator.VaultResource{ID: "10000000-0000-4000-8000-000000000506", Name: "held", Type: server}
	vaults = append(vaults, simulator.Vault{ID: "10000000-0000-4000-8000-00000000070A", Name: "vault", Resources: []simulator.VaultResource{held}})
	cloud.SetVaults(vaults...)
	cloud.SetProtectables(append(cloud.Protectables(),
		simulator.Protectable{ID: held.ID, Name: held.Name, Type: held.Type, Status: "ACTIVE"},
		simulator.Protectable{ID: "10000000-0000-4000-8000-00000000050A", Name: "free", Type: server, Status: "SHUTOFF"},
		simulator.Protectable{ID: "10000000-0000-4000-8000-000000000601", Name: "attached", Type: disk, Status: "in-use"},
		simulator.Protectable{ID: "10000000-0000-4000-8000-000000000602", Name: "shared", Type: disk, Status: "available", Code: "BackupService.6215", Reason: "It is shared."},
		simulator.Protectable{ID: "10000000-0000-4000-8000-000000000503", Name: "files", Type: turbo, Status: "200"},
		simulator.Protectable{ID: "10000000-0000-4000-8000-000000000504", Name: "desktop", Type: desktop, Kind: "workspace", Status: "ACTIVE"},
		simulator.Protectable{ID: "10000000-0000-4000-8000-000000000505", Name: "desktop-2", Type: desktop, Status: "ACTIVE"},
	)...)
	names := model.GetListProtectableRequestProtectableTypeEnum()
	kinds := map[cbrapi.ProtectableType]model.ListProtectableRequestProtectableType{
		cbrapi.ProtectableServer:      names.SERVER,
		cbrapi.ProtectableDisk:        names.DISK,
		cbrapi.ProtectableTurbo:       names.TURBO,
		cbrapi.ProtectableWorkspace:   names.WORKSPACE,
		cbrapi.ProtectableWorkspaceV2: names.WORKSPACE_V2,
	}
	protected, refused := 0, 0
	for kind, name := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			want := theirProtectables(t, theirs, name)
			got := ourProtectables(t, ours, kind)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the resources differ (-SDK +ours):\n%s", diff)
			}
			if len(want) == 0 {
				t.Error("there is no resource")
			}
			for _, p := range want {
				if p.VaultID != "" {
					protected++
				}
				if p.Refused && p.Code != "" && p.Reason != "" {
					refused++
				}
			}
		})
	}
	if protected == 0 || refused == 0 {
		t.Errorf("%d resources are in a vault, and %d cannot be", protected, refused)
	}
}

// TestProtectableLeniency has resources that our client can read and the SDK cannot: a
// value of the vault, which our client does not read, costs it the whole list.
func TestProtectableLeniency(t *testing.T) {
	const id = "10000000-0000-4000-8000-000000000501"
	for name, vault := range map[string]string{
		"number for an enterprise project": `{"id":"v","enterprise_project_id":0}`,
		"more than 2 PB of backups, in MB": `{"id":"v","billing":{"used":6442450944}}`,
		"text for a boolean":               `{"id":"v"},"result":"true"`,
	} {
		t.Run(name, func(t *testing.T) {
			theirs, ours := replay(t, "instances", `{"instances":[{"id":"`+id+`","protectable":{"vault":`+vault+`}}]}`)
			if got := ourProtectables(t, ours, cbrapi.ProtectableServer); len(got) != 1 || got[0].VaultID != "v" {
				t.Errorf("our client reads %+v", got)
			}
			request := model.ListProtectableRequest{ProtectableType: model.GetListProtectableRequestProtectableTypeEnum().SERVER}
			if response, err := theirs.ListProtectable(&request); err == nil {
				t.Errorf("the SDK can read %+v: compare it in TestProtectables", response)
			}
		})
	}
}

func theirProtectables(t *testing.T, client *cbr.CbrClient, kind model.ListProtectableRequestProtectableType) (protectables []*cbrapi.Protectable) {
	t.Helper()
	for {
		response, err := client.ListProtectable(&model.ListProtectableRequest{
			ProtectableType: kind, Limit: new(int32(2)), Offset: new(int32(len(protectables))), // several pages
		})
		if err != nil {
			t.Fatal(err)
		}
		rows := value(response.Instances)
		if len(rows) == 0 {
			return protectables
		}
		for _, row := range rows {
			protectables = append(protectables, translateProtectable(row))
		}
	}
}

func ourProtectables(t *testing.T, client *cbrapi.Client, kind cbrapi.ProtectableType) []*cbrapi.Protectable {
	t.Helper()
	protectables, invalid, err := all(t.Context(), client.Protectables(kind))
	if invalid != nil || err != nil {
		t.Fatalf("our client: invalid fields %v, error %v", invalid, err)
	}
	return protectables
}

// translateProtectable converts the SDK's type to ours.
func translateProtectable(p model.ProtectablesResp) *cbrapi.Protectable {
	result := value(p.Protectable)
	out := &cbrapi.Protectable{
		ID:      strings.ToLower(p.Id),
		Name:    p.Name,
		Type:    p.Type,
		Status:  value(p.Status).Value(),
		VaultID: strings.ToLower(value(result.Vault).Id),
		Refused: !result.Result,
		Code:    value(result.Code),
		Reason:  value(result.Reason),
	}
	if out.Reason == "" {
		out.Reason = value(result.Message)
	}
	return out
}
