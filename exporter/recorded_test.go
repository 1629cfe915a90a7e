package exporter_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// TestRecordedVaultsPage compares whole pages of metrics of vaults and policies that were
// recorded from the real API.
func TestRecordedVaultsPage(t *testing.T) {
	for _, name := range []string{"vaults_deleted_resource", "vaults_turbo"} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				api := http.NewServeMux()
				api.HandleFunc("/v3/{project}/vaults", func(w http.ResponseWriter, r *http.Request) {
					if r.FormValue("offset") != "0" {
						answer(http.StatusOK, `{"vaults":[]}`)(w, r)
						return
					}
					answer(http.StatusOK, recorded(t, name))(w, r)
				})
				api.HandleFunc("/v3/{project}/policies", answer(http.StatusOK, recorded(t, "policies_backup")))
				e := start(t, hosts{"cbr.test": api}, followed+"    vaults: {}\n")
				page := e.scrape(t)
				lint(t, page)
				compare(t, filepath.Join("testdata", "recorded_"+name+".prom"), page)
			})
		})
	}
}

// recorded returns a response of the API, see cbrapi/testdata.
func recorded(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "cbrapi", "testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
