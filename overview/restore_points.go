package overview

import (
	"github.com/cbr-exporter/cbr_exporter/protection"
)

// showRestorePoints returns what is shown of restore points; nil if they are not known.
func showRestorePoints(known *protection.RestorePoints) *RestorePoints {
	if known == nil {
		return nil
	}
	v := &RestorePoints{
		Count: known.Count, Peak: known.Peak, Lost: known.Lost,
		Latest: utc(known.Latest), Oldest: utc(known.Oldest), NextExpiry: utc(known.NextExpiry),
		InError: known.InError, BeingMade: known.BeingMade,
	}
	for _, r := range known.Replicas {
		v.Replicas = append(v.Replicas, Replicas{Region: r.Region, Latest: utc(r.Latest), Failed: r.Failed, ErrorCode: r.FailCode})
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
		text = "It can be restored from " + formatCount(known.Count) + " " + plural(known.Count, "backup")
	} else if why == "" {
		why = withoutRestorePoint
	}
	if why != "" {
		text += ": " + why
	}
	return text + "."
}
