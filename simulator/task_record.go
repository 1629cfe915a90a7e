package simulator

import (
	"slices"
	"time"
)

// A TaskRecord is the truth about a task that exists now, whatever the service
// lists. Fields that the task does not have are empty.
type TaskRecord struct {
	ID            string
	OperationType string
	Status        string
	Progress      int // percent
	VaultID       string
	VaultName     string
	ResourceID    string
	ResourceName  string
	ResourceType  string
	ProviderID    string
	PolicyID      string
	Created       time.Time
	Started       time.Time // zero: not yet
	Ended         time.Time // zero: not yet
	ErrorCode     string
	ErrorMessage  string
}

// Tasks returns all tasks that exist now, newest first. [SampleTaskID] is none:
// it is older than the retention, and answered all the same.
func (s *Simulator) Tasks() []TaskRecord {
	now := s.now()
	records := []TaskRecord{}
	for _, e := range slices.Backward(s.catalog.existing(now)) {
		records = append(records, e.taskRecord(s.seed, now))
	}
	return records
}

func (r run) taskRecord(s seed, now time.Time) TaskRecord {
	t := TaskRecord{
		ID:            r.uuid(s).String(),
		OperationType: r.schedule.operation,
		Status:        r.status(now),
		Progress:      r.progress(now),
		VaultID:       r.vaultID(),
		VaultName:     r.vaultName(),
		ResourceID:    r.resourceID(),
		ResourceName:  r.resourceName(),
		ProviderID:    r.provider().id,
		PolicyID:      r.schedule.policyID,
		Created:       r.created,
	}
	if r.resource != nil {
		t.ResourceType = r.resource.kind
	}
	if r.hasStarted(now) {
		t.Started = r.started
	}
	if r.hasEnded(now) {
		t.Ended = r.ended
		t.ErrorCode, t.ErrorMessage = r.err.Code, r.err.Message
	}
	return t
}
