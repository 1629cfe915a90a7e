package overview_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

// withProtectables is a project in which nothing is wrong, except that no vault holds the
// resources.
func withProtectables(t testing.TB, name string, all ...*cbrapi.Protectable) protection.Snapshot {
	s := called(name, discovered(state("1", cbrapi.StatusSuccess, hoursAgo(9))))
	s.Inventory = inventoryOf(t, []*cbrapi.Vault{vault("vault-1", "vault-db", "resource-1")}, policy("nightly", daily, "vault-1"))
	s.Inventory.Protectables = &inventory.Protectables{
		Reading:     inventory.Reading{Complete: true, LastComplete: noon},
		Protected:   map[string]int{"OS::Nova::Server": 1},
		Unprotected: all,
	}
	return s
}

func server(id, name string) *cbrapi.Protectable {
	return &cbrapi.Protectable{ID: id, Name: name, Type: "OS::Nova::Server"}
}

func TestUnprotected(t *testing.T) {
	t.Parallel()
	refusedServer := server("c", "gpu")
	refusedServer.Refused, refusedServer.Code, refusedServer.Reason = true, "BackupService.9", "The image is not supported."
	once := state("9", cbrapi.StatusSuccess, hoursAgo(99)) // it was in a vault
	blind := withProtectables(t, "b", server("e", "web"))
	blind.Inventory.Complete, blind.Inventory.LastComplete = false, hoursAgo(1)
	known := withProtectables(t, "a", refusedServer, server("a", "web"), server("resource-1", "bound since then"), server("x", "build-7"), server("resource-9", "old"))
	known.ResourceStates = append(known.ResourceStates, once)
	projects := []overview.Source{source(known), source(blind), source(called("c", discovered()))} // the last does not read them
	const unprotected = " | backup | unprotected | CBRResourceUnprotected | it is in no vault"
	rows := []string{
		"gpu | " + unprotected + ", and cannot be protected: BackupService.9: The image is not supported",
		"web | " + unprotected,
		"web |  | backup | unprotected blind | CBRResourceUnprotected | it is in no vault",
		"old | vault-db" + unprotected,
	}
	for query, want := range map[string][]string{
		"?state=unprotected":                  rows,
		"?state=unprotected&type=backup":      rows,
		"?state=unprotected&type=restore":     nil,
		"?state=unprotected&vault=vault-2":    nil,
		"?state=unprotected&project=b":        rows[2:3],
		"?q=BackupService.9":                  rows[:1],
		"?state=unprotected&state=lost&q=old": rows[3:],
	} {
		got := get(t, query, projects...)
		if diff := cmp.Diff(want, lines(got.Resources.Rows, resourceLine)); diff != "" {
			t.Errorf("%s: the rows differ (-want +got):\n%s", query, diff)
		}
	}
	tiles := []string{"overdue 0 of 2", "failing 0 of 2", "blind 1 of 3", "vaults 0 of 2", "uncovered 0 of 2", "unprotected 4 of 7", "stuck 0"}
	if diff := cmp.Diff(tiles, lines(get(t, "", projects...).Tiles, count)); diff != "" {
		t.Errorf("the tiles differ (-want +got):\n%s", diff)
	}
}

// TestUnprotectedWithBackups has resources that were in a vault, which still holds backups of
// them. Most of those of the second are lost.
func TestUnprotectedWithBackups(t *testing.T) {
	t.Parallel()
	s := withProtectables(t, "test", server("a", "web"), server("b", "queue"))
	s.Inventory.Backups = &inventory.Backups{
		Reading: inventory.Reading{Complete: true}, FullAt: noon,
		Resources: map[string]inventory.RestorePoints{"a": points(2, 2), "b": points(1, 12), "resource-1": points(3, 3)},
	}
	for name, want := range map[string]int{"web": 2, "queue": 1} {
		rows := get(t, "?vault=vault-1&state=unprotected&q="+name, source(s)).Resources.Rows
		if len(rows) != 1 || rows[0].RestorePoints == nil || rows[0].RestorePoints.Count != want {
			t.Errorf("%s: got %+v, want a row with %d restore points", name, rows, want)
		}
	}
}

// TestUnprotectedTile is there if a project reads them, and says that they are not known until
// it has.
func TestUnprotectedTile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		protectables *inventory.Protectables
		want         string
	}{
		"not read": {nil, "uncovered 0 of 1"},
		"not yet":  {&inventory.Protectables{}, "unprotected –"},
		"nothing":  {&inventory.Protectables{Protected: map[string]int{"OS::Nova::Server": 0}}, "unprotected –"},
	} {
		s := withProtectables(t, "test")
		s.Inventory.Protectables = c.protectables
		tiles := get(t, "", source(s)).Tiles
		if got := count(tiles[len(tiles)-2]); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// TestUnprotectedDetail is the page of a resource that no vault holds. Nothing is known of one
// that is excluded.
func TestUnprotectedDetail(t *testing.T) {
	t.Parallel()
	s := source(withProtectables(t, "test", server("a", "web"), server("x", "build-7")))
	got := getDetail(t, "a", s)
	if got.ResourceName != "web" || got.ResourceType != "OS::Nova::Server" || got.Binding != "It is not bound to any vault." ||
		len(got.Operations) != 1 || got.Operations[0].Why != "it is in no vault" {
		t.Errorf("got %+v", got)
	}
	pages := overview.New(options(s))
	if w := do(t, pages.ServeResource, "/resource?project=test&id=x"); w.Code != http.StatusNotFound {
		t.Errorf("excluded: got status %d", w.Code)
	}
}
