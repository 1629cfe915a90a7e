package simulator

import "time"

// A holding is a vault of the fleet with what the list of vaults tells of it.
type holding struct {
	vault    *vault
	policy   string        // its name; empty: the vault follows none
	facts    Vault         // what does not change
	keeps    time.Duration // how long backups are kept
	bindings []binding
	// terse: tells of its resources only what it has to.
	terse bool
	// tellsFollowers: tells of resources that they follow the policy, and not only
	// of others that they do not.
	tellsFollowers bool
}

// A binding is a resource that is bound to a vault.
type binding struct {
	resource  *resource
	schedules []*schedule // all that happens to it here
	left      int         // backups from the time before the schedules
	// autoProtect is nil where the API does not tell, which means yes.
	autoProtect *bool
	bound       func(time.Time) bool // nil: always
}

// vaultsAt writes down the vaults as they are at a moment.
func (f *fleet) vaultsAt(now time.Time) []Vault {
	vaults := make([]Vault, 0, len(f.holdings))
	for _, h := range f.holdings {
		vaults = append(vaults, f.vaultAt(h, now))
	}
	return vaults
}

func (f *fleet) vaultAt(h *holding, now time.Time) Vault {
	v := h.facts
	v.Resources = make([]VaultResource, 0, len(h.bindings))
	sizes := f.backupSizes(h, now)
	for i, b := range h.bindings {
		if b.bound != nil && !b.bound(now) {
			continue
		}
		v.Used += sizes[i]
		v.Allocated += f.sizeOf(b.resource)
		r := VaultResource{ID: b.resource.id, Name: b.resource.name, Type: b.resource.kind}
		if !h.terse {
			r.Size = new(f.sizeOf(b.resource))
			r.BackupSize = new((sizes[i] + mbPerGB - 1) / mbPerGB)
			r.BackupCount = new(int64(f.backups(h, b, now)))
			r.ProtectStatus = f.protectStatus(b, now)
			r.AutoProtect = b.autoProtect
			r.ExcludedVolumes = b.resource.excludedVolumes
			for _, volume := range b.resource.includedVolumes {
				r.IncludedVolumes = append(r.IncludedVolumes, volume.ID)
			}
		}
		v.Resources = append(v.Resources, r)
	}
	return v
}

// protects reports whether a run of the schedule that succeeds leaves something
// in the vault.
func (s *schedule) protects() bool {
	switch s.operation {
	case opBackup, opReplication, opCopy, opSync:
		return true
	}
	return false
}

// protectStatus follows from what happens to the resource. No page tells when
// it is error: here it is after a failure, until the next attempt is over.
func (f *fleet) protectStatus(b binding, now time.Time) string {
	status := "available"
	for _, s := range b.schedules {
		for r := range f.history(s, now) {
			switch r.status(now) {
			case statusWaiting:
				continue // nobody has touched it yet
			case statusRunning:
				if running, ok := statusWhile(s); ok {
					return running
				}
			case statusFailed:
				if s.protects() {
					status = "error"
				}
			}
			break
		}
	}
	return status
}

// statusWhile returns the status of a resource while a schedule's task runs. It
// is not ok where the task does not touch the resource.
func statusWhile(s *schedule) (status string, ok bool) {
	switch {
	case s.protects():
		return "protecting", true
	case s.operation == opRestore:
		return "restoring", true
	case s.operation == opRemoveResource:
		return "removing", true
	}
	return "", false
}

// backups counts those of a resource that are there: of all successes those
// that are kept.
func (f *fleet) backups(h *holding, b binding, now time.Time) int {
	count := b.left
	for _, s := range b.schedules {
		if !s.protects() {
			continue
		}
		number, ok := s.lastPlanned(now)
		for ; ok && now.Sub(s.planned(number)) < h.keeps; number-- {
			if r := f.run(s, number); r.hasEnded(now) && r.outcome == statusSuccess {
				count++
			}
			ok = number > 0
		}
	}
	return count
}
