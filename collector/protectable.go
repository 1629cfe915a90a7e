package collector

import (
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/protection"
)

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

// collectProtectables emits what is known of the resources that could be in a vault.
func (c *Collector) collectProtectables(s *protection.Snapshot, e *emitter) {
	if s.Protectables == nil {
		return
	}
	c.unprotected.collect(e, items(s.Protectables.Unprotected, func(p *cbrapi.Protectable) item[*cbrapi.Protectable] {
		return c.unprotected.item(e, p, s.Project, p.ID, p.Name, p.Type)
	}))
	c.protectable.collect(e, items(s.Protectables.Counts, func(n protection.ProtectableCount) item[protection.ProtectableCount] {
		return c.protectable.item(e, n, s.Project, n.Type)
	}))
}
