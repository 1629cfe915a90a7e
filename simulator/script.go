package simulator

import (
	"fmt"
	"time"
)

// A Task is a task whose life is written beforehand. What the API tells of it
// follows the cloud's clock, as with the tasks of the fleet: nothing before
// Created, then it waits, runs from Started on with a progress that moves, and
// is over at Ended.
type Task struct {
	ID            string // a UUID; empty: one that follows from the seed and the number of the task
	OperationType string
	VaultID       string // empty: the task does not tell its vault
	VaultName     string
	ResourceID    string // empty: it has no resource
	ResourceName  string
	ResourceType  string // OS::Nova::Server and so on; it decides about provider_id
	PolicyID      string // empty: started by hand

	Created time.Time // zero: when it is added
	Started time.Time // zero: never, as where it is skipped
	Ended   time.Time // zero: never

	Outcome      string // the status from Ended on; empty: success
	ErrorCode    string // BackupService.NNNN, told from Ended on
	ErrorMessage string
}

// Add puts tasks into the cloud. One whose id was added before takes its place.
// Add panics where an id is no UUID, or that of a task of the fleet.
func (s *Simulator) Add(tasks ...Task) {
	now := s.now()
	for _, t := range tasks {
		s.catalog.add(t, now)
	}
}

// Remove makes the service forget tasks, of the fleet or added. Unknown ids do
// nothing, and [SampleTaskID] stays. Remove panics where an id is no UUID.
func (s *Simulator) Remove(ids ...string) {
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	for _, id := range ids {
		s.catalog.remove(mustUUID(id))
	}
}

func mustUUID(text string) uuid {
	u, ok := parseUUID(text)
	if !ok {
		panic(fmt.Sprintf("simulator: %q is not a UUID", text))
	}
	return u
}

// run is the life of the task, the number-th of the script.
func (t Task) run(s seed, number uint32, now time.Time) run {
	r := run{
		id:       taskID{scripted, number},
		schedule: &schedule{index: scripted, operation: t.OperationType, policyID: t.PolicyID},
		created:  t.Created.UTC(),
		started:  t.Started.UTC(),
		ended:    t.Ended.UTC(),
		outcome:  t.Outcome,
		err:      errorInfo{t.ErrorCode, t.ErrorMessage},
	}
	r.given = r.id.uuid(s)
	if t.ID != "" {
		r.given = mustUUID(t.ID)
	}
	if t.VaultID != "" {
		r.vault = &vault{id: t.VaultID, name: t.VaultName}
	}
	if t.ResourceID != "" {
		r.resource = &resource{id: t.ResourceID, name: t.ResourceName, kind: t.ResourceType, provider: providerOf(t.ResourceType)}
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
		r.reach = 80 + s.rand("script", number).IntN(18) // as in the fleet
	}
	return r
}
