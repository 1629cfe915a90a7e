package collector

import (
	"slices"

	"github.com/cbr-exporter/cbr_exporter/protection"
)

// tags are the values of the labels for tags of a vault.
type tags []string

func (t tags) values() []string { return t }

// tagged is gauge with labels for tags of the vault of each T.
func tagged[T interface{ values() []string }](name, help string, tagLabels []string, read func(T) (value float64, known bool)) family[T] {
	return family[T]{name: name, help: help, labels: tagLabels, read: func(of T, e *emitter) {
		if v, known := read(of); known {
			e.emit(v, of.values()...)
		}
	}}
}

// tagsOf returns a function that returns the values of the labels for tags of a vault, in
// the order of the labels. All vaults have all labels, because the samples of a family
// have the same labels.
func tagsOf(s *protection.Snapshot, tagLabels []string) func(vaultID string) tags {
	values, none := map[string]tags{}, make(tags, len(tagLabels))
	if s.Inventory != nil {
		for _, v := range s.Inventory.Vaults {
			tags := slices.Clone(none)
			for i, label := range tagLabels {
				if key, exposed := s.TagKeys[label]; exposed {
					tags[i] = v.Tags[key]
				}
			}
			values[v.ID] = tags
		}
	}
	return func(vaultID string) tags {
		if tags, known := values[vaultID]; known {
			return tags
		}
		return none
	}
}

// verdict is a verdict with the tags of its vault.
type verdict struct {
	*protection.Verdict
	tags
}

// verdictFamilies are what is judged about one resource and operation type.
func verdictFamilies(tagLabels []string) []family[verdict] {
	return []family[verdict]{
		tagged("cbr_resource_overdue", "Whether a success of the resource is missing. Absent if nothing is due or that is not known.", tagLabels,
			func(v verdict) (float64, bool) { return boolValue(v.Overdue) }),
		tagged("cbr_resource_failing", "Whether the last finished task of the resource that was not skipped failed or timed out.", tagLabels,
			func(v verdict) (float64, bool) { return boolValue(v.Failing) }),
		gauge("cbr_resource_due_timestamp_seconds", "Unix time of the latest scheduled run of the resource whose grace is over.",
			func(v verdict) (float64, bool) { return unixSeconds(v.Due) }),
	}
}

// activeTaskFamilies are what is judged about one active task, also while it cannot be
// read.
func activeTaskFamilies() []family[protection.ActiveTask] {
	return []family[protection.ActiveTask]{{
		name: "cbr_task_stuck",
		help: "Whether the active task had been running or waiting for too long when it was last read.",
		read: func(t protection.ActiveTask, e *emitter) { e.emit(boolToFloat(t.Stuck)) },
	}}
}

func eachVerdict(s snapshot, add func(verdict, ...string)) {
	for i := range s.Verdicts {
		v := &s.Verdicts[i]
		add(verdict{v, s.tagsOf(v.VaultID)}, v.VaultID, s.VaultName(v.VaultID), v.ResourceID, s.ResourceName(v.ResourceID), string(v.OperationType))
	}
}

func eachActiveTask(s snapshot, add func(protection.ActiveTask, ...string)) {
	for _, t := range s.ActiveTasks {
		add(t, t.Log.ID, string(t.Log.OperationType), s.VaultName(s.VaultOf(t.Log)))
	}
}
