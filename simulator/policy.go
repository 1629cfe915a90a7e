package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// A Policy is a policy, see
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html. It applies
// to the resources of its vaults that follow it.
type Policy struct {
	ID            string        `json:"id"`
	Name          string        `json:"name"`
	Enabled       bool          `json:"enabled"`
	OperationType string        `json:"operation_type"`    // backup, replication
	Patterns      []string      `json:"-"`                 // iCalendar rules, in UTC
	Start         time.Time     `json:"-"`                 // when the patterns begin; zero: absent
	Vaults        []PolicyVault `json:"associated_vaults"` // nil: null

	MaxBackups    int `json:"-"` // that are kept of a resource; zero: -1, as many as RetentionDays allow
	RetentionDays int `json:"-"` // zero: absent
	// One backup of each of the latest days, weeks, months and years is kept as well.
	DayBackups   int `json:"-"`
	WeekBackups  int `json:"-"`
	MonthBackups int `json:"-"`
	YearBackups  int `json:"-"`
}

// A PolicyVault is a vault that a policy is bound to.
type PolicyVault struct {
	ID          string  `json:"vault_id"`
	Destination *string `json:"destination_vault_id"` // of replicas; nil: null
}

// SetPolicies replaces all policies of the cloud. They are listed in this order.
func (s *Simulator) SetPolicies(policies ...Policy) {
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	given := clonePolicies(policies)
	s.catalog.givenPolicies = &given
}

// Policies returns all policies, whatever the service lists.
func (s *Simulator) Policies() []Policy {
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	if s.catalog.givenPolicies != nil {
		return clonePolicies(*s.catalog.givenPolicies)
	}
	return clonePolicies(s.catalog.project.policies)
}

func clonePolicies(policies []Policy) []Policy {
	policies = slices.Clone(policies)
	for i := range policies {
		p := &policies[i]
		p.Patterns, p.Vaults = slices.Clone(p.Patterns), slices.Clone(p.Vaults)
	}
	return policies
}

// listPolicies is
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html. There are
// no pages.
func (s *Simulator) listPolicies(x *exchange) {
	l := *s.listing.Load()
	// The parameter is not documented for policies, nor is another way for a user
	// who is restricted to an enterprise project.
	if !l.permits(x.r.URL.Query()) {
		x.policyDenied("cbr:policies:list")
		return
	}
	records := []policyRecord{}
	for _, p := range s.Policies() {
		records = append(records, p.record(s.seed))
	}
	x.reply(http.StatusOK, struct {
		Policies []policyRecord `json:"policies"`
		Count    *int           `json:"count,omitempty"`
		Limit    int            `json:"limit"`
		Offset   int            `json:"offset"`
	}{records, l.count(len(records), len(records)), maxLimit, 0})
}

// A policyRecord is a policy as the API writes it: tables 5 to 9 of
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html, and created_by,
// which recorded responses have.
type policyRecord struct {
	Policy
	Trigger    triggerRecord    `json:"trigger"`
	Definition definitionRecord `json:"operation_definition"`
}

type triggerRecord struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Type       string            `json:"type"`
	Properties triggerProperties `json:"properties"`
}

type triggerProperties struct {
	Pattern   []string  `json:"pattern"`
	StartTime timestamp `json:"start_time,omitzero"` // with a space, unlike all others
}

type definitionRecord struct {
	MaxBackups            int    `json:"max_backups"` // -1: the time limits them
	RetentionDurationDays int    `json:"retention_duration_days,omitempty"`
	DayBackups            int    `json:"day_backups"`
	WeekBackups           int    `json:"week_backups"`
	MonthBackups          int    `json:"month_backups"`
	YearBackups           int    `json:"year_backups"`
	Timezone              string `json:"timezone"` // of the retention only
	CreatedBy             string `json:"created_by"`
}

func (p Policy) record(s seed) policyRecord {
	return policyRecord{
		Policy: p,
		Trigger: triggerRecord{
			ID:   s.uuid("trigger", p.ID).String(),
			Name: "default",
			Type: "time",
			Properties: triggerProperties{
				Pattern:   append([]string{}, p.Patterns...),
				StartTime: timestamp{at: p.Start.UTC(), layout: layoutSpace},
			},
		},
		Definition: definitionRecord{
			MaxBackups:            cmp.Or(p.MaxBackups, -1),
			RetentionDurationDays: p.RetentionDays,
			DayBackups:            p.DayBackups,
			WeekBackups:           p.WeekBackups,
			MonthBackups:          p.MonthBackups,
			YearBackups:           p.YearBackups,
			Timezone:              "UTC+08:00",
			CreatedBy:             "customer",
		},
	}
}
