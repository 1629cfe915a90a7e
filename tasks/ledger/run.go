package ledger

import (
	"cmp"
	"slices"
	"time"
	"unique"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Run is a finished task of a resource key.
type Run struct {
	ID          string
	Status      cbrapi.Status
	Created     time.Time // or, if unknown, its earliest known time
	End         time.Time // zero if the API did not send it
	Duration    time.Duration
	HasDuration bool
	Error       cbrapi.ErrorInfo
}

// RunOf returns a finished task as a run.
func RunOf(log *cbrapi.OperationLog) Run {
	r := Run{ID: log.ID, Status: log.Status, Created: CreatedAt(log), Error: log.ErrorInfo}
	r.End, _ = log.FinishedAt()
	r.Duration, r.HasDuration = log.Duration()
	return r
}

// Runs are finished tasks of a resource key, ordered by creation. They never change.
type Runs struct{ compact []run }

// List returns the runs, the latest last. It makes a new slice.
func (r Runs) List() []Run {
	if len(r.compact) == 0 {
		return nil
	}
	list := make([]Run, len(r.compact))
	for i := range r.compact {
		list[i] = r.compact[i].expand()
	}
	return list
}

// Equal reports whether both have the same runs.
func (r Runs) Equal(other Runs) bool { return slices.Equal(r.compact, other.compact) }

// run is a Run in less than half of its size, since a ledger keeps so many. Times are in
// nanoseconds since 1970; 0 if unknown.
type run struct {
	id                    string
	end                   unique.Handle[end]
	created, ended, start int64
	changed               int64 // updated_at: the last change wins
}

// end is what many runs have in common.
type end struct {
	status  cbrapi.Status
	err     cbrapi.ErrorInfo
	vaultID string // "" if the task names none
	further bool   // another key counts the task
}

func newRun(log *cbrapi.OperationLog, further bool) run {
	return run{
		id:      log.ID,
		end:     unique.Make(end{log.Status, log.ErrorInfo, log.VaultID, further}),
		created: nanos(CreatedAt(log)),
		start:   nanos(log.StartedAt),
		ended:   nanos(log.EndedAt),
		changed: nanos(log.UpdatedAt),
	}
}

func (r *run) status() cbrapi.Status { return r.end.Value().status }

func (r *run) expand() Run {
	e := r.end.Value()
	return RunOf(&cbrapi.OperationLog{
		ID:        r.id,
		Status:    e.status,
		CreatedAt: timeOf(r.created),
		StartedAt: timeOf(r.start),
		EndedAt:   timeOf(r.ended),
		UpdatedAt: timeOf(r.changed),
		ErrorInfo: e.err,
	})
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}

func (r run) compare(other run) int {
	return cmp.Or(cmp.Compare(r.created, other.created), cmp.Compare(r.id, other.id))
}

// history holds the runs of a key.
type history struct {
	runs  []run         // by creation; shared and not to be changed once there is a state
	state *historyState // nil until it is needed after a change
}

// historyState is what the runs say about their key.
type historyState struct {
	attempt, success, failure *Run // the last ones
	failures                  int  // after the last success
}

// add adds a finished task. One that is known and has not changed costs nothing more.
func (h *history) add(log *cbrapi.OperationLog, further bool) {
	added := newRun(log, further)
	at, known := slices.BinarySearchFunc(h.runs, added, run.compare)
	before := at
	if !known { // its creation may have been unknown
		before = h.index(log.ID)
	}
	if before >= 0 && (added.changed < h.runs[before].changed || added == h.runs[before]) {
		return
	}
	if h.state != nil {
		h.runs, h.state = append(make([]run, 0, len(h.runs)+1), h.runs...), nil
	}
	switch {
	case known:
		h.runs[at] = added
		return
	case before >= 0:
		h.runs = slices.Delete(h.runs, before, before+1)
		at, _ = slices.BinarySearchFunc(h.runs, added, run.compare)
	}
	h.runs = slices.Insert(h.runs, at, added)
}

func (h *history) index(id string) int {
	return slices.IndexFunc(h.runs, func(r run) bool { return r.id == id })
}

// has reports whether the task is among the runs.
func (h *history) has(id string) bool { return h.index(id) >= 0 }

// since returns the runs that were created at t or later.
func (h *history) since(t time.Time) []run {
	n, _ := slices.BinarySearchFunc(h.runs, t, func(r run, t time.Time) int { return timeOf(r.created).Compare(t) })
	return h.runs[n:]
}

// forget removes the runs that were created before oldest.
func (h *history) forget(oldest time.Time) {
	if kept := h.since(oldest); len(kept) < len(h.runs) {
		h.runs, h.state = slices.Clone(kept), nil
	}
}

// read returns the state of the runs. It computes it anew only after a change.
func (h *history) read() *historyState {
	if h.state != nil {
		return h.state
	}
	if cap(h.runs) > len(h.runs)*5/4 { // much is left from growing
		h.runs = slices.Clone(h.runs)
	}
	s := &historyState{}
	for i := len(h.runs) - 1; i >= 0 && (s.success == nil || s.failure == nil); i-- {
		r := &h.runs[i]
		switch {
		case r.status().Failure():
			if s.success == nil {
				s.failures++
			}
			s.note(&s.failure, r)
		case r.status() == cbrapi.StatusSuccess:
			s.note(&s.success, r)
		}
	}
	h.state = s
	return s
}

// note sets last to a run if it is nil, and so the last attempt.
func (s *historyState) note(last **Run, r *run) {
	if *last != nil {
		return
	}
	*last = new(r.expand())
	s.attempt = cmp.Or(s.attempt, *last)
}
