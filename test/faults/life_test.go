//go:build linux

package faults

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The projects of the configuration: the cloud of the one becomes faulty, that of the other
// is healthy all the time.
const (
	faultyProject  = "faulty"
	healthyProject = "healthy"
)

// plan is how often a fault is seen, before the project is read anew and after it, and how
// long things may take.
type plan struct {
	scrapes  int
	interval time.Duration
	timeout  time.Duration // scrape.timeout
	moment   time.Duration // of all else: a page, a reload, the end
	tolerant bool          // a single scrape may take longer than scrapeLimit
}

// scrapeLimit is how long a scrape may take.
func (p plan) scrapeLimit() time.Duration { return p.timeout + 4*time.Second }

// newPlan returns the plan of all faults, or that of the quick ones, which run on machines that
// do other things as well. When such a machine stalls, one scrape is late. When the exporter
// hangs, all are.
func newPlan() plan {
	if *allFaults {
		return plan{scrapes: 3, interval: 2 * time.Second, timeout: 2 * time.Second, moment: 4 * time.Second}
	}
	return plan{scrapes: 2, interval: 500 * time.Millisecond, timeout: 4 * time.Second, moment: 20 * time.Second, tolerant: true}
}

// settling is how long the state of the project may take beyond the scrapes of the plan to be
// the expected one: a list that misses its deadline is read again after half a minute.
const settling = 40 * time.Second

// outcome is what happened during a fault.
type outcome struct {
	scrapes     int
	longest     time.Duration
	state       state // in the last scrape
	requests    int
	connections int // to the cloud
	lines       int // warnings and errors in the log, until the exporter has recovered
	memory      int // MiB
	recovery    time.Duration
}

// TestFaults injects each fault of the table into a cloud, and removes it. During the fault
// each scrape is answered in time and says why, and the other project stays as it is. Then
// the exporter recovers by itself.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	var mu, turn sync.Mutex
	outcomes := make(map[string]outcome)
	if *reportFile != "" && *allFaults {
		t.Cleanup(func() { writeFaults(t, *reportFile, outcomes) }) // after all of them
	}
	for _, g := range groups() {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			for _, f := range g.faults {
				if !f.quick && !*allFaults {
					continue
				}
				t.Run(f.name, func(t *testing.T) {
					t.Parallel()
					o := newRun(t, f.withDefaults()).live(t, &turn)
					if t.Failed() {
						return
					}
					mu.Lock()
					defer mu.Unlock()
					outcomes[f.name] = o
				})
			}
		})
	}
}

// run is a fault, and the exporter that meets it.
type run struct {
	plan
	fault    fault
	cloud    *cloud
	exporter *exporter
	outcome  outcome
	late     bool // the scrape before

	good, faulty, without string // configurations; the last one lacks the project
}

func newRun(t *testing.T, f fault) *run {
	t.Helper()
	host := "127.0.0.1"
	if f.down {
		host = "127.0.0.2" // where nobody else takes the port meanwhile
	}
	p := newPlan()
	r := &run{plan: p, fault: f, cloud: newCloud(t, host, f.http2)}
	other := project(healthyProject, newCloud(t, "127.0.0.1", false), everything)
	r.good = configuration(p.timeout, project(faultyProject, r.cloud, f.at), other)
	r.faulty = r.good
	if f.config != nil {
		r.faulty = f.config(t, r.good)
	}
	r.without = configuration(p.timeout, other)
	return r
}

// live starts the fault, stops it and starts it again, and checks what the exporter makes of
// it. Faults that are heavy take turns.
func (r *run) live(t *testing.T, turn *sync.Mutex) outcome {
	t.Helper()
	r.exporter = startExporter(t, r.good)
	r.exporter.untilHealthy(t, time.Minute, 100*time.Millisecond)
	before, lines, accepted := r.exporter.resources(t), r.exporter.serious(), r.cloud.allAccepted()

	next := func() {}
	if r.fault.heavy {
		turn.Lock()
		next = sync.OnceFunc(turn.Unlock)
		defer next()
	}
	r.observe(t)
	r.outcome.connections = r.cloud.allAccepted() - accepted
	if err := r.cloud.stop(); err != nil {
		t.Fatal(err)
	}
	next()
	r.recover(t)
	r.outcome.lines = r.exporter.serious() - lines
	expectBack(t, r.exporter, before)
	r.outcome.memory = r.exporter.memory(t, "VmHWM")

	// The fault begins again, and the exporter stops in the middle of a scrape.
	r.start(t)
	scraped := make(chan struct{})
	go func() {
		defer close(scraped)
		_, _ = r.exporter.get("/metrics")
	}()
	time.Sleep(300 * time.Millisecond)
	r.exporter.stop(t)
	<-scraped
	r.judge(t)
	return r.outcome
}

// start starts the fault.
func (r *run) start(t *testing.T) {
	t.Helper()
	r.cloud.start(r.fault)
	if r.fault.config != nil {
		r.exporter.reload(t, r.faulty)
	}
}

// observe starts the fault and scrapes. In the middle the project is removed and added again,
// so that everything has to be read.
func (r *run) observe(t *testing.T) {
	t.Helper()
	count := requests{exporter: r.exporter}
	count.update(t)
	count.total = 0
	r.start(t)
	for range r.scrapes {
		r.scrape(t, r.interval)
	}
	count.update(t)
	r.exporter.reload(t, r.without)
	r.exporter.reload(t, r.faulty)
	count.known = 0
	for range r.scrapes {
		r.scrape(t, r.interval)
		r.expectDown(t)
	}
	settled := func() bool {
		return r.outcome.state.meets(r.fault.want()) && (r.fault.unsent == nil || r.fault.unsent() == 0)
	}
	for end := time.Now().Add(settling); !settled() && time.Now().Before(end); {
		r.scrape(t, 2*time.Second)
		r.expectDown(t)
	}
	count.update(t)
	r.outcome.requests = count.total
	expectNoSecret(t, r.exporter, r.cloud)
	if r.fault.check != nil {
		r.fault.check(t, r.exporter)
	}
}

// recover waits until the exporter has recovered.
func (r *run) recover(t *testing.T) {
	t.Helper()
	end := time.Now()
	switch {
	case !*allFaults: // lists that have failed are read again after 30 s, or anew
		r.exporter.reload(t, r.without)
		r.exporter.reload(t, r.good)
	case r.fault.config != nil:
		r.exporter.reload(t, r.good)
	}
	r.exporter.untilHealthy(t, r.fault.recovery, r.interval/2)
	r.outcome.recovery = time.Since(end)
}

// scrape scrapes once, and expects a page in time on which the other project is healthy. Scrapes
// begin with the interval.
func (r *run) scrape(t *testing.T, interval time.Duration) {
	t.Helper()
	o := &r.outcome
	o.scrapes++
	start := time.Now()
	p, err := r.exporter.scrape("/metrics")
	took := time.Since(start)
	if err != nil {
		t.Fatalf("scrape %d: %v", o.scrapes, err)
	}
	late := took > r.scrapeLimit()
	if late && (r.late || !r.tolerant) {
		t.Errorf("scrape %d takes %s, want at most %s", o.scrapes, took, r.scrapeLimit())
	}
	r.late = late
	if s := p.state(healthyProject); s != healthy() {
		t.Errorf("scrape %d: the other project is %+v", o.scrapes, s)
	}
	o.longest = max(o.longest, took)
	o.state = p.state(faultyProject)
	time.Sleep(interval - took)
}

// expectDown expects that the latest scrape got no valid response if the last one is to get none.
func (r *run) expectDown(t *testing.T) {
	t.Helper()
	if !r.fault.up && r.outcome.state.up == 1 {
		t.Errorf("scrape %d gets a valid response: %+v", r.outcome.scrapes, r.outcome.state)
	}
}

// want returns what the last scrape of the fault is to say.
func (f fault) want() state {
	want := state{up: 0, fails: f.fails, reasons: f.reasons}
	if f.up {
		want.up = 1
	}
	return want
}

// meets reports whether a state is the expected one. Where retries or a slow machine leave
// no time for the rest of a pass, the reason deadline is right too.
func (s state) meets(want state) bool {
	if s.reasons != want.reasons {
		reasons := append(strings.Fields(want.reasons), "deadline")
		slices.Sort(reasons)
		want.reasons = strings.Join(slices.Compact(reasons), " ")
	}
	return s == want
}

// judge compares what happened with what is expected.
func (r *run) judge(t *testing.T) {
	t.Helper()
	f, o := r.fault, r.outcome
	slow := f.heavy && o.state.up == f.want().up && o.state.reasons == "deadline" // nothing came to its end
	if !o.state.meets(f.want()) && !slow {
		t.Errorf("the last scrape says %+v, want %+v", o.state, f.want())
	}
	if f.unsent != nil && f.unsent() > 0 {
		t.Errorf("the last %d values were not sent", f.unsent())
	}
	most := f.requests + 6*(o.scrapes-2*r.scrapes)
	for _, limit := range []struct {
		what      string
		got, most int
	}{
		{"requests", o.requests, most},
		{"connections", o.connections, most},
		{"warnings and errors in the log", o.lines, f.lines},
		{"MiB of memory", o.memory, f.memory},
	} {
		if limit.got > limit.most {
			t.Errorf("%d %s, want at most %d", limit.got, limit.what, limit.most)
		}
	}
	expectNoPanic(t, r.exporter)
}

// expectNoPanic looks for a panic in the log.
func expectNoPanic(t *testing.T, e *exporter) {
	t.Helper()
	for _, word := range []string{"panic", "goroutine "} {
		if strings.Contains(e.Output(), word) {
			t.Errorf("the log has the word %q", word)
		}
	}
}

// requests counts the requests of the faulty project, whose counters begin anew with it.
type requests struct {
	exporter     *exporter
	total, known int
}

func (r *requests) update(t *testing.T) {
	t.Helper()
	p, err := r.exporter.scrape("/-/metrics")
	if err != nil {
		t.Fatal(err)
	}
	sum, _ := p.value("cbr_exporter_api_requests_total", "project", faultyProject)
	r.total, r.known = r.total+int(sum)-r.known, int(sum)
}

// expectNoSecret looks for secrets on all pages and in the log.
func expectNoSecret(t *testing.T, e *exporter, c *cloud) {
	t.Helper()
	texts := map[string]string{"the log": e.Output()}
	for _, path := range []string{"/", "/metrics", "/api/v1/status", "/config", "/sd", "/-/metrics"} {
		start := time.Now()
		text, err := e.get(path)
		if err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > e.limit {
			t.Errorf("%s takes %s", path, took)
		}
		texts[path] = text
	}
	for place, text := range texts {
		for _, secret := range c.secrets() {
			if strings.Contains(text, secret) {
				t.Errorf("%s has a secret", place)
			}
		}
	}
}

// expectBack expects that the process holds no more than before the fault, but for some
// connections that are kept for the next requests.
func expectBack(t *testing.T, e *exporter, before resources) {
	t.Helper()
	const more = 6 // connections; each has two goroutines
	e.Eventually(t, func() error {
		now := e.resources(t)
		if now.goroutines > before.goroutines+2*more || now.descriptors > before.descriptors+more {
			return fmt.Errorf("the process has %+v, before the fault %+v", now, before)
		}
		return nil
	})
}

// configuration returns a configuration of some projects.
func configuration(timeout time.Duration, projects ...string) string {
	return fmt.Sprintf("scrape: {timeout: %s, concurrency: 4}\nprojects:\n%s", timeout, strings.Join(projects, ""))
}

// project returns a project of a cloud, with the credentials that its fault is about.
func project(name string, c *cloud, at place) string {
	credentials := fmt.Sprintf("{access_key: %s, secret_key: %s}", accessKey, secretKey)
	switch at {
	case login, behindLogin:
		credentials = fmt.Sprintf("{username: someone, password: %s, domain_name: account}", password)
	case metadata:
		credentials = fmt.Sprintf("{ecs_agency: {endpoint: %s}}", c.metadata.URL)
	}
	return strings.NewReplacer(
		"NAME", name, "ADDRESS", c.address, "CREDENTIALS", credentials, "CA", authority.file, "TASK", taskID,
	).Replace(`  - name: NAME
    region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    endpoint: https://ADDRESS
    iam_endpoint: https://ADDRESS
    credentials: CREDENTIALS
    http_client: {tls_config: {ca_file: CA}}
    task_ids: [TASK]
    discovery: {}
    vaults: {refresh: 30s}
    backups: {refresh: 1m}
`)
}
