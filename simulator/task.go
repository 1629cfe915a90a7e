package simulator

import (
	"slices"
	"time"
)

// A Task is a task with a given life. As the cloud's clock advances it is created,
// waits, runs from Started on with increasing progress, and ends at Ended.
type Task struct {
	ID            string // a UUID; empty: derived from the seed and the number of the task
	OperationType string
	VaultID       string // empty: the task does not name its vault
	VaultName     string
	ResourceID    string // empty: it has no resource; a remove_resource names it in its list alone
	ResourceName  string
	ResourceType  string         // OS::Nova::Server and so on; it determines provider_id
	PolicyID      string         // empty: started by hand
	Removed       []TaskResource // further resources of a remove_resource

	Created time.Time // zero: when it is added
	Started time.Time // zero: never, as when it is skipped
	Ended   time.Time // zero: never

	Outcome      string // the status from Ended on; empty: success
	ErrorCode    string // BackupService.NNNN, visible from Ended on
	ErrorMessage string
}

// A TaskResource is a resource that a task names.
type TaskResource struct{ ID, Name, Type string }

// Add adds tasks to the cloud. A task replaces one with the same id that was added
// before. No task that is added makes, copies or deletes a backup, see
// [Simulator.SetBackups]. Add panics if an id is not a UUID.
func (s *Simulator) Add(tasks ...Task) {
	now := s.now()
	for _, t := range tasks {
		s.catalog.add(t, s.seed, now)
	}
}

// Remove deletes tasks. Unknown ids are ignored, and [SampleTaskID] stays. Remove
// panics if an id is not a UUID.
func (s *Simulator) Remove(ids ...string) {
	for _, id := range ids {
		s.catalog.remove(mustUUID(id))
	}
}

// run returns the life of the number-th task that was added.
func (t Task) run(s seed, number uint32, now time.Time) run {
	r := run{
		id:       s.uuid("task", scripted, number),
		number:   number,
		schedule: &schedule{index: scripted, operation: t.OperationType, policyID: t.PolicyID},
		vault:    &vault{id: t.VaultID, name: t.VaultName},
		resource: &resource{id: t.ResourceID, name: t.ResourceName, kind: t.ResourceType, provider: providerOf(t.ResourceType)},
		created:  t.Created.UTC(),
		started:  t.Started.UTC(),
		ended:    t.Ended.UTC(),
		outcome:  t.Outcome,
		err:      errorInfo{t.ErrorCode, t.ErrorMessage},
	}
	for _, o := range t.Removed {
		r.others = append(r.others, &resource{id: o.ID, name: o.Name, kind: o.Type, provider: providerOf(o.Type)})
	}
	if t.ID != "" {
		r.id = mustUUID(t.ID)
	}
	if t.Created.IsZero() {
		r.created = now.UTC()
	}
	if t.Outcome == "" {
		r.outcome = statusSuccess
	}
	switch {
	case t.Ended.IsZero():
		r.reach = 99
	case r.outcome == statusSuccess:
		r.reach = 100
	case !t.Started.IsZero():
		r.reach = 80 + s.rand("script", number).IntN(18)
	}
	return r
}

// A TaskRecord is the truth about a task now, whatever the service lists. Of the
// task's future, all is zero.
type TaskRecord struct {
	Task
	Status     string
	Progress   int // percent
	ProviderID string
}

// Tasks returns all tasks that exist now, latest first. [SampleTaskID] is not among
// them.
func (s *Simulator) Tasks() []TaskRecord {
	now := s.now()
	records := []TaskRecord{}
	for _, e := range slices.Backward(s.catalog.existing(now)) {
		records = append(records, e.taskRecord(now))
	}
	return records
}

func (r run) taskRecord(now time.Time) TaskRecord {
	vault, policyID := r.names()
	t := TaskRecord{
		Task: Task{
			ID:            r.id.String(),
			OperationType: r.schedule.operation,
			VaultID:       vault.id,
			VaultName:     vault.name,
			ResourceID:    r.resource.id,
			ResourceName:  r.resource.name,
			ResourceType:  r.resource.kind,
			PolicyID:      policyID,
			Created:       r.created,
		},
		Status:     r.status(now),
		Progress:   r.progress(now),
		ProviderID: r.resource.provider.id,
	}
	for _, o := range r.others {
		t.Removed = append(t.Removed, TaskResource{o.id, o.name, o.kind})
	}
	if r.hasStarted(now) {
		t.Started = r.started
	}
	if r.hasEnded(now) {
		t.Ended, t.Outcome = r.ended, r.outcome
		t.ErrorCode, t.ErrorMessage = r.err.Code, r.err.Message
	}
	return t
}
