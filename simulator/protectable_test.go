package simulator_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

func protectablesPath(kind string) string {
	return "/v3/" + simulator.DefaultProjectID + "/protectables/" + kind + "/instances"
}

func TestProtectableShape(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	holder := fullVault()
	holder.Resources[0].ID = "p-2"
	cloud.SetVaults(bareVault(), holder)
	cloud.SetProtectables(
		simulator.Protectable{ID: "p-1", Name: "free", Type: "OS::Nova::Server", Size: 40, Status: "ACTIVE"},
		simulator.Protectable{ID: "p-2", Name: "held", Type: "OS::Ironic::BareMetalServer", Size: 80, Status: "SHUTOFF"},
		simulator.Protectable{ID: "p-3", Name: "not possible", Type: "OS::Nova::Server", Status: "ERROR", Code: "BackupService.6215", Reason: "It is broken."},
	)
	vault, err := json.Marshal(decode(t, get(cloud, vaultsPath, fixedToken).body)["vaults"].([]any)[1])
	if err != nil {
		t.Fatal(err)
	}
	want := decode(t, `{"instances":[
		{"id":"p-1","type":"OS::Nova::Server","name":"free","size":40,"status":"ACTIVE","protectable":{"result":true,"code":"","reason":"","vault":null}},
		{"id":"p-2","type":"OS::Ironic::BareMetalServer","name":"held","size":80,"status":"SHUTOFF","protectable":{"result":true,"code":"","reason":"","vault":`+string(vault)+`}},
		{"id":"p-3","type":"OS::Nova::Server","name":"not possible","size":0,"status":"ERROR","protectable":{"result":false,"code":"BackupService.6215","reason":"It is broken.","message":"It is broken.","vault":null}}],
		"count":3}`)
	if diff := cmp.Diff(want, decode(t, get(cloud, protectablesPath("server"), fixedToken).body)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProtectableKinds(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	cloud.SetProtectables(
		simulator.Protectable{ID: "server", Type: "OS::Nova::Server"},
		simulator.Protectable{ID: "metal", Type: "OS::Ironic::BareMetalServer"},
		simulator.Protectable{ID: "disk", Type: "OS::Cinder::Volume"},
		simulator.Protectable{ID: "share", Type: "OS::Sfs::Turbo"},
		simulator.Protectable{ID: "desktop", Type: "OS::Workspace::DesktopV2"},
		simulator.Protectable{ID: "old desktop", Type: "OS::Workspace::DesktopV2", Kind: "workspace"},
	)
	for kind, want := range map[string][]string{
		"server": {"server", "metal"}, "disk": {"disk"}, "turbo": {"share"}, "workspace": {"old desktop"}, "workspace_v2": {"desktop"},
	} {
		if got, count := listed(t, cloud, protectablesPath(kind)); !slices.Equal(got, want) || count != len(want) {
			t.Errorf("%s: got %v, count %d, want %v", kind, got, count, want)
		}
	}
}

func TestUnknownProtectables(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	for _, kind := range []string{"vmware", "servers"} {
		got := get(cloud, protectablesPath(kind), fixedToken)
		if got.status != 400 || decode(t, got.body)["error_code"] != "BackupService.9900" {
			t.Errorf("%s: got %d %s, want 400 BackupService.9900", kind, got.status, got.body)
		}
	}
}

func TestSetProtectables(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	given := []simulator.Protectable{{ID: "p-1"}, {ID: "p-2"}}
	cloud.SetProtectables(given...)
	given[0].Name = "changed meanwhile"
	cloud.Protectables()[1].Name = "changed by a reader"
	if diff := cmp.Diff([]simulator.Protectable{{ID: "p-1"}, {ID: "p-2"}}, cloud.Protectables()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if cloud.SetProtectables(); len(cloud.Protectables()) != 0 {
		t.Errorf("there are %v", cloud.Protectables())
	}
}
