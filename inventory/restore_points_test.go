package inventory_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// replica returns a copy in a region, begun at a time.
func replica(status, region string, begun time.Time, code string) object {
	return object{"status": status, "destination_region": region, "created_at": stamp(begun), "extra_info": object{"fail_code": code}}
}

// TestRestorePoints sums up the backups of one resource.
func TestRestorePoints(t *testing.T) {
	t.Parallel()
	at := func(hours int) time.Time { return midnight.Add(time.Duration(hours) * time.Hour) }
	b := func(hours int, status string) object { return backup(100-hours, "r", at(hours)).with("status", status) }
	expires := func(o object, hours int) object { return o.with("expired_at", stamp(at(hours))) }
	copied := func(o object, replicas ...object) object { return o.with("replication_records", replicas) }
	for name, test := range map[string]struct {
		backups []object
		want    inventory.RestorePoints // without Resource, VaultID and Watched
	}{
		"one": {
			[]object{b(-48, "available")},
			inventory.RestorePoints{Count: 1, Latest: at(-48), Oldest: at(-48), LatestCreated: at(-48), Peak: 1},
		},
		"statuses": {
			[]object{
				b(-1, "protecting"), b(-2, "waiting_protect"), b(-3, "error"), b(-4, "deleting"), b(-5, "waiting_delete"), b(-6, "frozen"),
				b(-7, "restoring"), b(-8, "waiting_restore"), b(-9, "available"),
			},
			inventory.RestorePoints{Count: 3, Latest: at(-7), Oldest: at(-9), LatestCreated: at(-7), InError: 1, BeingMade: 2, Peak: 3},
		},
		"any order": {
			[]object{b(-30, "available"), b(-50, "available"), b(-40, "available")},
			inventory.RestorePoints{Count: 3, Latest: at(-30), Oldest: at(-50), LatestCreated: at(-30), Peak: 3},
		},
		"none that can be restored": {
			[]object{b(-30, "error"), b(-50, "error")},
			inventory.RestorePoints{InError: 2},
		},
		"volume of a server": {
			[]object{b(-30, "available"), b(-29, "available").with("parent_id", id(130)), b(-28, "error").with("parent_id", id(130))},
			inventory.RestorePoints{Count: 1, Latest: at(-30), Oldest: at(-30), LatestCreated: at(-30), Peak: 1},
		},
		"copy from another region": {
			[]object{b(-30, "available").with("image_type", "replication")},
			inventory.RestorePoints{Count: 1, Latest: at(-30), Oldest: at(-30), LatestCreated: at(-30), Peak: 1},
		},
		"time of the data": {
			[]object{
				b(-30, "available").with("protected_at", stamp(at(-31))),
				b(-40, "available").with("protected_at", stamp(at(-10))), // copied from elsewhere
				b(-50, "available").with("protected_at", "1999-12-01"),
			},
			inventory.RestorePoints{Count: 3, Latest: at(-10), Oldest: at(-50), LatestCreated: at(-30), Peak: 3},
		},
		"created at an unknown time": {
			[]object{b(-30, "available"), b(-40, "available").with("created_at", nil).with("protected_at", stamp(at(-20))), b(-41, "available").with("created_at", nil)},
			inventory.RestorePoints{Count: 3, Latest: at(-20), Oldest: at(-30), LatestCreated: at(-30), Peak: 3},
		},
		"expiry": {
			[]object{expires(b(-30, "available"), 100), expires(b(-40, "available"), 50), b(-50, "available"), expires(b(-60, "error"), 1)},
			inventory.RestorePoints{Count: 3, Latest: at(-30), Oldest: at(-50), LatestCreated: at(-30), NextExpiry: at(50), InError: 1, Peak: 3},
		},
		"expiry within 25 hours": {
			[]object{expires(b(-30, "available"), 26), expires(b(-40, "available"), 25), expires(b(-50, "available"), -1)},
			inventory.RestorePoints{Count: 3, Latest: at(-30), Oldest: at(-50), LatestCreated: at(-30), NextExpiry: at(-1), Peak: 1},
		},
		"replicas": {
			[]object{
				copied(b(-20, "available"), replica("replicating", "east", at(-19), ""), replica("skip", "north", at(-19), "")),
				copied(b(-30, "available"), replica("success", "west", at(-29), ""), replica("success", "east", at(-28), "")),
				copied(b(-40, "available").with("protected_at", stamp(at(-41))), replica("success", "south", at(-39), "")),
				copied(b(-50, "available"), replica("success", "west", at(-1), "")), // late
			},
			inventory.RestorePoints{
				Count: 4, Latest: at(-20), Oldest: at(-50), LatestCreated: at(-20), Peak: 4,
				Replicas: []inventory.Replicas{{Region: "east", Latest: at(-30)}, {Region: "south", Latest: at(-41)}, {Region: "west", Latest: at(-30)}},
			},
		},
		"failed replicas": {
			[]object{
				copied(b(-40, "available"), replica("fail", "west", at(-39), "Older")),
				copied(b(-30, "available"), replica("fail", "west", at(-29), "First"), replica("fail", "west", at(-28), "Second")),
				copied(b(-50, "available"), replica("success", "west", at(-48), ""), replica("fail", "west", at(-49), "Retried")),
				copied(b(-45, "available"), replica("fail", "west", at(-44), "Oldest")),
			},
			inventory.RestorePoints{
				Count: 4, Latest: at(-30), Oldest: at(-50), LatestCreated: at(-30), Peak: 4,
				Replicas: []inventory.Replicas{{Region: "west", Latest: at(-50), Failed: 3, FailCode: "Second"}},
			},
		},
		"one of two regions failed": {
			[]object{copied(b(-30, "available"), replica("fail", "west", at(-29), "Code"), replica("success", "east", at(-29), ""))},
			inventory.RestorePoints{
				Count: 1, Latest: at(-30), Oldest: at(-30), LatestCreated: at(-30), Peak: 1,
				Replicas: []inventory.Replicas{{Region: "east", Latest: at(-30)}, {Region: "west", Failed: 1, FailCode: "Code"}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := start(t, &cloud{backups: test.backups}, readsBackups)
				test.want.Resource, test.want.VaultID = cbrapi.Resource{ID: uuid("r"), Type: "OS::Nova::Server", Name: "r"}, uuid("v")
				for _, when := range []string{"all", "new ones"} {
					want := map[string]inventory.RestorePoints{uuid("r"): test.want}
					if diff := cmp.Diff(want, p.settle().Backups.Resources, cmpopts.IgnoreUnexported(inventory.Replicas{})); diff != "" {
						t.Errorf("after %s were read (-want +got):\n%s", when, diff)
					}
					time.Sleep(backupsRefresh)
				}
			})
		})
	}
}

// TestLatestBackup has the name and the vault of a resource be those of its latest backup.
func TestLatestBackup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		latest := backup(2, "r", midnight.Add(-time.Hour)).with("resource_name", "new").with("vault_id", uuid("w")).with("status", "error")
		c := &cloud{backups: []object{latest, backup(1, "r", midnight.Add(-2*time.Hour))}}
		p := start(t, c, readsBackups)
		if r := p.settle().Backups.Resources[uuid("r")]; r.Resource.Name != "new" || r.VaultID != uuid("w") {
			t.Errorf("got %+v", r)
		}
		c.set(func() {
			c.backups = append(c.backups, backup(3, "r", midnight.Add(time.Minute)).with("resource_name", "newer"))
		})
		if r := p.next().Backups.Resources[uuid("r")]; r.Resource.Name != "newer" || r.VaultID != uuid("v") {
			t.Errorf("after the next backup: %+v", r)
		}
	})
}

// TestNewReplicas has the copies of new backups be added to those of the others.
func TestNewReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		created, next := midnight.Add(-day), midnight.Add(time.Minute)
		c := &cloud{backups: []object{backup(1, "r", created).with("replication_records", []object{replica("fail", "west", created, "Old"), replica("success", "east", created, "")})}}
		p := start(t, c, readsBackups)
		p.settle()
		c.set(func() {
			c.backups = append(c.backups, backup(2, "r", next).with("replication_records", []object{replica("fail", "west", next, "New"), replica("success", "east", next, "")}))
		})
		want := []inventory.Replicas{{Region: "east", Latest: next}, {Region: "west", Failed: 2, FailCode: "New"}}
		for range 2 { // the second time none is counted twice
			if diff := cmp.Diff(want, p.next().Backups.Resources[uuid("r")].Replicas, cmpopts.IgnoreUnexported(inventory.Replicas{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	})
}
