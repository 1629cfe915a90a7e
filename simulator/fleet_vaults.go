package simulator

import (
	"slices"
	"time"
)

// addHoldings lists the vaults of the schedules, with all that is bound to them,
// and such as are there without any task.
func (f *fleet) addHoldings() {
	someProject := f.seed.uuid("enterprise project", "finance")
	server := Vault{ObjectType: objectServer, ProtectType: protectBackup, ChargingMode: "post_paid", ConsistentLevel: "crash_consistent"}
	of := func(objectType string) Vault { v := server; v.ObjectType = objectType; return v }

	web := server
	web.EnterpriseProjectID, web.EnterpriseProjectNumber = "0", true
	web.AutoExpand, web.Tags = new(false), []Tag{{"team", "web"}, {"env", "prod"}}
	databases := server
	databases.EnterpriseProjectID, databases.ConsistentLevel = "0", "app_consistent"
	databases.AutoExpand, databases.Locked, databases.Tags = new(true), new(true), []Tag{{"team", "data"}, {"env", "prod"}}
	disks := of(objectDisk)
	disks.EnterpriseProjectID, disks.EnterpriseProjectNumber = "0", true
	disks.SMNNotify, disks.Threshold, disks.Tags = new(true), new(int64(80)), []Tag{{"部门", "财务"}}
	shares := of(objectTurbo)
	shares.EnterpriseProjectID, shares.Tags = someProject, []Tag{}
	offsite := server
	offsite.ProtectType = protectReplication
	nightly := of("") // of many kinds: it does not tell
	nightly.EnterpriseProjectID, nightly.AutoExpand, nightly.Locked = "0", new(false), new(false)
	desktops := of(objectWorkspace)
	desktops.EnterpriseProjectID, desktops.ChargingMode = someProject, "pre_paid"
	onPremises := of(objectVMware)
	onPremises.ProtectType = protectHybrid
	frozen := server
	frozen.ChargingMode, frozen.Status, frozen.FrozenScene = "pre_paid", "frozen", "ARREAR"
	frozen.EnterpriseProjectID = "0"

	newServer := f.resource("web-04", kindServer, serverProvider())
	spark := f.resource("spark-01", kindServer, serverProvider())
	crm := f.bound("crm-01", nil)
	crm.left = 5
	for _, h := range []*holding{
		// Nobody noticed that the new server has no backups.
		{vault: f.vault("vault-web"), policy: "hourly-vault-web", facts: web, keeps: 2 * day, bindings: []binding{{resource: newServer}}},
		{vault: f.vault("vault-databases"), policy: "hourly-vault-databases", facts: databases, keeps: 2 * day, tellsFollowers: true},
		{vault: f.vault("vault-disks"), policy: "hourly-vault-disks", facts: disks, keeps: 2 * day},
		{vault: f.vault("vault-shares"), policy: "hourly-vault-shares", facts: shares, keeps: 2 * day},
		{vault: f.vault("vault-offsite"), policy: "offsite", facts: offsite, keeps: 7 * day},
		{vault: f.vault("vault-nightly"), policy: "nightly", facts: nightly, keeps: 30 * day, bindings: []binding{f.toBeRemoved("build-agent")}, tellsFollowers: true},
		{vault: f.vault("vault-desktops"), policy: "nightly", facts: desktops, keeps: 30 * day},
		// Backups of such a vault are made on premises: no policy may be bound to it.
		{vault: f.vault("vault-onpremises"), facts: onPremises, keeps: 14 * day, terse: true},
		{vault: f.vault("vault-archive"), policy: "weekly", facts: server, keeps: 84 * day},
		{vault: f.vault("vault-crm"), policy: "nightly", facts: frozen, keeps: 30 * day, bindings: []binding{crm}},
		// Its resource is bound every other day, and not missed on those between.
		{vault: f.vault("vault-staging"), policy: "daily-staging", facts: server, keeps: day, bindings: []binding{f.bound("load-test", evenDay)}},
		// The policy is disabled, and nobody makes new backups.
		{vault: f.vault("vault-analytics"), policy: "nightly-analytics", facts: server, keeps: 30 * day, bindings: []binding{{resource: spark, left: 3}}},
		// Backups are made by hand, by tasks that do not tell the vault.
		{vault: f.vault("vault-manual"), facts: server, keeps: 90 * day, bindings: []binding{f.bound("bastion", nil), f.bound("restore-drill", nil)}},
	} {
		f.complete(h)
		f.holdings = append(f.holdings, h)
	}
}

// complete binds the resources of the vault's schedules, and fills in what is
// the same for all vaults.
func (f *fleet) complete(h *holding) {
	for _, s := range f.schedules {
		if s.vault == nil || s.vault.id != h.vault.id {
			continue
		}
		h.vault = s.vault // it knows more
		known := slices.ContainsFunc(h.bindings, func(b binding) bool { return b.resource.id == s.resource.id })
		if s.protects() && !known {
			h.bindings = append(h.bindings, f.bind(h, s))
		}
	}
	h.facts.ID, h.facts.Name = h.vault.id, h.vault.name
	h.facts.Size = f.capacity(h)
	if h.facts.Status == "" {
		h.facts.Status = "available"
	}
	if !h.terse {
		h.facts.Created = f.founded("vault", h.vault.name)
	}
}

// bind binds the resource of a schedule. It follows the policy unless its tasks
// are started by hand.
func (f *fleet) bind(h *holding, s *schedule) binding {
	b := binding{resource: s.resource, schedules: f.schedulesOf(s.resource)}
	switch {
	case h.policy != "" && s.policyID == "":
		b.autoProtect = new(false)
	case h.tellsFollowers:
		b.autoProtect = new(true)
	}
	return b
}

// bound binds the resource of a name that some schedule has.
func (f *fleet) bound(name string, when func(time.Time) bool) binding {
	for _, s := range f.schedules {
		if s.resource != nil && s.resource.name == name {
			return binding{resource: s.resource, schedules: f.schedulesOf(s.resource), bound: when}
		}
	}
	panic("simulator: no schedule is of " + name)
}

// toBeRemoved binds a resource from the day before a task removes it. It does not
// follow the policy.
func (f *fleet) toBeRemoved(name string) binding {
	b := f.bound(name, nil)
	b.autoProtect, b.left = new(false), 4
	removal := b.schedules[0]
	b.bound = func(now time.Time) bool {
		number, ok := removal.lastPlanned(now.Add(day))
		if !ok {
			return false
		}
		r := f.run(removal, number)
		return !r.hasEnded(now) || r.outcome != statusSuccess
	}
	return b
}

func (f *fleet) schedulesOf(r *resource) []*schedule {
	var of []*schedule
	for _, s := range f.schedules {
		if s.resource != nil && s.resource.id == r.id {
			of = append(of, s)
		}
	}
	return of
}
