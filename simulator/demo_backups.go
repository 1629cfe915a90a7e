package simulator

import (
	"iter"
	"time"
)

// destinationRegion is where backups are replicated to.
const destinationRegion = "cn-east-3"

// backupDelay is the time from the start of a backup task to the creation of its backup.
const backupDelay = 3 * time.Second

// A remnant is backups that are older than the schedules. They were made by hand, so they do
// not expire.
type remnant struct {
	count  int
	latest func(now time.Time) time.Time // when the latest one was made; nil: older than longAgo
	older  time.Duration                 // how much older
	every  time.Duration                 // between two of them
	// volumes are the names of the disks whose backups are part of them.
	volumes []string
	// copied ones have copies in another region, but that of the latest one if
	// lastCopyFailed.
	copied, lastCopyFailed bool
}

// longAgo returns a time that is older than all history of tasks, and half a year old at most.
func longAgo(now time.Time) time.Time {
	const period = int64(100 * day / time.Second)
	return time.Unix(now.Unix()/period*period, 0).UTC().Add(-45*day + 10*time.Hour)
}

// backupsAt returns the backups in all vaults. The runs that made them get their names from
// named.
func (p *project) backupsAt(now time.Time, named func(run) run) []Backup {
	var backups []Backup
	for _, h := range p.holdings {
		for _, b := range h.bindings {
			if !b.bound(now) {
				continue
			}
			for r, status := range p.kept(h, b, now) {
				backups = append(backups, p.backup(h, named(r), status, now))
			}
			backups = append(backups, p.remnants(h, b, now)...)
		}
	}
	return backups
}

// kept yields the runs of a resource whose backup exists, and its status.
func (p *project) kept(h *holding, b binding, now time.Time) iter.Seq2[run, string] {
	return func(yield func(run, string) bool) {
		for _, s := range b.schedules {
			if !s.protects() {
				continue
			}
			number, ok := s.lastPlanned(now)
			for ; ok && now.Sub(s.planned(number)) < h.keeps; number-- {
				r := p.run(s, number)
				if !r.created.After(now) {
					if status := p.backupStatus(b, r, now); status != "" && !yield(r, status) {
						return
					}
				}
				ok = number > 0
			}
		}
	}
}

// backupStatus returns the status of the backup that a run makes, or copies; empty: there is
// none. What a failed run leaves stays until the next run has ended.
func (p *project) backupStatus(b binding, r run, now time.Time) string {
	switch {
	case r.copies():
		return "available"
	case !r.hasStarted(now.Add(-backupDelay)):
		return ""
	case !r.hasEnded(now):
		return "protecting"
	case b.lost, b.deletion != nil && p.run(b.deletion, r.number).hasEnded(now):
		return ""
	case r.outcome != statusSuccess:
		if next := p.run(r.schedule, r.number+1); next.hasEnded(now) {
			return ""
		}
		return "error"
	}
	return "available"
}

// copies reports whether the run copies a backup that exists already.
func (r run) copies() bool {
	return r.schedule.operation == opReplication || r.schedule.operation == opCopy
}

// backupCreated returns when the backup that a run makes or copies is created.
func (r run) backupCreated() time.Time {
	if r.copies() {
		return r.created
	}
	return r.started.Add(backupDelay)
}

// backup returns the backup of a run.
func (p *project) backup(h *holding, r run, status string, now time.Time) Backup {
	s := r.schedule
	b := Backup{
		ID:           r.uuid(p.seed, "backup"),
		CheckpointID: r.uuid(p.seed, "checkpoint"),
		Name:         backupName(s, p.seed.rand("result", s.index, r.number)),
		VaultID:      h.vault.id,
		ResourceID:   r.resource.id,
		ResourceName: r.resource.name,
		ResourceType: r.resource.kind,
		ResourceSize: p.sizeOf(r.resource),
		Status:       status,
		Incremental:  s.incremental(r.number),
		Automatic:    s.policyID != "",
		Created:      r.backupCreated(),
	}
	if r.copies() {
		b.Protected, b.Replicas = b.Created, []BackupReplica{p.replica(h, r, now)}
	} else if updated := r.updated(now); updated.After(b.Created) {
		b.Updated = updated
	}
	if status != "available" {
		return b
	}
	b.Expires = s.planned(r.number).Add(h.keeps)
	if b.Protected.IsZero() && r.resource.kind != kindDisk {
		b.Protected = b.Created.Add(24 * time.Second)
	}
	return b
}

// replica returns the copy that a run makes.
func (p *project) replica(h *holding, r run, now time.Time) BackupReplica {
	c := BackupReplica{
		Status:              "waiting_replicate",
		DestinationRegion:   destinationRegion,
		DestinationVaultID:  *h.destination,
		DestinationBackupID: r.uuid(p.seed, "destination backup"),
		Created:             r.created,
	}
	if r.hasStarted(now) {
		c.Status, c.Created = "replicating", r.started
	}
	if r.hasEnded(now) {
		c.Status, c.FailCode, c.FailReason = "fail", r.err.Code, r.err.Message
		if r.outcome == statusSuccess {
			c.Status = "success"
		}
	}
	return c
}

// remnants returns the backups of a resource that are older than the schedules, and those of
// its volumes.
func (p *project) remnants(h *holding, b binding, now time.Time) []Backup {
	if b.left.count == 0 {
		return nil
	}
	latest := longAgo(now).Add(-b.left.older)
	if b.left.latest != nil {
		latest = b.left.latest(now)
	}
	var backups []Backup
	for n := range b.left.count {
		created := latest.Add(-time.Duration(n) * b.left.every)
		words := []any{"remnant", b.resource.name, created.Unix()}
		one := Backup{
			ID:           p.id(words...),
			Name:         "manualbk_" + p.id(words...)[:4],
			VaultID:      h.vault.id,
			ResourceID:   b.resource.id,
			ResourceName: b.resource.name,
			ResourceType: b.resource.kind,
			ResourceSize: p.sizeOf(b.resource),
			Status:       "available",
			Incremental:  n < b.left.count-1,
			Created:      created,
			Updated:      created.Add(30 * time.Minute),
			Protected:    created.Add(24 * time.Second),
		}
		if b.left.copied {
			c := BackupReplica{
				Status:              "success",
				DestinationRegion:   destinationRegion,
				DestinationVaultID:  p.id("vault", "in another region"),
				DestinationBackupID: p.id(append(words, "copy")...),
				Created:             created.Add(time.Hour),
			}
			if n == 0 && b.left.lastCopyFailed {
				full := errDestinationFull()
				c.Status, c.FailCode, c.FailReason = "fail", full.Code, full.Message
			}
			one.Replicas = []BackupReplica{c}
		}
		backups = append(backups, one)
		for _, name := range b.left.volumes {
			volume := one
			volume.ID, volume.ParentID = p.id(append(words, name)...), one.ID
			volume.ResourceID, volume.ResourceName, volume.ResourceType = p.id("volume", name), name, kindDisk
			volume.Protected, volume.Replicas = time.Time{}, nil
			backups = append(backups, volume)
		}
	}
	return backups
}
