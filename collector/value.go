package collector

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// gauge is a number that is read off a task. It is exposed of every task, or of
// the last finished one of a resource, or of both.
type gauge struct {
	name string // behind the prefix of the family
	help string // without the full stop, so that it can go on
	of   scope
	read func(*cbrapi.OperationLog) (value float64, ok bool)
}

type scope int

const (
	ofTask scope = 1 << iota
	ofLastFinished
	ofBoth = ofTask | ofLastFinished
)

// gauges is the table of all numbers of a task. None is exposed where the API
// did not send it.
func gauges() []gauge {
	return []gauge{
		{"progress_ratio", "How much of the task is done, from 0 to 1", ofTask, progress},
		{"duration_seconds", "How long the task ran, from its start to its end; absent until it has ended", ofBoth, duration},
		{
			"created_timestamp_seconds", "Unix time at which the task was created", ofBoth,
			func(l *cbrapi.OperationLog) (float64, bool) { return unixSeconds(l.CreatedAt) },
		},
		{
			"started_timestamp_seconds", "Unix time at which the task was started; absent while it waits", ofTask,
			func(l *cbrapi.OperationLog) (float64, bool) { return unixSeconds(l.StartedAt) },
		},
		{
			"ended_timestamp_seconds", "Unix time at which the task ended; absent until then", ofBoth,
			func(l *cbrapi.OperationLog) (float64, bool) { return unixSeconds(l.EndedAt) },
		},
		{
			"updated_timestamp_seconds", "Unix time at which the task last changed", ofTask,
			func(l *cbrapi.OperationLog) (float64, bool) { return unixSeconds(l.UpdatedAt) },
		},
		{
			"sync_backups", "Backups that a sync has synchronised", ofBoth,
			syncCount(func(s *cbrapi.Sync) *int64 { return s.Backups }),
		},
		{
			"sync_deleted_backups", "Backups that a sync has deleted", ofBoth,
			syncCount(func(s *cbrapi.Sync) *int64 { return s.DeletedBackups }),
		},
		{
			"sync_failed_backups", "Backups that a sync could not synchronise; a sync with some may still be a success", ofBoth,
			syncCount(func(s *cbrapi.Sync) *int64 { return s.FailedBackups }),
		},
		{"deleted_backups", "Backups that a vault_delete or remove_resource task is to delete in all", ofBoth, deletedBackups},
		{"delete_failed_resources", "Resources that a vault_delete or remove_resource task could not delete", ofBoth, deleteFailedResources},
		{"excluded_volumes", "Volumes of the server that its backups leave out", ofTask, excludedVolumes},
		{"app_consistent", "1 if the backup is consistent for applications, 0 if only for a crash", ofLastFinished, appConsistent},
	}
}

func progress(l *cbrapi.OperationLog) (float64, bool) {
	p := l.ExtraInfo.Common.Progress
	if p == nil {
		return 0, false
	}
	return *p / 100, true
}

func duration(l *cbrapi.OperationLog) (float64, bool) {
	d, ok := l.Duration()
	return d.Seconds(), ok
}

func unixSeconds(t time.Time) (float64, bool) {
	if t.IsZero() {
		return 0, false
	}
	return float64(t.UnixMicro()) / 1e6, true
}

func syncCount(field func(*cbrapi.Sync) *int64) func(*cbrapi.OperationLog) (float64, bool) {
	return func(l *cbrapi.OperationLog) (float64, bool) {
		if l.ExtraInfo.Sync == nil {
			return 0, false
		}
		return count(field(l.ExtraInfo.Sync))
	}
}

func deletedBackups(l *cbrapi.OperationLog) (float64, bool) {
	switch e := &l.ExtraInfo; {
	case e.VaultDelete != nil:
		return count(e.VaultDelete.TotalCount)
	case e.RemoveResources != nil:
		return count(e.RemoveResources.TotalCount)
	default:
		return 0, false
	}
}

func deleteFailedResources(l *cbrapi.OperationLog) (float64, bool) {
	switch e := &l.ExtraInfo; {
	case e.VaultDelete != nil:
		return count(e.VaultDelete.FailCount)
	case e.RemoveResources != nil:
		return count(e.RemoveResources.FailCount)
	default:
		return 0, false
	}
}

func excludedVolumes(l *cbrapi.OperationLog) (float64, bool) {
	r := l.ExtraInfo.Resource
	if r == nil || r.ExcludeVolumes == nil {
		return 0, false
	}
	return float64(len(r.ExcludeVolumes)), true
}

func appConsistent(l *cbrapi.OperationLog) (float64, bool) {
	if l.ExtraInfo.Backup == nil {
		return 0, false
	}
	switch l.ExtraInfo.Backup.AppConsistencyStatus {
	case "1":
		return 1, true
	case "0":
		return 0, true
	default:
		return 0, false
	}
}

func count(n *int64) (float64, bool) {
	if n == nil {
		return 0, false
	}
	return float64(*n), true
}
