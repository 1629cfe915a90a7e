package simulator

import "time"

// newFleet lays out the project.
//
// The demo watches a list of ids that is read once, at its start. It has to
// show life whenever that is, so the table below guarantees, for any seed and
// any moment:
//
//   - something waits: each quarter of an hour an hourly policy starts three
//     tasks, and the third waits longer than a quarter;
//   - several tasks run, with progress that moves every minute: of the first of
//     each three one is always running, even where it fails at 80 percent;
//   - after an hour, when those are over, one of the three replications still
//     runs: each takes hours, and they start 2 h 40 min apart;
//   - each final status is there: some schedules always end the same way;
//   - there are 60 tasks at most: 60 may be reached soon after 18:00, when the
//     nightly backups wait or run. What is added must not run then.
//
// The order of the schedules is part of the ids: append, do not insert.
func newFleet(o Options) *fleet {
	f := &fleet{seed: seed(o.Seed), projectID: o.ProjectID, region: o.Region, retention: o.Retention}
	if o.Empty {
		return f
	}
	f.addHourlyBackups()
	f.addReplications()
	f.addNightlyBackups()
	f.addHybridSync()
	f.addHousekeeping()
	f.addOversights()
	f.addHoldings()
	f.addPolicies()
	return f
}

const day = 24 * time.Hour

func minutes(from, to time.Duration) span { return span{from * time.Minute, to * time.Minute} }

func (f *fleet) add(s schedule) {
	s.index = uint16(len(f.schedules))
	f.schedules = append(f.schedules, &s)
}

func (f *fleet) vault(name string) *vault {
	return &vault{id: f.seed.uuid("vault", name), name: name}
}

func (f *fleet) policy(name string) string { return f.seed.uuid("policy", name) }

func (f *fleet) resource(name, kind string, p provider) *resource {
	return &resource{id: f.seed.uuid("resource", name), name: name, kind: kind, provider: p}
}

// usual is how most schedules behave.
func usual() habit { return habit{failed: 4, timeout: 1} }

// addHourlyBackups adds four vaults of three resources, each with an hourly
// policy. A policy creates all its tasks at once; the cloud works them off one
// by one, so the places in the queue differ in how long they wait.
func (f *fleet) addHourlyBackups() {
	web := f.vault("vault-web")
	databases := f.vault("vault-databases")
	disks := f.vault("vault-disks")
	disks.tight = true
	shares := f.vault("vault-shares")

	primary := f.resource("mysql-primary", kindServer, serverProvider())
	primary.agent = true
	primary.excludedVolumes = []string{f.seed.uuid("volume", "scratch"), f.seed.uuid("volume", "swap")}
	replica := f.resource("mysql-replica", kindServer, serverProvider())
	replica.agent = true
	postgres := f.resource("postgres-01", kindServer, serverProvider())
	postgres.agent = true
	postgres.includedVolumes = []includedVolume{{ID: f.seed.uuid("volume", "pgdata"), OSVersion: "EulerOS 2.9 64bit"}}

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
			f.resource("web-01", kindServer, serverProvider()),
			f.resource("web-02", kindServer, serverProvider()),
			f.resource("web-03", kindServer, serverProvider()),
		}},
		{databases, usual(), [3]*resource{primary, replica, postgres}},
		{disks, usual(), [3]*resource{
			f.resource("kafka-data-01", kindDisk, diskProvider()),
			f.resource("kafka-data-02", kindDisk, diskProvider()),
			f.resource("财务数据盘", kindDisk, diskProvider()),
		}},
		{shares, usual(), [3]*resource{
			f.resource("share-home", kindSFSTurbo, turboProvider()),
			f.resource("share-projects", kindSFSTurbo, turboProvider()),
			f.resource("share-builds", kindSFSTurbo, turboProvider()),
		}},
	} {
		for place, r := range v.resources {
			f.add(schedule{
				operation: opBackup,
				vault:     v.vault,
				resource:  r,
				policyID:  f.policy("hourly-" + v.vault.name),
				every:     time.Hour,
				offset:    time.Duration(quarter) * 15 * time.Minute,
				jitter:    45 * time.Second,
				wait:      queue[place].wait,
				length:    queue[place].length,
				habit:     v.habit,
			})
		}
	}
}

// addReplications adds the tasks that take hours.
func (f *fleet) addReplications() {
	v := f.vault("vault-offsite")
	for i, name := range []string{"erp-01", "erp-02", "erp-archive"} {
		f.add(schedule{
			operation: opReplication,
			vault:     v,
			resource:  f.resource(name, kindServer, serverProvider()),
			policyID:  f.policy("offsite"),
			every:     8 * time.Hour,
			offset:    time.Duration(i) * 160 * time.Minute,
			jitter:    time.Minute,
			wait:      minutes(20, 40),
			length:    minutes(270, 360),
			habit:     habit{failed: 10},
		})
	}
	f.add(schedule{
		operation: opCopy,
		vault:     v,
		resource:  f.resource("erp-legacy", kindServer, serverProvider()),
		every:     day,
		offset:    5 * time.Hour,
		jitter:    20 * time.Minute,
		wait:      minutes(1, 5),
		length:    minutes(60, 120),
		habit:     usual(),
	})
}

// addNightlyBackups adds resources that are backed up once a day, among them
// three that need somebody's attention: they never succeed.
func (f *fleet) addNightlyBackups() {
	v := f.vault("vault-nightly")
	desktops := f.vault("vault-desktops")

	nightly := schedule{
		operation: opBackup,
		vault:     v,
		policyID:  f.policy("nightly"),
		every:     day,
		offset:    18 * time.Hour, // 02:00 in Beijing
		jitter:    5 * time.Minute,
		wait:      minutes(1, 30),
		length:    minutes(20, 90),
		habit:     usual(),
	}
	for _, n := range []struct {
		vault    *vault
		resource *resource
		length   span
		habit    habit
	}{
		{v, f.resource("hana-01", kindBareMetal, serverProvider()), minutes(120, 180), usual()},
		{v, f.resource("build-cache", kindDisk, diskProvider()), nightly.length, habit{failed: 100}},
		{v, f.resource("ci-runner-old", kindServer, serverProvider()), nightly.length, habit{skipped: 100}},
		{v, f.resource("share-media", kindSFSTurbo, turboProvider()), minutes(600, 600), habit{timeout: 100}},
		{desktops, f.resource("desktop-anna", kindWorkspace, workspaceProvider()), nightly.length, usual()},
		{desktops, f.resource("desktop-wei", kindWorkspace, workspaceProvider()), nightly.length, usual()},
		{desktops, f.resource("desktop-reception", kindWorkspace, workspaceProvider()), nightly.length, usual()},
		{v, f.resource("gitlab-01", kindServer, serverProvider()), nightly.length, usual()},
	} {
		s := nightly
		s.vault, s.resource, s.length, s.habit = n.vault, n.resource, n.length, n.habit
		f.add(s)
	}
}

// addHybridSync adds backups that are made on premises and copied into a vault.
func (f *fleet) addHybridSync() {
	v := f.vault("vault-onpremises")
	for i, name := range []string{"esx-files", "esx-mail"} {
		f.add(schedule{
			operation: opSync,
			vault:     v,
			resource:  f.resource(name, kindNative, hybridProvider()),
			every:     6 * time.Hour,
			offset:    time.Duration(i) * 3 * time.Hour,
			jitter:    10 * time.Minute,
			wait:      minutes(1, 3),
			length:    minutes(15, 60),
			habit:     usual(),
		})
	}
}

// addHousekeeping adds what people and retention rules do now and then.
func (f *fleet) addHousekeeping() {
	v := f.vault("vault-nightly")

	// These two do not tell their vault, as the vendor's sample does not.
	f.add(schedule{
		operation: opBackup,
		resource:  f.resource("bastion", kindServer, serverProvider()),
		every:     36 * time.Hour,
		jitter:    12 * time.Hour,
		wait:      minutes(0, 1),
		length:    minutes(4, 15),
		habit:     usual(),
	})
	f.add(schedule{
		operation: opRestore,
		resource:  f.resource("restore-drill", kindServer, serverProvider()),
		every:     day,
		offset:    9 * time.Hour,
		jitter:    30 * time.Minute,
		wait:      minutes(0, 2),
		length:    minutes(25, 50),
		habit:     habit{failed: 15},
	})
	f.add(schedule{
		operation: opDelete,
		vault:     v,
		resource:  f.resource("hana-01", kindBareMetal, serverProvider()),
		every:     day,
		offset:    20 * time.Hour,
		jitter:    10 * time.Minute,
		wait:      minutes(0, 1),
		length:    minutes(1, 6),
		habit:     usual(),
	})
	f.add(schedule{
		operation: opRemoveResource,
		vault:     v,
		resource:  f.resource("build-agent", kindServer, serverProvider()),
		every:     2 * day,
		offset:    11 * time.Hour,
		jitter:    time.Hour,
		wait:      minutes(0, 1),
		length:    minutes(5, 20),
		habit:     usual(),
	})
	f.add(schedule{
		operation: opMigrateResources,
		vault:     v,
		resource:  f.resource("build-cache", kindDisk, diskProvider()),
		every:     5 * day,
		offset:    12 * time.Hour,
		jitter:    time.Hour,
		wait:      minutes(0, 1),
		length:    minutes(10, 30),
		habit:     usual(),
	})
	for _, terraform := range []bool{false, true} {
		f.add(schedule{
			operation:         opVaultDelete,
			every:             3 * day,
			offset:            13 * time.Hour,
			jitter:            4 * time.Hour,
			wait:              minutes(0, 1),
			length:            minutes(3, 12),
			habit:             usual(),
			terraformSpelling: terraform,
		})
	}
}
