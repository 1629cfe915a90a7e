package model_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/exporter"
)

// compareSentence compares what the page for people counts with the metrics.
func (s *story) compareSentence(e *exporter.Exporter, p page) {
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	said, counted := map[string]int{}, map[string]int{}
	for _, c := range []struct {
		pattern, family string
		value           float64 // that is counted
	}{
		{`Overdue: (\d+) of`, "cbr_resource_overdue", 1},
		{`Failing: (\d+) of`, "cbr_resource_failing", 1},
		{`(\d+) tasks? (?:is|are) stuck`, "cbr_task_stuck", 1},
		{`(\d+) vaults? (?:is|are) not available`, "cbr_vault_available", 0},
		{`(\d+) vaults? (?:is|are) full`, "cbr_vault_full", 1},
		{`(\d+) resources? (?:is|are) not covered`, "cbr_resource_covered", 0},
	} {
		if match := regexp.MustCompile(c.pattern).FindStringSubmatch(w.Body.String()); match != nil {
			said[c.family], _ = strconv.Atoi(match[1])
		}
		for _, one := range p.all(c.family) {
			if one.value == c.value {
				counted[c.family]++
			}
		}
		said[c.family] += 0
		counted[c.family] += 0
	}
	if diff := cmp.Diff(counted, said); diff != "" {
		s.errorf("the page for people counts otherwise (-metrics +page):\n%s", diff)
	}
}
