//go:build unix

package exporter_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
	"github.com/cbr-exporter/cbr_exporter/test/estate"
)

// BenchmarkPage requests the page for people of 10,000 resources with a daily backup, of which
// one in a hundred fails and one has no restore point, and of 100 that no vault holds, after a
// pass. The targets are 100 ms of CPU and 300 KB on the wire.
func BenchmarkPage(b *testing.B) {
	cloud := simulator.New(simulator.Options{Now: noon, Empty: true, Tokens: []string{token}})
	estate.Estate{Vaults: 50, Resources: 10_000, Nights: 30, Backups: 3, Unprotected: 100}.Fill(cloud, noon())
	api := hosts{"cbr.test": cloud}
	e := start(b, api, followed+"    discovery: {}\n    vaults: {}\n    backups: {}\n    protectables: {}\n", alwaysNoon)
	for !strings.Contains(e.get(b, "/api/v1/status", ""), `"blind":false`) {
		e.Refresh(b.Context())
		time.Sleep(time.Second)
	}
	delete(api, "cbr.test") // or its garbage is collected too
	compressed := http.Header{"Accept-Encoding": {"gzip"}}
	var sent int
	before := cpu(b)
	for b.Loop() {
		sent = len(e.fetch(b, http.MethodGet, "/", browser, compressed).body)
	}
	b.ReportMetric((cpu(b)-before).Seconds()*1e3/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(sent)/1e3, "KB-sent")
}

// cpu returns the time that all processors have spent for this process.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
