package simulator

import "time"

const mbPerGB = 1024

// sizeOf returns the size of a resource in GB.
func (p *project) sizeOf(r *resource) int64 {
	return pick([]int64{40, 80, 100, 200, 500, 1000}, p.seed.rand("resource size", r.name).Int())
}

// backupSize returns the size of a number of backups of a resource in MB. The first
// is complete, the others contain changes.
func (p *project) backupSize(r *resource, count int) int64 {
	if count == 0 {
		return 0
	}
	chance := p.seed.rand("backup size", r.name)
	whole := p.sizeOf(r) * mbPerGB * (30 + chance.Int64N(40)) / 100
	change := whole * (1 + chance.Int64N(4)) / 200
	return whole + int64(count-1)*change
}

// backups returns the number of backups of each binding and their size in MB.
func (p *project) backups(h *holding, now time.Time) (counts []int, sizes []int64) {
	var all int64
	for _, b := range h.bindings {
		count := p.backupCount(h, b, now)
		size := p.backupSize(b.resource, count)
		counts, sizes = append(counts, count), append(sizes, size)
		all += size
	}
	if !h.vault.tight || all == 0 {
		return counts, sizes
	}
	used := h.facts.Size * mbPerGB * p.level(h.vault, now) / 1000
	for i, size := range sizes {
		sizes[i] = used * size / all
	}
	return counts, sizes
}

// backupCount returns how many backups of a resource are available.
func (p *project) backupCount(h *holding, b binding, now time.Time) int {
	count := b.left.count
	for _, status := range p.kept(h, b, now) {
		if status == "available" {
			count++
		}
	}
	return count
}

// capacity returns a size in GB with room for all backups that a vault keeps.
func (p *project) capacity(h *holding) int64 {
	const step = 100
	var most int64
	for _, b := range h.bindings {
		count := b.left.count
		for _, s := range b.schedules {
			if s.protects() {
				count += int(h.keeps / s.every)
			}
		}
		most += p.backupSize(b.resource, count)
	}
	room := 120 + p.seed.rand("vault room", h.vault.name).Int64N(80) // percent
	return (most*room/100/mbPerGB/step + 1) * step
}

// fullSeconds is the length of the periods in which a tight vault is either full or
// not.
const fullSeconds = int64(6 * time.Hour / time.Second)

// full reports whether a vault is full: tight ones are in one of six periods.
func (p *project) full(v *vault, at time.Time) bool {
	return v.tight && p.fullIn(v, at.Unix()/fullSeconds)
}

func (p *project) fullIn(v *vault, period int64) bool {
	return oneIn(p.seed.rand("vault full", v.name, period), 6)
}

// level returns how much of a tight vault is used, in per mille. It moves steadily
// from one period to the next, and stays at the top while the vault is full.
func (p *project) level(v *vault, now time.Time) int64 {
	period := now.Unix() / fullSeconds
	from, to := p.levelIn(v, period), p.levelIn(v, period+1)
	if p.full(v, now) {
		return from
	}
	return from + (to-from)*(now.Unix()%fullSeconds)/fullSeconds
}

func (p *project) levelIn(v *vault, period int64) int64 {
	if p.fullIn(v, period) {
		return 998 // no other backup fits
	}
	return 650 + p.seed.rand("vault level", v.name, period).Int64N(200)
}
