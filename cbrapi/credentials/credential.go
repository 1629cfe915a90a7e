package credentials

import "time"

const (
	// acceptedFor is how long an access key counts as proven after its last acceptance.
	acceptedFor = 5 * time.Minute
	// refusedFor is how long refused credentials are not sent. The cloud locks an
	// access key for five minutes after more than five refusals in a row. See
	// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-0001.html.
	refusedFor = 5 * time.Minute
)

// credential is the state of one secret. For each host, it is one of:
//
//	unproven  One request proves the credentials, the others wait for its outcome.
//	accepted  Any number of requests may be in flight.
//	refused   Nothing is sent. When the refusal expires, after refusedFor, one request
//	          proves the credentials again.
//
// It changes as follows:
//
//	unproven, accepted -> refused  a request was refused
//	unproven, refused -> accepted  the proving request was accepted
//	accepted -> unproven           an access key was not accepted for acceptedFor, or the
//	                               login for a new token was refused
//
// A refusal applies to the host that refused, so that a wrong endpoint does not stop
// the projects of others. It applies to all hosts once two have refused and none accepts
// the credentials. All hosts share the proving request: wrong credentials are refused
// once, or twice if there are several hosts.
//
// The secret of an access key cannot change. So a key that was accepted is refused only
// if it was deleted or disabled, and then locking it is harmless, or if the host is wrong.
//
// Refused logins are the state of their user, see type user. They stop the requests
// for which no host accepts the token.
type credential struct {
	isKey   bool
	hosts   map[string]*host
	proving *proof // nil if there is none
	used    time.Time
}

// host is the state of one secret at one host.
type host struct {
	acceptedAt time.Time     // zero if never, or refused since
	refused    *RefusedError // nil if never, or accepted since
}

// proof is a request that proves credentials.
type proof struct {
	graceEnds time.Time     // then another request takes over
	over      chan struct{} // closed when the request has ended
}

// enter decides about a request to h: it may be sent at once (all results are nil), or
// becomes the proof, or waits for another proof than the one that hung, or fails.
func (c *credential) enter(h *host, hung *proof, now time.Time) (own, other *proof, err error) {
	refused := c.refusedBy(h, now)
	switch {
	case refused != nil && now.Before(refused.RetryAt):
		return nil, nil, refused
	case refused == nil && c.acceptedBy(h, now):
		return nil, nil, nil
	}
	if other := c.proving; other != nil && other != hung && now.Before(other.graceEnds) {
		return nil, other, nil
	}
	c.proving = &proof{graceEnds: now.Add(proofGrace), over: make(chan struct{})}
	return c.proving, nil, nil
}

// leave updates the state after a request to h, which was a proof unless own is nil.
// Only the current proof can end a refusal: another request may have been sent before it.
func (c *credential) leave(h *host, own *proof, o outcome, now time.Time) {
	current := own != nil && c.proving == own
	switch {
	case o.refused != nil:
		h.acceptedAt, h.refused = time.Time{}, o.refused
		h.refused.At, h.refused.RetryAt = now, now.Add(refusedFor)
		for _, other := range c.hosts {
			if now.Sub(other.acceptedAt) < acceptedFor {
				h.refused.acceptedElsewhere = true
			}
		}
	case o.noLogin:
		for _, h := range c.hosts {
			h.acceptedAt = time.Time{}
		}
	case o.accepted && (current || c.refusedBy(h, now) == nil):
		h.acceptedAt, h.refused = now, nil
	}
	if current {
		c.proving = nil
	}
	if own != nil {
		close(own.over)
	}
}

// refusedBy returns the refusal that applies to h, or nil: its own, or the latest one if
// two hosts have refused the credentials and none accepts them.
func (c *credential) refusedBy(h *host, now time.Time) *RefusedError {
	var latest *RefusedError
	refusals := 0
	for _, other := range c.hosts {
		switch {
		case c.acceptedBy(other, now):
			return h.refused
		case other.refused != nil:
			refusals++
			if latest == nil || other.refused.At.After(latest.At) {
				latest = other.refused
			}
		}
	}
	if refusals < 2 {
		return h.refused
	}
	return latest
}

// acceptedBy reports whether the state at h is accepted.
func (c *credential) acceptedBy(h *host, now time.Time) bool {
	return !h.acceptedAt.IsZero() && (!c.isKey || now.Sub(h.acceptedAt) < acceptedFor)
}

func (c *credential) acceptedByAny(now time.Time) bool {
	for _, h := range c.hosts {
		if c.acceptedBy(h, now) {
			return true
		}
	}
	return false
}

func (c *credential) host(name string) *host {
	h := c.hosts[name]
	if h == nil {
		h = &host{}
		c.hosts[name] = h
	}
	return h
}
