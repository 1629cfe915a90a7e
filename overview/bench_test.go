package overview_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/tasks/ledger"
)

// thousands returns a project with n resources in vaults of 200, which are backed up each
// night, and their restore points. Of a hundred one fails, one is not covered, one is in no
// vault and one has lost restore points.
func thousands(b *testing.B, n int) overview.Source {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	uuid := func() string {
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", random.Uint32(), random.Uint32()>>16, random.Uint32()>>20, random.Uint32()>>20, random.Uint64()>>16)
	}
	var states []ledger.ResourceState
	var vaults []*cbrapi.Vault
	nightly := policy("nightly", daily)
	for i := range n {
		if i%200 == 0 {
			vaults = append(vaults, vault(uuid(), fmt.Sprintf("vault-%d", i/200)))
			nightly.VaultIDs = append(nightly.VaultIDs, vaults[i/200].ID)
		}
		v, status := vaults[i/200], cbrapi.StatusSuccess
		if i%100 == 7 {
			status = cbrapi.StatusFailed
		}
		s := state("x", status, hoursAgo(9).Add(time.Duration(random.IntN(3600))*time.Second))
		s.ResourceID, s.VaultID, s.LastFinished.ID = uuid(), v.ID, uuid()
		s.LastFinished.ExtraInfo.Resource.ID = s.ResourceID
		if status == cbrapi.StatusFailed {
			s.LastAttempt.Error = cbrapi.ErrorInfo{Code: "BackupService.6114", Message: "The vault is full."}
		}
		var logs []*cbrapi.OperationLog
		for day := 29; day >= 0; day-- {
			created := hoursAgo(float64(10 + 24*day)).Add(time.Duration(random.IntN(3600)) * time.Second)
			took := time.Duration(600+random.IntN(600)) * time.Second
			log := operationLog("x", status, created, created, created.Add(took))
			log.ID = uuid()
			logs = append(logs, log)
		}
		s.Runs = runsOf(logs...)
		states = append(states, s)
		v.Resources = append(v.Resources, cbrapi.VaultResource{ID: s.ResourceID, Name: fmt.Sprintf("ecs-production-%d", i), Type: "OS::Nova::Server"})
		if i%100 == 13 {
			v.Resources[len(v.Resources)-1].AutoProtect = new(false)
		}
	}
	known := discovered(states...)
	known.Inventory = inventoryOf(b, vaults, nightly)
	backups, protectables := map[string]inventory.RestorePoints{}, &inventory.Protectables{
		Reading: inventory.Reading{Complete: true, LastComplete: noon}, Protected: map[string]int{"OS::Nova::Server": n},
	}
	for i := range states {
		r := points(30, 30)
		if i%100 == 77 {
			r = points(3, 30)
		}
		r.Latest, r.Oldest = r.Latest.Add(time.Duration(random.IntN(3600))*time.Second), r.Oldest.Add(time.Duration(random.IntN(3600))*time.Second)
		backups[states[i].ResourceID] = r
		if i%100 == 42 {
			protectables.Unprotected = append(protectables.Unprotected, server(uuid(), fmt.Sprintf("ecs-new-%d", i)))
		}
	}
	known.Inventory.Backups = &inventory.Backups{Reading: inventory.Reading{Complete: true, LastComplete: noon}, FullAt: noon, Resources: backups}
	known.Inventory.Protectables = protectables
	return source(known)
}

// BenchmarkPages serves the pages of 10,000 resources. The targets on a shared core are
// 100 ms, and 300 KB on the wire.
func BenchmarkPages(b *testing.B) {
	pages := overview.New(options(thousands(b, 10000)))
	for name, c := range map[string]struct {
		serve  http.HandlerFunc
		target string
	}{
		"page":             {pages.ServePage, "/"},
		"page, filter":     {pages.ServePage, "/?q=production-77"},
		"last page":        {pages.ServePage, "/?page=50"},
		"status":           {pages.ServeStatus, "/api/v1/status"},
		"resource, status": {pages.ServeResourceStatus, "/api/v1/resource?project=test&id=" + resourceID(b, pages)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var body []byte
			for b.Loop() {
				body = do(b, c.serve, c.target).Body.Bytes()
			}
			var zipped bytes.Buffer
			w, _ := gzip.NewWriterLevel(&zipped, 6)
			_, _ = w.Write(body)
			_ = w.Close()
			b.ReportMetric(float64(len(body))/1e3, "KB-page")
			b.ReportMetric(float64(zipped.Len())/1e3, "KB-gzip")
		})
	}
}

func resourceID(b *testing.B, pages *overview.Pages) string {
	return decode[overview.Status](b, pages.ServeStatus, "/api/v1/status", http.StatusOK).Resources.Rows[0].ResourceID
}
