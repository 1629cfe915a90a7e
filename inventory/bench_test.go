//go:build unix

package inventory_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

// BenchmarkBackups reads 50,000 backups of 2,000 resources, every other one with copies in
// another region, and then the new ones. As pages overlap by 50, the targets are 54 requests for
// the first reading of all, 53 for the next one, 1 for the new ones, less than 3 seconds of CPU
// for the first reading, and less than 3 MB of memory for what is known after the last one.
func BenchmarkBackups(b *testing.B) {
	const backups, resources = 50_000, 2000
	c := newBackupCloud(backups, resources)
	for b.Loop() {
		now := midnight
		i := c.inventory(b, func() time.Time { return now })
		read := func() (requests int) {
			c.requests = 0
			i.Collect(b.Context())
			for !i.Last().Backups.LastComplete.Equal(now) {
				if problems := i.Last().Backups.Problems; len(problems) > 0 {
					b.Fatal(problems[0].Err)
				}
				time.Sleep(time.Millisecond)
			}
			return c.requests
		}
		memory, began := heap(), cpu(b)
		b.ReportMetric(float64(read()), "requests-first")
		b.ReportMetric((cpu(b) - began).Seconds(), "cpu-s")
		var latest int
		for range 3 {
			now = now.Add(backupsRefresh)
			latest = read()
		}
		b.ReportMetric(float64(latest), "requests-new")
		now = now.Add(backupsRefresh)
		b.ReportMetric(float64(read()), "requests-all")
		b.ReportMetric(float64(heap()-memory)/1e6, "MB")
		if s := i.Last(); len(s.Backups.Resources) != resources || !s.Backups.FullAt.Equal(now) {
			b.Fatalf("%d resources, all read at %s", len(s.Backups.Resources), s.Backups.FullAt)
		}
		i.Close()
	}
}

// A backup as recorded, and the record of its copy in another region.
const (
	backupRow = `{"children":[],"checkpoint_id":"015bb4d8-8674-4374-8624-%012[1]d","created_at":"%[3]s","description":"","expired_at":"%[4]s",` +
		`"extend_info":{"auto_trigger":false,"bootable":null,"os_images_data":null,"progress":null,"snapshot_id":null,"support_lld":true,"supported_restore_mode":"backup",` +
		`"system_disk":false,"is_multi_az":false,"encrypted_algorithm":null,"is_dec":false,"app_consistency":{"app_consistency":"0","app_consistency_status":"0",` +
		`"app_consistency_error_code":"0","app_consistency_error_message":""},"contain_system_disk":true,"encrypted":false,"architecture":"x86_64"},` +
		`"id":"c4005ae3-2f20-40cd-8aba-%012[1]d","image_type":"backup","incremental":true,"name":"server-backup-%[1]d","parent_id":null,` +
		`"project_id":"afa70cda2d0115b2f58e2a9a2423b3ed","protected_at":"%[3]s","provider_id":"0daac4c5-6707-4851-97ba-169e36266b66","resource_az":"ap-southeast-1b",` +
		`"resource_id":"06145359-e352-4d4b-883c-%012[2]d","resource_name":"ecs-%[2]d","scheduled_operation_id":null,"resource_size":50,"resource_type":"OS::Nova::Server",` +
		`"status":"available","updated_at":"%[3]s","vault_id":"1c50a8f0-2fd2-4b01-8efa-%012[5]d","version":3,"replication_records":[%[6]s]}`
	copyRecord = `{"id":"2d367b2b-2f39-4ca5-b89b-%012[1]d",` +
		`"status":"success","destination_backup_id":"d2607364-f61c-4735-8596-%012[1]d","destination_checkpoint_id":"7c272baa-6852-42e9-8a99-%012[1]d",` +
		`"destination_project_id":"a164a4a2224b01fb5f2a6624b24da144","destination_region":"cn-east-3","destination_vault_id":"154615a1-2e82-490a-84cb-%012[5]d",` +
		`"source_backup_id":"c4005ae3-2f20-40cd-8aba-%012[1]d","source_checkpoint_id":"015bb4d8-8674-4374-8624-%012[1]d","source_project_id":"afa70cda2d0115b2f58e2a9a2423b3ed",` +
		`"source_region":"ap-southeast-1","vault_id":"1c50a8f0-2fd2-4b01-8efa-%012[5]d","extra_info":{"planned_schedule":null,"queue":null,"fail_code":null},"created_at":"%[3]s"}`
)

// backupCloud has backups only. It is a transport that responds at once.
type backupCloud struct {
	rows     [][]byte // the latest first
	requests int      // for backups
}

// newBackupCloud returns a cloud whose resources have one backup a day, at different times.
func newBackupCloud(backups, resources int) *backupCloud {
	const vault = 100
	c := &backupCloud{rows: make([][]byte, backups)}
	for n := range c.rows {
		created := midnight.Add(-time.Duration(n) * day / time.Duration(resources))
		values := []any{n, n % resources, stamp(created), stamp(created.Add(30 * day)), n % resources / vault}
		replicated := ""
		if n%2 == 0 {
			replicated = fmt.Sprintf(copyRecord, values...)
		}
		c.rows[n] = fmt.Appendf(nil, backupRow, append(values, replicated)...)
	}
	return c
}

// RoundTrip implements http.RoundTripper.
func (c *backupCloud) RoundTrip(req *http.Request) (*http.Response, error) {
	const limit, recent = 1000, 20
	list, rows := path.Base(req.URL.Path), [][]byte(nil)
	if list == "backups" {
		rows = c.rows
		c.requests++
	}
	if req.URL.Query().Get("start_time") != "" {
		rows = rows[:recent]
	}
	offset, _ := strconv.Atoi(req.URL.Query().Get("offset"))
	page := bytes.Join(rows[min(offset, len(rows)):min(offset+limit, len(rows))], []byte(","))
	body := fmt.Appendf(nil, `{%q:[%s],"count":%d}`, list, page, len(rows))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
}

// inventory returns one that reads the backups.
func (c *backupCloud) inventory(b *testing.B, now func() time.Time) *inventory.Inventory {
	b.Helper()
	client, err := cbrapi.New(cbrapi.Options{Endpoint: "https://cbr.example.com", Transport: c}, "project")
	if err != nil {
		b.Fatal(err)
	}
	return inventory.New(client, inventory.Options{
		Refresh: day, BackupsRefresh: backupsRefresh, Timeout: time.Minute, Now: now, Logger: log.NewNopLogger(),
		InvalidFields: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "invalid_fields_total", Help: "Invalid fields."}, []string{"field"}),
	})
}

// heap returns the number of bytes in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
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
