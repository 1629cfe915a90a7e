package simulator

import "time"

const mbPerGB = 1024

// sizeOf returns the size of a resource in GB.
func (f *fleet) sizeOf(r *resource) int64 {
	return pick([]int64{40, 80, 100, 200, 500, 1000}, f.seed.rand("resource size", r.name).Int())
}

// backupSize returns what a number of backups of a resource take, in MB: the
// first is whole, the others have what has changed.
func (f *fleet) backupSize(r *resource, count int) int64 {
	if count == 0 {
		return 0
	}
	chance := f.seed.rand("backup size", r.name)
	whole := f.sizeOf(r) * mbPerGB * (30 + chance.Int64N(40)) / 100
	change := whole * (1 + chance.Int64N(4)) / 200
	return whole + int64(count-1)*change
}

// backupSizes returns what the backups of each binding take, in MB.
func (f *fleet) backupSizes(h *holding, now time.Time) []int64 {
	sizes := make([]int64, 0, len(h.bindings))
	var all int64
	for _, b := range h.bindings {
		size := f.backupSize(b.resource, f.backups(h, b, now))
		sizes = append(sizes, size)
		all += size
	}
	if !h.vault.tight || all == 0 {
		return sizes
	}
	used := h.facts.Size * mbPerGB * f.level(h.vault, now) / 1000
	for i, size := range sizes {
		sizes[i] = used * size / all
	}
	return sizes
}

// level returns how much of a tight vault is used, per mille: it rises towards
// the next stretch, or falls, and is near the end while the vault is full.
func (f *fleet) level(v *vault, now time.Time) int64 {
	stretch := now.Unix() / fullSeconds
	from, to := f.levelIn(v, stretch), f.levelIn(v, stretch+1)
	if f.full(v, now) {
		return from
	}
	return from + (to-from)*(now.Unix()%fullSeconds)/fullSeconds
}

func (f *fleet) levelIn(v *vault, stretch int64) int64 {
	if f.fullIn(v, stretch) {
		return 998 // no other backup fits
	}
	return 650 + f.seed.rand("vault level", v.name, stretch).Int64N(200)
}

// capacity returns a size in GB that leaves room for all that a vault keeps if
// all goes well.
func (f *fleet) capacity(h *holding) int64 {
	const step = 100
	var most int64
	for _, b := range h.bindings {
		count := b.left
		for _, s := range b.schedules {
			if s.protects() {
				count += int(h.keeps / s.every)
			}
		}
		most += f.backupSize(b.resource, count)
	}
	room := 120 + f.seed.rand("vault room", h.vault.name).Int64N(80) // percent
	return (most*room/100/mbPerGB/step + 1) * step
}

// founded returns when a vault or a policy was made: before anything happens.
func (f *fleet) founded(words ...any) time.Time {
	first := time.Date(2019, time.March, 1, 0, 0, 0, 0, time.UTC)
	return first.Add(span{0, 180 * day}.draw(f.seed.rand(append(words, "founded")...)))
}
