package overview

import (
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/protection"
)

// showRestorePoints returns what is shown of restore points; nil if they are not known.
func showRestorePoints(known *protection.RestorePoints) *RestorePoints {
	if known == nil {
		return nil
	}
	v := &RestorePoints{
		Count: known.Count, Peak: known.Peak, Lost: known.Lost,
		Latest: known.Latest.UTC(), Oldest: known.Oldest.UTC(), NextExpiry: known.NextExpiry.UTC(),
		InError: known.InError, BeingMade: known.BeingMade,
	}
	for _, r := range known.Replicas {
		v.Replicas = append(v.Replicas, Replicas{Region: r.Region, Latest: r.Latest.UTC(), Failed: r.Failed, ErrorCode: r.FailCode})
	}
	return v
}

// describeRestorePoints says whether a resource can be restored.
func (p *project) describeRestorePoints(known *protection.RestorePoints) string {
	switch {
	case p.Inventory == nil:
		return "Its backups are not read; add vaults: {} and backups: {} to its project."
	case p.Inventory.Backups == nil:
		return "Its backups are not read; add backups: {} to its project."
	case p.Inventory.Backups.Waiting:
		return "Its backups are being read for the first time."
	case p.Inventory.Backups.Resources == nil:
		return "Its backups could not be read yet."
	case known == nil:
		return "No backup of it is known."
	case known.Count == 0 && isTrue(known.Restorable) && known.Why == "":
		return "A backup has just succeeded, but its restore point is not known yet."
	}
	text, why := "It cannot be restored", known.Why
	if known.Count > 0 {
		text = "It can be restored from " + counted(known.Count, "backup", "backups")
	} else if why == "" {
		why = withoutRestorePoint
	}
	if why != "" {
		text += ": " + why
	}
	return text + "."
}

// unrestorable reports whether there is no restore point, or too many are gone.
func unrestorable(states []State) bool {
	return slices.Contains(states, StateLost) || slices.Contains(states, StateNoRestorePoint)
}

// shownPoints are the restore points of a resource.
type shownPoints struct{ Class, Words, Title string }

// restorable says how many restore points a resource has; nil if that is not known.
func restorable(r Resource, now time.Time) *shownPoints {
	p := r.RestorePoints
	if p == nil {
		return nil
	}
	v := &shownPoints{Words: formatCount(p.Count)}
	switch {
	case isTrue(p.Lost):
		v.Words += " of " + formatCount(p.Peak)
	case p.Count == 0:
		v.Words = "none"
	}
	if unrestorable(r.States) {
		v.Class = "wrong"
	}
	if !p.Latest.IsZero() {
		v.Words += ", latest " + strings.ReplaceAll(ago(p.Latest, now).Words, " ", "\u00a0")
		v.Title = formatUTC(p.Latest)
	}
	return v
}
