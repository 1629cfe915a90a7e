package model_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// binding is a resource in a vault.
type binding struct {
	id      string
	follows *bool // the policies; nil: the service does not say
}

// shelf is a vault in the list.
type shelf struct {
	id    string
	bound []binding
}

// plan is a policy. It runs at some hours of the week; none where one of its patterns
// cannot be read.
type plan struct {
	id, operation string
	enabled       bool
	patterns      []string
	hours         []int
	vaults        []string
}

// stock is the whole truth about vaults and policies from a moment on.
type stock struct {
	at      time.Time // by our clock
	shelves []shelf
	plans   []plan
}

func (s *stock) clone() *stock {
	c := &stock{shelves: slices.Clone(s.shelves), plans: slices.Clone(s.plans)}
	for i := range c.shelves {
		c.shelves[i].bound = slices.Clone(c.shelves[i].bound)
	}
	for i := range c.plans {
		c.plans[i].vaults = slices.Clone(c.plans[i].vaults)
	}
	return c
}

func (s *stock) shelf(id string) *shelf {
	if i := slices.IndexFunc(s.shelves, func(v shelf) bool { return v.id == id }); i >= 0 {
		return &s.shelves[i]
	}
	return nil
}

// intervals returns how long the plans leave a resource of a vault without a run, by
// key.
func (v *shelf) intervals(plans []plan) map[key]float64 {
	hours := map[key][]int{}
	for _, p := range plans {
		if !p.enabled || !slices.Contains(p.vaults, v.id) {
			continue
		}
		for _, b := range v.bound {
			if k := (key{v.id, b.id, p.operation}); b.follows == nil || *b.follows {
				hours[k] = append(hours[k], p.hours...)
			}
		}
	}
	intervals := map[key]float64{}
	for k, all := range hours {
		if len(all) == 0 {
			continue
		}
		slices.Sort(all)
		longest := all[0] + 7*24 - all[len(all)-1]
		for i := 1; i < len(all); i++ {
			longest = max(longest, all[i]-all[i-1])
		}
		intervals[k] = float64(longest * 3600)
	}
	return intervals
}

// schedule gives a policy other times.
func (p *plan) schedule(r *rand.Rand) {
	p.patterns, p.hours = nil, nil
	for range pick(r, 1, 1, 2) {
		hour := r.IntN(24)
		if r.IntN(3) > 0 {
			p.patterns = append(p.patterns, fmt.Sprintf("FREQ=DAILY;INTERVAL=1;BYHOUR=%d;BYMINUTE=00", hour))
			for day := range 7 {
				p.hours = append(p.hours, day*24+hour)
			}
			continue
		}
		days := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
		day := r.IntN(7)
		p.patterns = append(p.patterns, fmt.Sprintf("FREQ=WEEKLY;BYDAY=%s;BYHOUR=%d;BYMINUTE=00", days[day], hour))
		p.hours = append(p.hours, day*24+hour)
	}
	if r.IntN(6) == 0 {
		p.patterns, p.hours = append(p.patterns, "FREQ=MONTHLY;BYDAY=1SU"), nil
	}
}

// supply gives the world its vaults and policies. Some vaults have tasks.
func (w *world) supply() {
	r := w.random
	s := &stock{}
	for _, id := range w.vaults[:len(w.vaults)-r.IntN(2)] { // one may be gone for long
		s.shelves = append(s.shelves, shelf{id: id})
	}
	for i := range pick(r, 0, 3, 30) {
		id := fmt.Sprintf("%08x-3333-4000-8000-%012x", r.Uint32(), i)
		w.names[id] = []naming{{name: "first " + id[:4]}}
		s.shelves = append(s.shelves, shelf{id: id})
	}
	for i := range 6 { // without any task
		id := fmt.Sprintf("%08x-4444-4000-8000-%012x", r.Uint32(), i)
		w.names[id] = []naming{{name: "first " + id[:4]}}
		w.bindable = append(w.bindable, id)
	}
	w.bindable = append(w.bindable, w.resources...)
	for i := range 2 + r.IntN(4) {
		p := plan{
			id:        fmt.Sprintf("%08x-5555-4000-8000-%012x", r.Uint32(), i),
			operation: pick(r, "backup", "backup", "replication"), enabled: r.IntN(4) > 0,
		}
		p.schedule(r)
		for range 1 + r.IntN(3) {
			p.toggle(pick(r, s.shelves...).id)
		}
		s.plans = append(s.plans, p)
	}
	w.change(s)
	for range 8 {
		w.rearrange()
	}
	w.stocks = w.stocks[len(w.stocks)-1:] // nobody has looked yet
}

// toggle binds a vault to the policy, or unbinds it.
func (p *plan) toggle(vaultID string) {
	if i := slices.Index(p.vaults, vaultID); i >= 0 {
		p.vaults = slices.Delete(p.vaults, i, i+1)
		return
	}
	p.vaults = append(p.vaults, vaultID)
}

// stock returns how things are now.
func (w *world) stock() *stock { return w.stocks[len(w.stocks)-1] }

// rearrange has somebody change a vault or a policy.
func (w *world) rearrange() {
	r, s := w.random, w.stock().clone()
	p := &s.plans[r.IntN(len(s.plans))]
	v := &s.shelves[r.IntN(min(4, len(s.shelves)))]
	switch n := r.IntN(20); {
	case n < 9:
		id := pick(r, w.bindable...)
		if i := slices.IndexFunc(v.bound, func(b binding) bool { return b.id == id }); i >= 0 {
			v.bound = slices.Delete(v.bound, i, i+1)
		} else {
			v.bound = append(v.bound, binding{id, pick(r, nil, nil, new(true), new(false))})
		}
	case n < 11:
		if len(v.bound) > 0 {
			v.bound[r.IntN(len(v.bound))].follows = pick(r, nil, new(true), new(false))
		}
	case n < 14:
		p.enabled = !p.enabled
	case n < 16:
		p.schedule(r)
	case n < 18:
		p.toggle(v.id)
	case n < 19 && len(s.shelves) > 2:
		i := r.IntN(len(s.shelves))
		s.shelves = slices.Delete(s.shelves, i, i+1)
	default:
		id := fmt.Sprintf("%08x-6666-4000-8000-%012x", r.Uint32(), len(w.names))
		w.names[id] = []naming{{name: "first " + id[:4]}}
		s.shelves = slices.Insert(s.shelves, r.IntN(len(s.shelves)+1), shelf{id: id, bound: []binding{{id: pick(r, w.bindable...)}}})
	}
	w.change(s)
}

// change makes a stock the truth.
func (w *world) change(s *stock) {
	s.at = time.Now()
	w.stocks = append(w.stocks, s)
	var vaults []simulator.Vault
	for _, v := range s.shelves {
		vault := simulator.Vault{ID: v.id, Name: w.newestName(v.id), ObjectType: "server", ProtectType: "backup", Status: "available", Size: 100}
		if v.id[0] < '8' {
			vault.Created = w.created
		}
		for _, b := range v.bound {
			vault.Resources = append(vault.Resources, simulator.VaultResource{
				ID: b.id, Name: w.newestName(b.id), Type: "OS::Nova::Server", AutoProtect: b.follows,
			})
		}
		vaults = append(vaults, vault)
	}
	var policies []simulator.Policy
	for _, p := range s.plans {
		policy := simulator.Policy{ID: p.id, Name: p.id[:4], OperationType: p.operation, Enabled: p.enabled, Patterns: p.patterns}
		if p.id[0] < '8' {
			policy.Start = w.created
		}
		for _, id := range p.vaults {
			policy.Vaults = append(policy.Vaults, simulator.PolicyVault{ID: id})
		}
		policies = append(policies, policy)
	}
	w.cloud.SetVaults(vaults...)
	w.cloud.SetPolicies(policies...)
}

func (w *world) newestName(id string) string {
	all := w.names[id]
	return all[len(all)-1].name
}
