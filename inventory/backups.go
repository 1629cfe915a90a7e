package inventory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// All backups are read hourly, which shows what was deleted. Between these full readings only
// the new ones are read, and added to the others, which are the base.
const (
	fullInterval = time.Hour
	// overlap is how much earlier than the full reading the new backups begin: the API may
	// list a backup later than it says that it was created.
	overlap = 15 * time.Minute
	// maxProtecting is for how long a backup that is being made is a new one, at most.
	maxProtecting = day
)

// backupState is what is known of the backups.
type backupState struct {
	list  listState
	first time.Time // start of the first full reading, or of the first one after a day without any

	// Of the latest full reading:
	started time.Time
	fullAt  time.Time // its start by the API's clock, or of the latest one that could read each row
	rows    int
	base    tallies         // of the backups that were not new
	since   time.Time       // creation since which backups are new
	made    map[string]bool // ids of earlier new ones: they were being made
	from    time.Time       // creation of the first new one

	all     map[string]followed // of all backups, by resource; nil until they are read
	partial bool                // all lacks rows that could not be read
}

// collectBackups reads all backups, or the new ones.
func (i *Inventory) collectBackups(ctx context.Context, r *reading, next *backupState) {
	before, what, read := next.list.completeAt, "new", i.readNewBackups
	if next.partial || r.started.Sub(next.started) >= fullInterval { // the base may lack rows
		what, read = "all", i.readAllBackups
	}
	rows := 0
	r.try(ctx, "backups", &next.list, i.options.Hints.Backups, func(ctx context.Context) (err error) {
		rows, err = read(ctx, next, r.started)
		return err
	})
	if next.list.err != nil {
		return
	}
	_ = i.success(before.IsZero()).Log("msg", what+" backups read", "backups", rows, "resources", len(next.all),
		"duration", i.options.Now().Sub(r.started).Round(time.Millisecond))
}

func (i *Inventory) readAllBackups(ctx context.Context, s *backupState, started time.Time) (int, error) {
	list := i.api.Backups(cbrapi.BackupFilter{})
	now := func() time.Time { return cmp.Or(list.Date(), started) } // as of the first page
	base, recent := tallies{}, []*cbrapi.VaultBackup{}
	rows, bad, err := i.listBackups(ctx, list, time.Time{}, func(b *cbrapi.VaultBackup) {
		since := now().Add(-overlap)
		if b.Status.Protecting() {
			since = now().Add(-maxProtecting)
		}
		if b.CreatedAt.Before(since) {
			base.add(b, now())
		} else {
			recent = append(recent, b)
		}
	})
	if err == nil {
		err = i.doubtBackups(ctx, s, rows, started)
	}
	if err != nil {
		return rows, err
	}
	s.base, s.since, s.made = base, now().Add(-overlap), map[string]bool{}
	s.from = s.since
	for _, b := range recent {
		if b.CreatedAt.Before(s.since) {
			s.made[b.ID], s.from = true, earliest(s.from, b.CreatedAt)
		}
	}
	s.add(recent, now(), started)
	for id, one := range s.all {
		s.all[id] = one.addPeak(started)
	}
	if len(bad) == 0 { // else what is missing may be there
		s.fullAt = earliest(list.Date(), started)
	}
	if started.Sub(s.started) > day { // nothing is left to compare with
		s.first = started
	}
	s.started, s.rows = started, rows
	s.partial = len(bad) > 0
	s.list.partial = s.partial
	return rows, bad.err("ListBackups")
}

// doubtBackups returns an error if the list of backups has no rows, but should have some: by
// the list of vaults or, where that does not tell, by an earlier reading.
func (i *Inventory) doubtBackups(ctx context.Context, s *backupState, rows int, started time.Time) error {
	if rows > 0 {
		return s.list.doubt("ListBackups", rows, s.rows, started)
	}
	i.mu.Lock()
	reading := i.vaults.current
	i.mu.Unlock()
	if reading != nil { // the first one began with this one
		select {
		case <-reading.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	held, known := i.held()
	switch {
	case !known:
		return s.list.doubt("ListBackups", rows, s.rows, started)
	case held > 0:
		return cbrapi.ListError("ListBackups", "the list is empty, but the vaults hold %d backups: check that the user may see them", held)
	default:
		return nil
	}
}

// held returns how many backups the vaults hold, as the list of vaults says. It is not known if
// that does not say it of a resource, or if there are no vaults. What a hybrid vault
// synchronizes is in no list.
func (i *Inventory) held() (backups int64, known bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, v := range i.vaults.state.vaults {
		if v.Billing.ProtectType == "hybrid" {
			continue
		}
		known = true
		for n := range v.Resources {
			if v.Resources[n].BackupCount == nil {
				return 0, false
			}
			backups += *v.Resources[n].BackupCount
		}
	}
	return backups, known
}

func (i *Inventory) readNewBackups(ctx context.Context, s *backupState, started time.Time) (int, error) {
	list := i.api.Backups(cbrapi.BackupFilter{CreatedSince: s.from})
	recent := []*cbrapi.VaultBackup{}
	rows, bad, err := i.listBackups(ctx, list, s.from, func(b *cbrapi.VaultBackup) {
		if !b.CreatedAt.Before(s.since) || s.made[b.ID] {
			recent = append(recent, b)
		}
	})
	if err != nil {
		return rows, err
	}
	s.add(recent, cmp.Or(list.Date(), started), started)
	s.partial = len(bad) > 0
	s.list.partial = s.partial
	return rows, bad.err("ListBackups")
}

// add adds the new backups to the base, as of now by the API's clock.
func (s *backupState) add(recent []*cbrapi.VaultBackup, now, started time.Time) {
	s.all = s.base.with(recent, now).follow(s.all, started)
}

const resourceField = "backups.resource_id"

// listBackups reads a list of backups and calls add for each that was created since then. It
// leaves out the volumes inside a backup of a server, and what cannot be read. It returns the
// number of rows and what cannot be read of them. It fails if there are backups of too many
// resources.
func (i *Inventory) listBackups(ctx context.Context, list *cbrapi.List[cbrapi.VaultBackup], since time.Time, add func(*cbrapi.VaultBackup)) (int, badEntries, error) {
	resources := map[string]bool{}
	return readList(ctx, i, list, func(b *cbrapi.VaultBackup, bad *badEntries) error {
		if b.ParentID != "" || b.CreatedAt.Before(since) { // the API may ignore the filter
			return nil
		}
		if b.Resource.ID == "" && !slices.ContainsFunc(b.Invalid, func(f cbrapi.InvalidField) bool { return f.Field == resourceField }) {
			b.Invalid = append(b.Invalid, cbrapi.InvalidField{Field: resourceField, Value: "null"})
		}
		i.report(bad, b.ID, b.Name, b.Invalid)
		if b.Resource.ID == "" {
			return nil
		}
		resources[b.Resource.ID] = true
		if most := i.options.MaxResources; most > 0 && len(resources) > most {
			return tooManyResources("ListBackups", "there are backups of", most)
		}
		add(b)
		return nil
	})
}

// known returns what is known of the backups at a moment. The retention is that of the vault
// to which a resource is bound, or of its latest backup.
func (s *backupState) known(vaults *vaultState, now time.Time) *Backups {
	b := &Backups{Reading: readingOf(&s.list), FullAt: s.fullAt}
	if s.all == nil {
		return b
	}
	b.Resources = make(map[string]RestorePoints, len(s.all))
	for id, one := range s.all {
		vaultID := cmp.Or(vaults.bindings[id].VaultID, one.VaultID)
		kept := vaults.retention[vaultID]
		settled := latest(kept.settled, vaults.bindings[id].Settled)
		if s.partial { // what is missing may be there
			settled = now
		}
		b.Resources[id] = one.restorePoints(kept, settled, s.first, now)
	}
	return b
}
