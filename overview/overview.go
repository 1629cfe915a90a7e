// Package overview serves a page for people: the state of the tasks, resources and
// vaults of each project in words, with what needs attention first.
package overview

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/cbr-exporter/cbr_exporter/protection"
)

//go:embed overview.html
var pageHTML string

// Project is one project on the page.
type Project struct {
	protection.Snapshot      // of the last pass
	Scraped             bool // whether there was a pass; if not, only Snapshot.Project is set
}

// Options configure the page.
type Options struct {
	// Projects returns the projects to show. It must not send requests: a browser
	// reloads the page every few seconds.
	Projects      func() []Project
	Refused       func() *Refusal // nil if the latest configuration is in force
	TelemetryPath string          // path of the metrics page
	Now           func() time.Time
	Logger        log.Logger
}

// Refusal is why a new configuration is not in force.
type Refusal struct {
	At  time.Time
	Err error // without secrets; a line for each mistake
}

// page is the data of the template. Its links are relative, since a proxy may serve it
// under any path.
type page struct {
	Metrics  string // link to the metrics page
	Refused  *refusalView
	Projects []projectView // the worst first
}

// refusalView is a configuration that is not in force.
type refusalView struct {
	At     moment
	Errors []string
}

// contentSecurityPolicy allows nothing but the style in the page: names and error messages
// come from the cloud.
const contentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler returns a handler that serves the page.
func Handler(o Options) http.Handler {
	tmpl := template.Must(template.New("overview").Parse(pageHTML))
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		now := o.Now()
		data := page{Metrics: strings.TrimPrefix(o.TelemetryPath, "/")}
		if refused := o.Refused(); refused != nil {
			data.Refused = &refusalView{ago(refused.At, now), strings.Split(refused.Err.Error(), "\n")}
		}
		for _, p := range o.Projects() {
			data.Projects = append(data.Projects, viewProject(p, now))
		}
		slices.SortStableFunc(data.Projects, func(a, b projectView) int { return cmp.Compare(a.rank(), b.rank()) })
		var body bytes.Buffer
		if err := tmpl.Execute(&body, data); err != nil {
			_ = level.Error(o.Logger).Log("msg", "rendering the overview failed", "err", err)
			http.Error(w, "Rendering the overview failed; see the log.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", contentSecurityPolicy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = body.WriteTo(w) // fails if the client is gone
	})
}

// Age formats a duration by its largest unit, such as "90 s" or "3 days". A negative
// duration, which clocks that differ a little produce, is formatted as 0.
func Age(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	default:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	}
}

// moment is a time as an age, and exactly in UTC. Both are empty if it is not known.
type moment struct {
	Words string
	UTC   string
}

func ago(t, now time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	return moment{Words: Age(now.Sub(t)) + " ago", UTC: formatUTC(t)}
}

// noneSince says that something has not happened since t.
func noneSince(t, now time.Time) moment {
	return moment{Words: "none in " + Age(now.Sub(t)), UTC: "none since " + formatUTC(t)}
}

func formatUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// formatBytes formats a number of bytes, such as "1.5 GiB".
func formatBytes(bytes int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	n, unit := float64(bytes), 0
	for n >= 1024 && unit < len(units)-1 {
		n, unit = n/1024, unit+1
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0") + " " + units[unit]
}
