package exporter_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// trial is an exporter for projects that share credentials of one kind, and what
// happens to them.
type trial struct {
	*testing.T
	kind     kind
	source   source
	projects int

	cloud    *tableCloud
	settings []setting
	folder   string // of files with secrets
	made     int    // the number of what the cloud accepts, from 1
	e        *running
}

func newTrial(t *testing.T, k kind, from source, projects int) *trial {
	t.Helper()
	x := &trial{T: t, kind: k, source: from, projects: projects, made: 1, folder: t.TempDir()}
	x.cloud = newTableCloud(t, projects)
	x.settings = k.settings(x)
	x.e = &running{shown: &transcript{}}
	return x
}

// start runs the exporter. At its end, nothing that it has shown may be secret.
func (x *trial) start() {
	x.Helper()
	x.write()
	x.e.start(x.T, x.cloud.now)
}

func (x *trial) finish() {
	x.Helper()
	x.e.do(x.T, http.MethodGet, "/", nil)
	x.e.do(x.T, http.MethodGet, "/config", nil)
	for _, c := range x.e.CheckConnections(x.Context()) {
		x.e.shown.add("the check of the connection", c.String())
	}
	x.e.shown.add("the log", x.e.log.String())
	for _, found := range x.cloud.secrets.search(x.e.shown) {
		x.Error(found)
	}
}

func (x *trial) reload() {
	x.Helper()
	if status, body := x.e.do(x.T, http.MethodPost, "/-/reload", nil); status != http.StatusOK {
		x.Fatalf("reload: got status %d: %s", status, body)
	}
}

// between is how many requests there may be.
type between struct{ least, most int }

func exactly(n int) between { return between{n, n} }

// pages scrapes as two servers do at once, checks how many requests and logins
// were refused, and returns the pages and all that was counted.
func (x *trial) pages(when string, refused between) ([]string, counts) {
	x.Helper()
	before := x.cloud.count(x.T)
	pages := make([]string, 2)
	var wait sync.WaitGroup
	for i := range pages {
		wait.Go(func() { pages[i] = x.e.scrape(x.T, "") })
	}
	wait.Wait()
	c := x.cloud.count(x.T).minus(before)
	if got := c.refused + c.refusedLogins; got < refused.least || got > refused.most {
		x.Errorf("%s: %+v were counted, want %d to %d refused", when, c, refused.least, refused.most)
	}
	return pages, c
}

// condition is what a page says of a project.
type condition struct {
	reason   cbrapi.Reason // "" where all tasks are read
	rejected bool
	partial  bool // some tasks may have been read before the reason was met
}

// Where credentials are refused, and where there are none to be refused.
func refusal() condition { return condition{reason: cbrapi.ReasonCredentials, rejected: true} }

func absence() condition { return condition{reason: cbrapi.ReasonCredentials} }

// expect scrapes, and wants the condition of every project.
func (x *trial) expect(when string, want condition, refused between) counts {
	x.Helper()
	pages, c := x.pages(when, refused)
	for _, name := range x.cloud.projectNames() {
		for _, line := range want.lines(name) {
			for _, page := range pages {
				if !strings.Contains(page, line+"\n") {
					x.Errorf("%s: a page lacks %s", when, line)
				}
			}
		}
	}
	return c
}

func (c condition) lines(project string) []string {
	flag := map[bool]int{true: 1}
	lines := []string{
		fmt.Sprintf(`cbr_scrape_collector_success{collector="tasks",project=%q} %d`, project, flag[c.reason == ""]),
		fmt.Sprintf(`cbr_exporter_credentials_rejected{project=%q} %d`, project, flag[c.rejected]),
	}
	if !c.partial {
		lines = append(lines, fmt.Sprintf("cbr_up{project=%q} %d", project, flag[c.reason == ""]))
	}
	for _, r := range cbrapi.Reasons() {
		lines = append(lines, fmt.Sprintf(`cbr_scrape_error{project=%q,reason=%q} %d`, project, r, flag[r == c.reason]))
	}
	return lines
}

// well scrapes, and wants every task to be read once or, where the scrapes do not
// meet, twice.
func (x *trial) well(when string, refused between) counts {
	x.Helper()
	c := x.expect(when, condition{}, refused)
	if passes := float64(c.all-c.logins-c.refused) / float64(tasksOfATrial*x.projects); passes < 1 || passes > 2 {
		x.Errorf("%s: %+v were counted, which are %g passes of 2 scrapes", when, c, passes)
	}
	return c
}

// silent scrapes, and wants the condition without any request.
func (x *trial) silent(when string, want condition) {
	x.Helper()
	if c := x.expect(when, want, exactly(0)); c.all != 0 {
		x.Errorf("%s: %+v were counted, want nothing", when, c)
	}
}

// told checks that the log says once for each project what to mend, and what is
// the matter.
func (x *trial) told(reason cbrapi.Reason, says string) {
	x.Helper()
	log := x.e.log.String()
	for _, name := range x.cloud.projectNames() {
		n := 0
		for line := range strings.Lines(log) {
			if strings.HasPrefix(line, "level=warn project="+name+" ") && strings.Contains(line, " reason="+string(reason)+" ") && strings.Contains(line, " remedy=") {
				n++
			}
		}
		if n != 1 {
			x.Errorf("the log says %d times what to mend for the project %s, want once:\n%s", n, name, log)
		}
	}
	if !strings.Contains(log, says) {
		x.Errorf("the log lacks %q:\n%s", says, log)
	}
}

// pause lets the time pass until what was refused is tried again, and scrapes
// after half of it and just before its end. Neither a scrape nor a reload sends it earlier.
func (x *trial) pause(want condition, says string) {
	x.Helper()
	for _, when := range []string{"early in the pause", "late in the pause"} {
		x.cloud.pass(x.kind.retry/2 - time.Second)
		x.silent(when, want)
	}
	x.told(want.reason, says)
	x.reload()
	x.silent("after a reload of the same", want)
	x.cloud.pass(2 * time.Second)
}
