package simulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const everyDay = "MO,TU,WE,TH,FR,SA,SU"

// addPolicies lists the policies that the schedules follow, and those without
// tasks. Patterns are written in the ways that the API and its clients have.
//
// The replications of one policy start one after the other, since they share a
// line: their tasks are made when it is their turn, and each has the policy's
// interval.
func (f *fleet) addPolicies() {
	daily := func(hours string, minute int) string {
		return fmt.Sprintf("FREQ=DAILY;INTERVAL=1;BYHOUR=%s;BYMINUTE=%d", hours, minute)
	}
	weekly := func(days, hours string, minute int) string {
		return fmt.Sprintf("FREQ=WEEKLY;BYDAY=%s;BYHOUR=%s;BYMINUTE=%02d", days, hours, minute)
	}
	var each []string
	for hour := range 24 {
		each = append(each, daily(strconv.Itoa(hour), 15))
	}
	for _, p := range []Policy{
		{Name: "hourly-vault-web", Patterns: []string{daily(hours(0, 24), 0)}},
		{Name: "hourly-vault-databases", Patterns: each},
		{Name: "hourly-vault-disks", Patterns: []string{weekly(everyDay, hours(0, 12), 30), weekly(everyDay, hours(12, 24), 30)}},
		{Name: "hourly-vault-shares", Patterns: []string{weekly("MO,TU,WE,TH,FR", hours(0, 24), 45), weekly("SA,SU", hours(0, 24), 45)}},
		{Name: "offsite", Patterns: []string{daily("0,8,16", 0)}, OperationType: opReplication},
		{Name: "nightly", Patterns: []string{weekly(everyDay, "18", 0)}},
		{Name: "weekly", Patterns: []string{weekly("SU", "3", 30)}},
		{Name: "daily-staging", Patterns: []string{daily("0", 30)}},
	} {
		p.Enabled = true
		f.addPolicy(p)
	}
	f.addPolicy(Policy{Name: "nightly-analytics", Patterns: []string{daily("18", 0)}}) // disabled
	// Of no vault, and it tells as little as it may.
	f.policies = append(f.policies, Policy{
		ID: f.policy("unused"), Name: "unused", OperationType: opBackup, Enabled: true, Patterns: []string{daily("6", 0)},
	})
}

// addPolicy adds a policy to which its vaults are bound already.
func (f *fleet) addPolicy(p Policy) {
	p.ID = f.policy(p.Name)
	p.PolicyType = "custom_policy"
	p.Start = f.founded("policy", p.Name).Truncate(time.Second)
	p.MaxBackups = -1
	replicates := p.OperationType == opReplication
	if replicates {
		p.DestinationRegion, p.DestinationProjectID = destinationRegion, f.destinationProject()
	} else {
		p.OperationType = opBackup
	}
	for _, h := range f.holdings {
		if h.policy != p.Name {
			continue
		}
		p.RetentionDays = int(h.keeps / day)
		v := PolicyVault{ID: h.vault.id}
		if replicates {
			v.DestinationID = f.seed.uuid("destination vault", h.vault.name)
		}
		p.Vaults = append(p.Vaults, v)
	}
	f.policies = append(f.policies, p)
}

// hours lists those from one up to another, which is left out.
func hours(from, to int) string {
	var texts []string
	for hour := from; hour < to; hour++ {
		texts = append(texts, strconv.Itoa(hour))
	}
	return strings.Join(texts, ",")
}
