//go:build linux

package faults

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// listFaults are lists that are wrong about themselves.
func listFaults() group {
	count := func(text string) middleware {
		return pages(func(p *listPage) { p.root["count"] = json.RawMessage(text) })
	}
	var asked atomic.Uint64
	return group{"Lists", []fault{
		{name: "the count is 0", http: count("0"), up: true},
		{name: "the count is 1,000 too high", http: count("1013"), up: true},
		each(fault{name: "the count is negative, a fraction, a text, an object, too large", up: true}, func(next func() string) middleware {
			return pages(func(p *listPage) {
				if p.root["count"] != nil {
					p.root["count"] = json.RawMessage(next())
				}
			})
		}, `-5`, `1.5`, `"many"`, `{}`, `1e400`),
		{
			name: "no count",
			http: pages(func(p *listPage) { delete(p.root, "count") }),
			up:   true,
		},
		{
			quick: true,
			name:  "offset is ignored, 5 rows a page",
			http:  paged(5, func(int) int { return 0 }),
			up:    true, fails: "backups discovery", reasons: "upstream",
		},
		{
			name: "offset is ignored, and all rows are on each page",
			http: paged(1000, func(int) int { return 0 }),
			up:   true,
		},
		{
			name: "limit is ignored, 1 row a page",
			http: paged(1, func(offset int) int { return offset }),
			up:   true,
		},
		{
			name: "each page repeats half of the one before",
			http: paged(4, func(offset int) int { return max(0, offset-2) }),
			up:   true,
		},
		{
			name: "filters are ignored",
			http: flood{path: "/operation-logs", list: "operation_logs", row: func(n uint64) string {
				return taskRow(n, "backup", []string{"success", "failed", "running", "waiting"}[n%4])
			}}.of(40),
			up: true,
		},
		{
			name: "filters are inverted",
			http: pages(func(p *listPage) {
				if p.request.URL.Query().Has("status") {
					for _, row := range p.rows {
						row["status"], row["ended_at"] = "success", row["updated_at"]
					}
				}
			}),
			up: true,
		},
		{
			name: "no row has an id",
			http: rows(func(_ string, row map[string]any) { delete(row, "id") }),
			up:   true, fails: "backups discovery vaults", reasons: "upstream",
		},
		{
			name: "the first row of each page has no id",
			http: pages(func(p *listPage) {
				if len(p.rows) > 0 {
					delete(p.rows[0], "id")
				}
			}),
			up: true, fails: "backups discovery vaults", reasons: "upstream",
		},
		each[any](fault{
			name: "ids are no UUIDs: paths, numbers, lists, empty, null",
			up:   true, fails: "backups discovery vaults", reasons: "upstream",
		}, func(next func() any) middleware {
			return rows(func(_ string, row map[string]any) { row["id"] = next() })
		}, "../../v3/projects", 7, []int{1}, "", "x?limit=1#", nil),
		{
			name: "each row comes twice, with different states",
			http: pages(func(p *listPage) {
				for _, row := range p.rows {
					other := map[string]any{}
					for name, value := range row {
						other[name] = value
					}
					other["status"] = "failed"
					p.rows = append(p.rows, other)
				}
			}),
			up: true,
		},
		each(fault{name: "states that change with each response", up: true}, func(next func() string) middleware {
			return rows(func(list string, row map[string]any) {
				if list == "operation_logs" {
					row["status"] = next()
				}
			})
		}, "success", "failed", "running", "waiting", "timeout", "skipped"),
		{
			name: "rows in another order in each response, none of them of the same length",
			http: pages(func(p *listPage) {
				if n := int(asked.Add(1)); len(p.rows) > 0 {
					n %= len(p.rows)
					p.rows = append(p.rows[n:], p.rows[:n]...)
				}
			}),
			up: true,
		},
		{
			name: "all lists are empty, and no task exists",
			http: func(good http.Handler) http.Handler {
				empty := pages(func(p *listPage) { p.rows, p.root["count"] = nil, 0 })
				notFound := statusError(http.StatusNotFound, "BackupService.6500", "Operation log does not exist.")
				return only("/operation-logs/"+taskID, notFound)(empty(good))
			},
			up: true,
		},
		{
			name: "the list of backups is empty, but the vaults hold some",
			http: pages(func(p *listPage) {
				switch p.list {
				case "backups":
					p.rows, p.root["count"] = nil, 0
				case "vaults":
					for _, row := range p.rows {
						for _, resource := range row["resources"].([]any) {
							resource.(map[string]any)["backup_count"] = 3
						}
					}
				}
			}),
			up: true, fails: "backups", reasons: "upstream",
		},
	}}
}

// paged cuts the lists into pages of so many rows, whatever was asked for. The page for an
// offset begins at the row that from returns.
func paged(length int, from func(offset int) int) middleware {
	var mu sync.Mutex
	lists := map[string][]map[string]any{} // as of their first page, which has all rows
	return pages(func(p *listPage) {
		query := p.request.URL.Query()
		offset, _ := strconv.Atoi(query.Get("offset"))
		query.Del("offset")
		key := p.list + "?" + query.Encode()
		mu.Lock()
		defer mu.Unlock()
		if offset == 0 {
			lists[key] = p.rows
		}
		all := lists[key]
		begin := min(from(offset), len(all))
		p.rows = all[begin:min(begin+length, len(all))]
	})
}
