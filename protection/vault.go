package protection

import "github.com/cbr-exporter/cbr_exporter/cbrapi"

const (
	fullRatio       = 0.99 // the API refuses a backup that does not fit: a vault is full before its last byte is used
	nearlyFullRatio = 0.85 // of vaults without a threshold of their own
)

// Available reports whether a vault takes backups; nil if that is not known, or if the
// vault is being deleted: it soon takes none for good. One with the
// status lock, whose capacity is being expanded, goes on taking them, as the user guide of
// Open Telekom Cloud says.
func Available(v *cbrapi.Vault) *bool {
	switch StatusOf(v) {
	case "", cbrapi.VaultDeleting:
		return nil
	case cbrapi.VaultAvailable, cbrapi.VaultLock:
		return new(true)
	default:
		return new(false)
	}
}

// StatusOf returns the status of a vault. The cloud may freeze one that has the status
// available.
func StatusOf(v *cbrapi.Vault) cbrapi.VaultStatus {
	if v.Frozen != nil && *v.Frozen {
		return cbrapi.VaultFrozen
	}
	return v.Billing.Status
}

// Full reports whether a vault has no room for another backup; nil if its use or capacity
// is not known. One that expands by itself is full when it has not done so.
func Full(v *cbrapi.Vault) *bool {
	limit := fullRatio
	if expands(v) {
		limit = 1
	}
	return usedFrom(v, limit)
}

// NearlyFull reports whether the use of a vault has reached its threshold, or 85 % if it
// has none; nil if its use or capacity is not known. A vault that expands by itself is
// never nearly full.
func NearlyFull(v *cbrapi.Vault) *bool {
	limit := nearlyFullRatio
	if v.Threshold != nil && *v.Threshold > 0 { // 0 is no threshold: the API accepts 1 to 100
		limit = *v.Threshold / 100
	}
	reached := usedFrom(v, limit)
	if reached != nil && expands(v) {
		*reached = false
	}
	return reached
}

// usedFrom reports whether at least the share limit of the capacity is used; nil if that is
// not known.
func usedFrom(v *cbrapi.Vault, limit float64) *bool {
	b := &v.Billing
	if b.Used == nil || b.Capacity == nil || *b.Capacity <= 0 {
		return nil
	}
	return new(float64(*b.Used) >= limit*float64(*b.Capacity))
}

func expands(v *cbrapi.Vault) bool { return v.AutoExpand != nil && *v.AutoExpand }
