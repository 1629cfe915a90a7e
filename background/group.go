// Package background runs goroutines that end with their owner.
package background

import (
	"context"
	"sync"
)

// Group runs goroutines with a context that ends when the group is closed. It is
// safe for concurrent use.
type Group struct {
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex // guards against Go during Close
	running sync.WaitGroup
}

// NewGroup returns a group that runs nothing yet.
func NewGroup() *Group {
	ctx, cancel := context.WithCancel(context.Background())
	return &Group{ctx: ctx, cancel: cancel}
}

// Go runs f in a goroutine of its own, and reports false if the group is closed.
func (g *Group) Go(f func(context.Context)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.Closed() {
		return false
	}
	g.running.Go(func() { f(g.ctx) })
	return true
}

// Closed reports whether the group has been closed.
func (g *Group) Closed() bool { return g.ctx.Err() != nil }

// Close cancels the context and waits until all goroutines have ended.
func (g *Group) Close() {
	g.mu.Lock()
	g.cancel()
	g.mu.Unlock()
	g.running.Wait()
}
