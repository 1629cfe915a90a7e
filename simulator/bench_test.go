package simulator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// BenchmarkList asks for one page of a list of the default fleet, which has
// about 10,000 tasks, while the clock moves on. Its target is 3 ms, and 6 ms where
// they are shuffled.
func BenchmarkList(b *testing.B) {
	for name, test := range map[string]struct {
		query   string
		listing simulator.Listing
	}{
		"page":     {query: "limit=1000&offset=3000"},
		"filtered": {query: "limit=1000&status=failed"},
		"shuffled": {"limit=1000&offset=3000", simulator.Listing{Order: simulator.Shuffled}},
	} {
		b.Run(name, func(b *testing.B) {
			cloud, clock := newCloud(1)
			cloud.SetListing(test.listing)
			ask := func() {
				r := httptest.NewRequest(http.MethodGet, listPath+"?"+test.query, nil)
				r.Header.Set("X-Auth-Token", fixedToken)
				w := httptest.NewRecorder()
				if cloud.ServeHTTP(w, r); w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
			ask()
			b.ReportAllocs()
			for b.Loop() {
				ask()
				clock.advance(100 * time.Millisecond)
			}
		})
	}
}

// BenchmarkFirstList asks a new cloud for all pages: each task is drawn, and
// written down, for the first time. Its target is 0.5 s.
func BenchmarkFirstList(b *testing.B) {
	for b.Loop() {
		cloud, _ := newCloud(1)
		for offset := 0; offset < 10000; offset += 1000 {
			if got := get(cloud, fmt.Sprint(listPath, "?offset=", offset), fixedToken); got.status != http.StatusOK {
				b.Fatal(got.status)
			}
		}
	}
}
