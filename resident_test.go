//go:build linux

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
	"github.com/cbr-exporter/cbr_exporter/test/estate"
)

// BenchmarkResident runs the program against an API in this process. It reports the resident
// memory of the program, in MB: the most while it reads everything for the first time, the
// most during scrapes, and what is left a second later. The targets are in docs/performance.md;
// for the page of 36,000 keys with vaults and backups it is half of the 1.3 GB that promhttp
// takes, 650 MB.
//
// The other cases are at a limit of the program: vaults, resources in vaults, active tasks,
// and keys. A key is a resource and a type of operation.
func BenchmarkResident(b *testing.B) {
	const (
		taskList   = "discovery: {}"
		everything = "discovery: {}, vaults: {tags: [team, env]}, backups: {}"
	)
	cases := []struct {
		name  string
		reads string
		site  estate.Estate
	}{
		{"keys=2000,tasks-alone", taskList, estate.Estate{Vaults: 10, Resources: 2_000, Nights: 29}},
		{"keys=2000", everything, estate.Estate{Vaults: 10, Resources: 2_000, Nights: 29, Backups: 3}},
		{"keys=10000", everything, estate.Estate{Vaults: 50, Resources: 10_000, Nights: 5, Backups: 3}},
		{"keys=36000", everything, estate.Estate{Vaults: 180, Resources: 36_000, Nights: 2, Backups: 3}},
		{"keys=36000,tasks-alone", taskList, estate.Estate{Vaults: 180, Resources: 36_000, Nights: 2}},
		{"limit/vaults=10000", everything, estate.Estate{Vaults: 10_000, Resources: 10_000, Nights: 1}},
		{"limit/resources=50000", everything, estate.Estate{Vaults: 250, Resources: 50_000}},
		{"limit/active=50000", taskList, estate.Estate{Vaults: 250, Resources: 50_000, Running: 50_000}},
		{"limit/keys=50000", taskList, estate.Estate{Vaults: 250, Resources: 50_000, Nights: 1}},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{"token"}})
			c.site.Fill(cloud, time.Now())
			server := httptest.NewServer(cloud)
			defer server.Close()
			p := startProgram(b, "--config.file="+write(b, "config.yml", fmt.Sprintf(`
projects:
  - {name: production, project_id: %s, endpoint: %q, credentials: {token: token}, %s}
scrape:
  requests_per_second: 0
`, simulator.DefaultProjectID, server.URL, c.reads)))
			for deadline := time.Now().Add(10 * time.Minute); !p.complete(b); time.Sleep(time.Second) {
				if time.Now().After(deadline) {
					b.Fatal("not all is known")
				}
			}
			reading := p.megabytes(b, "VmHWM")
			p.forgetPeak(b)
			var body []byte
			before := p.cpu(b)
			for b.Loop() {
				body = p.fetch(b, "/metrics", "gzip")
			}
			b.ReportMetric((p.cpu(b)-before)/float64(b.N), "cpu-s/op")
			b.ReportMetric(reading, "MB-reading")
			b.ReportMetric(p.megabytes(b, "VmHWM"), "MB-scraping")
			series, text := size(b, body)
			b.ReportMetric(series, "series")
			b.ReportMetric(text/1e6, "MB-text")
			b.ReportMetric(float64(len(body))/1e6, "MB-sent")
			time.Sleep(time.Second)
			b.ReportMetric(p.megabytes(b, "VmRSS"), "MB-between")
		})
	}
}

// complete scrapes, and reports whether the program has read all lists.
func (p running) complete(b *testing.B) bool {
	b.Helper()
	const family = "cbr_scrape_collector_success"
	body := p.fetch(b, "/metrics?name[]="+family, "identity")
	return bytes.Contains(body, []byte(family+"{")) && !bytes.Contains(body, []byte("} 0\n"))
}

// size returns the number of series and of bytes of a compressed page.
func size(b *testing.B, page []byte) (series, text float64) {
	b.Helper()
	expanded, err := gzip.NewReader(bytes.NewReader(page))
	if err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(expanded)
	for lines.Scan() {
		text += float64(len(lines.Bytes()) + 1)
		if lines.Bytes()[0] != '#' {
			series++
		}
	}
	if lines.Err() != nil {
		b.Fatal(lines.Err())
	}
	return series, text
}

// fetch returns the body of a response in the encoding.
func (p running) fetch(b *testing.B, path, encoding string) []byte {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://"+p.address+path, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", encoding)
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "120")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// megabytes returns a field of the memory of the program in MB.
func (p running) megabytes(b *testing.B, field string) float64 {
	b.Helper()
	return float64(p.Memory(b, field)) / 1e6
}

// cpu returns the time that processors have spent for the program, in seconds.
func (p running) cpu(b *testing.B) float64 {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		b.Fatal(err)
	}
	_, fields, _ := strings.Cut(string(stat), ") ") // after the name of the program
	var ticks float64
	for _, field := range strings.Fields(fields)[11:13] { // in user mode, in the kernel
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return ticks / 100
}

// forgetPeak starts VmHWM anew.
func (p running) forgetPeak(b *testing.B) {
	b.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte("5"), 0); err != nil {
		b.Fatal(err)
	}
}
