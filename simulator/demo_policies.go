package simulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const everyDay = "MO,TU,WE,TH,FR,SA,SU"

// addPolicies adds the policies that the schedules follow, and two without tasks.
// Their patterns are written in all the ways that the API and its clients use.
//
// The replications of a policy run one after the other: each task is created when
// it is its turn, and has the policy's interval.
func (p *project) addPolicies() {
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
	for _, policy := range []Policy{
		{Name: "hourly-vault-web", Patterns: []string{daily(hours(0, 24), 0)}},
		{Name: "hourly-vault-databases", Patterns: each},
		{Name: "hourly-vault-disks", Patterns: []string{weekly(everyDay, hours(0, 12), 30), weekly(everyDay, hours(12, 24), 30)}},
		{Name: "hourly-vault-shares", Patterns: []string{weekly("MO,TU,WE,TH,FR", hours(0, 24), 45), weekly("SA,SU", hours(0, 24), 45)}},
		{Name: "offsite", Patterns: []string{daily("0,8,16", 0)}, OperationType: opReplication},
		{Name: "nightly", Patterns: []string{weekly(everyDay, "18", 0)}},
		{Name: "weekly", Patterns: []string{weekly("SU", "03", 30)}},
		{Name: "daily-staging", Patterns: []string{daily("0", 30)}},
		{Name: "nightly-analytics", Patterns: []string{"FREQ=WEEKLY;BYHOUR=18;BYDAY=" + everyDay + ";BYMINUTE=00"}}, // disabled
		{Name: "unused", Patterns: []string{daily("6", 0)}},                                                         // bound to no vault
	} {
		policy.ID = p.policy(policy.Name)
		policy.Enabled = policy.Name != "nightly-analytics"
		if policy.OperationType == "" {
			policy.OperationType = opBackup
		}
		for _, h := range p.holdings {
			if h.policy == policy.Name {
				policy.Start = p.founded("policy", policy.Name).Truncate(time.Second)
				policy.RetentionDays = int(h.keeps / day)
				policy.Vaults = append(policy.Vaults, PolicyVault{ID: h.vault.id, Destination: h.destination})
			}
		}
		p.policies = append(p.policies, policy)
	}
}

// hours returns the hours from one until before another, separated by commas.
func hours(from, to int) string {
	var texts []string
	for hour := from; hour < to; hour++ {
		texts = append(texts, strconv.Itoa(hour))
	}
	return strings.Join(texts, ",")
}
