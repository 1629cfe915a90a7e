// Package overview serves the pages for people, and the same as JSON: the state of the
// resources, tasks and vaults of all projects and what is in no vault, with what needs
// attention first.
package overview

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// Options configure the pages.
type Options struct {
	// Sources returns the projects to show. It must not send requests: browsers reload
	// the page every few seconds.
	Sources       func() []Source
	Refused       func() *Refusal // nil if the latest configuration is in force
	TelemetryPath string          // path of the metrics page
	Version       string          // of the exporter
	Now           func() time.Time
	Logger        log.Logger
}

// Pages serves the pages.
type Pages struct {
	options  Options
	renderer *renderer
}

// New returns the pages.
func New(o Options) *Pages {
	return &Pages{o, newRenderer(o.Version, strings.TrimPrefix(o.TelemetryPath, "/"))}
}

func (p *Pages) model() *model {
	return newModel(p.options.Sources(), p.options.Refused(), p.options.Now())
}

// ServePage serves the page about all projects.
func (p *Pages) ServePage(w http.ResponseWriter, r *http.Request) {
	status, q, err := p.status(r)
	if err != nil {
		p.serveMessage(w, r, "Nothing can be selected", err)
		return
	}
	p.serveHTML(w, r, http.StatusOK, "page", p.renderer.page(status, q))
}

// ServeStatus serves the same as JSON.
func (p *Pages) ServeStatus(w http.ResponseWriter, r *http.Request) {
	status, _, err := p.status(r)
	p.serveJSON(w, r, status, err)
}

func (p *Pages) status(r *http.Request) (*Status, Query, error) {
	values, err := parameters(r)
	if err != nil {
		return nil, Query{}, err
	}
	q, err := ParseQuery(values)
	if err != nil {
		return nil, q, err
	}
	status, err := p.model().status(q, p.options.Version)
	return status, q, err
}

// parameters returns those of a request. It ignores none that is malformed: all rows would
// be selected.
func parameters(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the parameters cannot be read: %w", err)
	}
	return values, nil
}

// ServeResource serves the page about one resource, which the parameters project and id
// name.
func (p *Pages) ServeResource(w http.ResponseWriter, r *http.Request) {
	d, err := p.detail(r)
	if err != nil {
		p.serveMessage(w, r, "Nothing is known of the resource", err)
		return
	}
	p.serveHTML(w, r, http.StatusOK, "resource", p.renderer.detail(d))
}

// ServeResourceStatus serves the same as JSON.
func (p *Pages) ServeResourceStatus(w http.ResponseWriter, r *http.Request) {
	d, err := p.detail(r)
	p.serveJSON(w, r, d, err)
}

func (p *Pages) detail(r *http.Request) (*Detail, error) {
	values, err := parameters(r)
	if err != nil {
		return nil, err
	}
	return p.model().detail(values.Get("project"), values.Get("id"), p.options.Version)
}

func codeOf(err error) int {
	if _, ok := errors.AsType[notFoundError](err); ok {
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}

// ServeAsset serves a stylesheet or script, which the path names. It may be another one
// after an upgrade, so a browser asks each time.
func (p *Pages) ServeAsset(w http.ResponseWriter, r *http.Request) {
	content, contentType, ok := asset(r.PathValue("name"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	serve(w, r, http.StatusOK, contentType, content)
}

// serveMessage serves a page that says what is wrong with the request.
func (p *Pages) serveMessage(w http.ResponseWriter, r *http.Request, title string, err error) {
	p.serveHTML(w, r, codeOf(err), "message", messagePage{p.renderer.layout(title), sentence(err.Error())})
}

func (p *Pages) serveHTML(w http.ResponseWriter, r *http.Request, status int, name string, view any) {
	var body bytes.Buffer
	if err := p.renderer.write(&body, name, view); err != nil {
		p.failed(w, err)
		return
	}
	serve(w, r, status, "text/html; charset=utf-8", body.Bytes())
}

// serveJSON serves v or, if it is not nil, the error.
func (p *Pages) serveJSON(w http.ResponseWriter, r *http.Request, v any, err error) {
	status := http.StatusOK
	if err != nil {
		status, v = codeOf(err), map[string]string{"error": err.Error()}
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // people read it with curl
	if err := encoder.Encode(v); err != nil {
		p.failed(w, err)
		return
	}
	serve(w, r, status, "application/json", body.Bytes())
}

func (p *Pages) failed(w http.ResponseWriter, err error) {
	_ = level.Error(p.options.Logger).Log("msg", "rendering a page failed", "err", err)
	http.Error(w, "Rendering the page failed; see the log.", http.StatusInternalServerError)
}

// serve serves the body or, if the client has it, only says so.
func serve(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-cache") // ask each time whether it has changed
	if status == http.StatusOK {
		h.Set("ETag", tag)
		if strings.Contains(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // fails if the client is gone; html/template has escaped it, and no browser takes other types for HTML
}
