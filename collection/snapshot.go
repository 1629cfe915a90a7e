package collection

import (
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/ledger"
)

// Snapshot is what is known of a project at one moment. The operation logs in
// it are shared and must not be changed.
type Snapshot struct {
	Project string
	Info    ProjectInfo
	Tasks   []Task // one for each configured id, in the order of the configuration

	// Up reports whether the API gave a valid answer in the newest pass; in the one
	// before it, where that was over lately and the newest knows neither way yet.
	Up bool
	// Reasons are why something could not be read in the newest pass, in the one
	// before it while the newest runs, or in the sweep. It holds
	// cbrapi.ReasonDeadline where the newest runs and the one before it does not
	// speak for it.
	Reasons map[cbrapi.Reason]bool
	// Troubles say more of the reasons in the newest pass that is over, in the order
	// of cbrapi.Reasons.
	Troubles []Trouble
	// Duration is how long the newest pass took, or has taken so far.
	Duration time.Duration
	// Complete reports whether the newest pass knows all configured tasks. While it
	// runs and nothing has failed in it, the one before it stands for it if that was
	// over lately: where every pass takes longer than a scrape may, each of them is
	// still complete.
	Complete bool
	// LastComplete is when the newest such pass ended; zero if there was none.
	LastComplete time.Time
	// At is when the snapshot was taken.
	At time.Time

	// Standings and Resources are what the tasks say of the resources. They are
	// empty until every task was read that may say something: among half of them,
	// the newest failure may be one that has long been made good.
	Standings []ledger.Standing
	Resources []ledger.Resource

	// Found is nil where the list of tasks is not followed.
	Found *Found
}

// ProjectInfo is what the cloud calls a project.
type ProjectInfo struct {
	ID                  string // "" until it is looked up
	Region              string // "" where the configuration names none
	EnterpriseProjectID string // to which the lists are limited; "" if they are not
}

// Found is what is known by following the list of tasks.
type Found struct {
	// Active are the tasks that are active and not configured, as read in the newest
	// pass, by id.
	Active []*cbrapi.OperationLog
	// Complete reports whether nothing can be missing after the newest pass, or the
	// one before it as in Snapshot.
	Complete bool
	// LastComplete is when the newest such pass ended; zero if there was none.
	LastComplete time.Time

	// Swept reports whether all that the API remembers has been read at least once.
	// Before that, there is nothing in what follows.
	Swept        bool
	SweptAt      time.Time // when the newest complete reading of all began
	HistoryStart time.Time // how far back everything is known
	Window       time.Duration
	Tallies      []ledger.Tally
	Dropped      int
}

// Task is what is known of one configured id.
type Task struct {
	ID string
	// Log is nil where there is nothing to say that is still true: the task was
	// never read, does not exist, or was active when it was read last, which
	// was not in this pass.
	Log *cbrapi.OperationLog
	// Known reports whether it is known that the task is as Log says or, where
	// Log is nil, that it does not exist.
	Known bool
	// Err is why the newest attempt to read the task failed; nil if it did not.
	Err error
}

// Exists reports whether a task that is Known exists.
func (t Task) Exists() bool { return t.Log != nil }

// snapshot returns what is known in the pass p, running or over. It must be called
// with the mutex held.
func (c *Collection) snapshot(p *pass) Snapshot {
	now := c.options.Now()
	s := Snapshot{
		Project:      c.options.Project,
		Tasks:        make([]Task, len(c.configured)),
		Up:           c.answered(p, now),
		Reasons:      c.reasons(p, now),
		Troubles:     c.troubles,
		Duration:     p.duration(now),
		Complete:     c.complete(p, now, (*pass).knowsTasks),
		LastComplete: c.lastTasks,
		At:           now,
	}
	if c.options.Info != nil {
		s.Info = c.options.Info()
	}
	for i, e := range c.configured {
		s.Tasks[i] = c.task(e, p, now)
	}
	if c.discovered == nil {
		s.Standings, s.Resources = c.standingsOfConfigured()
		return s
	}
	if err := c.discovered.sweepError; err != nil {
		s.Reasons[cbrapi.ReasonOf(err)] = true
	}
	s.Found = c.found(p, now)
	if s.Found.Swept {
		s.Standings, s.Resources = c.discovered.ledger.Standings(), c.discovered.ledger.Resources()
	}
	return s
}

// found returns what is known by following the list.
func (c *Collection) found(p *pass, now time.Time) *Found {
	d := c.discovered
	f := &Found{
		Complete:     d.swept(now) && c.complete(p, now, (*pass).knowsFound),
		LastComplete: d.lastFound,
		Swept:        !d.sweptAt.IsZero(),
		SweptAt:      d.sweptAt,
		Window:       d.Window,
	}
	for _, e := range c.entries {
		if e.configured {
			continue
		}
		if t := c.task(e, p, now); t.Known {
			f.Active = append(f.Active, t.Log)
		}
	}
	slices.SortFunc(f.Active, func(a, b *cbrapi.OperationLog) int { return strings.Compare(a.ID, b.ID) })
	if f.Swept {
		f.HistoryStart, f.Tallies, f.Dropped = d.historyStart(), d.ledger.Tallies(), d.ledger.Dropped()
	}
	return f
}

// task says what of an entry is still true. What has ended stays as it is; what
// was active may have changed since.
func (c *Collection) task(e *entry, p *pass, now time.Time) Task {
	t := Task{ID: e.id, Err: e.err}
	t.Known = e.readIn == p.number || c.readLately(e, p, now) || e.fresh(now, c.options.FinishedTaskTTL)
	if t.Known || e.final() {
		t.Log = e.log
	}
	return t
}

// standingsOfConfigured reduces all that was ever read, so that a task that cannot
// be read now still tells the names that it told before.
func (c *Collection) standingsOfConfigured() ([]ledger.Standing, []ledger.Resource) {
	l := ledger.New(ledger.Options{})
	for _, e := range c.configured {
		if e.readAt.IsZero() {
			return nil, nil
		}
		if e.log != nil {
			l.Add(e.log)
		}
	}
	return l.Standings(), l.Resources()
}
