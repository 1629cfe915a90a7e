package simulator_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// unprotected returns the names of the resources that no vault holds.
func unprotected(cloud *simulator.Simulator) []string {
	held := make(map[string]bool)
	for _, v := range cloud.Vaults() {
		for _, r := range v.Resources {
			held[r.ID] = true
		}
	}
	var names []string
	for _, p := range cloud.Protectables() {
		if !held[p.ID] {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return names
}

// All that is in a vault exists, but for what was deleted and what is not in the cloud, and
// so do some resources that no vault holds.
func TestDemoProtectables(t *testing.T) {
	t.Parallel()
	moments(t, func(cloud *simulator.Simulator, now time.Time) {
		exists := make(map[string]simulator.Protectable)
		refused := 0
		for _, p := range cloud.Protectables() {
			if _, ok := exists[p.ID]; ok {
				t.Fatalf("%v: %s exists twice", now, p.Name)
			}
			exists[p.ID] = p
			if p.Code != "" && p.Reason != "" {
				refused++
			}
		}
		if refused != 1 {
			t.Errorf("%v: %d resources cannot be protected, want 1", now, refused)
		}
		for _, v := range cloud.Vaults() {
			for _, r := range v.Resources {
				p, ok := exists[r.ID]
				if want := r.ProtectStatus != "deleted" && v.ProtectType != "hybrid"; ok != want {
					t.Errorf("%v: %s exists: %t, want %t", now, r.Name, ok, want)
				}
				if ok && (p.Name != r.Name || p.Type != r.Type || p.Size != *r.Size) {
					t.Errorf("%v: %+v is bound as %+v", now, p, r)
				}
			}
		}
		want := []string{
			"billing-02", "desktop-intern", "grafana-01", "legacy-xen-01", "old-mysql-data", "restore-target", "scratch-01", "scratch-02",
			"share-contracts", "sso-01", "vpn-gateway-02", "web-01-system",
		}
		if now.Unix()/86400%2 != 0 {
			want = slices.Insert(want, 4, "load-test") // bound every other day
		}
		if diff := cmp.Diff(want, unprotected(cloud)); diff != "" {
			t.Errorf("%v: in no vault (-want +got):\n%s", now, diff)
		}
	})
}

// The server to which drills restore is not worth a backup: that is why it is in no vault.
func TestRestoreTarget(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(1)
	i := slices.IndexFunc(cloud.Protectables(), func(p simulator.Protectable) bool { return p.Name == "restore-target" })
	for _, log := range list(t, cloud, "operation_type=restore&status=success").Logs {
		restore := decode(t, string(log))["extra_info"].(object)["restore"].(object)
		if got := cloud.Protectables()[i].ID; restore["target_resource_id"] != got {
			t.Errorf("restored to %v, want %s", restore, got)
		}
	}
}
