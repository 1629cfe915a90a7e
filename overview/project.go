package overview

import (
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/protection"
)

// projectView is one project on the page. Tables have the worst row first.
type projectView struct {
	Name      string
	Summary   string // what is wrong
	Failing   bool   // whether anything is
	Reading   string // how recently everything was read, and why it was not
	Current   bool   // whether everything is known and recent
	AsOf      string // end of the last pass
	Problems  []problemView
	Overdue   []overdueView
	Resources []resourceView
	Tasks     []taskView
	Vaults    []vaultView
	Discovery bool
}

// rank orders projects: those where something is wrong, then those that are not known.
func (v projectView) rank() int {
	switch {
	case v.Failing:
		return 0
	case !v.Current:
		return 1
	default:
		return 2
	}
}

// problemView is one reason for which something could not be read.
type problemView struct {
	Reason string
	Error  string
	Since  moment
}

// stale is the age at which the page assumes that the exporter is not scraped any more.
const stale = 5 * time.Minute

func viewProject(p Project, now time.Time) projectView {
	v := projectView{Name: p.Project}
	if !p.Scraped {
		v.Summary = "No data yet. The exporter reads the API when it is scraped."
		return v
	}
	s := &p.Snapshot
	c := count(s)
	v.Summary, v.Failing = summarize(s, c), c.attention()
	v.Reading = describeReading(s, now)
	v.Current = now.Sub(s.At) < stale && !slices.ContainsFunc(s.Collectors(), func(c protection.Collector) bool { return !c.Complete })
	v.AsOf = formatUTC(s.At)
	v.Problems = viewProblems(s, now)
	v.Overdue, v.Resources = viewOverdue(s, now), viewResources(s, now)
	v.Tasks, v.Vaults = viewTasks(s, now), viewVaults(s)
	v.Discovery = s.Discovered != nil
	return v
}

func viewProblems(s *protection.Snapshot, now time.Time) []problemView {
	all := s.Problems
	if s.Inventory != nil {
		all = slices.Concat(all, s.Inventory.Problems)
	}
	var views []problemView
	for _, p := range all {
		views = append(views, problemView{Reason: string(p.Reason), Error: p.Err.Error(), Since: ago(p.Since, now)})
	}
	return views
}
