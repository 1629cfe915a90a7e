package collector

import "github.com/cbr-exporter/cbr_exporter/cbrapi"

// policyFamilies are the metrics of one policy.
func policyFamilies() []family[*cbrapi.Policy] {
	return []family[*cbrapi.Policy]{
		{
			name:   "cbr_policy_info",
			help:   "Operation type of the policy. Always 1.",
			labels: []string{"operation_type"},
			read:   func(p *cbrapi.Policy, e *emitter) { e.emit(1, string(p.OperationType.Canonical())) },
		},
		gauge("cbr_policy_enabled", "Whether the policy is enabled.",
			func(p *cbrapi.Policy) (float64, bool) { return boolValue(p.Enabled) }),
		{
			name:   "cbr_policy_vault_info",
			help:   "Vault that the policy is bound to. Always 1.",
			labels: []string{"vault_id"},
			read: func(p *cbrapi.Policy, e *emitter) {
				for _, id := range p.VaultIDs {
					e.emit(1, id)
				}
			},
		},
	}
}

func eachPolicy(s snapshot, add func(*cbrapi.Policy, ...string)) {
	if s.Inventory == nil {
		return
	}
	for _, p := range s.Inventory.Policies {
		add(p, p.ID, p.Name)
	}
}
