package cbrapi

import (
	"context"
	"net/http"
	"time"
)

// Policy schedules backups or replications for the resources of its vaults. A field
// that the API did not send is zero or nil.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html, tables 5-9.
type Policy struct {
	ID            string // lower case
	Name          string
	Enabled       *bool
	OperationType OperationType // backup or replication
	// Patterns are iCalendar rules in UTC, such as
	// FREQ=DAILY;INTERVAL=1;BYHOUR=6;BYMINUTE=00. The policy runs at the times of each.
	Patterns  []string
	StartTime time.Time // of the patterns
	Retention Retention // of the backups that it makes
	VaultIDs  []string  // lower case, none twice

	// Invalid lists the fields that could not be read. They are zero or nil above.
	Invalid []InvalidField
}

// Retention says which backups of a resource a policy keeps. A field that the API did not
// send is 0.
type Retention struct {
	MaxBackups int // the latest ones; -1 for any number
	Days       int // up to this age; -1 for any
	// One backup of each of the latest days, weeks, months and years is kept as well.
	DayBackups, WeekBackups, MonthBackups, YearBackups int
}

// Policies returns the policies of the project, none twice, and what could not be read
// of the list: the count, and rows without an id, which are left out. The list has neither
// pages nor enterprise projects.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html.
func (c *Client) Policies(ctx context.Context) ([]*Policy, []InvalidField, error) {
	response, err := c.service.do(ctx, request{
		operation: "ListPolicies",
		method:    http.MethodGet,
		path:      []string{"policies"},
		maxBytes:  maxPageBytes,
	})
	if err != nil {
		return nil, nil, err
	}
	list := List[Policy]{request: listRequest{name: "policies", path: "policies.", most: maxVaults}, read: readPolicy}
	page, err := list.decode(response)
	if err != nil {
		return nil, nil, err
	}
	return page.entries, page.invalid, nil
}

func readPolicy(o object) *Policy {
	schedule := o.object("trigger").object("properties")
	retention := o.object("operation_definition")
	p := &Policy{
		ID:            o.id("id"),
		Name:          o.text("name"),
		Enabled:       o.bool("enabled"),
		OperationType: OperationType(o.token("operation_type")),
		Patterns:      schedule.texts("pattern"),
		StartTime:     schedule.time("start_time"),
		Retention: Retention{
			MaxBackups:   retention.integer("max_backups"),
			Days:         retention.integer("retention_duration_days"),
			DayBackups:   retention.integer("day_backups"),
			WeekBackups:  retention.integer("week_backups"),
			MonthBackups: retention.integer("month_backups"),
			YearBackups:  retention.integer("year_backups"),
		},
	}
	for id := range o.entries("associated_vaults", "vault_id", object.id) {
		p.VaultIDs = append(p.VaultIDs, id)
	}
	p.Invalid = *o.found
	return p
}
