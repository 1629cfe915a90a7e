package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkVaults reads 190 vaults with 256 resources each, the most that the cloud allows in
// one, and their policies, and writes the page of metrics.
//
// The targets on a shared core are 2 s for reading, which happens every five minutes besides
// the scrapes, 5 s for a page, and 50 MB kept between scrapes.
func BenchmarkVaults(b *testing.B) {
	const vaults, resources = 190, 256
	server := httptest.NewServer(manyVaults(vaults, resources))
	defer server.Close()
	var reading, writing, page, kept float64
	for b.Loop() {
		before := heap()
		e := start(b, nil, configuration(fmt.Sprintf(`
  - name: test
    project_id: %s
    endpoint: %s
    credentials: {token: %s}
    vaults: {}
`, projectID, server.URL, token)))
		began := time.Now()
		e.Refresh(b.Context())
		reading += time.Since(began).Seconds()
		kept += heap() - before
		began = time.Now()
		text := e.scrape(b)
		writing += time.Since(began).Seconds()
		page += float64(len(text))
		if got := strings.Count(text, "\ncbr_resource_covered{"); got != vaults*resources {
			b.Fatalf("%d are covered, want %d", got, vaults*resources)
		}
	}
	n := float64(b.N)
	b.ReportMetric(reading/n, "s-reading/op")
	b.ReportMetric(writing/n, "s-page/op")
	b.ReportMetric(page/n/1e6, "MB-page")
	b.ReportMetric(kept/n/1e6, "MB-kept")
}

// heap returns the number of bytes in use.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// manyVaults returns an API with vaults, resources and a policy for all.
func manyVaults(vaults, resources int) http.Handler {
	const row = `{"id":"22222222-2222-4222-8222-%06d%06d","name":"ecs-%[1]d-%[2]d","type":"OS::Nova::Server","size":40,` +
		`"backup_size":120,"backup_count":7,"protect_status":"available","auto_protect":true,` +
		`"extra_info":{"include_volumes":[{"id":"55555555-5555-4555-8555-%06[1]d%06[2]d","os_version":"Ubuntu 24.04 server 64bit"}]}}`
	rows, ids := make([]string, vaults), make([]string, vaults)
	for v := range vaults {
		var all []string
		for r := range resources {
			all = append(all, fmt.Sprintf(row, v, r))
		}
		id := fmt.Sprintf("33333333-3333-4333-8333-%012d", v)
		rows[v] = fmt.Sprintf(`{"id":%q,"name":"vault-%d","created_at":"2026-01-01T00:00:00.000000","enterprise_project_id":"0","auto_expand":false,`+
			`"billing":{"size":100000,"allocated":10240,"used":31457280,"status":"available","charging_mode":"post_paid","protect_type":"backup",`+
			`"object_type":"server","consistent_level":"crash_consistent"},"resources":[%s]}`, id, v, strings.Join(all, ","))
		ids[v] = `{"vault_id":"` + id + `"}`
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v3/{project}/vaults", func(w http.ResponseWriter, r *http.Request) {
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		offset, _ := strconv.Atoi(r.FormValue("offset"))
		page := rows[min(offset, vaults):min(offset+limit, vaults)]
		_, _ = fmt.Fprintf(w, `{"vaults":[%s],"count":%d}`, strings.Join(page, ","), vaults)
	})
	mux.HandleFunc("GET /v3/{project}/policies", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"policies":[{"id":%q,"name":"daily","enabled":true,"operation_type":"backup",`+
			`"trigger":{"properties":{"pattern":["FREQ=DAILY;BYHOUR=2"]}},"associated_vaults":[%s]}]}`, policyID("1"), strings.Join(ids, ","))
	})
	return mux
}
