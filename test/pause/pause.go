// Package pause lets test doubles of the API take their time.
package pause

import (
	"context"
	"time"
)

// For returns after d, at once if d is not positive, or with the cause when ctx is done.
func For(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		// Without a timer: one that has expired, in a bubble of testing/synctest, can
		// crash the race detector, see https://go.dev/issue/78156.
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
