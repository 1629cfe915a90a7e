package inventory_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// server returns a server that the vault holds; "" for none.
func server(id, vaultID string) object {
	protectable := object{"result": true, "code": "", "reason": "", "vault": nil}
	if vaultID != "" {
		protectable["vault"] = vault(vaultID, id)
	}
	return object{"id": uuid(id), "name": id, "type": "OS::Nova::Server", "status": "ACTIVE", "protectable": protectable}
}

func disk(id, vaultID, status string) object {
	return server(id, vaultID).with("type", "OS::Cinder::Volume").with("status", status)
}

// unprotected returns the names of the unprotected resources.
func unprotected(p *inventory.Protectables) string {
	var all []string
	for _, one := range p.Unprotected {
		all = append(all, one.Name)
	}
	return strings.Join(all, " ")
}

func TestProtectables(t *testing.T) {
	t.Parallel()
	const servers, disks = "OS::Nova::Server", "OS::Cinder::Volume"
	for name, test := range map[string]struct {
		servers, disks []object
		protected      map[string]int
		unprotected    string
	}{
		"none": {protected: map[string]int{servers: 0, disks: 0}},
		"in vaults and not": {
			servers: []object{server("c", ""), server("b", "v"), server("a", "")}, disks: []object{disk("d", "v", "available")},
			protected: map[string]int{servers: 1, disks: 1}, unprotected: "a c",
		},
		"attached disks": {
			disks:     []object{disk("a", "", "available"), disk("b", "", "in-use"), disk("c", "v", "in-use"), disk("d", "", "attaching"), disk("e", "", "error")},
			protected: map[string]int{servers: 0, disks: 0}, unprotected: "a",
		},
		"only attached disks": {disks: []object{disk("b", "", "in-use")}, protected: map[string]int{servers: 0, disks: 0}},
		"deleted servers": {
			servers:   []object{server("a", "").with("status", "DELETED"), server("b", "v").with("status", "deleted"), server("c", "").with("status", "SHUTOFF")},
			protected: map[string]int{servers: 0, disks: 0}, unprotected: "c",
		},
		"another type": {
			servers:   []object{server("a", "").with("type", "OS::Ironic::BareMetalServer")},
			protected: map[string]int{"OS::Ironic::BareMetalServer": 0, disks: 0}, unprotected: "a",
		},
		"cannot be protected": {
			servers:   []object{server("a", "").with("protectable", object{"result": false, "code": "BackupService.7702"})},
			protected: map[string]int{servers: 0, disks: 0}, unprotected: "a",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := start(t, &cloud{protectables: map[string][]object{"server": test.servers, "disk": test.disks}}, reads)
				if s, took := p.scrape(time.Hour); took != 2*latency {
					t.Errorf("first scrape, after %s: %+v", took, s.Protectables)
				}
				time.Sleep(time.Second)
				s := p.Last().Protectables
				if diff := cmp.Diff(test.protected, s.Protected); diff != "" || !s.Complete {
					t.Errorf("complete %t, counts (-want +got):\n%s", s.Complete, diff)
				}
				if got := unprotected(s); got != test.unprotected {
					t.Errorf("unprotected %q, want %q", got, test.unprotected)
				}
			})
		})
	}
}

// TestUnprotectedWhy has the reason be kept for which a resource cannot be protected.
func TestUnprotectedWhy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		why := object{"result": false, "code": "BackupService.7702", "reason": "disk is shared"}
		p := start(t, &cloud{protectables: map[string][]object{"server": {server("a", "").with("protectable", why)}}}, reads)
		got := p.settle().Protectables.Unprotected[0]
		if !got.Refused || got.Code != "BackupService.7702" || got.Reason != "disk is shared" {
			t.Errorf("got %+v", got)
		}
	})
}

// readsOf has the protectable resources of some kinds be read.
func readsOf(kinds ...cbrapi.ProtectableType) func(*inventory.Options) {
	return func(o *inventory.Options) { o.ProtectableTypes, o.ProtectablesRefresh = kinds, time.Hour }
}

// TestProtectablesRefresh has the lists be read page by page, each for itself.
func TestProtectablesRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{pageRows: 2, protectables: map[string][]object{"server": {server("a", ""), server("b", "v"), server("c", "")}, "disk": {disk("d", "", "available")}}}
		c.fault = fails("server from 2", statusError(http.StatusForbidden))
		p := start(t, c, reads)
		s := p.settle()
		if got := s.Protectables; unprotected(got) != "d" || got.Complete || !got.Reasons[cbrapi.ReasonPermission] || !s.Complete {
			t.Errorf("one list fails: %+v", got)
		}
		lists := func() []string {
			return slices.DeleteFunc(c.takeRequests(), func(r string) bool { return r == "vaults" || r == "policies" || strings.HasPrefix(r, "backups") })
		}
		expect := func(when string, want ...string) {
			t.Helper()
			if diff := cmp.Diff(want, lists(), cmpEmpty); diff != "" {
				t.Errorf("%s: requests differ (-want +got):\n%s", when, diff)
			}
		}
		expect("one list fails", "server", "server from 2", "disk", "disk from 1") // an empty page proves the count
		p.expectLog(t, `level=warn project=test msg="reading protectable resources of type server failed" reason=permission`)
		p.expectLog(t, `hint="allow cbr:protectables:list (`)
		p.expectLog(t, `level=info project=test msg="protectable resources read" type=disk resources=1 in_no_vault=1`)

		c.set(func() { c.fault = nil })
		time.Sleep(retry)
		recovered := p.settle()
		if got := recovered.Protectables; unprotected(got) != "a c d" || !got.Complete || recovered.Revision == s.Revision {
			t.Errorf("recovered: %+v", got)
		}
		expect("recovered", "server", "server from 2")

		c.set(func() { c.protectables["server"] = []object{server("a", ""), server("b", ""), server("c", "v")} })
		time.Sleep(time.Hour - retry - time.Second)
		if s := p.settle(); unprotected(s.Protectables) != "a c d" {
			t.Errorf("before the refresh: %+v", s.Protectables)
		}
		expect("refresh of the other list", "disk")
		time.Sleep(retry)
		if s := p.settle(); unprotected(s.Protectables) != "a b d" {
			t.Errorf("after the refresh: %+v", s.Protectables)
		}
		expect("refresh", "server", "server from 2")
	})
}

// TestProtectablesRefused has refused credentials stop the other lists.
func TestProtectablesRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{fault: func(_ context.Context, list string) error {
			if list == "server" || list == "disk" {
				return statusError(http.StatusUnauthorized)
			}
			return nil
		}}
		p := start(t, c, readsOf("server", "disk"))
		s := p.settle()
		if got := s.Protectables; got.Protected != nil || len(got.Problems) != 1 || !got.Reasons[cbrapi.ReasonCredentials] {
			t.Errorf("got %+v", got)
		}
		if n := len(slices.DeleteFunc(c.takeRequests(), func(r string) bool { return r != "server" && r != "disk" })); n != 1 {
			t.Errorf("%d requests, want one", n)
		}
	})
}

// TestNoServersLeft has an empty list follow one with servers: it is doubted for an hour,
// and then believed.
func TestNoServersLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{protectables: map[string][]object{"server": {server("a", "")}}}
		p := start(t, c, readsOf("server"))
		p.settle()
		c.set(func() { c.protectables = nil })
		time.Sleep(time.Hour)
		s := p.settle()
		const want = "ListProtectable: HTTP status 200: the list is empty, but had 1 rows before: check that the user may still see them; from 2000-01-01T02:00:01Z on it is believed"
		if got := s.Protectables; got.Complete || unprotected(got) != "a" || len(got.Problems) != 1 || got.Problems[0].Err.Error() != want {
			t.Errorf("first empty list: %+v", got)
		}
		time.Sleep(time.Hour)
		if got := p.settle().Protectables; !got.Complete || unprotected(got) != "" {
			t.Errorf("an hour later: %+v", got)
		}
	})
}

// TestUnreadableServer has a row that cannot be read. The others are taken over, and the list
// is not read again before the refresh.
func TestUnreadableServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{protectables: map[string][]object{"server": {server("a", "").with("status", []int{}), server("b", "").with("id", 7)}}}
		p := start(t, c, readsOf("server"))
		got := p.settle().Protectables
		const want = "ListProtectable: HTTP status 200: entries that cannot be read: 1, instances.id is 7 in row 2, b"
		if got.Complete || unprotected(got) != "a" || len(got.Problems) != 1 || got.Problems[0].Err.Error() != want {
			t.Errorf("got %+v", got)
		}
		c.takeRequests()
		time.Sleep(retry)
		p.settle()
		c.expectRequests(t, "before the refresh")
		p.expectLog(t, "field=instances.status")

		c.set(func() { c.protectables["server"] = c.protectables["server"][1:] })
		time.Sleep(time.Hour)
		if got := p.settle().Protectables; got.Complete || unprotected(got) != "a" || !strings.HasSuffix(got.Problems[0].Err.Error(), "no row of instances can be read: instances.id is 7 in row 1, b") {
			t.Errorf("no other row: %+v", got)
		}
	})
}

// TestUnreadableVault has a server of which it cannot be read whether a vault holds it. It is
// not called unprotected.
func TestUnreadableVault(t *testing.T) {
	t.Parallel()
	for name, protectable := range map[string]any{
		"protectable": "yes",
		"vault":       object{"result": true, "vault": uuid("v")},
		"vault.id":    object{"result": true, "vault": object{"id": []string{uuid("v")}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := start(t, &cloud{protectables: map[string][]object{"server": {server("a", ""), server("b", "").with("protectable", protectable)}}}, reads)
				got := p.settle().Protectables
				if got.Complete || unprotected(got) != "a" || !strings.Contains(got.Problems[0].Err.Error(), `cannot be read: 1, instances.protectable`) {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

// TestInheritProtectables has a reload with other kinds keep what is known of those that
// stay, and read the others.
func TestInheritProtectables(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{protectables: map[string][]object{"server": {server("a", "")}, "disk": {disk("d", "", "available")}}}
		old := start(t, c, reads)
		old.settle()
		c.takeRequests()
		p := start(t, c, readsOf("turbo", "disk"))
		p.Inherit(old.Inventory)
		old.Close()
		s := p.settle().Protectables
		c.expectRequests(t, "first scrape", "turbo")
		if diff := cmp.Diff(map[string]int{"OS::Cinder::Volume": 0, "OS::Sfs::Turbo": 0}, s.Protected); diff != "" || unprotected(s) != "d" {
			t.Errorf("unprotected %s, counts (-want +got):\n%s", unprotected(s), diff)
		}
	})
}
