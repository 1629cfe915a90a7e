package overview

import (
	"cmp"
	"embed"
	"html/template"
	"io"
	"net/url"
	"path"
	"strings"
)

//go:embed html/*.html
var htmlFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// asset returns a file of the pages and its content type.
func asset(name string) (content []byte, contentType string, ok bool) {
	contentType, ok = map[string]string{
		".css": "text/css; charset=utf-8",
		".js":  "text/javascript; charset=utf-8",
	}[path.Ext(name)]
	if !ok {
		return nil, "", false
	}
	content, err := assetFiles.ReadFile("assets/" + name)
	return content, contentType, err == nil
}

// renderer writes the pages as HTML.
type renderer struct {
	version string
	metrics string // relative link to the metrics page
	pages   map[string]*template.Template
}

func newRenderer(version, metrics string) *renderer {
	r := &renderer{version: version, metrics: metrics, pages: map[string]*template.Template{}}
	shared := template.Must(template.New("").Funcs(cells()).ParseFS(htmlFiles, "html/layout.html", "html/rows.html"))
	for _, name := range []string{"page", "resource", "message"} {
		r.pages[name] = template.Must(template.Must(shared.Clone()).ParseFS(htmlFiles, "html/"+name+".html"))
	}
	return r
}

// write writes the page with the name, which shows the view.
func (r *renderer) write(w io.Writer, name string, view any) error {
	return r.pages[name].ExecuteTemplate(w, "layout", view)
}

// cells returns the functions by which the templates show values.
func cells() template.FuncMap {
	return template.FuncMap{
		"count": formatCount, "took": took, "ago": ago, "until": until, "utc": formatUTC, "join": strings.Join,
		"badges": badges, "runbook": runbook, "words": operationWords, "resource": resourceLink, "vault": vaultLink,
		"projectBadges": projectBadges, "projectLink": projectLink,
		"strip": strip, "lastSuccess": lastSuccess, "restorable": restorable,
		"statusBadge": statusBadge, "taskBadges": taskBadges, "progress": progress, "elapsed": elapsed,
		"bytes": formatBytes, "yesNo": yesNo, "used": used, "usage": usage, "policyBadge": policyBadge,
	}
}

// layout is what all pages have.
type layout struct {
	Title   string
	State   State  // of what the page is about; "" if that has none
	Metrics string // relative link
	JSON    string // relative link to the same as JSON; "" if there is none
	Version string
	AsOf    string
}

func (r *renderer) layout(title string) layout {
	return layout{Title: title, Metrics: cmp.Or(r.metrics, "./"), Version: r.version}
}

// messagePage says why there is no other page.
type messagePage struct {
	layout
	Text string
}

// link returns a relative link to the page of all projects with the parameters.
func link(v url.Values) string { return "./?" + v.Encode() }
