//go:build e2e

package e2e

// The vaults of the story.
const (
	dailyVault    = 1  // a backup each day at 2
	otherVault    = 2  // the same, of which a server is in dailyVault as well
	offsiteVault  = 3  // the same, and a replication each day at 6
	weeklyVault   = 4  // a backup each Monday at 4
	labVault      = 5  // a backup each day at 2, by a policy that is disabled for some days
	oddVault      = 6  // nobody can read when its policy runs
	twiceVault    = 7  // backups at 2 and 14, by two policies
	eveningVault  = 8  // a backup each day at 20
	changingVault = 9  // a backup each day at 2, later each Monday
	hastyVault    = 10 // a backup each Monday at 4, later each day at 2
	unboundVault  = 11 // without a policy
	lateVault     = 12 // a backup each Monday at 4, later each day at 2, which helps nothing
)

// write writes down what there is, and what happens. The first day is a Saturday.
func (s *story) write() {
	c := s.cloud
	backup := func(n int, when plan, vaults ...int) { c.policy(n, "backup", true, when, vaults...) }
	backup(1, dailyAt(2), dailyVault, otherVault, offsiteVault)
	c.policy(2, "replication", true, dailyAt(6), offsiteVault)
	backup(3, mondaysAt(4), weeklyVault)
	backup(4, dailyAt(2), labVault)
	backup(5, plan{patterns: []string{"FREQ=MONTHLY;BYDAY=MO"}}, oddVault)
	backup(6, dailyAt(2), twiceVault)
	backup(7, dailyAt(14), twiceVault)
	backup(8, dailyAt(20), eveningVault)
	backup(9, dailyAt(2), changingVault)
	backup(10, mondaysAt(4), hastyVault)
	backup(11, mondaysAt(4), lateVault)

	const healthy, failing, never, noTask, lateFailing, lateHealthy, comesBack, alone, inBoth, outage, boundBlind = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	doesNotFollow := server(alone)
	doesNotFollow.AutoProtect = new(false)
	c.bind(dailyVault, server(healthy), server(failing), server(never), server(noTask), server(comesBack), doesNotFollow, server(inBoth), server(outage))
	c.runs(dailyVault, healthy, "backup", 2, days("s", 25))
	c.runs(dailyVault, failing, "backup", 2, days("s", 16, "f", 2, "t", 1, "k", 1, "f", 1, "s", 4))
	c.runs(dailyVault, never, "backup", 2, days("f", 12, "k", 13))
	c.runs(dailyVault, lateFailing, "backup", 2, days("-", 18, "f", 3, "s", 4))
	c.runs(dailyVault, lateHealthy, "backup", 2, days("-", 18, "s", 7))
	c.runs(dailyVault, comesBack, "backup", 2, days("s", 14, "f", 5, "-", 4, "f", 2))
	c.runs(dailyVault, alone, "backup", 2, days("s", 4))
	c.runs(dailyVault, outage, "backup", 2, days("s", 17, "f", 3, "s", 5))
	c.runs(dailyVault, boundBlind, "backup", 2, days("-", 21, "f", 2, "s", 2))
	c.bind(otherVault, server(inBoth))
	c.runs(dailyVault, inBoth, "backup", 2, days("s", 25))
	c.runs(otherVault, inBoth, "backup", 2, days("s", 18, "f", 7))

	c.bind(offsiteVault, server(20), server(21))
	c.runs(offsiteVault, 20, "backup", 2, days("s", 25))
	c.runs(offsiteVault, 20, "replication", 6, days("s", 19, "f", 6))
	c.runs(offsiteVault, 21, "backup", 2, days("s", 25))

	c.bind(weeklyVault, server(30), server(31), server(32))
	monday := func(a, b, c, d string) string { return days("-", 2, a, 1, "-", 6, b, 1, "-", 6, c, 1, "-", 6, d, 1) }
	c.runs(weeklyVault, 30, "backup", 4, monday("s", "s", "s", "s"))
	c.runs(weeklyVault, 31, "backup", 4, monday("s", "f", "f", "s"))
	c.runs(weeklyVault, 32, "backup", 4, monday("s", "s", "f", "s"))

	c.bind(labVault, server(40), server(41))
	c.runs(labVault, 40, "backup", 2, days("s", 18, "-", 5, "s", 2))
	c.runs(labVault, 41, "backup", 2, days("s", 18, "-", 5, "f", 2))

	c.bind(oddVault, server(50))
	c.runs(oddVault, 50, "backup", 2, days("s", 3))

	c.bind(twiceVault, server(60))
	c.runs(twiceVault, 60, "backup", 2, days("s", 17, "f", 8))
	c.runs(twiceVault, 60, "backup", 14, days("s", 16, "f", 9))

	c.bind(eveningVault, server(70))
	c.runs(eveningVault, 70, "backup", 20, days("s", 19, "f", 3, "s", 3))

	c.bind(changingVault, server(80))
	c.runs(changingVault, 80, "backup", 2, days("s", 12, "f", 13))

	c.bind(hastyVault, server(90))
	c.runs(hastyVault, 90, "backup", 4, monday("s", "s", "s", "f"))

	c.bind(lateVault, server(110))
	c.runs(lateVault, 110, "backup", 4, monday("s", "f", "f", "s"))

	c.bind(unboundVault, server(100))
	c.runs(unboundVault, 100, "backup", 2, days("s", 5))

	s.on(3, 10, func() { c.bind(dailyVault, server(lateFailing), server(lateHealthy)) })
	s.on(3, 20, s.stop)
	s.on(3, 20.1, s.start)
	s.on(4, 0, func() { c.policy(11, "backup", true, dailyAt(2), lateVault) })
	s.on(4, 0.5, func() { c.policy(4, "backup", false, dailyAt(2), labVault) })
	s.on(4, 15, func() { c.rename(dailyVault) })
	s.on(4, 18, func() { c.policy(9, "backup", true, mondaysAt(2), changingVault) })
	s.on(5, 9, func() { c.unbind(dailyVault, comesBack) })
	s.on(6, 0, func() { s.outage(true) })
	s.on(6, 3, func() { c.bind(dailyVault, server(boundBlind)) })
	s.on(6, 12, func() { s.outage(false) })
	s.on(7, 1, func() { c.policy(7, "backup", false, dailyAt(14), twiceVault) })
	s.on(8, 0, func() { s.outage(true) })
	s.on(8, 2, s.stop)
	s.on(8, 2.1, s.start)
	s.on(8, 4, func() { s.outage(false) })
	s.on(8, 6, func() { c.policy(10, "backup", true, dailyAt(2), hastyVault) })
	s.on(8, 9, func() { c.bind(dailyVault, server(comesBack)) })
	s.on(8, 12, func() { c.policy(4, "backup", true, dailyAt(2), labVault) })
	s.on(9, 0, func() { c.policy(7, "backup", true, dailyAt(14), twiceVault) })
	s.on(10, 12, s.stop)
	s.on(10, 12.2, s.start)
}
