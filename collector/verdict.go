package collector

import "github.com/cbr-exporter/cbr_exporter/protection"

// verdictFamilies are what is judged about one resource and operation type.
func verdictFamilies() []family[*protection.Verdict] {
	return []family[*protection.Verdict]{
		gauge("cbr_resource_overdue", "Whether a success of the resource is missing. Absent if nothing is due or that is not known.",
			func(v *protection.Verdict) (float64, bool) { return boolValue(v.Overdue) }),
		gauge("cbr_resource_failing", "Whether the last finished task of the resource that was not skipped failed or timed out.",
			func(v *protection.Verdict) (float64, bool) { return boolValue(v.Failing) }),
		gauge("cbr_resource_due_timestamp_seconds", "Unix time of the latest scheduled run of the resource whose grace is over.",
			func(v *protection.Verdict) (float64, bool) { return unixSeconds(v.Due) }),
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

func eachVerdict(s snapshot, add func(*protection.Verdict, ...string)) {
	for i := range s.Verdicts {
		v := &s.Verdicts[i]
		add(v, s.withTags(v.VaultID, s.VaultName(v.VaultID), v.ResourceID, s.ResourceName(v.ResourceID), string(v.OperationType))...)
	}
}

func eachActiveTask(s snapshot, add func(protection.ActiveTask, ...string)) {
	for _, t := range s.ActiveTasks {
		add(t, t.Log.ID, string(t.Log.OperationType), s.VaultName(s.VaultOf(t.Log)))
	}
}
