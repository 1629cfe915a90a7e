//go:build unix

package exporter_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// BenchmarkPage requests the page for people of 10,000 resources with a daily backup, of which
// one in a hundred fails and one has no restore point, and of 100 that no vault holds, after a
// pass. The targets are 100 ms of CPU and 300 KB on the wire.
func BenchmarkPage(b *testing.B) {
	cloud := simulator.New(simulator.Options{Now: noon, Empty: true, Tokens: []string{token}})
	addNightlyBackups(cloud, 10000, 30)
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

// addNightlyBackups adds vaults of 200 resources each, and their backups of the latest days, of
// which three are kept.
func addNightlyBackups(cloud *simulator.Simulator, resources, days int) {
	random := rand.New(rand.NewPCG(1, 2))
	id := func() string {
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", random.Uint32(), random.Uint32()>>16, random.Uint32()>>20, random.Uint32()>>20, random.Uint64()>>16)
	}
	var vaults []simulator.Vault
	nightly := policyOf("1", "nightly", "1", func(p *simulator.Policy) { p.Patterns = []string{"FREQ=DAILY;BYHOUR=2;BYMINUTE=00"} })
	nightly.Vaults = nil
	for n := range resources {
		if n%200 == 0 {
			v := vault("1", fmt.Sprintf("vault-%d", n/200))
			v.ID = id()
			vaults, nightly.Vaults = append(vaults, v), append(nightly.Vaults, simulator.PolicyVault{ID: v.ID})
		}
		v := &vaults[n/200]
		v.Resources = append(v.Resources, simulator.VaultResource{
			ID: id(), Name: fmt.Sprintf("ecs-production-%d", n), Type: "OS::Nova::Server", ProtectStatus: "available",
		})
	}
	var tasks []simulator.Task
	for day := days - 1; day >= 0; day-- {
		for n := range resources {
			outcome, from := "success", float64(-10*60-24*60*day)+float64(n)/1e3
			if n%100 == 7 {
				outcome = "failed"
			}
			task, r := backup("1", outcome, from, from+10+float64(random.IntN(600))/60), vaults[n/200].Resources[n%200]
			task.ID, task.ResourceID, task.ResourceName = id(), r.ID, r.Name
			task.VaultID, task.VaultName = vaults[n/200].ID, vaults[n/200].Name
			tasks = append(tasks, task)
		}
	}
	var backups []simulator.Backup
	var protectables []simulator.Protectable
	for n := range resources {
		r := vaults[n/200].Resources[n%200]
		if n%100 == 0 {
			protectables = append(protectables, simulator.Protectable{ID: id(), Name: fmt.Sprintf("ecs-new-%d", n), Type: r.Type, Status: "ACTIVE"})
			continue
		}
		for day := range 3 {
			created := noon().Add(-time.Duration(10+24*day) * time.Hour)
			backups = append(backups, simulator.Backup{
				ID: id(), VaultID: vaults[n/200].ID, ResourceID: r.ID, ResourceName: r.Name, ResourceType: r.Type, Created: created, Protected: created, Expires: created.Add(30 * 24 * time.Hour),
			})
		}
	}
	cloud.Add(tasks...)
	cloud.SetBackups(backups...)
	cloud.SetProtectables(protectables...)
	cloud.SetVaults(vaults...)
	cloud.SetPolicies(nightly)
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
