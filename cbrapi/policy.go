package cbrapi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Policy says when something is done with the resources of its vaults. What the API
// did not send is the zero value or nil.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html, tables
// 5 to 9.
type Policy struct {
	ID            string // lower case
	Name          string
	Enabled       *bool
	OperationType OperationType // backup or replication
	// Patterns are iCalendar rules such as FREQ=DAILY;INTERVAL=1;BYHOUR=6;BYMINUTE=00,
	// in UTC: it runs whenever one of them says so.
	Patterns  []string
	StartTime time.Time // from which the patterns count
	VaultIDs  []string  // lower case, none twice

	// Invalid lists the fields that were sent in a form that cannot be read.
	// They are left out above.
	Invalid []InvalidField
}

// Policies returns the policies of the project, none twice, and what could not be
// read of their list: rows that are no policy with an id. What could not be read of
// a policy is in Policy.Invalid. ReasonOf classifies the error.
//
// The API documents neither pages nor enterprise projects for this list.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html.
func (c *Client) Policies(ctx context.Context) ([]*Policy, []InvalidField, error) {
	const list = "policies"
	get := c.get("ListPolicies", list, nil)
	get.maxBytes = maxPageBytes
	answer, err := c.service.do(ctx, get)
	if err != nil {
		return nil, nil, err
	}
	var policies []*Policy
	notes := newObject(nil)
	seen := map[string]bool{}
	rows := 0
	_, err = answer.list(list, func(row any) {
		rows++
		values, isObject := row.(map[string]any)
		id, _ := scalar(values["id"])
		id = strings.ToLower(id)
		switch {
		case !isObject:
			notes.invalid(list, row)
		case !isUUID(id):
			notes.invalid(list+".id", values["id"])
		case !seen[id]:
			seen[id] = true
			o := newObject(values)
			o.path = list + "."
			policies = append(policies, readPolicy(o))
		}
	})
	switch {
	case err != nil:
		return nil, nil, err
	case rows > 0 && len(policies) == 0:
		return nil, nil, answer.malformed(fmt.Sprintf("of %d rows none is a policy with an id", rows))
	}
	return policies, *notes.found, nil
}

// readPolicy reads one policy object. It cannot fail: what is unreadable is left
// out and listed.
func readPolicy(o object) *Policy {
	trigger, _ := o.object("trigger")
	properties, _ := trigger.object("properties")
	p := &Policy{
		ID:            o.id("id"),
		Name:          o.text("name"),
		Enabled:       o.flag("enabled"),
		OperationType: OperationType(o.word("operation_type")),
		Patterns:      properties.texts("pattern"),
		StartTime:     properties.time("start_time"),
	}
	for _, vault := range o.objects("associated_vaults") {
		if id := vault.id("vault_id"); id != "" {
			p.VaultIDs = append(p.VaultIDs, id)
		}
	}
	slices.Sort(p.VaultIDs)
	p.VaultIDs = slices.Compact(p.VaultIDs)
	p.Invalid = *o.found
	return p
}
