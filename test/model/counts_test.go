package model_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/exporter"
	"github.com/cbr-exporter/cbr_exporter/overview"
)

// compareCounts compares what the pages for people count with the metrics.
func (s *story) compareCounts(e *exporter.Exporter) {
	p, err := parsePage(s.scrape(e, "10"))
	if err != nil {
		s.errorf("%v", err)
		return
	}
	get := func(query string) (status overview.Status) {
		w := httptest.NewRecorder()
		e.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/status"+query, nil))
		if err := json.Unmarshal(w.Body.Bytes(), &status); err != nil || w.Code != http.StatusOK {
			s.errorf("%s: status %d, %v", query, w.Code, err)
		}
		return status
	}
	said := map[string]int{
		"cbr_task_stuck":      get("?state=stuck").Tasks.Selected,
		"cbr_vault_available": get("?state=unavailable").Vaults.Selected,
		"cbr_vault_full":      get("?state=full").Vaults.Selected,
		"no restore point":    get("?state=no_restore_point").Resources.Selected,
		"lost rows":           get("?state=lost").Resources.Selected,
		"unprotected rows":    get("?state=unprotected").Resources.Selected,
	}
	families := map[string]string{
		"overdue": "cbr_resource_overdue", "failing": "cbr_resource_failing", "uncovered": "cbr_resource_covered",
		"unprotected": "cbr_unprotected_resource_info",
	}
	for _, tile := range get("").Tiles {
		if family, ok := families[tile.Name]; ok {
			said[family] = 0
			if tile.Count != nil {
				said[family] = *tile.Count
			}
		}
	}
	counted := map[string]int{
		"lost rows": len(p.ones("cbr_resource_restore_points_lost")), "unprotected rows": len(p.ones("cbr_unprotected_resource_info")),
		"no restore point": 0,
	}
	covered := map[string]bool{} // or not, but in a vault for backups
	for _, one := range p.all("cbr_resource_covered") {
		covered[one.labels["resource_id"]] = true
	}
	for _, one := range p.all("cbr_resource_restore_points") {
		if one.value == 0 && covered[one.labels["resource_id"]] {
			counted["no restore point"]++
		}
	}
	if e == s.exporter { // one that has run for long gives new resources a day
		counted["no restore point"] = min(counted["no restore point"], said["no restore point"])
	}
	for family := range said {
		if !strings.HasPrefix(family, "cbr_") {
			continue
		}
		wrong := 1.0
		if family == "cbr_resource_covered" || family == "cbr_vault_available" {
			wrong = 0
		}
		counted[family] = 0
		for _, one := range p.all(family) {
			if one.value == wrong {
				counted[family]++
			}
		}
	}
	if diff := cmp.Diff(counted, said); diff != "" {
		s.errorf("the page for people counts otherwise (-metrics +page):\n%s", diff)
	}
}
