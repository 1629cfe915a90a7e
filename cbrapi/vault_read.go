package cbrapi

import "math"

const (
	megabyte = 1 << 20
	gigabyte = 1 << 30
	// maxTags bounds the tags of a vault. The API allows ten to twenty.
	maxTags = 100
)

// readVault reads one vault object. It cannot fail: what is unreadable is left out
// and listed.
func readVault(o object) *Vault {
	billing, _ := o.object("billing")
	v := &Vault{
		ID:                  o.id("id"),
		Name:                o.text("name"),
		EnterpriseProjectID: o.text("enterprise_project_id"),
		CreatedAt:           o.time("created_at"),
		AutoExpand:          o.flag("auto_expand"),
		Billing: Billing{
			Status:          VaultStatus(billing.word("status")),
			ChargingMode:    billing.word("charging_mode"),
			ProtectType:     billing.word("protect_type"),
			ObjectType:      billing.word("object_type"),
			ConsistentLevel: billing.word("consistent_level"),
			Capacity:        billing.size("size", gigabyte),
			Allocated:       billing.size("allocated", gigabyte),
			Used:            billing.size("used", megabyte),
		},
		Resources: readVaultResources(o),
		Tags:      readTags(o),
	}
	v.Invalid = *o.found
	return v
}

func readVaultResources(o object) []VaultResource {
	all := o.objects("resources")
	if _, sent := o.values["resources"].([]any); !sent {
		return nil
	}
	resources := make([]VaultResource, 0, len(all))
	seen := map[string]bool{}
	for _, inner := range all {
		before := len(*inner.found)
		id := inner.id("id")
		switch {
		case len(*inner.found) > before, seen[id]:
			continue
		case id == "":
			inner.invalid("id", inner.values["id"])
			continue
		}
		seen[id] = true
		extra, _ := inner.object("extra_info")
		resources = append(resources, VaultResource{
			ID:             id,
			Type:           inner.text("type"),
			Name:           inner.text("name"),
			ProtectStatus:  ProtectStatus(inner.word("protect_status")),
			AutoProtect:    inner.flag("auto_protect"),
			BackupCount:    inner.count("backup_count"),
			BackupSize:     inner.size("backup_size", gigabyte),
			ExcludeVolumes: extra.texts("exclude_volumes"),
		})
	}
	return resources
}

// readTags reads a list of keys with values. A part that cannot be read costs its
// tag, and of two tags with one key the first is kept.
func readTags(o object) map[string]string {
	var tags map[string]string
	for _, tag := range o.objects("tags") {
		before := len(*tag.found)
		key, value := tag.text("key"), tag.text("value")
		_, again := tags[key]
		switch {
		case len(*tag.found) > before, again:
			continue
		case key == "", len(tags) == maxTags:
			tag.invalid("key", tag.values["key"])
			continue
		case tags == nil:
			tags = map[string]string{}
		}
		tags[key] = value
	}
	return tags
}

// size returns in bytes what was sent as a number of units, which may have a
// fraction. A size that is negative or larger than an int64 cannot be read.
func (o object) size(name string, unit int64) *int64 {
	f, ok := o.number(name)
	if !ok {
		return nil
	}
	f *= float64(unit)
	if !(f >= 0 && f < math.MaxInt64) {
		o.invalid(name, o.values[name])
		return nil
	}
	n := int64(f)
	return &n
}
