package credentials

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	// loginTimeout bounds a login, which may serve requests with other deadlines.
	loginTimeout = 30 * time.Second
	// unknownLifetime is assumed of a token that does not say when it expires.
	// IAM's are documented to live for 24 hours.
	unknownLifetime = time.Hour
	// minRenewalPause is the least time between two attempts to renew a token
	// that is still valid.
	minRenewalPause = time.Minute
)

// Login issues a new token.
type Login func(context.Context) (cbrapi.Token, error)

// Password is a RoundTripper that logs in and sends the token that it gets.
//
// A token is renewed when nine tenths of its life are over, and once when a
// request is refused with it: IAM withdraws tokens before they expire, for
// example when permissions change. However many requests need a new token, one
// goroutine fetches it and all of them use it, or share its failure.
type Password struct {
	login Login
	next  http.RoundTripper
	now   func() time.Time

	logins singleflight.Group

	mu      sync.Mutex
	session session
}

// session is a token and its life by our clock, counted from its arrival.
type session struct {
	token     string
	renewAt   time.Time
	expiresAt time.Time
}

// NewPassword returns a Password that gets its tokens from login and sends
// requests through next. It reads the time from now.
func NewPassword(login Login, next http.RoundTripper, now func() time.Time) *Password {
	return &Password{login: login, next: next, now: now}
}

// RoundTrip implements http.RoundTripper. An answer with status 401 is returned
// only where a fresh token was refused as well.
func (p *Password) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := p.token(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := sendToken(req, token, p.next)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	discard(resp)
	token, err = p.renew(req.Context(), token)
	if err != nil {
		return nil, err
	}
	if req.GetBody != nil {
		req = req.Clone(req.Context())
		if req.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return sendToken(req, token, p.next)
}

// token returns a token that is valid as far as we know.
func (p *Password) token(ctx context.Context) (string, error) {
	p.mu.Lock()
	s := p.session
	p.mu.Unlock()
	now := p.now()
	if now.Before(s.renewAt) {
		return s.token, nil
	}
	token, err := p.renew(ctx, s.token)
	if err == nil || !now.Before(s.expiresAt) {
		return token, err
	}
	// The old one still serves; try again when half of what is left is over,
	// and at the latest when nothing is.
	left := s.expiresAt.Sub(now)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.session.token == s.token {
		p.session.renewAt = now.Add(min(left, max(left/2, minRenewalPause)))
	}
	return p.session.token, nil
}

// renew returns a token other than old, which expires or was refused.
func (p *Password) renew(ctx context.Context, old string) (string, error) {
	result := p.logins.DoChan("", func() (any, error) {
		p.mu.Lock()
		current := p.session.token
		p.mu.Unlock()
		if current != old {
			return current, nil // somebody else has renewed it since
		}
		// The login serves all who wait for it, so it must not end with the
		// request that happened to be first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginTimeout)
		defer cancel()
		token, err := p.login(ctx)
		if err != nil {
			return "", err
		}
		p.begin(token)
		return token.Value, nil
	})
	select {
	case r := <-result:
		token, _ := r.Val.(string)
		return token, r.Err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// begin puts a new token in force. Its life is the difference of two times by
// IAM's clock, so that ours may be wrong.
func (p *Password) begin(t cbrapi.Token) {
	life := unknownLifetime
	if !t.IssuedAt.IsZero() && t.ExpiresAt.After(t.IssuedAt) {
		life = t.ExpiresAt.Sub(t.IssuedAt)
	}
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.session = session{
		token:     t.Value,
		renewAt:   now.Add(life / 10 * 9),
		expiresAt: now.Add(life),
	}
}

// discard ends an answer that nobody reads, so that its connection is used again.
func discard(resp *http.Response) {
	const bounded = 64 << 10
	_, _ = io.CopyN(io.Discard, resp.Body, bounded)
	_ = resp.Body.Close()
}
