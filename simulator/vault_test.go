package simulator_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

func TestSetVaults(t *testing.T) {
	cloud, _ := newCloud(1)
	if len(cloud.Vaults()) == 0 || len(cloud.Policies()) == 0 {
		t.Fatal("the fleet has none")
	}
	given := fullVault()
	cloud.SetVaults(given)
	cloud.SetPolicies(fullPolicy())
	given.Resources[0].Name = "changed meanwhile"
	cloud.Vaults()[0].Resources[0].ProtectStatus = "changed by a reader"
	cloud.Policies()[0].Patterns[0] = "changed by a reader"
	if diff := cmp.Diff([]simulator.Vault{fullVault()}, cloud.Vaults()); diff != "" {
		t.Errorf("vaults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]simulator.Policy{fullPolicy()}, cloud.Policies()); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
	cloud.SetVaults()
	cloud.SetPolicies()
	if len(cloud.Vaults()) != 0 || len(cloud.Policies()) != 0 {
		t.Errorf("there are %v, %v", cloud.Vaults(), cloud.Policies())
	}
}

// The list has the names of now. Those that are given later count again.
func TestRenameInVaults(t *testing.T) {
	for name, test := range map[string]struct {
		cloud func() (*simulator.Simulator, *clock)
	}{
		"of the fleet": {func() (*simulator.Simulator, *clock) { return newCloud(1) }},
		"given": {func() (*simulator.Simulator, *clock) {
			cloud, clock := scriptedCloud(0)
			cloud.SetVaults(bareVault(), fullVault())
			return cloud, clock
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud, clock := test.cloud()
			before := cloud.Vaults()
			vault, resource := before[1].ID, before[1].Resources[0].ID
			clock.advance(time.Minute)
			cloud.RenameVault(vault, "new vault")
			cloud.RenameResource(resource, "new resource")
			cloud.RenameVault(resource, "of no vault")
			clock.advance(time.Minute)
			cloud.RenameVault(vault, "newest vault")
			after := cloud.Vaults()
			if after[1].Name != "newest vault" || after[1].Resources[0].Name != "new resource" {
				t.Errorf("got %s, %s", after[1].Name, after[1].Resources[0].Name)
			}
			if after[0].Name != before[0].Name || after[1].Resources[1].Name != before[1].Resources[1].Name {
				t.Error("others are renamed too")
			}
			cloud.SetVaults(before...)
			if got := cloud.Vaults(); got[1].Name != before[1].Name || got[1].Resources[0].Name != before[1].Resources[0].Name {
				t.Errorf("given again: got %s, %s", got[1].Name, got[1].Resources[0].Name)
			}
		})
	}
}
