//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const (
	day = 24 * time.Hour
	// The history goes back by so many days when the story begins.
	historyDays = 14
	storyDays   = 11
)

const (
	vaultPrefix    = "33333333-0000-4000-8000-"
	resourcePrefix = "22222222-0000-4000-8000-"
)

func vaultID(n int) string    { return fmt.Sprintf(vaultPrefix+"%012d", n) }
func resourceID(n int) string { return fmt.Sprintf(resourcePrefix+"%012d", n) }
func policyID(n int) string   { return fmt.Sprintf("44444444-0000-4000-8000-%012d", n) }

// plan is when a policy runs, as hours of the week. They count from Sunday at 0:00.
type plan struct {
	patterns []string
	hours    []int
}

func dailyAt(hours ...int) plan {
	var p plan
	for _, hour := range hours {
		p.patterns = append(p.patterns, fmt.Sprintf("FREQ=DAILY;INTERVAL=1;BYHOUR=%d;BYMINUTE=00", hour))
		for weekday := range 7 {
			p.hours = append(p.hours, weekday*24+hour)
		}
	}
	return p
}

func mondaysAt(hour int) plan {
	return plan{[]string{fmt.Sprintf("FREQ=WEEKLY;BYDAY=MO;BYHOUR=%d;BYMINUTE=00", hour)}, []int{24 + hour}}
}

// longestGap returns the longest time from one of the hours to the next, week by week.
func longestGap(hours []int) time.Duration {
	hours = slices.Clone(hours)
	slices.Sort(hours)
	longest := hours[0] + 7*24 - hours[len(hours)-1]
	for i := 1; i < len(hours); i++ {
		longest = max(longest, hours[i]-hours[i-1])
	}
	return time.Duration(longest) * time.Hour
}

// cloud is a simulated cloud of which everything can be changed.
type cloud struct {
	*simulator.Simulator
	begin    time.Time // of the story, at midnight
	down     bool
	vaults   []simulator.Vault
	policies []simulator.Policy
	plans    map[string]plan // by the ids of policies
}

func newCloud(begin time.Time) *cloud {
	return &cloud{
		Simulator: simulator.New(simulator.Options{Now: time.Now, Tokens: []string{"a-token"}, Empty: true}),
		begin:     begin, plans: map[string]plan{},
	}
}

// at returns an hour of a day of the story.
func (c *cloud) at(days int, hours float64) time.Time {
	return c.begin.Add(time.Duration(days)*day + time.Duration(hours*float64(time.Hour)))
}

func (c *cloud) bind(vault int, resources ...simulator.VaultResource) {
	i := slices.IndexFunc(c.vaults, func(v simulator.Vault) bool { return v.ID == vaultID(vault) })
	if i < 0 {
		i = len(c.vaults)
		c.vaults = append(c.vaults, simulator.Vault{
			ID: vaultID(vault), Name: fmt.Sprint("vault-", vault), Created: c.begin.Add(-90 * day),
			ObjectType: "server", ProtectType: "backup", Status: "available", Size: 100,
		})
	}
	c.vaults[i].Resources = append(c.vaults[i].Resources, resources...)
	c.SetVaults(c.vaults...)
}

func (c *cloud) unbind(vault, resource int) {
	for i := range c.vaults {
		if v := &c.vaults[i]; v.ID == vaultID(vault) {
			v.Resources = slices.DeleteFunc(v.Resources, func(r simulator.VaultResource) bool { return r.ID == resourceID(resource) })
		}
	}
	c.SetVaults(c.vaults...)
}

// rename gives a vault and all that is bound to it other names.
func (c *cloud) rename(vault int) {
	for i := range c.vaults {
		v := &c.vaults[i]
		if v.ID != vaultID(vault) {
			continue
		}
		v.Name = "renamed"
		c.RenameVault(v.ID, v.Name)
		for n := range v.Resources {
			v.Resources[n].Name += "-renamed"
			c.RenameResource(v.Resources[n].ID, v.Resources[n].Name)
		}
	}
	c.SetVaults(c.vaults...)
}

// policy adds a policy of vaults, or changes it.
func (c *cloud) policy(n int, operation string, enabled bool, when plan, vaults ...int) {
	p := simulator.Policy{
		ID: policyID(n), Name: fmt.Sprint("policy-", n), OperationType: operation, Enabled: enabled,
		Patterns: when.patterns, Start: c.begin.Add(-80 * day),
	}
	for _, v := range vaults {
		p.Vaults = append(p.Vaults, simulator.PolicyVault{ID: vaultID(v)})
	}
	c.policies = append(slices.DeleteFunc(c.policies, func(old simulator.Policy) bool { return old.ID == p.ID }), p)
	c.plans[p.ID] = when
	c.SetPolicies(c.policies...)
}

// server is a resource that does not say whether it follows the policies.
func server(n int) simulator.VaultResource {
	return simulator.VaultResource{ID: resourceID(n), Name: fmt.Sprint("server-", n), Type: "OS::Nova::Server"}
}

// runs adds a task at an hour of each day, from that of the oldest history on. Each
// has a letter: s success, f failed, k skipped, t timeout, - none.
func (c *cloud) runs(vault, resource int, operation string, hour int, letters string) {
	outcomes := map[rune]string{'s': "success", 'f': "failed", 'k': "skipped", 't': "timeout"}
	for i, letter := range letters {
		outcome := outcomes[letter]
		if outcome == "" {
			continue
		}
		created := c.at(i-historyDays, float64(hour))
		task := simulator.Task{
			OperationType: operation, VaultID: vaultID(vault), VaultName: fmt.Sprint("vault-", vault),
			ResourceID: resourceID(resource), ResourceName: fmt.Sprint("server-", resource), ResourceType: "OS::Nova::Server",
			PolicyID: policyID(1), Created: created, Started: created.Add(time.Minute), Ended: created.Add(20 * time.Minute),
			Outcome: outcome,
		}
		if operation == "replication" && i%2 == 0 {
			task.OperationType = "copy"
		}
		if outcome == "skipped" {
			task.Started = time.Time{}
		}
		c.Add(task)
	}
}

// days writes letters for several days: days("s", 3, "f", 2) is sssff.
func days(spans ...any) string {
	var letters strings.Builder
	for i := 0; i < len(spans); i += 2 {
		letters.WriteString(strings.Repeat(spans[i].(string), spans[i+1].(int)))
	}
	return letters.String()
}
