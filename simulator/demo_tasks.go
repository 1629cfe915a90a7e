package simulator

import "time"

const day = 24 * time.Hour

// A project is the demo project: the resources and their schedules, the vaults and
// the policies. It does not change.
type project struct {
	seed      seed
	schedules []*schedule
	holdings  []*holding
	policies  []Policy
	// unprotected are the resources that no vault ever holds.
	unprotected []Protectable
}

// newProject returns the demo project, or an empty one.
//
// At any moment, for any seed, some tasks wait, several run with progress that
// changes every minute, something starts and ends within half an hour, and each
// final status occurs.
//
// Ids depend on the order of the schedules: append, do not insert.
func newProject(s seed, empty bool) *project {
	p := &project{seed: s}
	if empty {
		return p
	}
	p.addHourlyBackups()
	p.addReplications()
	p.addNightlyBackups()
	p.addHybridSync()
	p.addHousekeeping()
	p.addOversights()
	p.addHoldings()
	p.addPolicies()
	p.addUnprotected()
	return p
}

// A vault is the part of a vault that its tasks depend on.
type vault struct {
	id     string
	name   string
	tight  bool // full now and then
	frozen bool // not paid for, so nothing is backed up
}

type resource struct {
	id       string
	name     string
	kind     string
	provider provider
	agent    bool // can be backed up application-consistently

	excludedVolumes []string // volume ids
	includedVolumes []IncludedVolume
}

// add adds a schedule. As in every published record, backups name neither their vault
// nor their policy. Of other operations no record with a vault is published but of
// vault_delete; here they name it.
func (p *project) add(s schedule) {
	s.index = uint16(len(p.schedules))
	s.anonymous = s.operation == opBackup
	if s.vault == nil {
		s.vault = &vault{}
	}
	if s.resource == nil {
		s.resource = &resource{provider: serverProvider()}
	}
	p.schedules = append(p.schedules, &s)
}

func (p *project) vault(name string) *vault { return &vault{id: p.id("vault", name), name: name} }

func (p *project) policy(name string) string { return p.id("policy", name) }

func (p *project) resource(name, kind string) *resource {
	return &resource{id: p.id("resource", name), name: name, kind: kind, provider: providerOf(kind)}
}

func (p *project) id(words ...any) string { return p.seed.uuid(words...).String() }

func usual() habit { return habit{failed: 4, timeout: 1} }

// addHourlyBackups adds four vaults of three resources, each with an hourly policy.
// A policy creates all its tasks at once and they run one after the other, so they
// differ in how long they wait.
func (p *project) addHourlyBackups() {
	web := p.vault("vault-web")
	databases := p.vault("vault-databases")
	disks := p.vault("vault-disks")
	disks.tight = true
	shares := p.vault("vault-shares")

	primary := p.resource("mysql-primary", kindServer)
	primary.agent = true
	primary.excludedVolumes = []string{p.id("volume", "scratch"), p.id("volume", "swap")}
	replica := p.resource("mysql-replica", kindServer)
	replica.agent = true
	postgres := p.resource("postgres-01", kindServer)
	postgres.agent = true
	postgres.includedVolumes = []IncludedVolume{{ID: p.id("volume", "pgdata"), OSVersion: "EulerOS 2.9 64bit"}}

	queue := [3]struct{ wait, length span }{
		{wait: minutes(2, 4), length: minutes(30, 38)},
		{wait: minutes(8, 11), length: minutes(24, 36)},
		{wait: minutes(17, 20), length: minutes(22, 32)},
	}
	for quarter, v := range []struct {
		vault     *vault
		habit     habit
		resources [3]*resource
	}{
		{web, habit{}, [3]*resource{
			p.resource("web-01", kindServer),
			p.resource("web-02", kindServer),
			p.resource("web-03", kindServer),
		}},
		{databases, usual(), [3]*resource{primary, replica, postgres}},
		{disks, usual(), [3]*resource{
			p.resource("kafka-data-01", kindDisk),
			p.resource("kafka-data-02", kindDisk),
			p.resource("财务数据盘", kindDisk),
		}},
		{shares, usual(), [3]*resource{
			p.resource("share-home", kindSFSTurbo),
			p.resource("share-projects", kindSFSTurbo),
			p.resource("share-builds", kindSFSTurbo),
		}},
	} {
		for place, r := range v.resources {
			p.add(schedule{
				operation: opBackup, vault: v.vault, resource: r, policyID: p.policy("hourly-" + v.vault.name), habit: v.habit,
				every: time.Hour, offset: time.Duration(quarter) * 15 * time.Minute, jitter: 45 * time.Second,
				wait: queue[place].wait, length: queue[place].length,
			})
		}
	}
}

func (p *project) addReplications() {
	v := p.vault("vault-offsite")
	for i, name := range []string{"erp-01", "erp-02", "erp-archive"} {
		p.add(schedule{
			operation: opReplication, vault: v, resource: p.resource(name, kindServer),
			policyID: p.policy("offsite"), habit: habit{failed: 10},
			every: 8 * time.Hour, offset: time.Duration(i) * 160 * time.Minute, jitter: time.Minute,
			wait: minutes(20, 40), length: minutes(270, 360),
		})
	}
	p.add(schedule{
		operation: opCopy, vault: v, resource: p.resource("erp-legacy", kindServer), habit: usual(),
		every: day, offset: 5 * time.Hour, jitter: 20 * time.Minute, wait: minutes(1, 5), length: minutes(60, 120),
	})
}

// addNightlyBackups adds resources that are backed up once a day, among them three
// that never succeed.
func (p *project) addNightlyBackups() {
	v := p.vault("vault-nightly")
	desktops := p.vault("vault-desktops")

	nightly := schedule{
		operation: opBackup, vault: v, policyID: p.policy("nightly"), habit: usual(),
		every: day, offset: 18 * time.Hour, jitter: 5 * time.Minute, wait: minutes(1, 30), length: minutes(20, 90),
	}
	for _, n := range []struct {
		vault    *vault
		resource *resource
		length   span
		habit    habit
	}{
		{v, p.resource("hana-01", kindBareMetal), minutes(120, 180), usual()},
		{v, p.resource("build-cache", kindDisk), nightly.length, habit{failed: 100}},
		{v, p.resource("ci-runner-old", kindServer), nightly.length, habit{skipped: 100}},
		{v, p.resource("share-media", kindSFSTurbo), minutes(600, 600), habit{timeout: 100}},
		{desktops, p.resource("desktop-anna", kindWorkspace), nightly.length, usual()},
		{desktops, p.resource("desktop-wei", kindWorkspace), nightly.length, usual()},
		{desktops, p.resource("desktop-reception", kindWorkspace), nightly.length, usual()},
		{v, p.resource("gitlab-01", kindServer), nightly.length, usual()},
	} {
		s := nightly
		s.vault, s.resource, s.length, s.habit = n.vault, n.resource, n.length, n.habit
		p.add(s)
	}
}

func (p *project) addHybridSync() {
	v := p.vault("vault-onpremises")
	for i, name := range []string{"esx-files", "esx-mail"} {
		p.add(schedule{
			operation: opSync, vault: v, resource: p.resource(name, kindNative), habit: usual(),
			every: 6 * time.Hour, offset: time.Duration(i) * 3 * time.Hour, jitter: 10 * time.Minute,
			wait: minutes(1, 3), length: minutes(15, 60),
		})
	}
}

func (p *project) addHousekeeping() {
	v := p.vault("vault-nightly")

	// These two are started by hand.
	p.add(schedule{
		operation: opBackup, resource: p.resource("bastion", kindServer), habit: usual(),
		every: 36 * time.Hour, jitter: 12 * time.Hour, wait: minutes(0, 1), length: minutes(4, 15),
	})
	p.add(schedule{
		operation: opRestore, resource: p.resource("restore-drill", kindServer), habit: habit{failed: 15},
		every: day, offset: 9 * time.Hour, jitter: 30 * time.Minute, wait: minutes(0, 2), length: minutes(25, 50),
	})
	// Somebody deletes each backup as soon as it is made.
	p.add(schedule{
		operation: opDelete, vault: v, resource: p.resource("hana-01", kindBareMetal), deletes: p.bind("hana-01", always).schedules[0],
		every: day, offset: 22 * time.Hour, jitter: 10 * time.Minute, wait: minutes(0, 1), length: minutes(1, 6),
	})
	p.add(schedule{
		operation: opRemoveResource, vault: v, resource: p.resource("build-agent", kindServer), habit: usual(),
		every: 2 * day, offset: 11 * time.Hour, jitter: time.Hour, wait: minutes(0, 1), length: minutes(5, 20),
	})
	// A script tries it again every day. Such a task has no resource.
	p.add(schedule{
		operation: opMigrateResources, vault: v, habit: habit{failed: 100},
		every: day, offset: 12 * time.Hour, jitter: time.Hour, wait: minutes(0, 1), length: minutes(10, 30),
	})
	for _, terraform := range []bool{false, true} {
		p.add(schedule{
			operation: opVaultDelete, habit: usual(), terraformSpelling: terraform,
			every: 3 * day, offset: 13 * time.Hour, jitter: 4 * time.Hour, wait: minutes(0, 1), length: minutes(3, 12),
		})
	}
}

// addOversights adds the tasks of what should be noticed in the list of vaults: a
// vault whose policy runs once a week, a frozen one, and a resource that is not
// always bound.
func (p *project) addOversights() {
	p.add(schedule{
		operation: opBackup, vault: p.vault("vault-archive"), resource: p.resource("file-archive", kindServer),
		policyID: p.policy("weekly"), habit: usual(),
		// Weeks are counted from 1970-01-01, a Thursday.
		every: 7 * day, offset: 3*day + 3*time.Hour + 30*time.Minute, jitter: 5 * time.Minute,
		wait: minutes(1, 10), length: minutes(90, 150),
	})
	frozen := p.vault("vault-crm")
	frozen.frozen = true
	p.add(schedule{
		operation: opBackup, vault: frozen, resource: p.resource("crm-01", kindServer),
		policyID: p.policy("nightly"), habit: habit{skipped: 100},
		every: day, offset: 18 * time.Hour, jitter: 5 * time.Minute,
	})
	// Its policy runs every day, but it is bound on even days only.
	p.add(schedule{
		operation: opBackup, vault: p.vault("vault-staging"), resource: p.resource("load-test", kindServer),
		policyID: p.policy("daily-staging"), habit: usual(),
		every: 2 * day, offset: 30 * time.Minute, jitter: time.Minute, wait: minutes(0, 2), length: minutes(10, 20),
	})
}
