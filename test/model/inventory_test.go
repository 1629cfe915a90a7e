package model_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// binding is a resource in a vault.
type binding struct {
	id      string
	follows *bool // the policies; nil: the field is absent
	gone    bool  // it no longer exists
}

// vault is a vault with its resources.
type vault struct {
	id      string
	bound   []binding
	kind    string // protect_type
	status  string
	frozen  bool
	expands bool
	used    int64 // percent
}

// policy runs at some hours of the week; none if one of its patterns is
// invalid.
type policy struct {
	id, operation string
	enabled       bool
	patterns      []string
	hours         []int
	vaults        []string
	keeps         int // restore points of a resource; 0: any number
}

// state is the truth about vaults and policies from a moment on.
type state struct {
	at       time.Time // by the exporter's clock
	vaults   []vault
	policies []policy
	servers  []server
}

func (s *state) clone() *state {
	c := &state{vaults: slices.Clone(s.vaults), policies: slices.Clone(s.policies), servers: slices.Clone(s.servers)}
	for i := range c.vaults {
		c.vaults[i].bound = slices.Clone(c.vaults[i].bound)
	}
	for i := range c.policies {
		c.policies[i].vaults = slices.Clone(c.policies[i].vaults)
	}
	return c
}

func (s *state) vault(id string) *vault {
	if i := slices.IndexFunc(s.vaults, func(v vault) bool { return v.id == id }); i >= 0 {
		return &s.vaults[i]
	}
	return nil
}

// newVault returns a vault with a random state.
func newVault(r *rand.Rand, id string, bound ...binding) vault {
	v := vault{id: id, bound: bound, kind: pick(r, "backup", "backup", "backup", "hybrid", "replication"), expands: r.IntN(6) == 0}
	v.turn(r)
	return v
}

// turn gives a vault another state.
func (v *vault) turn(r *rand.Rand) {
	v.status = pick(r, "available", "available", "available", "lock", "frozen", "deleting", "error", "migrating")
	v.frozen, v.used = r.IntN(8) == 0, pick[int64](r, 0, 10, 79, 80, 84, 85, 98, 99, 100)
}

// threshold returns how many percent may be used; 0 if the vault says nothing.
func (v *vault) threshold() int64 {
	if v.id[0] < '8' {
		return 80
	}
	return 0
}

// verdicts returns whether the vault is available, full and nearly full.
func (v *vault) verdicts() (available, full, nearly bool) {
	available = !v.frozen && (v.status == "available" || v.status == "lock")
	if v.expands {
		return available, v.used == 100, false
	}
	return available, v.used >= 99, v.used >= cmp.Or(v.threshold(), 85)
}

// covers returns for the existing resources of a vault whether a policy backs them up.
func (s *state) covers(v *vault) map[string]bool {
	covered := map[string]bool{}
	if v.kind != "backup" {
		return covered
	}
	for _, b := range v.bound {
		if !b.gone {
			covered[b.id] = (b.follows == nil || *b.follows) && len(s.planOf(v.id, "backup")) > 0
		}
	}
	return covered
}

// schedule gives a policy new times.
func (p *policy) schedule(r *rand.Rand) {
	p.patterns, p.hours = nil, nil
	for range pick(r, 1, 1, 2) {
		hour := r.IntN(24)
		if r.IntN(4) == 0 {
			first := r.IntN(4)
			p.patterns = append(p.patterns, fmt.Sprintf("FREQ=DAILY;INTERVAL=1;BYHOUR=%d,%d,%d,%d,%d,%d;BYMINUTE=00", first, first+4, first+8, first+12, first+16, first+20))
			for hour := first; hour < 7*24; hour += 4 {
				p.hours = append(p.hours, hour)
			}
			continue
		}
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
	if r.IntN(10) == 0 {
		p.patterns, p.hours = append(p.patterns, "FREQ=MONTHLY;BYDAY=1SU"), nil
	}
}

// addVaultsAndPolicies creates the vaults and policies. Some vaults have tasks.
func (w *world) addVaultsAndPolicies() {
	r := w.random
	s := &state{}
	for _, id := range w.vaults[:len(w.vaults)-r.IntN(2)] { // one may be deleted
		s.vaults = append(s.vaults, newVault(r, id))
	}
	for i := range pick(r, 0, 3, 30) {
		id := fmt.Sprintf("%08x-3333-4000-8000-%012x", r.Uint32(), i)
		w.names[id] = []naming{{name: "first " + id[:4]}}
		s.vaults = append(s.vaults, newVault(r, id))
	}
	for i := range 6 { // without tasks
		id := fmt.Sprintf("%08x-4444-4000-8000-%012x", r.Uint32(), i)
		w.names[id] = []naming{{name: "first " + id[:4]}}
		w.bindable = append(w.bindable, id)
	}
	w.bindable = append(w.bindable, w.resources...)
	for _, id := range w.bindable {
		v := &s.vaults[r.IntN(min(4, len(s.vaults)))]
		v.bound = append(v.bound, binding{id: id})
	}
	for i := range 4 + r.IntN(5) {
		p := policy{
			id:        fmt.Sprintf("%08x-5555-4000-8000-%012x", r.Uint32(), i),
			operation: pick(r, "backup", "backup", "replication"), enabled: r.IntN(6) > 0,
			keeps: pick(r, 0, 3),
		}
		p.schedule(r)
		for range 1 + r.IntN(3) {
			p.toggle(s.vaults[r.IntN(min(4, len(s.vaults)))].id)
		}
		s.policies = append(s.policies, p)
	}
	w.addServers(s)
	w.change(s)
	for range 8 {
		w.changeVaultOrPolicy()
	}
	w.states = w.states[len(w.states)-1:] // no scrape yet
}

// toggle binds a vault to the policy, or unbinds it.
func (p *policy) toggle(vaultID string) {
	if i := slices.Index(p.vaults, vaultID); i >= 0 {
		p.vaults = slices.Delete(p.vaults, i, i+1)
		return
	}
	p.vaults = append(p.vaults, vaultID)
}

// state returns the present truth.
func (w *world) state() *state { return w.states[len(w.states)-1] }

// changeVaultOrPolicy changes one of them at random.
func (w *world) changeVaultOrPolicy() {
	r, s := w.random, w.state().clone()
	p := &s.policies[r.IntN(len(s.policies))]
	v := &s.vaults[r.IntN(min(4, len(s.vaults)))]
	switch n := r.IntN(28); {
	case n >= 26:
		v.turn(r)
	case n >= 23:
		w.changeServer(s)
	case n >= 20:
		p.keeps = pick(r, 0, 1, 2, 5)
		defer w.prune(p)
	case n < 9:
		id := pick(r, w.bindable...)
		if before := s.unbind(id); before != v.id { // it is bound to one vault at most
			v.bound = append(v.bound, binding{id, pick(r, nil, nil, new(true), new(false)), false})
		}
	case n < 11:
		if len(v.bound) > 0 {
			b := &v.bound[r.IntN(len(v.bound))]
			b.follows, b.gone = pick(r, nil, new(true), new(false)), r.IntN(3) == 0
		}
	case n < 14:
		p.enabled = !p.enabled
	case n < 16:
		p.schedule(r)
	case n < 18:
		p.toggle(v.id)
	case n < 19 && len(s.vaults) > 2:
		i := r.IntN(len(s.vaults))
		s.vaults = slices.Delete(s.vaults, i, i+1)
	default:
		id := fmt.Sprintf("%08x-6666-4000-8000-%012x", r.Uint32(), len(w.names))
		w.names[id] = []naming{{name: "first " + id[:4]}}
		bound := pick(r, w.bindable...)
		s.unbind(bound)
		s.vaults = slices.Insert(s.vaults, r.IntN(len(s.vaults)+1), newVault(r, id, binding{id: bound}))
	}
	w.change(s)
}

// unbind unbinds a resource and returns the vault that it was in; "" if in none.
func (s *state) unbind(id string) (from string) {
	for i := range s.vaults {
		v := &s.vaults[i]
		if n := slices.IndexFunc(v.bound, func(b binding) bool { return b.id == id }); n >= 0 {
			v.bound = slices.Delete(v.bound, n, n+1)
			from = v.id
		}
	}
	return from
}

// bindings returns the vault of each bound resource.
func (s *state) bindings() map[string]string {
	bound := map[string]string{}
	for _, v := range s.vaults {
		for _, b := range v.bound {
			bound[b.id] = v.id
		}
	}
	return bound
}

// loss is a row that could not be read until a moment; zero: it still cannot.
type loss struct {
	id    string
	until time.Time
}

// lose makes a row unreadable, or the lost one readable.
func (w *world) lose() {
	s := w.state()
	if w.lost != "" {
		w.losses[len(w.losses)-1].until = time.Now()
		w.lost = ""
	} else {
		w.lost = pick(w.random, pick(w.random, s.vaults...).id, pick(w.random, s.policies...).id)
		w.losses = append(w.losses, loss{id: w.lost})
	}
	w.publish()
}

// wasLost reports whether a row could not be read at some moment since from.
func (w *world) wasLost(id string, from time.Time) bool {
	return slices.ContainsFunc(w.losses, func(l loss) bool { return l.id == id && (l.until.IsZero() || !l.until.Before(from)) })
}

// row returns the id in the row of a vault or a policy.
func (w *world) row(id string) string {
	if id == w.lost {
		return "lost"
	}
	return id
}

// change makes a state the truth.
func (w *world) change(s *state) {
	s.at = time.Now()
	w.states = append(w.states, s)
	w.publish()
}

// publish has the cloud show the present truth.
func (w *world) publish() {
	s := w.state()
	var vaults []simulator.Vault
	for _, v := range s.vaults {
		vault := simulator.Vault{
			ID: w.row(v.id), Name: w.latestName(v.id), ObjectType: "server", ProtectType: v.kind, Status: v.status, Size: 100, Used: v.used * 1024,
			AutoExpand: &v.expands, Frozen: &v.frozen,
		}
		if v.threshold() > 0 {
			vault.Created = w.created
			vault.Threshold, vault.Locked, vault.SMNNotify = new(v.threshold()), new(true), new(false)
		}
		for _, b := range v.bound {
			status := "available"
			if b.gone {
				status = "deleted"
			} else if b.id[0] < '4' {
				status = "" // null, as of replicas
			}
			resource := simulator.VaultResource{
				ID: b.id, Name: w.latestName(b.id), Type: "OS::Nova::Server", AutoProtect: b.follows, ProtectStatus: status,
			}
			if b.id[0] < '8' { // as an object or as an id
				resource.IncludedVolumes = []simulator.IncludedVolume{{ID: "volume-1", OSVersion: "EulerOS"}, {ID: "volume-2"}}
			}
			vault.Resources = append(vault.Resources, resource)
		}
		vaults = append(vaults, vault)
	}
	var policies []simulator.Policy
	for _, p := range s.policies {
		policy := simulator.Policy{ID: w.row(p.id), Name: p.id[:4], OperationType: p.operation, Enabled: p.enabled, Patterns: p.patterns, MaxBackups: p.keeps}
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
	w.cloud.SetProtectables(w.instances()...)
}

func (w *world) latestName(id string) string {
	all := w.names[id]
	return all[len(all)-1].name
}
