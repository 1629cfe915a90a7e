package exporter_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// meter keeps the times of the requests on their way to a cloud, and answers some
// of them itself.
type meter struct {
	next http.Handler

	mu    sync.Mutex
	times []time.Time
	// refuse returns how long to wait where there are too many requests; ok is
	// false where the request goes on. It may be nil.
	refuse func(now time.Time, seen int) (retryAfter time.Duration, ok bool)
}

func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	now := time.Now()
	m.times = append(m.times, now)
	var wait time.Duration
	refused := false
	if m.refuse != nil {
		wait, refused = m.refuse(now, len(m.times))
	}
	m.mu.Unlock()
	if !refused {
		m.next.ServeHTTP(w, r)
		return
	}
	if wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())))
	}
	answer(http.StatusTooManyRequests, `{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached"}`)(w, r)
}

// count returns how many requests there were from one time on, and before another.
func (m *meter) count(from, to time.Time) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, at := range m.times {
		if !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return n
}

// fleet is a cloud of its own, which so many backups run in for ever.
func fleet(tasks int, change func(*simulator.Options)) (s *simulator.Simulator, ids []string) {
	o := simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}}
	if change != nil {
		change(&o)
	}
	s = simulator.New(o)
	for i := range tasks {
		task := backup(fmt.Sprint(1000+i), "", -10, -20)
		s.Add(task)
		ids = append(ids, task.ID)
	}
	return s, ids
}

// projectAt returns the configuration of a project that has a host of its own.
func projectAt(name, credentials string, ids []string) string {
	return fmt.Sprintf(`
  - name: %s
    project_id: %s
    endpoint: https://%[1]s.test
    credentials: {token: %[3]s}
    task_ids: [%s]
`, name, projectID, credentials, strings.Join(ids, ", "))
}

// TestProjectsApart has four projects in one process, of which one hangs, one is
// throttled, and one has refused credentials: the other one is complete in time at
// every scrape, and they say what is wrong.
func TestProjectsApart(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		well, ids := fleet(10, func(o *simulator.Options) {
			o.Latency = func(*http.Request) time.Duration { return 100 * time.Millisecond }
		})
		well.Add(backup("1", "failed", -60, -50))
		hung := http.HandlerFunc(hang)
		throttled := &meter{refuse: func(time.Time, int) (time.Duration, bool) { return 90 * time.Second, true }}
		refused, refusedIDs := fleet(10, nil)
		e := startQuiet(t, hosts{"well.test": well, "hung.test": hung, "throttled.test": throttled, "refused.test": refused},
			"projects:"+projectAt("well", token, ids)+"    discovery: {}\n"+
				projectAt("hung", "another-token-1", ids)+"    discovery: {}\n"+
				projectAt("throttled", "another-token-2", ids)+"    discovery: {}\n"+
				projectAt("refused", "another-token-3", refusedIDs)+"    discovery: {}\n")

		for scrape := range 30 {
			when := fmt.Sprintf("scrape %d", scrape)
			began := time.Now()
			page := e.get(t, "/metrics", "10")
			if took := time.Since(began); took > 9500*time.Millisecond {
				t.Errorf("%s took %s, and Prometheus waits for 10 s", when, took)
			}
			expectLines(t, when, page,
				`cbr_up{project="well"} 1`,
				`cbr_scrape_collector_success{collector="tasks",project="well"} 1`,
				`cbr_up{project="hung"} 0`,
				`cbr_scrape_error{project="hung",reason="deadline"} 1`,
				`cbr_scrape_collector_success{collector="discovery",project="hung"} 0`,
				`cbr_up{project="throttled"} 0`,
				`cbr_scrape_error{project="throttled",reason="throttled"} 1`,
				`cbr_up{project="refused"} 0`,
				`cbr_scrape_error{project="refused",reason="credentials"} 1`,
				`cbr_exporter_credentials_rejected{project="refused"} 1`,
				`cbr_exporter_credentials_rejected{project="well"} 0`,
			)
			for _, reason := range []string{"credentials", "throttled", "deadline", "upstream", "other"} {
				expectLines(t, when, page, `cbr_scrape_error{project="well",reason="`+reason+`"} 0`)
			}
			if scrape > 0 {
				expectLines(t, when, page,
					`cbr_scrape_collector_success{collector="discovery",project="well"} 1`,
					`cbr_resource_consecutive_failures{operation_type="backup",project="well",resource_id="`+resourceID("1")+`",vault="vault-db",vault_id="`+vaultID("1")+`"} 1`,
				)
			}
			time.Sleep(time.Until(began.Add(time.Minute)))
		}
		// A token is tried again every five minutes.
		if got := refused.Requests().Refused; got > 7 {
			t.Errorf("in half an hour, refused credentials were sent %d times, want at most 7", got)
		}
		// After 90 s each.
		if got := throttled.count(minutes(0), minutes(30)); got > 21 {
			t.Errorf("in half an hour, a project that is told to wait for 90 s was asked %d times, want at most 21", got)
		}
	})
}
