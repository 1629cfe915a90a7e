package credentials_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

// lateGateway looks at the credentials of a request just before it answers, so
// that a revocation hits everything that is under way.
type lateGateway struct {
	revoked atomic.Bool
	refused atomic.Int64
}

func (g *lateGateway) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(time.Second)
	status := http.StatusOK
	if g.revoked.Load() {
		g.refused.Add(1)
		status = http.StatusUnauthorized
	}
	return &http.Response{StatusCode: status, Body: http.NoBody}, nil
}

// TestRevocationUnderWay revokes credentials that two projects share, each with 16
// requests under way. An access key must not be locked by it, which the sixth
// refusal would do; a token cannot be.
func TestRevocationUnderWay(t *testing.T) {
	for _, test := range []struct {
		name    string
		risk    credentials.Risk
		refused int64
	}{
		{"access key", credentials.RiskKey, 5},
		{"token", credentials.RiskToken, 32},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &lateGateway{}
				guard := credentials.NewGuard(time.Now)
				go func() {
					time.Sleep(10500 * time.Millisecond)
					g.revoked.Store(true)
				}()
				var wait sync.WaitGroup
				for range 2 {
					guarded := guard.Watch(credentials.Fixed("secret"), test.risk, g)
					for range 16 {
						wait.Go(func() {
							for range 20 {
								_, _ = ask(t.Context(), t, guarded)
							}
						})
					}
				}
				wait.Wait()
				if got := g.refused.Load(); got != test.refused {
					t.Errorf("got %d refusals, want %d", got, test.refused)
				}
			})
		})
	}
}
