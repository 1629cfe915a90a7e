package simulator

import "time"

// addOversights adds what somebody has to notice in the list of vaults, as far
// as there are tasks of it: a vault whose policy runs once a week, one that is
// frozen, and a resource that is not always bound.
func (f *fleet) addOversights() {
	f.add(schedule{
		operation: opBackup,
		vault:     f.vault("vault-archive"),
		resource:  f.resource("file-archive", kindServer, serverProvider()),
		policyID:  f.policy("weekly"),
		every:     7 * day,
		offset:    3*day + 3*time.Hour + 30*time.Minute, // 1970 began on a Thursday
		jitter:    5 * time.Minute,
		wait:      minutes(1, 10),
		length:    minutes(90, 150),
		habit:     usual(),
	})
	frozen := f.vault("vault-crm")
	frozen.frozen = true
	f.add(schedule{
		operation: opBackup,
		vault:     frozen,
		resource:  f.resource("crm-01", kindServer, serverProvider()),
		policyID:  f.policy("nightly"),
		every:     day,
		offset:    18 * time.Hour,
		jitter:    5 * time.Minute,
		habit:     habit{skipped: 100},
	})
	// Its policy runs every day, but it is bound on even days alone.
	f.add(schedule{
		operation: opBackup,
		vault:     f.vault("vault-staging"),
		resource:  f.resource("load-test", kindServer, serverProvider()),
		policyID:  f.policy("daily-staging"),
		every:     2 * day,
		offset:    30 * time.Minute,
		jitter:    time.Minute,
		wait:      minutes(0, 2),
		length:    minutes(10, 20),
		habit:     usual(),
	})
}

// evenDay reports whether the number of days since 1970 is even.
func evenDay(at time.Time) bool { return at.Unix()/int64(day/time.Second)%2 == 0 }
