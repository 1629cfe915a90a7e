package protection_test

import (
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/protection"
	"github.com/cbr-exporter/cbr_exporter/tasks"
)

func TestTooRare(t *testing.T) {
	t.Parallel()
	const (
		daily   = "FREQ=DAILY;INTERVAL=1;BYHOUR=2;BYMINUTE=00"
		in10    = "FREQ=DAILY;INTERVAL=10;BYHOUR=2;BYMINUTE=00"
		weekly  = "FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=00"
		is      = "policies that run too rarely to be judged at all times by the tasks that are known: "
		a, b, c = "a", "b", "c" // vaults
	)
	policy := func(name, pattern string, vaultIDs ...string) *cbrapi.Policy {
		return &cbrapi.Policy{ID: name, Name: name, Enabled: new(true), OperationType: cbrapi.OperationBackup, Patterns: []string{pattern}, StartTime: noon(), VaultIDs: vaultIDs}
	}
	with := func(p *cbrapi.Policy, change func(*cbrapi.Policy)) *cbrapi.Policy {
		change(p)
		return p
	}
	for name, test := range map[string]struct {
		want     string
		policies []*cbrapi.Policy
	}{
		"often enough":       {"", []*cbrapi.Policy{policy("often", daily, a), policy("often too", weekly, b)}},
		"too rare":           {is + "rare", []*cbrapi.Policy{policy("rare", in10, a), policy("often", daily, b)}},
		"several, by name":   {is + "rare, seldom", []*cbrapi.Policy{policy("seldom", in10, a), policy("rare", in10, a, b)}},
		"without a name":     {is + "rare", []*cbrapi.Policy{with(policy("rare", in10, a), func(p *cbrapi.Policy) { p.Name = "" })}},
		"beside a frequent":  {"", []*cbrapi.Policy{policy("rare", in10, a), policy("often", daily, a)}},
		"alone in one vault": {is + "rare", []*cbrapi.Policy{policy("rare", in10, a, b), policy("often", daily, a)}},
		"beside another operation": {is + "rare", []*cbrapi.Policy{
			policy("rare", in10, a), with(policy("often", daily, a), func(p *cbrapi.Policy) { p.OperationType = cbrapi.OperationReplication }),
		}},
		"disabled":                {"", []*cbrapi.Policy{with(policy("rare", in10, a), func(p *cbrapi.Policy) { p.Enabled = new(false) })}},
		"of no vault":             {"", []*cbrapi.Policy{policy("rare", in10)}},
		"of a vault not followed": {"", []*cbrapi.Policy{policy("rare", in10, c)}},
		"a pattern is invalid":    {"", []*cbrapi.Policy{with(policy("rare", in10, a), func(p *cbrapi.Policy) { p.Patterns = append(p.Patterns, "FREQ=MONTHLY") })}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := protection.Options{
				Lookback: 9 * 24 * time.Hour,
				Follows:  func(vaultID string, _ cbrapi.OperationType) bool { return vaultID != c },
			}
			if got := protection.TooRare(test.policies, o); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			s := protection.NewSnapshot(tasks.Snapshot{}, &inventory.Snapshot{Policies: test.policies}, o)
			if got := s.TooRare(); got != test.want {
				t.Errorf("got %q on the page, want %q", got, test.want)
			}
			o.Backups = true
			if got := protection.TooRare(test.policies, o); got != "" {
				t.Errorf("got %q where backups are judged by restore points", got)
			}
			for _, p := range test.policies {
				p.OperationType = cbrapi.OperationReplication
			}
			if got := protection.TooRare(test.policies, o); name != "beside another operation" && got != test.want {
				t.Errorf("got %q of replications, want %q", got, test.want)
			}
			o.Backups, o.Lookback = false, 0
			if got := protection.TooRare(test.policies, o); got != "" {
				t.Errorf("got %q without discovery", got)
			}
		})
	}
}
