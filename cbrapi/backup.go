package cbrapi

import (
	"net/url"
	"time"
)

// VaultBackup is a backup in a vault. A field that the API did not send is zero or nil.
//
// See https://support.huaweicloud.com/api-cbr/ListBackups.html.
type VaultBackup struct {
	ID       string // lower case
	Name     string
	Status   BackupStatus
	ParentID string // lower case; the backup of a server that this one of a volume belongs to
	VaultID  string // lower case
	Resource Resource

	CreatedAt time.Time
	// ProtectedAt is the time of the data. It is zero if the API sends a date without a
	// time, as recorded of file systems.
	ProtectedAt time.Time
	ExpiredAt   time.Time // when it is to be deleted; zero if no age limits it
	Replicas    []Replica // copies in other regions, in the order of the API

	// Invalid lists the fields that could not be read. They are zero or nil above.
	Invalid []InvalidField
}

// Replica is a copy of a backup in another region, or the attempt to make one.
type Replica struct {
	Status            ReplicaStatus
	DestinationRegion string
	CreatedAt         time.Time // start of the copying
	FailCode          string    // "" if it did not fail
}

// BackupStatus is the status of a backup. An unknown one is kept as it was sent.
type BackupStatus string

// The statuses of a backup that can be restored, is being made or has failed. The API
// documents deleting and waiting_delete as well.
const (
	BackupAvailable      BackupStatus = "available"
	BackupProtecting     BackupStatus = "protecting" // it is being made
	BackupRestoring      BackupStatus = "restoring"
	BackupError          BackupStatus = "error"
	BackupWaitingProtect BackupStatus = "waiting_protect"
	BackupWaitingRestore BackupStatus = "waiting_restore"
)

// RestorePoint reports whether a resource can be restored from a backup with this status.
func (s BackupStatus) RestorePoint() bool {
	return s == BackupAvailable || s == BackupRestoring || s == BackupWaitingRestore
}

// Protecting reports whether a backup with this status is being made.
func (s BackupStatus) Protecting() bool {
	return s == BackupProtecting || s == BackupWaitingProtect
}

// ReplicaStatus is the status of a copy. An unknown one is kept as it was sent.
type ReplicaStatus string

// The statuses of a copy that was made or has failed. The vendor's SDK has replicating, skip
// and waiting_replicate as well, in its model ReplicationRecordGet.
const (
	ReplicaSuccess ReplicaStatus = "success"
	ReplicaFail    ReplicaStatus = "fail"
)

// BackupFilter selects backups. A zero field does not filter.
type BackupFilter struct {
	CreatedSince time.Time // rounded down to the second
}

// backupOverlap is more than the backups that are deleted between two requests of a list.
const backupOverlap = 50

// Backups returns the list of the backups of the project. It sends nothing yet.
//
// It asks for the latest created first: those that are deleted meanwhile are mostly the
// oldest, and shift no page that is still to be read. Against the others, pages overlap. It
// asks for replicas, which the API otherwise leaves out.
//
// See https://support.huaweicloud.com/api-cbr/ListBackups.html.
func (c *Client) Backups(f BackupFilter) *List[VaultBackup] {
	query := url.Values{"sort": {"created_at:desc"}, "show_replication": {"true"}}
	setStartTime(query, f.CreatedSince)
	return newList(c, listRequest{
		operation: "ListBackups",
		segments:  []string{"backups"},
		name:      "backups",
		path:      "backups.",
		query:     query,
		overlap:   backupOverlap,
		most:      maxSummed,
	}, readVaultBackup)
}

func readVaultBackup(o object) *VaultBackup {
	b := &VaultBackup{
		ID:       o.id("id"),
		Name:     o.text("name"),
		Status:   BackupStatus(o.token("status")),
		ParentID: o.id("parent_id"),
		VaultID:  o.id("vault_id"),
		Resource: Resource{
			ID:   o.id("resource_id"),
			Type: o.text("resource_type"),
			Name: o.text("resource_name"),
		},
		CreatedAt:   o.time("created_at"),
		ProtectedAt: o.timeOrDate("protected_at"),
		ExpiredAt:   o.time("expired_at"),
	}
	for record := range o.objects("replication_records") {
		b.Replicas = append(b.Replicas, Replica{
			Status:            ReplicaStatus(record.token("status")),
			DestinationRegion: record.token("destination_region"),
			CreatedAt:         record.time("created_at"),
			FailCode:          record.object("extra_info").token("fail_code"),
		})
	}
	b.Invalid = *o.found
	return b
}
