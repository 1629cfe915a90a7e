package collector

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// policyFamilies is what is exposed of one policy.
func policyFamilies() []family[*cbrapi.Policy] {
	return []family[*cbrapi.Policy]{
		{
			name:   "policy_info",
			help:   "Name and kind of the policy; always 1.",
			labels: []string{"policy_name", "operation_type"},
			read:   func(p *cbrapi.Policy, e *emitter) { e.emit(1, p.Name, string(p.OperationType.Canonical())) },
		},
		{
			name: "policy_enabled",
			help: "1 if the policy is enabled, 0 if not.",
			read: func(p *cbrapi.Policy, e *emitter) {
				if p.Enabled != nil {
					e.emit(number(*p.Enabled))
				}
			},
		},
		{
			name:   "policy_vault_info",
			help:   "A vault that the policy is bound to; always 1.",
			labels: []string{"vault_id"},
			read: func(p *cbrapi.Policy, e *emitter) {
				for _, id := range p.VaultIDs {
					e.emit(1, id)
				}
			},
		},
	}
}

// expectation is one beside whether anybody would see that it is not met.
type expectation struct {
	inventory.Expectation
	missable bool
}

// expectationFamilies is what is exposed of what policies promise for a resource.
func expectationFamilies() []family[expectation] {
	return []family[expectation]{
		{
			name: "resource_expected_interval_seconds",
			help: "The longest time that the enabled policies of the vault leave between two runs for the resource; absent where none covers it.",
			read: func(x expectation, e *emitter) { e.emit(x.Interval.Seconds()) },
		},
		{
			name: "resource_expected_since_timestamp_seconds",
			help: "Unix time from which on that has been expected, as far as is known; absent where discovery leaves out such tasks, so that nobody can miss one.",
			read: func(x expectation, e *emitter) {
				if v, ok := unixSeconds(x.Since); ok && x.missable {
					e.emit(v)
				}
			},
		},
	}
}
