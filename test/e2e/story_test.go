//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/cbr-exporter/cbr_exporter/config"
	product "github.com/cbr-exporter/cbr_exporter/exporter"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const scrapeEvery = 15 * time.Minute

// TestRulesFollowVerdicts tells a story of some days. What the exporter exposes goes into a
// real Prometheus, which evaluates the shipped alerts a minute after each scrape.
func TestRulesFollowVerdicts(t *testing.T) {
	t.Parallel()
	file, data := filepath.Join(t.TempDir(), "samples"), t.TempDir()
	begin, text := runStory(t)
	writeFile(t, file, text+"# EOF\n")
	backfill := exec.CommandContext(t.Context(), "promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=720h", file, data)
	if out, err := backfill.CombinedOutput(); err != nil {
		t.Fatalf("promtool: %v\n%s", err, out)
	}
	p := startPrometheusOn(t, data, "global: {}", "--storage.tsdb.retention.time=100y")

	var got []string
	for _, alert := range []string{"CBRBackupOverdue", "CBRTaskFailing", "CBRRestorePointsLost", "CBRResourceUnprotected"} {
		rule := regexp.MustCompile("alert: " + alert + "\n +expr: (.+)\n").FindStringSubmatch(readFile(t, rulesFile))
		if rule == nil {
			t.Fatalf("%s has no alert %s of one line", rulesFile, alert)
		}
		first := begin.Add(scrapeEvery/2 + time.Minute)
		for _, series := range p.queryRange(t, rule[1], first, first.Add(storyDays*day-scrapeEvery), scrapeEvery) {
			labels := []string{alert}
			for _, name := range []model.LabelName{"vault", "resource_name", "operation_type"} {
				if value := series.Metric[name]; value != "" {
					labels = append(labels, string(value))
				}
			}
			what := strings.Join(labels, " ") + ":"
			for i, v := range series.Values {
				at := v.Timestamp.Time().Sub(begin).Truncate(scrapeEvery)
				if i == 0 || v.Timestamp.Sub(series.Values[i-1].Timestamp) > scrapeEvery {
					what += " " + dayAndTime(at)
				}
				if i == len(series.Values)-1 || series.Values[i+1].Timestamp.Sub(v.Timestamp) > scrapeEvery {
					what += "-" + dayAndTime(at+scrapeEvery)
				}
			}
			got = append(got, what)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(wantAlerts), "\n"), got); diff != "" {
		t.Errorf("the alerts differ (-want +got):\n%s\nall:\n%s", diff, strings.Join(got, "\n"))
	}
}

func dayAndTime(d time.Duration) string {
	return fmt.Sprintf("%d/%02d:%02d", d/day, d%day/time.Hour, d%time.Hour/time.Minute)
}

// event is something that happens in the cloud or to the exporter.
type event struct {
	at time.Time
	do func()
}

// story is a run of an exporter with a cloud.
type story struct {
	t        *testing.T
	cloud    *cloud
	exporter *product.Exporter // nil while it is down
	events   []event
	scraped  strings.Builder
}

// runStory returns when the story begins, and all scrapes in OpenMetrics.
func runStory(t *testing.T) (begin time.Time, text string) {
	synctest.Test(t, func(t *testing.T) {
		s := &story{t: t, cloud: newCloud()}
		begin = s.cloud.begin
		s.write()
		s.start()
		for at := begin.Add(scrapeEvery / 2); at.Before(begin.Add(storyDays * day)); at = at.Add(scrapeEvery) {
			time.Sleep(time.Until(at))
			s.scrape(at)
		}
		s.stop()
		text = s.scraped.String()
	})
	return begin, text
}

// scrape runs the events that are due, and scrapes.
func (s *story) scrape(at time.Time) {
	for len(s.events) > 0 && !s.events[0].at.After(at) {
		s.events[0].do()
		s.events = s.events[1:]
	}
	if s.exporter == nil {
		return
	}
	s.cloud.keepBackups()
	// Scrape twice: what the first one reads in the background is on the page of the second.
	s.exporter.Refresh(s.t.Context())
	synctest.Wait()
	for line := range strings.Lines(s.page()) {
		name, _, _ := strings.Cut(line, "{")
		switch name {
		case "cbr_resource_overdue", "cbr_resource_failing", "cbr_resource_restore_points_lost", "cbr_unprotected_resource_info":
			fmt.Fprintf(&s.scraped, "%s %d\n", strings.TrimSpace(line), at.Unix())
		}
	}
}

func (s *story) page() string {
	w := httptest.NewRecorder()
	s.exporter.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		s.t.Fatalf("a scrape got status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// RoundTrip implements http.RoundTripper.
func (s *story) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.cloud.ServeHTTP(w, r)
	return w.Result(), nil
}

func (s *story) start() {
	text := `
scrape: {requests_per_second: 0}
projects:
- name: prod
  project_id: ` + simulator.DefaultProjectID + `
  endpoint: http://cbr.test
  credentials: {token: a-token}
  discovery: {}
  vaults: {refresh: 1m}
  backups: {refresh: 1m}
  protectables: {exclude: ['*-test']}
`
	e, err := product.New(product.Options{
		Load:          func() (*config.Config, error) { return config.Parse("story.yml", ".", []byte(text), nil) },
		Registry:      client.NewRegistry(),
		TelemetryPath: "/metrics",
		UserAgent:     "cbr_exporter/e2e",
		Now:           time.Now,
		Logger:        log.NewNopLogger(),
		Transport:     s,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.exporter = e
}

// stop stops the exporter, which loses its state.
func (s *story) stop() {
	if s.exporter != nil {
		s.exporter.Close()
		s.exporter = nil
	}
}

func (s *story) outage(begins bool) {
	s.cloud.SetFault(nil)
	if begins {
		s.cloud.SetFault(func(*http.Request) simulator.Fault { return simulator.Fault{Status: http.StatusBadGateway} })
	}
}

// on adds an event at an hour of a day. Events are added in order.
func (s *story) on(day int, hour float64, do func()) {
	s.events = append(s.events, event{s.cloud.at(day, hour), do})
}
