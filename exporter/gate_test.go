package exporter_test

import "net/http"

// gate holds requests for tasks until enough of them are in flight. The first one
// of each project goes ahead of the others, and passes.
type gate struct {
	enough int
	before func() // what happens before it opens
	passed map[*door]bool
	held   int
	open   chan struct{}
}

func (w *wire) shut(enough int, before func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gate = &gate{enough: enough, before: before, passed: map[*door]bool{}, open: make(chan struct{})}
}

func (d *door) wait(r *http.Request) {
	d.mu.Lock()
	g := d.gate
	if g == nil || !g.passed[d] {
		if g != nil {
			g.passed[d] = true
		}
		d.mu.Unlock()
		return
	}
	g.held++
	last := g.held == g.enough
	d.mu.Unlock()
	if last {
		g.before()
		close(g.open)
	}
	select {
	case <-g.open:
	case <-r.Context().Done():
	}
}
