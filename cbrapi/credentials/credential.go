package credentials

import "time"

const (
	// acceptedFor is how long an access key or a login counts as proven after its last
	// acceptance.
	acceptedFor = 5 * time.Minute
	// refusedFor is how long refused credentials are not sent. The cloud locks an
	// access key for five minutes after more than five refusals in a row. See
	// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-0001.html.
	refusedFor = 5 * time.Minute
	// loginRefusedFor is how long a refused login is not repeated.
	loginRefusedFor = time.Hour
	// proofGrace is how long requests wait for the proof of their credentials. If it
	// hangs for longer, the next request takes over. A cloud that refuses a key in less
	// than ten seconds then gets five requests at most, which do not lock it yet.
	proofGrace = 2 * time.Second
	// As many places that refuse count as wrong credentials instead of wrong places.
	maxRefusals      = 2
	maxLoginRefusals = 3
)

// kind is a kind of credentials.
type kind int

const (
	kindToken kind = iota
	kindKey
	kindLogin // of a user with a password
)

// credential is the state of one secret. The places where it is used are hosts, or the
// projects that a user logs in for. At each of them, it is one of:
//
//	unproven  One request proves the credentials, the others wait for its outcome.
//	accepted  Any number of requests may be in flight, but one login.
//	refused   Nothing is sent. When the refusal expires, after refusedFor or
//	          loginRefusedFor, one request proves the credentials again.
//
// It changes as follows:
//
//	unproven, accepted -> refused  a request was refused
//	unproven, refused -> accepted  the proving request was accepted
//	accepted -> unproven           a key or a login was not accepted for acceptedFor, or
//	                               the login for a new token was refused
//
// A refusal applies to the place that refused, so that a wrong endpoint does not stop the
// projects of others, and a wrong project not its user. It applies to all places once two,
// or three for a login, have refused and none accepts the credentials. A place that refuses
// what another one accepted since is wrong, and does not count. All places share the proving
// request: wrong credentials are refused once, or as often as that.
//
// The secret of an access key cannot change. So a key that was accepted is refused only
// if it was deleted or disabled, and then locking it is harmless, or if the host is wrong.
// But a password that was accepted is wrong once it is refused, for all projects.
//
// Refused logins also stop the requests for which no host accepts the token.
type credential struct {
	kind    kind
	places  map[string]*place
	proving *proof // nil if there is none
	used    time.Time
}

// place is the state of one secret at one place.
type place struct {
	acceptedAt time.Time     // zero if never, or refused since
	refused    *RefusedError // nil if never, or accepted since
	wrong      bool          // it has refused what another place accepted since then
}

// proof is a request that proves credentials.
type proof struct {
	graceEnds time.Time     // then another request takes over
	over      chan struct{} // closed when the request has ended
}

// enter decides about a request to a place: it may be sent at once (all results are nil), or
// becomes the proof, or waits for another proof than the one that hung, or fails.
func (c *credential) enter(p *place, hung *proof, now time.Time) (own, other *proof, err error) {
	if refused := c.stoppedBy(p, now); refused != nil {
		return nil, nil, refused
	}
	// Logins are sent one by one: the password of many projects may have changed.
	if c.kind != kindLogin && c.refusedBy(p, now) == nil && c.acceptedBy(p, now) {
		return nil, nil, nil
	}
	if other := c.proving; other != nil && other != hung && now.Before(other.graceEnds) {
		return nil, other, nil
	}
	grace := proofGrace
	if c.kind == kindLogin {
		grace = loginTimeout // it has ended by then
	}
	c.proving = &proof{graceEnds: now.Add(grace), over: make(chan struct{})}
	return c.proving, nil, nil
}

// leave updates the state after a request to a place, which was a proof unless own is nil.
// Only the current proof can end a refusal: another request may have been sent before it.
func (c *credential) leave(p *place, own *proof, o outcome, now time.Time) {
	current := own != nil && c.proving == own
	switch {
	case o.refused != nil:
		c.refuse(p, o.refused, now)
	case o.noLogin:
		for _, p := range c.places {
			p.acceptedAt = time.Time{}
		}
	case o.accepted && (current || c.refusedBy(p, now) == nil):
		*p = place{acceptedAt: now}
		for _, other := range c.places {
			other.wrong = other.refused != nil
		}
	}
	if current {
		c.proving = nil
	}
	if own != nil {
		close(own.over)
	}
}

func (c *credential) refuse(p *place, refused *RefusedError, now time.Time) {
	refused.At, refused.RetryAt = now, now.Add(refusedFor)
	wasAccepted := !p.acceptedAt.IsZero()
	*p = place{refused: refused, wrong: p.wrong}
	if c.kind == kindLogin {
		refused.RetryAt = now.Add(loginRefusedFor)
	}
	for _, other := range c.places {
		switch {
		case c.kind == kindLogin && wasAccepted: // the password has changed
			*other = place{refused: refused}
		case c.kind != kindLogin && now.Sub(other.acceptedAt) < acceptedFor:
			refused.acceptedElsewhere = true
		}
	}
}

// refusedBy returns the refusal that applies to a place, or nil: its own, or the latest
// one if so many places have refused the credentials and none accepts them.
func (c *credential) refusedBy(p *place, now time.Time) *RefusedError {
	var latest *RefusedError
	refusals := 0
	for _, other := range c.places {
		switch {
		case c.acceptedBy(other, now):
			return p.refused
		case other.refused != nil && !other.wrong:
			refusals++
			if latest == nil || other.refused.At.After(latest.At) {
				latest = other.refused
			}
		}
	}
	if refusals < maxRefusals || c.kind == kindLogin && refusals < maxLoginRefusals {
		return p.refused
	}
	return latest
}

// stoppedBy returns the refusal that stops requests to a place now, or nil.
func (c *credential) stoppedBy(p *place, now time.Time) *RefusedError {
	if refused := c.refusedBy(p, now); refused != nil && now.Before(refused.RetryAt) {
		return refused
	}
	return nil
}

// acceptedBy reports whether the state at a place is accepted.
func (c *credential) acceptedBy(p *place, now time.Time) bool {
	return !p.acceptedAt.IsZero() && (c.kind == kindToken || now.Sub(p.acceptedAt) < acceptedFor)
}

func (c *credential) acceptedByAny(now time.Time) bool {
	for _, p := range c.places {
		if c.acceptedBy(p, now) {
			return true
		}
	}
	return false
}

func (c *credential) place(name string) *place {
	p := c.places[name]
	if p == nil {
		p = &place{}
		c.places[name] = p
	}
	return p
}
