package simulator

// A policyRecord is a policy as the API writes it, see tables 5 to 9 of
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html.
type policyRecord struct {
	ID               string              `json:"id"`
	Name             string              `json:"name"`
	Enabled          bool                `json:"enabled"`
	OperationType    string              `json:"operation_type"`
	PolicyType       string              `json:"policy_type,omitempty"`
	Trigger          triggerRecord       `json:"trigger"`
	Definition       definitionRecord    `json:"operation_definition"`
	AssociatedVaults []policyVaultRecord `json:"associated_vaults"`
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

// The numbers are what the retention rules keep, those of the week and so on
// beyond the rest.
type definitionRecord struct {
	RetentionDurationDays int    `json:"retention_duration_days,omitempty"`
	MaxBackups            int    `json:"max_backups,omitempty"`
	DayBackups            int    `json:"day_backups"`
	WeekBackups           int    `json:"week_backups"`
	MonthBackups          int    `json:"month_backups"`
	YearBackups           int    `json:"year_backups"`
	Timezone              string `json:"timezone"` // of the retention alone
	DestinationRegion     string `json:"destination_region,omitempty"`
	DestinationProjectID  string `json:"destination_project_id,omitempty"`
}

type policyVaultRecord struct {
	VaultID            string `json:"vault_id"`
	DestinationVaultID string `json:"destination_vault_id,omitempty"`
}

func (p Policy) record(s seed) policyRecord {
	r := policyRecord{
		ID:            p.ID,
		Name:          p.Name,
		Enabled:       p.Enabled,
		OperationType: p.OperationType,
		PolicyType:    p.PolicyType,
		Trigger: triggerRecord{
			ID:   s.uuid("trigger", p.ID),
			Name: "default",
			Type: "time",
			Properties: triggerProperties{
				Pattern:   append([]string{}, p.Patterns...),
				StartTime: timestamp{at: p.Start.UTC(), layout: layoutSpace},
			},
		},
		Definition: definitionRecord{
			RetentionDurationDays: p.RetentionDays,
			MaxBackups:            p.MaxBackups,
			Timezone:              "UTC+08:00",
			DestinationRegion:     p.DestinationRegion,
			DestinationProjectID:  p.DestinationProjectID,
		},
		AssociatedVaults: []policyVaultRecord{},
	}
	for _, v := range p.Vaults {
		r.AssociatedVaults = append(r.AssociatedVaults, policyVaultRecord{v.ID, v.DestinationID})
	}
	return r
}
