//go:build linux

package faults

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// floodFaults are lists that are far too long.
func floodFaults() group {
	tasks := func(operation, status string) flood {
		return flood{path: "/operation-logs", list: "operation_logs", row: func(n uint64) string { return taskRow(n, operation, status) }}
	}
	return group{"Floods", []fault{
		{
			name: "lists of active tasks that never end, 20 in each page",
			http: tasks("backup", "running").paged(20).endless(),
			up:   true, fails: "discovery", reasons: "deadline",
			requests: 600, lines: 60, recovery: 5 * time.Minute, // each of them is asked for by its id
		},
		{
			name: "50 new active tasks in each response, and none of the old ones",
			http: tasks("backup", "running").renewed(50),
			up:   true, fails: "discovery", reasons: "deadline",
			requests: 600, lines: 60, recovery: 5 * time.Minute, // each of them is asked for by its id
		},
		{
			name: "1,500 active tasks, of which nothing is known afterwards",
			http: tasks("backup", "running").of(1500),
			up:   true,
			// Each of them is asked for by its id, 20 a second.
			recovery: 3 * time.Minute, requests: 200,
		},
		{
			name: "an operation type of its own for each of 300 tasks",
			http: flood{path: "/operation-logs", list: "operation_logs", row: func(n uint64) string {
				return taskRow(n, fmt.Sprint("operation-", n), "success")
			}}.of(300),
			up: true,
			check: func(t *testing.T, e *exporter) {
				page, err := e.scrape("/metrics")
				if err != nil {
					t.Fatal(err)
				}
				types := map[string]bool{}
				for _, m := range page["cbr_resource_failing"].GetMetric() {
					types[label(m, "operation_type")] = true
				}
				if len(types) != 22 { // backup, 20 new ones and other
					t.Errorf("there are %d operation types on the page, want 22", len(types))
				}
			},
		},
		{
			name: "a status of its own for each of 300 tasks",
			http: flood{path: "/operation-logs", list: "operation_logs", row: func(n uint64) string {
				return taskRow(n, "backup", fmt.Sprint("status-", n))
			}}.of(300),
			up:    true,
			lines: 60, // each new status is named once
		},
		{
			heavy: true,
			name:  "100,000 vaults",
			http:  flood{path: "/vaults", list: "vaults", row: vaultRow(0)}.of(100_000),
			up:    true, fails: "vaults", reasons: "upstream",
		},
		{
			heavy: true,
			name:  "a list of vaults that never ends",
			http:  flood{path: "/vaults", list: "vaults", row: vaultRow(1)}.endless(),
			up:    true, fails: "vaults", reasons: "upstream",
		},
		{
			heavy: true,
			name:  "5,000 resources in 5 vaults",
			http:  flood{path: "/vaults", list: "vaults", row: vaultRow(1000), most: 20}.of(5),
			up:    true, memory: 200,
		},
		{
			heavy: true,
			name:  "20,000 policies",
			http:  flood{path: "/policies", list: "policies", row: policyRow}.of(20_000),
			up:    true, fails: "vaults", reasons: "upstream",
		},
		{
			heavy: true,
			name:  "a list of backups that never ends",
			http:  flood{path: "/backups", list: "backups", row: backupRow}.endless(),
			up:    true, fails: "backups", reasons: "deadline",
			requests: 600, memory: 300,
		},
	}}
}

// flood is a list that is made up as it is read.
type flood struct {
	path string // the end of it
	list string // the name
	row  func(n uint64) string
	most uint64 // rows of a page, whatever the limit; 0: as many as asked for
}

// paged has at most so many rows in a page.
func (f flood) paged(rows uint64) flood {
	f.most = rows
	return f
}

// endless never ends: each page has new rows.
func (f flood) endless() middleware {
	var next atomic.Uint64
	return f.answering(func(_, limit uint64) []byte {
		to := next.Add(limit)
		return f.page(to-limit, to)
	})
}

// renewed has so many rows, which are new in each response.
func (f flood) renewed(total uint64) middleware {
	var next atomic.Uint64
	return f.answering(func(offset, _ uint64) []byte {
		if offset > 0 {
			return f.page(0, 0)
		}
		to := next.Add(total)
		return f.page(to-total, to)
	})
}

// of has so many rows, which are made before the first request.
func (f flood) of(total uint64) middleware {
	return func(good http.Handler) http.Handler {
		var rows []string
		for n := range total {
			rows = append(rows, f.row(n))
		}
		return f.answering(func(offset, limit uint64) []byte {
			from := min(offset, total)
			return fmt.Appendf(nil, `{%q:[%s],"count":%d}`, f.list, strings.Join(rows[from:min(from+limit, total)], ","), total)
		})(good)
	}
}

// answering answers all requests for the list with a page of it. One without a limit asks for
// all rows.
func (f flood) answering(page func(offset, limit uint64) []byte) middleware {
	return only(f.path, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			offset, _ := strconv.ParseUint(r.URL.Query().Get("offset"), 10, 32)
			limit, err := strconv.ParseUint(r.URL.Query().Get("limit"), 10, 32)
			if err != nil {
				limit = 1 << 32
			}
			if f.most > 0 {
				limit = min(limit, f.most)
			}
			_, _ = w.Write(page(offset, limit))
		})
	})
}

func (f flood) page(from, to uint64) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{%q:[`, f.list)
	for n := from; n < to; n++ {
		if n > from {
			b.WriteByte(',')
		}
		b.WriteString(f.row(n))
	}
	b.WriteString("]}")
	return b.Bytes()
}

// rowID and resourceID return the ids of the n-th row and resource of a flood.
func rowID(n uint64) string      { return fmt.Sprintf("f100d000-0000-4000-8000-%012x", n) }
func resourceID(n uint64) string { return fmt.Sprintf("5e5e5000-0000-4000-8000-%012x", n) }

func stamp(ago time.Duration) string {
	return time.Now().UTC().Add(-ago).Format("2006-01-02T15:04:05.000000")
}

// taskRow returns a task of a resource of its own.
func taskRow(n uint64, operation, status string) string {
	ended := ""
	if status != "running" {
		ended = `"ended_at":"` + stamp(0) + `",`
	}
	return fmt.Sprintf(`{"id":%q,"operation_type":%q,"status":%q,"created_at":%q,"started_at":%q,%s"updated_at":%q,`+
		`"error_info":{"code":"","message":""},"extra_info":{"common":{"progress":1},"resource":{"id":%q,"name":"server-%d","type":"OS::Nova::Server"}}}`,
		rowID(n), operation, status, stamp(time.Minute), stamp(time.Minute), ended, stamp(0), resourceID(n), n)
}

// vaultRow returns a function that returns a vault with so many resources.
func vaultRow(resources uint64) func(n uint64) string {
	return func(n uint64) string {
		var b strings.Builder
		fmt.Fprintf(&b, `{"id":%q,"name":"vault-%d","created_at":%q,"billing":{"status":"available","size":100,"allocated":40,"used":1024,`+
			`"object_type":"server","protect_type":"backup"},"resources":[`, rowID(n), n, stamp(24*time.Hour))
		for i := range resources {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"id":"r%d","name":"s","type":"disk"}`, n*resources+i)
		}
		b.WriteString("]}")
		return b.String()
	}
}

func policyRow(n uint64) string {
	return fmt.Sprintf(`{"id":%q,"name":"policy-%d","enabled":true,"operation_type":"backup","associated_vaults":[],`+
		`"trigger":{"properties":{"pattern":["FREQ=DAILY;INTERVAL=1;BYHOUR=00;BYMINUTE=00"]}}}`, rowID(n), n)
}

// backupRow returns one of many backups of a hundred resources.
func backupRow(n uint64) string {
	return fmt.Sprintf(`{"id":%q,"name":"backup","status":"available","image_type":"backup","vault_id":%q,"resource_id":%q,"resource_name":"server-%d",`+
		`"resource_type":"OS::Nova::Server","created_at":%q}`, rowID(n), rowID(0), resourceID(n%100), n%100, stamp(time.Hour))
}
