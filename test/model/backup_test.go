package model_test

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// backup is a backup in the cloud, with its life. All times are by the cloud's clock.
type backup struct {
	id, resource, vault string
	name                string // of the resource
	fromElsewhere       bool   // it is a copy from another region
	volumes             int    // that have a row of their own
	created             time.Time
	protected           time.Time // zero: not told
	expires             time.Time // zero: never
	life                []phase
	copies              []replica // in order
}

// phase is the status of a backup from a moment on; "" if it is gone.
type phase struct {
	at     time.Time
	status string
}

// replica is an attempt to copy a backup to another region.
type replica struct {
	region    string
	at, ended time.Time // replicating until then
	status    string    // then
	code      string
}

// moment is a backup at one moment.
type moment struct {
	status string // "": it does not exist
	copies []replica
}

// data returns the time of the data.
func (b *backup) data() time.Time {
	if b.protected.IsZero() {
		return b.created
	}
	return b.protected
}

// at returns the backup at a moment.
func (b *backup) at(at time.Time) (m moment) {
	for _, p := range b.life {
		if !p.at.After(at) {
			m.status = p.status
		}
	}
	for _, c := range b.copies {
		switch {
		case c.at.After(at):
			continue
		case c.ended.After(at):
			c.status, c.code = "replicating", ""
		}
		m.copies = append(m.copies, c)
	}
	return m
}

// between returns the backup at all moments between two at which it was different.
func (b *backup) between(from, to time.Time) []moment {
	times := []time.Time{from}
	for _, p := range b.life {
		times = append(times, p.at)
	}
	for _, c := range b.copies {
		times = append(times, c.at, c.ended)
	}
	var all []moment
	for _, at := range times {
		if !at.Before(from) && !at.After(to) {
			all = append(all, b.at(at))
		}
	}
	return all
}

// become gives the backup a status from a moment on, whatever it was to become.
func (b *backup) become(at time.Time, status string) {
	b.life = slices.DeleteFunc(b.life, func(p phase) bool { return !p.at.Before(at) })
	b.life = append(b.life, phase{at, status})
}

func restorable(m moment) bool {
	return slices.Contains([]string{"available", "restoring", "waiting_restore"}, m.status)
}

func protecting(m moment) bool { return m.status == "protecting" || m.status == "waiting_protect" }

func exists(m moment) bool { return m.status != "" }

// backUp adds the backup that a task makes.
func (w *world) backUp(t simulator.Task) {
	if t.OperationType != "backup" || t.ResourceID == "" || t.Started.IsZero() {
		return
	}
	r := w.random
	b := &backup{
		id:       fmt.Sprintf("%08x-7777-4000-8000-%012x", r.Uint32(), len(w.cloud.backups)),
		resource: t.ResourceID, name: t.ResourceName, vault: cmp.Or(w.state().bindings()[t.ResourceID], t.VaultID),
		fromElsewhere: r.IntN(8) == 0, volumes: pick(r, 0, 0, 0, 2), created: t.Started,
	}
	if r.IntN(4) > 0 {
		b.protected = b.created.Add(between(r, 0, time.Minute))
	}
	b.life = []phase{{b.created, pick(r, "protecting", "protecting", "waiting_protect")}}
	switch {
	case t.Ended.IsZero():
	case t.Outcome == "success":
		w.succeed(b, t.Ended)
	case r.IntN(2) == 0:
		b.life = append(b.life, phase{t.Ended, "error"}, phase{t.Ended.Add(between(r, time.Hour, 2*day)), ""})
	default:
		b.life = append(b.life, phase{t.Ended, ""})
	}
	w.cloud.mu.Lock()
	defer w.cloud.mu.Unlock()
	w.cloud.backups = append(w.cloud.backups, b)
}

// succeed has a backup be available from a moment on, until it expires.
func (w *world) succeed(b *backup, at time.Time) {
	r := w.random
	b.life = append(b.life, phase{at, "available"})
	if keep := pick(r, 0, 0, 6*time.Hour, 30*time.Hour, 2*day, 3*day); keep > 0 {
		b.expires = at.Add(keep)
	}
	if r.IntN(6) == 0 {
		from := at.Add(between(r, time.Minute, 5*time.Hour))
		b.life = append(b.life, phase{from, "waiting_restore"}, phase{from.Add(time.Minute), "restoring"}, phase{from.Add(40 * time.Minute), "available"})
	}
	if !b.expires.IsZero() {
		b.life = append(b.life, phase{b.expires.Add(time.Second), "waiting_delete"}, phase{b.expires.Add(between(r, 2*time.Second, 10*time.Minute)), ""})
	}
	for range pick(r, 0, 0, 0, 1, 2) {
		at = at.Add(between(r, 0, time.Hour))
		c := replica{region: pick(r, "ap-southeast-1", "cn-north-4"), at: at, status: pick(r, "success", "success", "fail", "skip")}
		at = at.Add(between(r, time.Minute, 2*time.Hour))
		if c.ended = at; c.status == "fail" {
			c.code = pick(r, "BackupService.6203", "BackupService.6204")
		}
		b.copies = append(b.copies, c)
	}
}

// restorePoints returns the restore points of some resources, the latest first.
func (w *world) restorePoints(of func(*backup) bool) (all []*backup) {
	now := w.cloud.now()
	for _, b := range w.cloud.backups {
		if restorable(b.at(now)) && of(b) {
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b *backup) int { return b.created.Compare(a.created) })
	return all
}

// spoil has backups be deleted or break: one of them, or all of a resource or a vault.
func (w *world) spoil() {
	r := w.random
	id, vault := pick(r, w.resources...), pick(r, w.state().vaults...).id
	bound := w.state().bindings()
	of := func(b *backup) bool { return b.resource == id }
	switch r.IntN(4) {
	case 0:
		of = func(b *backup) bool { return bound[b.resource] == vault }
	case 1:
		of = func(*backup) bool { return true }
	}
	all := w.restorePoints(of)
	status, first := "", 0
	switch n := r.IntN(10); {
	case n < 2: // one by hand, mostly the latest
		all = all[:min(1, len(all))]
	case n < 4:
		all, status = all[:min(1+r.IntN(2), len(all))], "error"
	case n < 8: // not the latest
		first = pick(r, 1, len(all)*3/10, len(all)*3/10)
	}
	w.spoilAll(all[min(first, len(all)):], 0, status)
}

// spoilAll gives backups another status after a pause.
func (w *world) spoilAll(all []*backup, after time.Duration, status string) {
	at := w.cloud.now().Add(after + time.Millisecond) // not at the moment of the latest scrape
	w.cloud.mu.Lock()
	defer w.cloud.mu.Unlock()
	for _, b := range all {
		if status == "" && w.random.IntN(4) == 0 { // not at once
			b.become(at, "deleting")
			b.life = append(b.life, phase{at.Add(10 * time.Minute), ""})
			continue
		}
		b.become(at, status)
	}
}

// prune deletes what a policy no longer keeps.
func (w *world) prune(p *policy) {
	if p.keeps == 0 || p.operation != "backup" {
		return
	}
	after := between(w.random, 0, time.Hour)
	bound := w.state().bindings()
	for _, id := range w.resources {
		if slices.Contains(p.vaults, bound[id]) {
			all := w.restorePoints(func(b *backup) bool { return b.resource == id })
			w.spoilAll(all[min(p.keeps, len(all)):], after, "")
		}
	}
}

// rows returns the backups as the service lists them at a moment, with those of volumes.
func rows(all []*backup, at time.Time) (list []simulator.Backup) {
	for _, b := range all {
		m := b.at(at)
		if !exists(m) {
			continue
		}
		row := simulator.Backup{
			ID: b.id, Name: "backup " + b.id[:4], VaultID: b.vault,
			ResourceID: b.resource, ResourceName: b.name, ResourceType: "OS::Nova::Server",
			Status: m.status, Created: b.created, Protected: b.protected, Expires: b.expires,
		}
		if b.fromElsewhere {
			row.ImageType = "replication"
		}
		for _, c := range m.copies {
			row.Replicas = append(row.Replicas, simulator.BackupReplica{Status: c.status, DestinationRegion: c.region, Created: c.at, FailCode: c.code})
		}
		list = append(list, row)
		for i := range b.volumes {
			row.ID, row.ParentID, row.Replicas = fmt.Sprintf("%s-7778-%04x%s", b.id[:8], i, b.id[18:]), b.id, nil
			list = append(list, row)
		}
	}
	return list
}
