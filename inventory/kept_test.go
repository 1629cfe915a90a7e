package inventory_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestKept has the policies of a vault delete backups for their number.
func TestKept(t *testing.T) {
	t.Parallel()
	retains := func(id string, rules object) object { return policy(id, "v").with("operation_definition", rules) }
	rules := object{"max_backups": 2, "day_backups": 7, "week_backups": 4, "month_backups": 12, "year_backups": 5}
	for name, test := range map[string]struct {
		days     int // age of the oldest backup
		policies []object
		want     int
	}{
		"by number":              {9, []object{retains("d", object{"max_backups": 3})}, 3},
		"the lower number":       {9, []object{retains("d", object{"max_backups": 9}), retains("e", object{"max_backups": 3})}, 3},
		"by age":                 {9, []object{retains("d", object{"retention_duration_days": 30})}, 0},
		"any number":             {9, []object{retains("d", object{"max_backups": -1, "day_backups": 7})}, 0},
		"by age and by number":   {9, []object{retains("d", object{"retention_duration_days": 30}), retains("e", object{"max_backups": 3})}, 3},
		"disabled":               {9, []object{retains("d", object{"max_backups": 3}).with("enabled", false)}, 0},
		"no policy":              {9, nil, 0},
		"days, new":              {0, []object{retains("d", rules)}, 2},
		"days, in part":          {4, []object{retains("d", rules)}, 4},
		"days, weeks and months": {90, []object{retains("d", rules)}, 7},
		"months":                 {366, []object{retains("d", rules)}, 11},
		"years":                  {6 * 366, []object{retains("d", object{"max_backups": 2, "year_backups": 5})}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{vaults: []object{vault("v", "r")}, policies: test.policies, backups: []object{
					backup(1, "r", midnight), backup(2, "r", midnight.Add(-time.Duration(test.days)*day)),
				}}
				p := start(t, c, readsBackups)
				if got := p.settle().Backups.Resources[uuid("r")]; got.Kept != test.want {
					t.Errorf("got %+v, want %d kept", got, test.want)
				}
			})
		})
	}
}

// TestKeptBefore has all backups but the latest be deleted: those of before say what is kept.
func TestKeptBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		latest := backup(1, "r", midnight)
		c := &cloud{
			vaults: []object{vault("v", "r")}, backups: []object{latest, backup(2, "r", midnight.Add(-9*day)), backup(3, "r", midnight.Add(-9*day))},
			policies: []object{policy("d", "v").with("operation_definition", object{"max_backups": 2, "day_backups": 7})},
		}
		p := start(t, c, readsBackups)
		p.settle()
		c.set(func() { c.backups = []object{latest} })
		for range 4 {
			p.next()
		}
		if got := p.Last().Backups.Resources[uuid("r")]; got.Count != 1 || got.Peak != 3 || got.Kept != 7 {
			t.Errorf("got %+v, want 7 kept", got)
		}
	})
}
