package inventory

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Backups is what is known of the backups of a project.
type Backups struct {
	Reading
	// Resources are the resources that have backups or had some within the last day, by id.
	// It is nil until the backups are read.
	Resources map[string]RestorePoints
	// FullAt is the start of the latest reading of all backups without a row that cannot be
	// read, by the API's clock; zero if there was none. What was deleted or has failed since
	// then is not known; what was created since then is.
	FullAt time.Time
}

// RestorePoints are the backups of one resource. A restore point is a backup from which the
// resource can be restored.
type RestorePoints struct {
	Resource cbrapi.Resource // as its latest backup has it
	VaultID  string          // of its latest backup, or the last one that it had

	Count          int
	Latest, Oldest time.Time  // times of the data; zero if there is no restore point
	LatestCreated  time.Time  // creation of the restore point that was created last
	NextExpiry     time.Time  // the earliest of a restore point; zero if none is known to expire
	InError        int        // backups in status error
	BeingMade      int        // backups that are being made
	Replicas       []Replicas // by region

	// Peak is the highest number of restore points at a full reading within the last day,
	// without those that were to expire within 25 hours of it. It is 0 while a backup cannot be
	// read, and until a change of the retention of its policies has settled.
	Peak int
	// Kept is how many restore points the policies leave at least when they delete some for
	// their number; 0 if they delete none for it.
	Kept int
	// Watched means that Peak is the highest number of a whole day.
	Watched bool
}

// Replicas are the copies of the backups of one resource in one other region.
type Replicas struct {
	Region   string
	Latest   time.Time // time of the data of the latest backup that has a copy there; zero if none has
	Failed   int       // backups whose latest copy there failed
	FailCode string    // of the latest backup whose copy there failed; "" if none did
	failedAt time.Time // creation of that backup
}

// tallies sum up backups by the id of their resource.
type tallies map[string]*tally

// tally sums up backups of one resource.
type tally struct {
	RestorePoints           // without Peak, Kept and Watched
	created       time.Time // of the latest backup
	lasting       int       // restore points that do not expire while a peak counts
}

// add adds a backup as of now.
func (t tallies) add(b *cbrapi.VaultBackup, now time.Time) {
	one := t[b.Resource.ID]
	if one == nil {
		one = &tally{}
		t[b.Resource.ID] = one
	}
	one.add(b, now)
}

// with returns the tallies with more backups as of now. It does not change t, but shares the
// tallies without any of them.
func (t tallies) with(backups []*cbrapi.VaultBackup, now time.Time) tallies {
	sum := maps.Clone(t)
	for _, b := range backups {
		id := b.Resource.ID
		if one := t[id]; one != nil && sum[id] == one {
			copied := *one
			copied.Replicas = slices.Clone(one.Replicas)
			sum[id] = &copied
		}
		sum.add(b, now)
	}
	return sum
}

func (t *tally) add(b *cbrapi.VaultBackup, now time.Time) {
	if !b.CreatedAt.Before(t.created) {
		t.Resource, t.VaultID, t.created = b.Resource, b.VaultID, b.CreatedAt
	}
	switch {
	case b.Status.RestorePoint():
		t.Count++
		t.Latest, t.Oldest = latest(t.Latest, timeOfData(b)), earliest(t.Oldest, timeOfData(b))
		t.LatestCreated = latest(t.LatestCreated, b.CreatedAt)
		t.NextExpiry = earliest(t.NextExpiry, b.ExpiredAt)
		if b.ExpiredAt.IsZero() || b.ExpiredAt.After(now.Add(maxPeakAge)) {
			t.lasting++
		}
	case b.Status == cbrapi.BackupError:
		t.InError++
	case b.Status.Protecting():
		t.BeingMade++
	}
	t.addCopies(b)
}

// addCopies adds the copies of a backup. There may be several attempts to make one.
func (t *tally) addCopies(b *cbrapi.VaultBackup) {
	last := map[string]cbrapi.Replica{} // attempt, by region
	for _, r := range b.Replicas {
		if r.Status == cbrapi.ReplicaSuccess {
			c := t.copiesIn(r.DestinationRegion)
			c.Latest = latest(c.Latest, timeOfData(b))
		}
		if !r.CreatedAt.Before(last[r.DestinationRegion].CreatedAt) {
			last[r.DestinationRegion] = r
		}
	}
	for region, r := range last {
		if r.Status != cbrapi.ReplicaFail {
			continue
		}
		c := t.copiesIn(region)
		c.Failed++
		if !b.CreatedAt.Before(c.failedAt) {
			c.FailCode, c.failedAt = r.FailCode, b.CreatedAt
		}
	}
}

func (t *tally) copiesIn(region string) *Replicas {
	n, found := slices.BinarySearchFunc(t.Replicas, region, func(r Replicas, region string) int { return cmp.Compare(r.Region, region) })
	if !found {
		t.Replicas = slices.Insert(t.Replicas, n, Replicas{Region: region})
	}
	return &t.Replicas[n]
}

// timeOfData returns the time of the data in a backup; zero if it is not known.
func timeOfData(b *cbrapi.VaultBackup) time.Time { return cmp.Or(b.ProtectedAt, b.CreatedAt) }

// latest returns the later time.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// earliest returns the earlier time that is not zero, if one is.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
