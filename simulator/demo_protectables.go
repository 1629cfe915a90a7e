package simulator

import "time"

// addUnprotected adds resources that nobody has bound to a vault.
func (p *project) addUnprotected() {
	for _, r := range []struct{ name, kind, status string }{
		{"billing-02", kindServer, "ACTIVE"},
		{"grafana-01", kindServer, "ACTIVE"},
		{"sso-01", kindServer, "ACTIVE"},
		{"vpn-gateway-02", kindServer, "SHUTOFF"},
		{"legacy-xen-01", kindServer, "ERROR"},
		// These are not worth a backup.
		{"scratch-01", kindServer, "ACTIVE"},
		{"scratch-02", kindServer, "ACTIVE"},
		{"restore-target", kindServer, "ACTIVE"},
		{"share-contracts", kindSFSTurbo, "available"},
		{"old-mysql-data", kindDisk, "available"},
		{"web-01-system", kindDisk, "in-use"},
		{"desktop-intern", kindWorkspace, "ACTIVE"},
	} {
		resource := p.resource(r.name, r.kind)
		one := Protectable{ID: resource.id, Name: r.name, Type: r.kind, Size: p.sizeOf(resource), Status: r.status}
		if r.status == "ERROR" {
			one.Code, one.Reason = "BackupService.6215", "Backup is not allowed in the current resource status."
		}
		p.unprotected = append(p.unprotected, one)
	}
}

// protectablesAt returns the resources that exist: those in vaults, and those in none.
func (p *project) protectablesAt(now time.Time) []Protectable {
	var all []Protectable
	for _, h := range p.holdings {
		for _, b := range h.bindings {
			// The others do not exist, or not in this cloud.
			if exists := !b.deleted && b.resource.kind != kindNative && (b.bound(now) || b.survives); !exists {
				continue
			}
			one := Protectable{ID: b.resource.id, Name: b.resource.name, Type: b.resource.kind, Size: p.sizeOf(b.resource), Status: "ACTIVE"}
			switch b.resource.kind {
			case kindDisk:
				one.Status = "in-use"
			case kindSFSTurbo:
				one.Status = "available"
			}
			all = append(all, one)
		}
	}
	return append(all, p.unprotected...)
}
