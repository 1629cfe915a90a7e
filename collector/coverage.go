package collector

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

// coverageFamilies are what is judged about one resource that is bound to a vault for
// backups.
func coverageFamilies() []family[protection.Coverage] {
	return []family[protection.Coverage]{
		gauge("cbr_resource_covered", "Whether an enabled policy with a readable schedule backs up the resource.",
			func(c protection.Coverage) (float64, bool) { return boolToFloat(c.Covered), true }),
	}
}

// unprotectedFamilies are the metrics of one resource that no vault holds.
func unprotectedFamilies() []family[*cbrapi.Protectable] {
	return []family[*cbrapi.Protectable]{{
		name:   "cbr_unprotected_resource_info",
		help:   "Resource that no vault holds and that is not excluded. Always 1; the error code is why the cloud cannot back it up, if it cannot.",
		labels: []string{"error_code"},
		read: func(p *cbrapi.Protectable, e *emitter) {
			code := ""
			if p.Refused {
				code = p.Code
			}
			e.emit(1, code)
		},
	}}
}

// protectableFamilies are the metrics of the resources of one type.
func protectableFamilies() []family[protection.ProtectableCount] {
	return []family[protection.ProtectableCount]{
		{
			name:   "cbr_protectable_resources",
			help:   "Number of resources that exist in the cloud and could be in a vault, by whether one holds them. The excluded ones count too.",
			labels: []string{"protected"},
			read: func(n protection.ProtectableCount, e *emitter) {
				e.emit(float64(n.Protected), "true")
				e.emit(float64(n.Unprotected+n.Excluded), "false")
			},
		},
		gauge("cbr_unprotected_resources_excluded", "Number of resources that no vault holds and that protectables.exclude excludes.",
			func(n protection.ProtectableCount) (float64, bool) { return float64(n.Excluded), true }),
	}
}

func eachCoverage(s snapshot, add func(protection.Coverage, ...string)) {
	for _, r := range s.Coverage {
		add(r, s.withTags(r.VaultID, s.VaultName(r.VaultID), r.ResourceID, s.ResourceName(r.ResourceID))...)
	}
}

func eachUnprotected(s snapshot, add func(*cbrapi.Protectable, ...string)) {
	if s.Protectables == nil {
		return
	}
	for _, p := range s.Protectables.Unprotected {
		add(p, p.ID, p.Name, p.Type)
	}
}

func eachProtectable(s snapshot, add func(protection.ProtectableCount, ...string)) {
	if s.Protectables == nil {
		return
	}
	for _, n := range s.Protectables.Counts {
		add(n, n.Type)
	}
}
