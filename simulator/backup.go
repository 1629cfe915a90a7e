package simulator

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// A Backup is a backup in a vault, see
// https://support.huaweicloud.com/intl/en-us/api-cbr/ListBackups.html.
type Backup struct {
	ID           string
	CheckpointID string // empty: derived from the id
	Name         string
	VaultID      string
	ResourceID   string
	ResourceName string
	ResourceType string // OS::Nova::Server and so on; it determines provider_id and the formats of times
	ResourceSize int64  // GB

	// Status is available, protecting, deleting, restoring, error, waiting_protect,
	// waiting_delete or waiting_restore; empty: available.
	Status      string
	ImageType   string // backup, or replication for a copy from another region; empty: backup
	ParentID    string // of the backup of a server, if this is one of a volume in it
	Incremental bool
	Automatic   bool // made by a policy

	Created   time.Time
	Updated   time.Time // zero: Created
	Protected time.Time // of the data; zero: null. Of a file system only its date is written.
	Expires   time.Time // zero: null, or absent of a file system

	Replicas []BackupReplica
}

// A BackupReplica is a copy of a backup in another region, or the attempt to make one.
type BackupReplica struct {
	Status               string // replicating, success, fail, skip, waiting_replicate
	DestinationRegion    string
	DestinationVaultID   string
	DestinationBackupID  string
	Created              time.Time
	FailCode, FailReason string // empty if it did not fail
}

// SetBackups replaces all backups of the cloud. They are listed as they are, whatever the
// clock and the tasks say: a backup task that succeeds makes no backup, and none expires.
func (s *Simulator) SetBackups(backups ...Backup) {
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	given := cloneBackups(backups)
	s.catalog.givenBackups = &given
}

// Backups returns all backups that exist now, whatever the service lists.
func (s *Simulator) Backups() []Backup { return s.catalog.backups(s.now()) }

// backups returns all backups. The caller may change them.
func (c *catalog) backups(now time.Time) []Backup {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.givenBackups != nil {
		return cloneBackups(*c.givenBackups)
	}
	return c.project.backupsAt(now, c.named)
}

func cloneBackups(backups []Backup) []Backup {
	backups = slices.Clone(backups)
	for i := range backups {
		backups[i].Replicas = slices.Clone(backups[i].Replicas)
	}
	return backups
}

// listBackups is https://support.huaweicloud.com/intl/en-us/api-cbr/ListBackups.html.
func (s *Simulator) listBackups(x *exchange) {
	l := *s.listing.Load()
	params := x.r.URL.Query()
	if !l.permits(params) {
		x.policyDenied("cbr:backups:list")
		return
	}
	page, pageOK := parsePage(params)
	since, withReplicas, queryOK := parseBackupQuery(params)
	if !pageOK || !queryOK {
		x.invalidParameter()
		return
	}
	all := s.catalog.backups(x.now.Add(-l.Lag))
	volumes := volumesOf(all)
	projects := s.catalog.enterpriseProjects()
	backups := slices.DeleteFunc(all, func(b Backup) bool {
		return l.TimeOf != NoTime && b.Created.Before(since) || !l.showsProject(projects[b.VaultID], params)
	})
	slices.SortFunc(backups, func(a, b Backup) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	from, to := l.page(page, len(backups), s.seed)
	records := []backupRecord{}
	for _, b := range backups[from:to] {
		records = append(records, b.record(s.seed, withReplicas, volumes[b.ID]))
	}
	x.reply(http.StatusOK, struct {
		Backups []backupRecord `json:"backups"`
		Count   *int           `json:"count,omitempty"`
		Offset  int            `json:"offset"`
		Limit   int            `json:"limit"`
	}{records, l.count(len(backups), len(records)), page.offset, page.limit})
}

// volumesOf returns the backups of volumes by the backup of the server that they are part of.
func volumesOf(backups []Backup) map[string][]Backup {
	volumes := make(map[string][]Backup)
	for _, b := range backups {
		if b.ParentID != "" {
			volumes[b.ParentID] = append(volumes[b.ParentID], b)
		}
	}
	return volumes
}

// parseBackupQuery returns start_time, of the creation, and show_replication. It is not ok if
// the service refuses a parameter. It could sort and filter in other ways; here it cannot.
func parseBackupQuery(params url.Values) (from time.Time, withReplicas, ok bool) {
	from, ok = parseBound(params.Get("start_time"))
	return from, params.Get("show_replication") == "true", ok && cmp.Or(params.Get("sort"), latestFirst) == latestFirst
}

// latestFirst is the order in which backups are listed.
const latestFirst = "created_at:desc"

func (b Backup) status() string { return cmp.Or(b.Status, "available") }
