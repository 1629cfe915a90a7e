package simulator

import (
	"slices"
	"time"
)

// A holding is a vault of the project and what the list of vaults says about it.
type holding struct {
	vault  *vault
	policy string // its name; empty: none
	// destination is the vault to which the policy replicates; nil: none.
	destination *string
	facts       Vault         // what does not change
	keeps       time.Duration // how long backups are kept
	bindings    []binding
	// terse leaves out optional fields of the resources.
	terse bool
	// namesFollowers sets auto_protect for resources that follow the policy too,
	// and not only for those that do not.
	namesFollowers bool
}

// A binding is a resource that is bound to a vault.
type binding struct {
	resource    *resource
	schedules   []*schedule // all operations on it
	left        remnant     // backups that are older than the schedules
	autoProtect *bool       // nil: absent, which means true
	deleted     bool        // the resource no longer exists
	bound       func(time.Time) bool
	survives    bool      // the resource exists while it is not bound, too
	deletion    *schedule // run n deletes the backup of run n, and always succeeds; nil: nobody does
	lost        bool      // its backups are deleted at once, by nobody knows whom
}

func always(time.Time) bool { return true }

// addHoldings adds the vaults of the schedules, with all that is bound to them, and
// vaults without tasks.
func (p *project) addHoldings() {
	someProject := p.id("enterprise project", "finance")
	server := Vault{
		ObjectType: objectServer, ProtectType: protectBackup, ChargingMode: "post_paid", ConsistentLevel: "crash_consistent", Status: "available",
		Threshold: new(int64(80)), SMNNotify: new(true), AutoExpand: new(false), Locked: new(false), Frozen: new(false), MultiAZ: new(false),
	}
	of := func(objectType string) Vault { v := server; v.ObjectType = objectType; return v }

	web := server
	web.EnterpriseProjectID, web.EnterpriseProjectNumber = "0", true
	web.BindTags, web.Tags = []Tag{}, []Tag{{"team", "web"}, {"env", "prod"}}
	databases := server
	databases.EnterpriseProjectID, databases.ConsistentLevel = "0", "app_consistent"
	databases.Threshold, databases.MultiAZ = new(int64(90)), new(true)
	databases.AutoExpand, databases.Locked, databases.Tags = new(true), new(true), []Tag{{"team", "data"}, {"env", "prod"}}
	disks := of(objectDisk)
	disks.EnterpriseProjectID, disks.EnterpriseProjectNumber = "0", true
	disks.Tags = []Tag{{"部门", "财务"}}
	shares := of(objectTurbo)
	shares.EnterpriseProjectID, shares.Tags = someProject, []Tag{}
	offsite := server
	offsite.ProtectType = protectReplication
	nightly := of("") // of several types
	nightly.EnterpriseProjectID, nightly.BindTags = "0", []Tag{{"backup", "nightly"}}
	desktops := of(objectWorkspace)
	desktops.EnterpriseProjectID, desktops.ChargingMode = someProject, "pre_paid"
	desktops.Status = "lock" // its capacity is being expanded
	onPremises := Vault{ObjectType: objectVMware, ProtectType: protectHybrid, ChargingMode: server.ChargingMode, ConsistentLevel: server.ConsistentLevel, Status: server.Status}
	frozen := server
	frozen.ChargingMode, frozen.Status, frozen.EnterpriseProjectID = "pre_paid", "frozen", "0"
	frozen.Frozen, frozen.SMNNotify = new(true), new(false)

	newServer := binding{resource: p.resource("web-04", kindServer), bound: always}
	spark := binding{resource: p.resource("spark-01", kindServer), left: remnant{count: 3, every: 7 * day, older: 9*day + 5*time.Hour, copied: true}, bound: always}
	crm := p.bind("crm-01", always)
	crm.left = remnant{count: 5, every: 7 * day, copied: true, lastCopyFailed: true, volumes: []string{"crm-01-system", "crm-01-data"}}
	legacy := binding{resource: p.resource("cms-legacy", kindServer), left: remnant{count: 8, every: 7 * day}, deleted: true, bound: always}
	archive := p.bind("file-archive", always)
	archive.left, archive.lost = remnant{count: 2, every: day, older: 33 * day}, true
	loadTest := p.bind("load-test", evenDay)
	loadTest.survives = true
	for _, h := range []*holding{
		// The new server has no backups, unnoticed.
		{vault: p.vault("vault-web"), policy: "hourly-vault-web", facts: web, keeps: 2 * day, bindings: []binding{newServer}},
		{vault: p.vault("vault-databases"), policy: "hourly-vault-databases", facts: databases, keeps: 2 * day, namesFollowers: true},
		{vault: p.vault("vault-disks"), policy: "hourly-vault-disks", facts: disks, keeps: 2 * day},
		{vault: p.vault("vault-shares"), policy: "hourly-vault-shares", facts: shares, keeps: 2 * day},
		{vault: p.vault("vault-offsite"), policy: "offsite", facts: offsite, keeps: 7 * day, destination: new(p.id("vault", "in another region"))},
		{vault: p.vault("vault-nightly"), policy: "nightly", facts: nightly, keeps: 30 * day, bindings: []binding{p.bindUntilRemoved("build-agent")}, namesFollowers: true},
		{vault: p.vault("vault-desktops"), policy: "nightly", facts: desktops, keeps: 30 * day},
		// Such backups are made on premises: no policy may be bound to the vault.
		{vault: p.vault("vault-onpremises"), facts: onPremises, keeps: 14 * day, terse: true},
		// One server was deleted. Its backups are kept and paid for. The new backups of the
		// other one are deleted.
		{vault: p.vault("vault-archive"), policy: "weekly", facts: server, keeps: 84 * day, bindings: []binding{legacy, archive}},
		{vault: p.vault("vault-crm"), policy: "nightly", facts: frozen, keeps: 30 * day, bindings: []binding{crm}},
		// Its resource is bound every other day, and not missed on the days between.
		{vault: p.vault("vault-staging"), policy: "daily-staging", facts: server, keeps: day, bindings: []binding{loadTest}},
		// The policy is disabled, so there are no new backups.
		{vault: p.vault("vault-analytics"), policy: "nightly-analytics", facts: server, keeps: 30 * day, bindings: []binding{spark}},
		// Backups are made by hand, by tasks that do not name the vault.
		{vault: p.vault("vault-manual"), facts: server, keeps: 90 * day, bindings: []binding{p.bind("bastion", always), p.bind("restore-drill", always)}},
	} {
		p.bindScheduled(h)
		h.facts.ID, h.facts.Name, h.facts.Size = h.vault.id, h.vault.name, p.capacity(h)
		if !h.terse {
			h.facts.Created = p.founded("vault", h.vault.name)
		}
		p.holdings = append(p.holdings, h)
	}
}

func evenDay(at time.Time) bool { return dayOf(at)%2 == 0 }

// founded returns when a vault or a policy was created: before the first task.
func (p *project) founded(words ...any) time.Time {
	first := time.Date(2019, time.March, 1, 0, 0, 0, 0, time.UTC)
	return first.Add(span{0, 180 * day}.draw(p.seed.rand(append(words, "founded")...)))
}

// bindScheduled binds the resources of the vault's schedules. They follow the
// policy unless their tasks are started by hand.
func (p *project) bindScheduled(h *holding) {
	for _, s := range p.schedules {
		if s.vault.id != h.vault.id {
			continue
		}
		h.vault = s.vault // it knows whether it is tight or frozen
		known := slices.ContainsFunc(h.bindings, func(b binding) bool { return b.resource.id == s.resource.id })
		if !s.protects() || known {
			continue
		}
		b := p.bind(s.resource.name, always)
		switch {
		case h.policy != "" && s.policyID == "":
			b.autoProtect = new(false)
		case h.namesFollowers:
			b.autoProtect = new(true)
		}
		h.bindings = append(h.bindings, b)
	}
}

func (p *project) bind(name string, when func(time.Time) bool) binding {
	b := binding{bound: when}
	for _, s := range p.schedules {
		if s.resource.name == name {
			b.resource = s.resource
			b.schedules = append(b.schedules, s)
			if s.operation == opDelete {
				b.deletion = s
			}
		}
	}
	return b
}

// bindUntilRemoved binds a resource from the day before a task removes it. It does
// not follow the policy.
func (p *project) bindUntilRemoved(name string) binding {
	b := p.bind(name, nil)
	b.autoProtect = new(false)
	removal := b.schedules[0]
	b.left = remnant{count: 4, every: 5 * time.Minute, latest: func(now time.Time) time.Time {
		number, _ := removal.lastPlanned(now.Add(day))
		return removal.planned(number).Add(-day)
	}}
	b.bound = func(now time.Time) bool {
		number, ok := removal.lastPlanned(now.Add(day))
		if !ok {
			return false
		}
		r := p.run(removal, number)
		return !r.hasEnded(now) || r.outcome != statusSuccess
	}
	return b
}

func (p *project) vaultsAt(now time.Time) []Vault {
	vaults := make([]Vault, 0, len(p.holdings))
	for _, h := range p.holdings {
		vaults = append(vaults, p.vaultAt(h, now))
	}
	return vaults
}

func (p *project) vaultAt(h *holding, now time.Time) Vault {
	v := h.facts
	v.Resources = make([]VaultResource, 0, len(h.bindings))
	counts, sizes := p.backups(h, now)
	for i, b := range h.bindings {
		if !b.bound(now) {
			continue
		}
		v.Used += sizes[i]
		v.Allocated += p.sizeOf(b.resource)
		r := VaultResource{ID: b.resource.id, Name: b.resource.name, Type: b.resource.kind}
		if !h.terse {
			r.Size = new(p.sizeOf(b.resource))
			r.BackupSize = new(sizes[i])
			r.BackupCount = new(int64(counts[i]))
			if v.ProtectType != protectReplication {
				r.ProtectStatus = p.protectStatus(b, now)
			}
			r.AutoProtect = b.autoProtect
			r.ExcludedVolumes = b.resource.excludedVolumes
			r.IncludedVolumes = b.resource.includedVolumes
		}
		v.Resources = append(v.Resources, r)
	}
	return v
}

// protectStatus returns the status of a resource, which replicas do not have. When it is error is not
// documented: here, after a failure until the next attempt has ended.
func (p *project) protectStatus(b binding, now time.Time) string {
	if b.deleted {
		return "deleted"
	}
	status := "available"
	for _, s := range b.schedules {
		for r := range p.history(s, now) {
			switch r.status(now) {
			case statusWaiting:
				continue // the resource is not affected yet
			case statusRunning:
				if running := statusWhile(s); running != "" {
					return running
				}
			case statusFailed:
				if s.protects() {
					status = "error"
				}
			}
			break
		}
	}
	return status
}

// statusWhile returns the status of a resource while a task of a schedule runs.
// Empty means that the task does not affect the resource.
func statusWhile(s *schedule) string {
	switch {
	case s.protects():
		return "protecting"
	case s.operation == opRestore:
		return "restoring"
	case s.operation == opRemoveResource:
		return "removing"
	}
	return ""
}
