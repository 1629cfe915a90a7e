package simulator

import (
	"slices"
	"time"
)

// A Policy is what the service tells about a policy, see
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html. It runs
// for the resources of its vaults that follow it.
type Policy struct {
	ID            string
	Name          string
	OperationType string // backup, replication
	PolicyType    string // custom_policy and so on; empty: not told
	Enabled       bool
	Patterns      []string  // iCalendar rules, in UTC
	Start         time.Time // from when on they count; zero: not told
	Vaults        []PolicyVault

	RetentionDays        int    // zero: not told
	MaxBackups           int    // zero: not told; -1: any number
	DestinationRegion    string // of a replication
	DestinationProjectID string
}

// A PolicyVault is a vault that a policy is bound to, by its id.
type PolicyVault struct {
	ID            string
	DestinationID string // of the vault that it replicates to
}

// SetPolicies replaces all policies of the cloud, those of the fleet included,
// from the next request on. They come in this order.
func (s *Simulator) SetPolicies(policies ...Policy) { s.catalog.setPolicies(policies) }

// Policies returns the truth about all policies, whatever the service lists.
func (s *Simulator) Policies() []Policy { return s.catalog.policies() }

func (c *catalog) setPolicies(policies []Policy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	given := clonePolicies(policies)
	c.givenPolicies = &given
}

// policies are the caller's.
func (c *catalog) policies() []Policy {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.givenPolicies != nil {
		return clonePolicies(*c.givenPolicies)
	}
	return clonePolicies(c.fleet.policies)
}

func clonePolicies(policies []Policy) []Policy {
	clones := make([]Policy, 0, len(policies))
	for _, p := range policies {
		p.Patterns, p.Vaults = slices.Clone(p.Patterns), slices.Clone(p.Vaults)
		clones = append(clones, p)
	}
	return clones
}

func (p Policy) binds(vaultID string) bool {
	return slices.ContainsFunc(p.Vaults, func(v PolicyVault) bool { return v.ID == vaultID })
}
