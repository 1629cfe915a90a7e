package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
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

// listedProtectables returns the ids of a page, and its count: -1 if there is none.
func listedProtectables(t *testing.T, h http.Handler, kind, query string) (ids []string, count int) {
	t.Helper()
	r := get(h, protectablesPath(kind)+"?"+query, fixedToken)
	page := struct {
		Instances []struct{ ID string }
		Count     *int
	}{}
	if err := json.Unmarshal([]byte(r.body), &page); err != nil || r.status != http.StatusOK || page.Instances == nil {
		t.Fatalf("%s: got %d %.200s, error %v", query, r.status, r.body, err)
	}
	ids = []string{}
	for _, p := range page.Instances {
		ids = append(ids, p.ID)
	}
	if page.Count == nil {
		return ids, -1
	}
	return ids, *page.Count
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
		if got, count := listedProtectables(t, cloud, kind, ""); !slices.Equal(got, want) || count != len(want) {
			t.Errorf("%s: got %v, count %d, want %v", kind, got, count, want)
		}
	}
}

func TestProtectablePages(t *testing.T) {
	t.Parallel()
	cloud, _ := scriptedCloud(0)
	var all []simulator.Protectable
	for i := range 120 {
		all = append(all, simulator.Protectable{ID: fmt.Sprint(i), Type: "OS::Nova::Server"})
	}
	cloud.SetProtectables(all...)
	for name, test := range map[string]struct {
		listing     simulator.Listing
		query       string
		first, rows int
		count       int
	}{
		"default":        {simulator.Listing{}, "", 0, 50, 120},
		"last":           {simulator.Listing{}, "limit=50&offset=100", 100, 20, 120},
		"beyond the end": {simulator.Listing{}, "offset=120", 0, 0, 120},
		"capped":         {simulator.Listing{MaxLimit: 20}, "limit=50&offset=20", 20, 20, 120},
		"offset ignored": {simulator.Listing{IgnoreOffset: true}, "limit=10&offset=100", 0, 10, 120},
		"repeated":       {simulator.Listing{Repeat: 2}, "limit=10&offset=10", 8, 10, 120},
		"no count":       {simulator.Listing{NoCount: true}, "limit=10", 0, 10, -1},
		"wrong count":    {simulator.Listing{WrongCount: true}, "limit=10", 0, 10, 10},
	} {
		t.Run(name, func(t *testing.T) {
			cloud.SetListing(test.listing)
			ids, count := listedProtectables(t, cloud, "server", test.query)
			if len(ids) != test.rows || count != test.count || len(ids) > 0 && ids[0] != fmt.Sprint(test.first) {
				t.Errorf("got %d rows, count %d, from %.20v", len(ids), count, ids)
			}
		})
	}
	cloud.SetListing(simulator.Listing{ShortPages: true})
	if ids, _ := listedProtectables(t, cloud, "server", ""); len(ids) == 0 || len(ids) >= 50 {
		t.Errorf("a short page has %d rows", len(ids))
	}
}

func TestProtectableErrors(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	for _, path := range []string{
		protectablesPath("vmware"), protectablesPath("servers"),
		protectablesPath("server") + "?limit=51", protectablesPath("server") + "?limit=0", protectablesPath("server") + "?offset=-1",
	} {
		got := get(cloud, path, fixedToken)
		if got.status != 400 || decode(t, got.body)["error_code"] != "BackupService.9900" {
			t.Errorf("%s: got %d %s, want 400 BackupService.9900", path, got.status, got.body)
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
