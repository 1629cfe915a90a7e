package overview

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// dump is a directory for the pages of the fixtures, to look at with a browser.
var dump = flag.String("dump", "", "directory into which the rendered pages are written")

// fixturePages are pages by name, with hostile names in all of them.
func fixturePages(t *testing.T) map[string]string {
	t.Helper()
	r := newRenderer("0.1.0", "metrics")
	pages := map[string]string{}
	for name, page := range map[string]struct {
		name string
		view any
	}{
		"troubled": {"page", r.page(troubled(), Query{})},
		"filtered": {"page", r.page(troubled(), Query{Text: quoteName, Vault: scriptName, Type: scriptName, States: []State{StateOverdue}})},
		"fine":     {"page", r.page(fine(), Query{})},
		"syncing":  {"page", r.page(syncing(), Query{})},
		"many":     {"page", r.page(manyRows(), Query{Page: 2})},
		"detail":   {"resource", r.detail(detailed())},
		"message":  {"message", messagePage{r.layout("No such resource"), scriptName}},
	} {
		pages[name] = written(t, r, page.name, page.view)
	}
	return pages
}

func written(t *testing.T, r *renderer, name string, view any) string {
	t.Helper()
	var b strings.Builder
	if err := r.write(&b, name, view); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b.String()
}

func render(t *testing.T, s *Status, q Query) string {
	t.Helper()
	r := newRenderer("0.1.0", "metrics")
	return written(t, r, "page", r.page(s, q))
}

func renderDetail(t *testing.T, d *Detail) string {
	t.Helper()
	r := newRenderer("0.1.0", "metrics")
	return written(t, r, "resource", r.detail(d))
}

// want fails unless the page has each text once at least.
func want(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %s", text)
		}
	}
}

func wantNot(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(page, text) {
			t.Errorf("the page has %s", text)
		}
	}
}

// The Content-Security-Policy forbids styles and scripts in a page, and names are text.
func TestPagesAreSafe(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`(?i)<script>|<img|<style|javascript:|ZgotmplZ|<no value>`)
	tags, values := regexp.MustCompile(`<[a-z][^<>]*>`), regexp.MustCompile(`"[^"]*"`)
	code := regexp.MustCompile(`(?i)["\s](style|on[a-z]+)=|"`)
	for name, page := range fixturePages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found := forbidden.FindString(page); found != "" {
				t.Errorf("the page has %q", found)
			}
			for _, tag := range tags.FindAllString(page, -1) {
				if code.MatchString(values.ReplaceAllString(tag, "")) {
					t.Errorf("the page has %s", tag)
				}
			}
			if *dump != "" {
				if err := os.WriteFile(filepath.Join(*dump, name+".html"), []byte(page), 0o644); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestPagesHaveUniqueIDs(t *testing.T) {
	t.Parallel()
	id := regexp.MustCompile(` id="([^"]*)"`)
	for name, page := range fixturePages(t) {
		seen := map[string]bool{}
		for _, found := range id.FindAllStringSubmatch(page, -1) {
			if seen[found[1]] {
				t.Errorf("%s: id %q twice", name, found[1])
			}
			seen[found[1]] = true
		}
	}
}

func TestFirstScreen(t *testing.T) {
	t.Parallel()
	page := render(t, troubled(), Query{})
	want(t, page,
		"<title>4 overdue · CBR Exporter</title>",
		`<span class="word">Attention</span> <bdi>4 of 412 resources have no backup in time`,
		`The configuration was refused at 2026-11-20 11:34:00 UTC.`,
		`<li>projects[1].discovery.lookback: 40d is more than`,
		`<b>authentication</b>, first seen at 2026-11-20 10:00:00 UTC: `,
		`APIGW.0301: Incorrect IAM authentication information`,
		"check access_key and secret_key of the project",
		"<summary>1 project ok</summary>",
		"As of 2026-11-20 12:00:00 UTC", "cbr_exporter 0.1.0", `href="metrics"`, `href="config"`, `href="api/v1/status?"`,
	)
	order := []string{`class="verdict`, `class="notice bad"><strong>`, `class="tiles"`, `id="projects"`, `id="filter"`, `id="resources"`, `id="tasks"`, `id="vaults"`}
	for n := range order[1:] {
		if strings.Index(page, order[n]) > strings.Index(page, order[n+1]) {
			t.Errorf("%s is below %s", order[n], order[n+1])
		}
	}
}

func TestProjectThatIsBlindToo(t *testing.T) {
	t.Parallel()
	s := troubled()
	s.Projects[1].Blind = true
	want(t, render(t, s, Query{}), `<span class="badge bad">attention</span> <span class="badge warn">blind</span> <a class="name" href="./?project=production">`)
}

// TestOnlyProject does not say again what the heading says, unless it says more.
func TestOnlyProject(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ project, all, want string }{
		"the same": {"1 a; 2 b.", "1 a; 2 b.", ""},
		"more":     {"1 a; 2 b; 3 c; 4 d.", "1 a; 2 b; 3 c; and there are other problems.", "1 a; 2 b; 3 c; 4 d."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fine()
			s.Summary, s.Projects[0].Summary = c.all, c.project
			want(t, render(t, s, Query{}), "</a> <bdi>"+c.want+"</bdi>")
		})
	}
}

func TestFirstSync(t *testing.T) {
	t.Parallel()
	page := render(t, syncing(), Query{})
	want(t, page,
		"Nothing is known of resources yet.",
	)
	wantNot(t, page, `id="tasks"`, `id="vaults"`, `<table`)
}

func TestProjectColumn(t *testing.T) {
	t.Parallel()
	want(t, render(t, troubled(), Query{}), `data-label="Project"`, `<select name="project">`)
	wantNot(t, render(t, fine(), Query{}), `data-label="Project"`, `<select name="project">`)
}

func TestResourceRow(t *testing.T) {
	t.Parallel()
	page := render(t, troubled(), Query{})
	want(t, page,
		`<span class="badge bad">overdue</span><span class="badge bad">failing</span>`,
		`<a href="resource?id=`+fixtureID(1)+`&amp;project=production">db-primary-01</a><code>`+fixtureID(1)+`</code>`,
		`<a href="./?vault=`+fixtureID(901)+`">vault-weekly</a><code>`+fixtureID(901)+`</code>`,
		`<td data-label="Duration">13 min</td>`,
		`<span class="time" title="2026-11-17 03:00:00 UTC">3 days ago</span>`,
		`<span class="time" title="since 2026-10-21 12:00:00 UTC">none in 30 days</span>`,
		`href="https://github.com/cbr-exporter/cbr_exporter/blob/main/docs/runbooks/CBRBackupOverdue.md" title="Runbook of CBRBackupOverdue"`,
		`<span class="none">no resource</span>`, "vault delete",
	)
}

// TestRestorableCell is what a row says of restore points, and which of it is in the colour of
// what is wrong.
func TestRestorableCell(t *testing.T) {
	t.Parallel()
	row := func(points *RestorePoints, states ...State) Resource {
		return Resource{States: states, RestorePoints: points}
	}
	latest, oldest := before(3*time.Hour), before(300*time.Hour)
	for name, c := range map[string]struct {
		row  Resource
		want *shownPoints
	}{
		"not known": {row(nil, StateInTime), nil},
		"all there": {
			row(&RestorePoints{Count: 1200, Peak: 1100, Lost: new(false), Latest: latest, Oldest: oldest, NextExpiry: before(-time.Hour), InError: 1, BeingMade: 2}, StateInTime),
			&shownPoints{"", "1,200, latest 3\u00a0h\u00a0ago", "2026-11-20 09:00:00 UTC"},
		},
		"lost": {
			row(&RestorePoints{Count: 3, Peak: 12, Lost: new(true), Latest: latest, Oldest: latest}, StateLost, StateInTime),
			&shownPoints{"wrong", "3 of 12, latest 3\u00a0h\u00a0ago", "2026-11-20 09:00:00 UTC"},
		},
		"all lost":    {row(&RestorePoints{Peak: 12, Lost: new(true), InError: 3}, StateOverdue, StateLost), &shownPoints{"wrong", "0 of 12", ""}},
		"none":        {row(&RestorePoints{}, StateNoRestorePoint), &shownPoints{"wrong", "none", ""}},
		"newly bound": {row(&RestorePoints{BeingMade: 1}, StateUnjudged), &shownPoints{"", "none", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, restorable(c.row, fixtureNow)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	page := render(t, troubled(), Query{})
	want(t, page,
		`<th scope="col" class="restorable">Restorable</th>`,
		`<td data-label="Restorable"><span class="time" title="2026-11-20 03:00:00 UTC">`,
		`<td data-label="Restorable"></td>`, // not known
	)
	s := troubled()
	s.Tiles = s.Tiles[:1]
	wantNot(t, render(t, s, Query{}), `class="restorable"`, `data-label="Restorable"`)
}

func TestTaskRow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		task    Task
		elapsed string
		badges  []badge
	}{
		"within the usual time": {
			Task{Status: "running", States: []State{StateActive}, Duration: new(720.0), Usual: new(2400.0)},
			"12 min (usually 40 min)",
			[]badge{{"busy", "running"}},
		},
		"usual time not known": {
			Task{Status: "running", States: []State{StateStuck, StateActive}, Duration: new(720.0)},
			"12 min so far",
			[]badge{{"busy", "running"}, {"bad", "stuck"}},
		},
		"waiting": {
			Task{Status: "waiting", States: []State{StateActive}, Progress: new(0.0), Duration: new(0.0), Created: before(3 * time.Hour)},
			"waiting for 3 h",
			[]badge{{"busy", "waiting"}},
		},
		"ended": {
			Task{Status: "failed", States: []State{StateFailed}, Duration: new(720.0), Usual: new(60.0)},
			"12 min",
			[]badge{{"bad", "failed"}},
		},
		"not read": {
			Task{Status: "not read yet"},
			"",
			[]badge{{"warn", "not read yet"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := elapsed(tt.task, fixtureNow); got != tt.elapsed || progress(tt.task) != nil {
				t.Errorf("got %q, %v", got, progress(tt.task))
			}
			if got := taskBadges(tt.task); !slices.Equal(got, tt.badges) {
				t.Errorf("got the badges %v, want %v", got, tt.badges)
			}
		})
	}
	want(t, render(t, troubled(), Query{}),
		`<progress max="100" value="45" aria-label="45%"></progress> 45%`, "the API has no such task", "<code>"+fixtureID(7001)+"</code>")
}

func TestVaultRow(t *testing.T) {
	t.Parallel()
	want(t, render(t, troubled(), Query{}),
		`<progress class="bad" max="100" value="100" aria-label="100%"></progress> 100%</span><div>10 TiB of 10 TiB</div>`,
		`<progress class="warn" max="100" value="91"`,
		"backup every 24 h, replication every 7 days", "Disabled policies: &lt;script&gt;", "<div>3 TiB</div>")
}

func TestDetail(t *testing.T) {
	t.Parallel()
	page := fixturePages(t)["detail"]
	want(t, page,
		`<h1>db-primary-01</h1>`, "It is bound to the vault and follows its policies.",
		`<dt>Failures in a row</dt><dd>3</dd>`,
		`<td data-label="Error">BackupService.7003: The number of backups exceeds the quota of the vault &lt;script&gt;`,
		`<span class="badge bad">disabled</span>`, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=02;BYMINUTE=00",
		`<dt>Next run</dt><dd>in 14 h <small>2026-11-21 02:00:00 UTC</small>`, "History, 2026-10-21 to 2026-11-20",
		`href="api/v1/resource?id=`+fixtureID(1)+`&amp;project=production"`,
		`<caption>Active and configured tasks</caption>`, `<caption>Vault</caption>`,
		"<code>"+fixtureID(7001)+"</code>", "<code>"+fixtureID(7005)+"</code>",
		"It can be restored from 12 backups.", `<dt>Latest</dt><dd>9 h ago <small>2026-11-20 03:00:00 UTC</small>`, `<dt>Oldest</dt><dd>12 days ago`,
		`<dt>Next expiry</dt><dd>in 15 h`, `<dt>In error</dt><dd>2</dd>`, `<dt>Being made</dt><dd>1</dd>`,
		`<dt>Size of all backups</dt><dd>120 GiB</dd>`, `<dt>Locked by the vault</dt><dd>no</dd>`,
		`<th scope="row" data-label="Copies in">cn-east-3</th><td data-label="Latest"><div>33 h ago`,
		`<td data-label="Latest">none</td><td data-label="Failed">1,234</td><td data-label="Latest failure">BackupService.6302</td>`,
	)
}

func TestStateOfDetail(t *testing.T) {
	t.Parallel()
	const orange, brown, blue = "%23c2410c", "%23b45309", "%231d5fa8"
	for name, tt := range map[string]struct {
		states []State
		blind  bool
		color  string
	}{
		"overdue":           {[]State{StateOverdue}, false, orange},
		"overdue and blind": {[]State{StateOverdue, StateBlind}, true, orange},
		"blind":             {[]State{StateBlind, StateInTime}, true, brown},
		"not judged":        {[]State{StateUnjudged}, false, blue},
		"in time":           {[]State{StateInTime}, false, blue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := detailed()
			d.Operations, d.Blind = []Operation{{Resource: fixtureResource(1, "x", tt.states...)}}, tt.blind
			page := renderDetail(t, d)
			want(t, page, tt.color)
			if got := strings.Contains(page, `<span class="badge warn">blind</span>`); got != tt.blind {
				t.Errorf("says blind: %t, want %t", got, tt.blind)
			}
		})
	}
}

// TestRestorableDetail has the answer in colour if it is bad, and below the operations if it
// is not known.
func TestRestorableDetail(t *testing.T) {
	t.Parallel()
	const good, bad = `<p class="reason"><bdi>It can`, `<p class="reason wrong"><bdi>It can`
	for name, c := range map[string]struct {
		points *RestorePoints
		state  State
		want   string
		below  bool
	}{
		"some":     {&RestorePoints{Count: 3}, StateOverdue, good, false},
		"lost":     {&RestorePoints{Count: 3}, StateLost, bad, false},
		"none":     {&RestorePoints{}, StateNoRestorePoint, bad, false},
		"new":      {&RestorePoints{}, StateUnjudged, good, false},
		"not read": {nil, StateOverdue, good, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := detailed()
			d.RestorePoints, d.Operations[0].States = c.points, []State{c.state}
			page := renderDetail(t, d)
			want(t, page, c.want)
			if got := strings.Index(page, c.want) > strings.Index(page, `class="operation"`); got != c.below {
				t.Errorf("it is below the operations: %t, want %t", got, c.below)
			}
		})
	}
}

// What can be restored is above all, what needs attention above what is fine.
func TestOrderOfDetail(t *testing.T) {
	t.Parallel()
	d := detailed()
	d.Operations[0], d.Operations[1] = d.Operations[1], d.Operations[0]
	page := renderDetail(t, d)
	order := []string{">Restore points</h2>", ">overdue</span>", ">in time</span>"}
	for n := range order[1:] {
		if strings.Index(page, order[n]) > strings.Index(page, order[n+1]) {
			t.Errorf("%s is below %s", order[n], order[n+1])
		}
	}
}

func TestPageTitle(t *testing.T) {
	t.Parallel()
	s := troubled()
	for _, want := range []string{"4 overdue", "3 not restorable", "2 failing", "1 blind"} {
		if got := pageTitle(s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		s.Tiles = s.Tiles[1:]
	}
	if got := pageTitle(s); got != "3 unprotected" { // not those of vaults, and not what is not known
		t.Errorf("got %q", got)
	}
}

func TestAsset(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"style.css": "text/css; charset=utf-8",
		"page.js":   "text/javascript; charset=utf-8",
		"other.css": "", "../html/page.html": "", "../render.go": "", "": "",
	} {
		content, contentType, ok := asset(name)
		if ok != (want != "") || ok && (contentType != want || len(content) == 0) {
			t.Errorf("%q: %q, %t, %d bytes", name, contentType, ok, len(content))
		}
	}
}
