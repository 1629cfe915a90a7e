package collector

import (
	"github.com/cbr-exporter/cbr_exporter/protection"
)

// restorePointFamilies are the metrics of the backups of one resource.
func restorePointFamilies() []family[*protection.RestorePoints] {
	return []family[*protection.RestorePoints]{
		gauge("cbr_resource_restorable", "Whether the resource has a restore point, or a backup has just ended. Absent unless the resource is in a vault for backups.",
			func(r *protection.RestorePoints) (float64, bool) { return boolValue(r.Restorable) }),
		gauge("cbr_resource_restore_points", "Number of backups from which the resource can be restored.",
			func(r *protection.RestorePoints) (float64, bool) { return float64(r.Count), true }),
		gauge("cbr_resource_restore_points_lost", "Whether more than half of the restore points of the resource are gone within a day, other than by expiry. Absent if that is not known.",
			func(r *protection.RestorePoints) (float64, bool) { return boolValue(r.Lost) }),
		gauge("cbr_resource_latest_restore_point_timestamp_seconds", "Unix time of the data of the latest restore point of the resource. Absent if there is none.",
			func(r *protection.RestorePoints) (float64, bool) { return unixSeconds(r.Latest) }),
		gauge("cbr_resource_oldest_restore_point_timestamp_seconds", "Unix time of the data of the oldest restore point of the resource. Absent if there is none.",
			func(r *protection.RestorePoints) (float64, bool) { return unixSeconds(r.Oldest) }),
		gauge("cbr_resource_next_restore_point_expiry_timestamp_seconds", "Unix time at which the next restore point of the resource expires. Absent if none is known to expire.",
			func(r *protection.RestorePoints) (float64, bool) { return unixSeconds(r.NextExpiry) }),
		gauge("cbr_resource_error_backups", "Number of backups of the resource in status error.",
			func(r *protection.RestorePoints) (float64, bool) { return float64(r.InError), true }),
		gauge("cbr_resource_protecting_backups", "Number of backups of the resource that are being made.",
			func(r *protection.RestorePoints) (float64, bool) { return float64(r.BeingMade), true }),
		{
			name:   "cbr_resource_latest_replica_timestamp_seconds",
			help:   "Unix time of the data of the latest backup of the resource that has a copy in the other region. Absent if none has.",
			labels: []string{"destination_region"},
			read: func(r *protection.RestorePoints, e *emitter) {
				for n := range r.Replicas {
					if v, known := unixSeconds(r.Replicas[n].Latest); known {
						e.emit(v, r.Replicas[n].Region)
					}
				}
			},
		},
		{
			name:   "cbr_resource_failed_replicas",
			help:   "Number of backups of the resource whose latest copy to the other region failed, with the error code of the latest one. Absent if none did.",
			labels: []string{"destination_region", "error_code"},
			read: func(r *protection.RestorePoints, e *emitter) {
				for n := range r.Replicas {
					if copies := &r.Replicas[n]; copies.Failed > 0 {
						e.emit(float64(copies.Failed), copies.Region, copies.FailCode)
					}
				}
			},
		},
	}
}

func eachRestorePoints(s snapshot, add func(*protection.RestorePoints, ...string)) {
	for i := range s.RestorePoints {
		r := &s.RestorePoints[i]
		add(r, s.withTags(r.VaultID, s.VaultName(r.VaultID), r.ResourceID, s.ResourceName(r.ResourceID))...)
	}
}
