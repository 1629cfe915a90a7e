package overview_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/overview"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	pages := overview.New(options(source(discovered(state("1", cbrapi.StatusSuccess, hoursAgo(1))))))
	const (
		html  = "text/html; charset=utf-8"
		plain = "text/plain; charset=utf-8"
	)
	for name, c := range map[string]struct {
		serve       http.HandlerFunc
		target      string
		accept      string
		status      int
		contentType string
	}{
		"page":            {pages.ServePage, "/", "", 200, html},
		"bad query":       {pages.ServePage, "/?page=0", "", 400, html},
		"resource":        {pages.ServeResource, "/resource?project=test&id=resource-1", "", 200, html},
		"no resource":     {pages.ServeResource, "/resource?project=test&id=2", "", 404, html},
		"status":          {pages.ServeStatus, "/api/v1/status", "text/html", 200, "application/json"},
		"status, bad":     {pages.ServeStatus, "/api/v1/status?page=0", "", 400, "application/json"},
		"resource status": {pages.ServeResourceStatus, "/api/v1/resource?project=test&id=resource-1", "", 200, "application/json"},
		"no status":       {pages.ServeResourceStatus, "/api/v1/resource", "", 400, "application/json"},
		"no asset":        {pages.ServeAsset, "/assets/none.css", "", 404, plain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := do(t, c.serve, c.target, "Accept", c.accept)
			h := w.Header()
			if w.Code != c.status || h.Get("Content-Type") != c.contentType {
				t.Errorf("got %d, %v, want %d, %s", w.Code, h, c.status, c.contentType)
			}
			if c.contentType == "application/json" && !json.Valid(w.Body.Bytes()) {
				t.Errorf("got %s", w.Body)
			}
			tag := h.Get("ETag")
			if regexp.MustCompile(`^"[0-9a-f]{32}"$`).MatchString(tag) != (c.status == 200) {
				t.Fatalf("got the tag %q", tag)
			}
			if c.status != 200 {
				return
			}
			for _, known := range []string{tag, "W/" + tag, `"other", ` + tag} {
				if again := do(t, c.serve, c.target, "Accept", c.accept, "If-None-Match", known); again.Code != 304 || again.Body.Len() != 0 || again.Header().Get("ETag") != tag {
					t.Errorf("got %d with %s, want 304:\n%s", again.Code, known, again.Body)
				}
			}
			if other := do(t, c.serve, c.target, "Accept", c.accept, "If-None-Match", `"other"`); other.Code != 200 {
				t.Errorf("got %d with another tag", other.Code)
			}
		})
	}
}

// TestHostileNames has names and errors that must not become markup, or break JSON.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"script":   "<script>alert(1)</script>",
		"quotes":   `"><img src=x onerror='alert(1)'>`,
		"chinese":  "备份服务器",
		"cyrillic": "сервер",
		"emoji":    "👩‍👩‍👧",
		"long":     strings.Repeat("名", 255),
		"control":  "a\u2028b\u0000c\u202e",
		"bytes":    "a\xffb",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := state("1", cbrapi.StatusFailed, hoursAgo(1))
			s.LastAttempt.Error.Message = text
			known := discovered(s)
			known.Resources[0].Name, known.VaultNames["vault-1"] = text, text
			projects := source(called(text, known))
			rows := get(t, "?project="+url.QueryEscape(text), projects).Resources.Rows
			want := strings.ToValidUTF8(text, "\ufffd")
			if len(rows) != 1 || rows[0].ResourceName != want || rows[0].VaultName != want || rows[0].Project != want || !strings.Contains(rows[0].Why, want) {
				t.Errorf("got %+v", rows)
			}
			page := do(t, overview.New(options(projects)).ServePage, "/").Body.String()
			if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img src=x") {
				t.Errorf("got markup:\n%s", page)
			}
		})
	}
}
