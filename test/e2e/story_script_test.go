//go:build e2e

package e2e

import (
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// The story is about some days after some days of history.
const historyDays, storyDays = 14, 11

// The vaults of the story.
const (
	dailyVault    = 1  // a backup each day at 2
	otherVault    = 2  // the same; a server is moved to it from dailyVault
	offsiteVault  = 3  // the same, and a replication each day at 6
	weeklyVault   = 4  // a backup each Monday at 4
	officeVault   = 5  // a backup each weekday at 20
	labVault      = 6  // a backup each day at 2; the policy is disabled for some days
	twiceVault    = 7  // backups at 2 and 14, by two policies
	changingVault = 8  // a backup each day at 2, later each Monday
	hastyVault    = 9  // a backup each Monday at 4, later each day at 2
	attackedVault = 10 // a backup each day at 2
)

// write creates the cloud and the events. The first day is a Saturday.
func (s *story) write() {
	c := s.cloud
	backup := func(n int, enabled bool, when plan, vaults ...int) { c.policy(n, "backup", enabled, when, vaults...) }
	backup(1, true, plan{everyDay, 2}, dailyVault, otherVault, offsiteVault)
	c.policy(2, "replication", true, plan{everyDay, 6}, offsiteVault)
	backup(3, true, plan{"MO", 4}, weeklyVault)
	backup(4, true, plan{"MO,TU,WE,TH,FR", 20}, officeVault)
	backup(5, true, plan{everyDay, 2}, labVault)
	backup(6, true, plan{everyDay, 2}, twiceVault)
	backup(7, true, plan{everyDay, 14}, twiceVault)
	backup(8, true, plan{everyDay, 2}, changingVault)
	backup(9, true, plan{"MO", 4}, hastyVault)

	const failing, skipping, never, none, gone, alone, moved, outage, bound, blind, slow = 11, 12, 13, 14, 15, 16, 17, 18, 19, 110, 111
	c.bind(dailyVault, gone, alone, failing, skipping, never, none, moved, outage, slow)
	c.change(dailyVault, func(v *simulator.Vault) {
		v.Resources[0].ProtectStatus, v.Resources[1].AutoProtect = "deleted", new(false)
	})
	s.runs(failing, "backup", 2, "ssssssssssssss ssfftkfssss")
	s.runs(skipping, "backup", 2, "ssssssssssssss skkkss-ssss")
	s.runs(never, "backup", 2, "ffffffffffff-- kkkkkkkkkkk")
	s.runs(gone, "backup", 2, "ssssssssssssss fffffffffff")
	s.runs(alone, "backup", 2, "ssss")
	s.runs(moved, "backup", 2, "ssssssssssssss sssffffffss")
	s.runs(outage, "backup", 2, "ssssssssssssss sssfffsssss")
	s.runs(bound, "backup", 2, "-------------- ----fffssss")
	s.runs(blind, "backup", 2, "-------------- -------ffss")
	s.runs(slow, "backup", 2, "ssssssssssssss sss-sssssss")
	c.Add(task(slow, "success", c.at(3, 2), 15*time.Hour))

	c.bind(offsiteVault, 31)
	s.runs(31, "backup", 2, "ssssssssssssss sssssssssss")
	s.runs(31, "replication", 6, "ssssssssssssss sssssffffff")
	c.bind(weeklyVault, 41, 42)
	s.runs(41, "backup", 4, "--s------s---- --s------s-")
	s.runs(42, "backup", 4, "--s------f---- --f------s-")
	c.bind(officeVault, 51) // the backup of a Friday is missing
	s.runs(51, "backup", 20, "--sssss--sssss --ssss---ss")
	c.bind(labVault, 61)
	s.runs(61, "backup", 2, "ssssssssssssss ssss-----fs")
	c.bind(twiceVault, 71)
	s.runs(71, "backup", 2, "ssssssssssssss sssffffffff")
	s.runs(71, "backup", 14, "ssssssssssssss ssfffffffff")
	c.bind(changingVault, 81)
	s.runs(81, "backup", 2, "ssssssssssssff fffffffffff")
	c.bind(hastyVault, 91)
	s.runs(91, "backup", 4, "--s------s---- --s------f-")

	// All backups of one server are deleted. Another one exists for days before a vault holds it.
	backup(10, true, plan{everyDay, 2}, attackedVault)
	c.bind(attackedVault, 121, 122)
	s.runs(121, "backup", 2, "ssssssssssssss sssssssssss")
	s.runs(122, "backup", 2, "ssssssssssssss sssssssssss")
	s.runs(131, "backup", 2, "-------------- ---ssssssss")
	c.SetProtectables(
		simulator.Protectable{ID: resourceID(122), Name: "server-122", Type: "OS::Nova::Server", Status: "ACTIVE"},
		simulator.Protectable{ID: resourceID(131), Name: "server-131", Type: "OS::Nova::Server", Status: "ACTIVE"},
		simulator.Protectable{ID: resourceID(132), Name: "server-132-test", Type: "OS::Nova::Server", Status: "ACTIVE"},
	)

	s.on(1, 9.5, func() { c.deleteBackups(121) })
	s.on(2, 9, func() { c.bind(attackedVault, 131) })
	s.on(3, 10, func() { c.bind(dailyVault, bound) })
	s.on(3, 20, s.stop)
	s.on(3, 20.3, s.start)
	s.on(4, 0.5, func() { backup(5, false, plan{everyDay, 2}, labVault) })
	s.on(4, 15, func() { c.rename(dailyVault) })
	s.on(4, 18, func() { backup(8, true, plan{"MO", 2}, changingVault) })
	s.on(5, 9, func() { c.unbind(dailyVault, never) })
	s.on(5, 12, func() { c.unbind(dailyVault, moved); c.bind(otherVault, moved) })
	s.on(6, 0, func() { s.outage(true) })
	s.on(6, 3, func() { c.bind(dailyVault, blind) })
	s.on(6, 12, func() { s.outage(false) })
	s.on(7, 1, func() { backup(7, false, plan{everyDay, 14}, twiceVault) })
	s.on(8, 0, func() { s.outage(true) })
	s.on(8, 3.5, s.stop)
	s.on(8, 3.8, s.start)
	s.on(8, 4, func() { s.outage(false) })
	s.on(8, 6, func() { backup(9, true, plan{everyDay, 2}, hastyVault) })
	s.on(8, 12, func() { backup(5, true, plan{everyDay, 2}, labVault) })
	s.on(9, 0, func() { backup(7, true, plan{everyDay, 14}, twiceVault) })
	s.on(10, 12, s.stop)
	s.on(10, 15, s.start)
}

// wantAlerts says from when to when alerts fire: what is overdue six hours after it was due,
// what fails from the end of a task, what is lost from the next full reading of the backups,
// each hour, until a day after the one before. Nothing begins or ends while the API is down.
// Where nothing is known any more, as after a new name or without an exporter, they fire for
// almost an hour longer.
const wantAlerts = `
CBRBackupOverdue vault-1 server-11 backup: 2/08:00-4/15:45
CBRBackupOverdue vault-1 server-111 backup: 3/14:45-3/17:00
CBRBackupOverdue vault-1 server-12 backup: 1/08:00-4/02:15
CBRBackupOverdue vault-1 server-13 backup: 0/00:00-4/15:45
CBRBackupOverdue vault-1 server-14 backup: 0/00:00-4/15:45
CBRBackupOverdue vault-1 server-17 backup: 3/08:00-4/15:45
CBRBackupOverdue vault-1 server-18 backup: 3/08:00-4/15:45
CBRBackupOverdue vault-1 server-19 backup: 3/20:15-4/15:45
CBRBackupOverdue vault-1-renamed server-11-renamed backup: 4/15:00-7/02:15
CBRBackupOverdue vault-1-renamed server-110 backup: 7/08:00-9/02:15
CBRBackupOverdue vault-1-renamed server-12-renamed backup: 6/12:00-7/02:15
CBRBackupOverdue vault-1-renamed server-13-renamed backup: 4/15:00-5/09:45
CBRBackupOverdue vault-1-renamed server-14-renamed backup: 4/15:00-10/12:45 10/15:00-11/00:00
CBRBackupOverdue vault-1-renamed server-17-renamed backup: 4/15:00-5/12:45
CBRBackupOverdue vault-1-renamed server-18-renamed backup: 4/15:00-6/12:00
CBRBackupOverdue vault-1-renamed server-19-renamed backup: 4/15:00-7/02:15
CBRBackupOverdue vault-10 server-121 backup: 1/10:00-2/02:15
CBRBackupOverdue vault-2 server-17 backup: 5/12:00-9/02:15
CBRBackupOverdue vault-3 server-31 replication: 5/12:00-10/12:45 10/15:00-11/00:00
CBRBackupOverdue vault-4 server-42 backup: 0/00:00-9/04:15
CBRBackupOverdue vault-5 server-51 backup: 7/02:00-9/20:15
CBRBackupOverdue vault-6 server-61 backup: 9/08:00-10/02:15
CBRBackupOverdue vault-7 server-71 backup: 2/20:00-10/12:45 10/15:00-11/00:00
CBRBackupOverdue vault-8 server-81 backup: 0/00:00-10/12:45 10/15:00-11/00:00
CBRBackupOverdue vault-9 server-91 backup: 9/08:00-10/12:45 10/15:00-11/00:00
CBRResourceUnprotected server-131: 0/00:00-2/09:30
CBRRestorePointsLost vault-10 server-121: 1/10:00-2/10:00
CBRTaskFailing vault-1 server-11 backup: 2/02:15-4/15:45
CBRTaskFailing vault-1 server-13 backup: 0/00:00-4/15:45
CBRTaskFailing vault-1 server-17 backup: 3/02:15-4/15:45
CBRTaskFailing vault-1 server-18 backup: 3/02:15-4/15:45
CBRTaskFailing vault-1 server-19 backup: 4/02:15-4/15:45
CBRTaskFailing vault-1-renamed server-11-renamed backup: 4/15:00-7/02:15
CBRTaskFailing vault-1-renamed server-110 backup: 7/02:15-9/02:15
CBRTaskFailing vault-1-renamed server-13-renamed backup: 4/15:00-5/09:45
CBRTaskFailing vault-1-renamed server-17-renamed backup: 4/15:00-5/12:45
CBRTaskFailing vault-1-renamed server-18-renamed backup: 4/15:00-6/12:00
CBRTaskFailing vault-1-renamed server-19-renamed backup: 4/15:00-7/02:15
CBRTaskFailing vault-2 server-17 backup: 5/12:00-9/02:15
CBRTaskFailing vault-3 server-31 replication: 5/06:15-10/12:45 10/15:00-11/00:00
CBRTaskFailing vault-4 server-42 backup: 0/00:00-9/04:15
CBRTaskFailing vault-6 server-61 backup: 9/02:15-10/02:15
CBRTaskFailing vault-7 server-71 backup: 2/14:15-10/12:45 10/15:00-11/00:00
CBRTaskFailing vault-8 server-81 backup: 0/00:00-10/12:45 10/15:00-11/00:00
CBRTaskFailing vault-9 server-91 backup: 9/04:15-10/12:45 10/15:00-11/00:00
`

// runs adds a task at an hour of each day, from the start of the history. Letters are its
// outcomes: s success, f failed, k skipped, t timeout, - no task.
func (s *story) runs(resource int, operation string, hour float64, letters string) {
	outcomes := map[rune]string{'s': "success", 'f': "failed", 'k': "skipped", 't': "timeout"}
	for i, letter := range []rune(strings.ReplaceAll(letters, " ", "")) {
		if outcome := outcomes[letter]; outcome != "" {
			t := task(resource, outcome, s.cloud.at(i-historyDays, hour), 15*time.Minute)
			t.OperationType = operation
			if operation == "replication" && i%2 == 0 {
				t.OperationType = "copy"
			}
			s.cloud.Add(t)
		}
	}
}
