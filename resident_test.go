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
		vaultList  = "vaults: {}"
		everything = "discovery: {}, vaults: {tags: [team, env]}, backups: {}"
	)
	cases := []struct {
		name  string
		reads string
		site  site
	}{
		{"keys=2000,tasks-alone", taskList, site{vaults: 10, resources: 2_000, days: 29}},
		{"keys=2000", everything, site{vaults: 10, resources: 2_000, days: 29, backups: 3}},
		{"keys=10000", everything, site{vaults: 50, resources: 10_000, days: 5, backups: 3}},
		{"keys=36000", everything, site{vaults: 180, resources: 36_000, days: 2, backups: 3}},
		{"keys=36000,tasks-alone", taskList, site{vaults: 180, resources: 36_000, days: 2}},
		{"resources=128000,vaults-alone", vaultList, site{vaults: 500, resources: 128_000}},
		{"limit/vaults=10000", everything, site{vaults: 10_000, resources: 10_000, days: 1}},
		{"limit/resources=200000", everything, site{vaults: 1_000, resources: 200_000}},
		{"limit/active=50000", taskList, site{vaults: 250, resources: 50_000, days: 1, running: true}},
		{"limit/keys=200000", taskList, site{vaults: 1_000, resources: 200_000, days: 1}},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			server := httptest.NewServer(c.site.cloud())
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

// site is what a cloud has: each resource is in a vault, and has had a backup each day.
type site struct {
	vaults, resources, days int
	backups                 int  // of a resource that still exist
	running                 bool // whether the backups still run
}

func (s site) cloud() *simulator.Simulator {
	now := time.Now()
	cloud := simulator.New(simulator.Options{Now: time.Now, Empty: true, Tokens: []string{"token"}})
	id := func(kind, n int) string {
		return fmt.Sprintf("%08x-1111-4111-8111-%012x", uint32(n*2654435761), kind<<40|n)
	}
	nightly := simulator.Policy{ID: id(0, 0), Name: "nightly", Enabled: true, OperationType: "backup", Patterns: []string{"FREQ=DAILY;BYHOUR=2;BYMINUTE=00"}}
	vaults := make([]simulator.Vault, s.vaults)
	for v := range vaults {
		vaults[v] = simulator.Vault{
			ID: id(1, v), Name: fmt.Sprintf("vault-%d", v), Created: now.AddDate(-1, 0, 0), EnterpriseProjectID: "0",
			ObjectType: "server", ProtectType: "backup", ChargingMode: "post_paid", ConsistentLevel: "crash_consistent", Status: "available",
			Size: 100_000, Allocated: 10_240, Used: 31_457_280, AutoExpand: new(false), SMNNotify: new(true), Locked: new(false),
			Tags: []simulator.Tag{{Key: "team", Value: fmt.Sprintf("team-%d", v%20)}, {Key: "env", Value: "production"}},
		}
		nightly.Vaults = append(nightly.Vaults, simulator.PolicyVault{ID: id(1, v)})
	}
	var backups []simulator.Backup
	for n := range s.resources {
		v := &vaults[n*s.vaults/s.resources]
		r := simulator.VaultResource{
			ID: id(2, n), Name: fmt.Sprintf("ecs-production-%d", n), Type: "OS::Nova::Server",
			Size: new(int64(40)), BackupSize: new(int64(120_000)), BackupCount: new(int64(s.backups)), ProtectStatus: "available", AutoProtect: new(true),
		}
		v.Resources = append(v.Resources, r)
		for day := range s.days {
			created := now.Add(-time.Duration(10+24*day) * time.Hour).Add(time.Duration(n) * time.Millisecond)
			task := simulator.Task{
				ID: id(3+day, n), OperationType: "backup", PolicyID: nightly.ID, VaultID: v.ID, VaultName: v.Name,
				ResourceID: r.ID, ResourceName: r.Name, ResourceType: r.Type,
				Created: created, Started: created.Add(5 * time.Second), Ended: created.Add(time.Hour), Outcome: "success",
			}
			switch {
			case s.running:
				task.Ended = time.Time{}
			case n%100 == 7:
				task.Outcome, task.ErrorCode, task.ErrorMessage = "failed", "BackupService.6114", "The vault is full."
			}
			cloud.Add(task)
		}
		for day := range s.backups {
			created := now.Add(-time.Duration(10+24*day) * time.Hour)
			backups = append(backups, simulator.Backup{
				ID: id(100+day, n), VaultID: v.ID, ResourceID: r.ID, ResourceName: r.Name, ResourceType: r.Type,
				Created: created, Protected: created, Expires: created.AddDate(0, 0, 30),
			})
		}
	}
	cloud.SetBackups(backups...)
	cloud.SetVaults(vaults...)
	cloud.SetPolicies(nightly)
	return cloud
}
