package exporter_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestSelectedFamilies requests families of the exporter and of a project by their names.
func TestSelectedFamilies(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "odd_field_types")
		e := startAPI(t, configuration(api.project()), api)
		for _, c := range []struct{ path, want string }{
			{"/metrics?name[]=cbr_up&name[]=cbr_exporter_config_last_reload_successful", "cbr_exporter_config_last_reload_successful cbr_up"},
			{"/probe?project=test&name[]=cbr_task_status", "cbr_task_status"},
			{"/-/metrics?name[]=cbr_exporter_config_last_reload_successful&name[]=cbr_up", "cbr_exporter_config_last_reload_successful"},
			{"/metrics?name[]=cbr_nothing", ""},
		} {
			var got []string
			for line := range strings.Lines(e.get(t, c.path, "")) {
				name := line[:strings.IndexAny(line, "{ ")]
				if name != "#" && !slices.Contains(got, name) {
					got = append(got, name)
				}
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("%s: got the families %s, want %s", c.path, got, c.want)
			}
		}
	})
}

// TestFaultyMetric has a metric that cannot be read: the others stay on the page.
func TestFaultyMetric(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		api := loadAPI(t, "odd_field_types")
		registry := prometheus.NewRegistry()
		registry.MustRegister(faulty{})
		e := start(t, hosts{api.host: api}, configuration(api.project()), exposing(registry))
		status, page := e.do(t, http.MethodGet, "/metrics", nil)
		if status != http.StatusOK {
			t.Errorf("got status %d", status)
		}
		for _, line := range []string{`cbr_up{project="test"} 1`, "cbr_exporter_config_last_reload_successful 1"} {
			if !strings.Contains(page, line+"\n") {
				t.Errorf("the page lacks %s", line)
			}
		}
		if got, want := e.log.String(), `msg="writing a page of metrics failed" err="error collecting metric`; !strings.Contains(got, want) {
			t.Errorf("got the log %s, want %s in it", got, want)
		}
	})
}

// faulty has one metric, which fails.
type faulty struct{}

func (faulty) Describe(chan<- *prometheus.Desc) {}

func (faulty) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(prometheus.NewDesc("faulty", "Fails.", nil, nil), errors.New("faulty"))
}

// TestLargePage has more resources than are gathered at once: the page has the same families
// as that of one resource, by name.
func TestLargePage(t *testing.T) {
	families := func(t *testing.T, resources int) []string {
		cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{token}})
		v := vault("1", "vault-db")
		for n := range resources {
			bound("1", func(r *simulator.VaultResource) { r.ID = fmt.Sprintf("22222222-2222-4222-8222-%012d", n) })(&v)
		}
		cloud.SetVaults(v)
		e := start(t, hosts{"cbr.test": cloud}, followed+"    vaults: {}\n")
		e.Refresh(t.Context())
		var names []string
		for _, found := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(e.scrape(t), -1) {
			names = append(names, found[1])
		}
		return names
	}
	atNoon(t, func(t *testing.T) {
		small, large := families(t, 1), families(t, 1100)
		if !slices.IsSorted(small) {
			t.Errorf("the families are not sorted: %s", small)
		}
		if diff := cmp.Diff(small, large); diff != "" {
			t.Errorf("the families of a large page differ (-small +large):\n%s", diff)
		}
	})
}
