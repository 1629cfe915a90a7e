package credentials

import (
	"context"
	"net/http"
	"time"
)

const (
	// agencyTimeout bounds a fetch of keys, of at most four requests.
	agencyTimeout = 4*metadataTimeout + time.Second
	// agencyOverlap is how long before their end the metadata service has the
	// keys that follow; until then both are valid. See the user manual of
	// https://docs.otc.t-systems.com/elastic-cloud-server/umn/.
	agencyOverlap = 10 * time.Minute
	// agencyPause is how long a failure stands, so that a pass over many tasks
	// does not wait for a service that is silent once for each of them.
	agencyPause = 10 * time.Second
)

// Agency gets temporary keys from the metadata service of the ECS server that
// the exporter runs on, to which an agency is bound. It is safe for concurrent
// use.
//
// Keys are replaced before they expire, while both the old and the new ones are
// valid. However many requests need them, one goroutine fetches them. Where that
// fails, the old ones serve as long as they are valid.
type Agency struct {
	metadata *metadata
	keys     lease[Keys]
	now      func() time.Time

	// Of the newest fetch, if it failed; for the fetch that runs alone.
	failed   error
	failedAt time.Time
}

// NewAgency returns an Agency that asks the metadata service at the URL
// endpoint, never through a proxy. It reads the time from now.
func NewAgency(endpoint string, now func() time.Time) *Agency {
	a := &Agency{metadata: newMetadata(endpoint, now), now: now}
	a.keys = lease[Keys]{fetch: a.fetch, timeout: agencyTimeout, now: now}
	return a
}

// Keys is a KeySource. Its error is cbrapi.ErrCredentials where the metadata
// service says that there are none.
func (a *Agency) Keys(ctx context.Context) (Keys, error) { return a.keys.get(ctx) }

// Current returns the keys that were fetched last, without asking for others;
// empty ones if none were.
func (a *Agency) Current() Keys { return a.keys.inForce().value }

// Expiry returns when the keys in force expire, by our clock. It returns false
// where there are none yet, and where the metadata service did not say.
func (a *Agency) Expiry() (time.Time, bool) { return a.keys.expiry() }

// Ahead returns a RoundTripper that sees to it that there are keys before it
// sends a request on to next, which can then do with Current.
func (a *Agency) Ahead(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if _, err := a.Keys(req.Context()); err != nil {
			if req.Body != nil {
				_ = req.Body.Close() // a RoundTripper closes it whatever happens
			}
			return nil, err
		}
		return next.RoundTrip(req)
	})
}

func (a *Agency) fetch(ctx context.Context) (Keys, term, error) {
	if a.failed != nil && a.now().Sub(a.failedAt) < agencyPause {
		return Keys{}, term{}, a.failed
	}
	keys, left, err := a.metadata.agencyKeys(ctx)
	if err == nil {
		err = keys.usable()
	}
	if a.failed = err; err != nil {
		a.failedAt = a.now()
		return Keys{}, term{}, err
	}
	return keys, agencyTerm(left), nil
}

// agencyTerm returns how long keys serve of whose life so much is left. The
// service may go on to hand out the same ones.
func agencyTerm(left time.Duration) term {
	assumed := left <= 0
	if assumed {
		left = agencyOverlap // it would have handed out the next ones
	}
	return term{renewIn: max(left-agencyOverlap, postponed(left)), expiresIn: left, assumed: assumed}
}
