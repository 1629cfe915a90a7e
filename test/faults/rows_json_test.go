//go:build linux

package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// jsonFaults are responses in JSON with values that the API does not send.
func jsonFaults() group {
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	return group{"JSON", []fault{
		{
			name: "100,000 lists inside each other",
			http: beside(func() string { return strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) }),
			up:   true, fails: "discovery vaults", reasons: "upstream",
		},
		{
			name: "9,000 objects inside each other",
			http: beside(func() string { return strings.Repeat(`{"x":`, 9_000) + "1" + strings.Repeat("}", 9_000) }),
			up:   true,
		},
		{
			heavy: true,
			name:  "15 MiB of unknown objects",
			http:  beside(func() string { return "[{}" + strings.Repeat(",{}", 5<<20) + "]" }),
			up:    true, memory: 250,
		},
		{
			heavy: true,
			name:  "15 MiB of unknown names",
			http: beside(func() string {
				var b strings.Builder
				for n := range 1 << 20 {
					fmt.Fprintf(&b, `,"%07x":0`, n)
				}
				return "{" + b.String()[1:] + "}"
			}),
			up: true, memory: 250,
		},
		{
			heavy: true,
			name:  "17 MiB in each page, whatever its limit",
			http:  beside(func() string { return `"` + strings.Repeat("x", 17<<20) + `"` }),
			up:    true, fails: "discovery vaults", reasons: "upstream",
			memory: 250,
		},
		{
			name: "each field comes twice, first with junk",
			http: body(func(good []byte) []byte {
				for _, name := range []string{"operation_logs", "vaults", "policies", "backups", "id", "status", "created_at", "name"} {
					good = bytes.ReplaceAll(good, fmt.Appendf(nil, "%q:", name), fmt.Appendf(nil, `%q:{"x":[1]},%q:`, name, name))
				}
				return good
			}),
			up: true,
		},
		{
			name: "1e400, -0, 1.5 as a count, texts as numbers",
			http: rows(func(_ string, row map[string]any) {
				if billing, ok := row["billing"].(map[string]any); ok {
					billing["size"], billing["allocated"], billing["used"] = raw("1e400"), raw("-0"), "20480"
					row["threshold"] = raw("1.5")
				}
				if extra, ok := row["extra_info"].(map[string]any); ok {
					extra["common"] = map[string]any{"progress": raw("-1e400")}
					extra["sync"] = map[string]any{"sync_backup_num": raw("1.5"), "err_sync_backup_num": "many"}
				}
				row["resource_size"] = raw("123456789012345678901234567890")
			}),
			up: true,
		},
		{
			name: "values of other types in all fields but the id",
			http: rows(func(_ string, row map[string]any) {
				for name := range row {
					if name != "id" {
						row[name] = raw("[{}]")
					}
				}
			}),
			up: true, fails: "backups vaults", reasons: "upstream",
			lines: 60,
		},
		{
			name: "texts of 1 MiB",
			http: pages(func(p *listPage) {
				if len(p.rows) > 0 {
					row := p.rows[0]
					row["name"], row["vault_name"] = strings.Repeat("n", 1<<20), strings.Repeat("v", 1<<20)
					row["error_info"] = map[string]any{"code": strings.Repeat("c", 1<<20), "message": strings.Repeat("m", 1<<20)}
				}
			}),
			up: true,
		},
		{
			name: "NUL and invalid UTF-8 in names",
			http: body(func(good []byte) []byte {
				return bytes.ReplaceAll(good, []byte(`"server-`), []byte("\"\\u0000\\ud800\xff\xc3server-"))
			}),
			up: true,
		},
		{
			name:    "a NUL as it is",
			http:    body(func(good []byte) []byte { return append([]byte("{\"x\":\"\x00\","), good[1:]...) }),
			reasons: "upstream",
		},
	}}
}

// beside adds a field to the list of running tasks and that of vaults, with a value that is made
// once.
func beside(value func() string) middleware {
	text := sync.OnceValue(func() []byte { return []byte(`{"x":` + value() + ",") })
	return alter(func(r *http.Request, a *answer) {
		if strings.HasSuffix(r.URL.Path, "/vaults") || r.URL.Query().Get("status") == "running" {
			a.body = slices.Concat(text(), a.body[1:])
		}
	})
}

// nameFaults are names that break out of where they stand, if they are not escaped.
func nameFaults() group {
	named := func(next func() string) middleware {
		set := func(in any, name string) {
			if object, ok := in.(map[string]any); ok && object[name] != nil {
				object[name] = next()
			}
		}
		return rows(func(_ string, row map[string]any) {
			for _, name := range []string{"name", "vault_name", "resource_name"} {
				set(row, name)
			}
			if extra, ok := row["extra_info"].(map[string]any); ok {
				set(extra["resource"], "name")
			}
			if bound, ok := row["resources"].([]any); ok {
				for _, resource := range bound {
					set(resource, "name")
				}
			}
			if row["status"] == "success" && row["operation_type"] == "backup" { // so that texts of errors show
				row["status"] = "failed"
				row["error_info"] = map[string]any{"code": next(), "message": next()}
			}
		})
	}
	return group{"Names", []fault{
		each(fault{name: "HTML", up: true, check: expectEscaped}, named,
			`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</title><svg onload=alert(1)>`, `javascript:alert(1)`, `{{.}}`),
		each(fault{name: "quotes, backslashes and line ends", quick: true, up: true}, named,
			"\"} 1\ncbr_up{project=\"healthy\"} 0\n#", `\`, `\"`, "a\r\nb", "`'\"", "\u2028\u2029\u0085\v\f"),
		each(fault{name: "right to left, emoji, combining characters, control characters", up: true}, named,
			"\u202Eexe.txt\u202C", "👩‍👩‍👧‍👦", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "\x01\x1b[31mred\x1b[0m\x7f", "\uFEFF\u200B", "備份"),
		each(fault{name: "empty, spaces, a tab", up: true}, named, "", " ", "\t"),
		each(fault{name: "1 MiB", up: true}, named, strings.Repeat("n", 1<<20), "1", "2", "3", "4", "5", "6", "7", "8", "9"),
	}}
}

// expectEscaped expects the names on the page for people, but no element that they have.
func expectEscaped(t *testing.T, e *exporter) {
	t.Helper()
	page, err := e.get("/")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page, "&lt;script&gt;") {
		t.Error("the page does not show the names")
	}
	for _, raw := range []string{"<script>alert", "<img src=x", "<svg onload", `href="javascript:`} {
		if strings.Contains(page, raw) {
			t.Errorf("the page has %q as it is", raw)
		}
	}
}
