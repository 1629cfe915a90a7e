package credentials

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	// loginTimeout bounds a login.
	loginTimeout = 30 * time.Second
	// unknownLifetime is assumed of a token that does not say when it expires.
	// IAM's are documented to live for 24 hours.
	unknownLifetime = time.Hour
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
	tokens lease[string]
	next   http.RoundTripper
}

// NewPassword returns a Password that gets its tokens from login and sends
// requests through next. It reads the time from now.
func NewPassword(login Login, next http.RoundTripper, now func() time.Time) *Password {
	fetch := func(ctx context.Context) (string, term, error) {
		token, err := login(ctx)
		return token.Value, termOf(token), err
	}
	return &Password{tokens: lease[string]{fetch: fetch, timeout: loginTimeout, now: now, patience: loginPatience}, next: next}
}

// Expiry returns when the token in force expires, by our clock. It returns false
// where there is no token yet, and where IAM did not say.
func (p *Password) Expiry() (time.Time, bool) { return p.tokens.expiry() }

// RoundTrip implements http.RoundTripper. An answer with status 401 is returned
// only where a fresh token was refused as well.
func (p *Password) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := p.tokens.get(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := sendToken(req, token, p.next)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	discard(resp)
	token, err = p.tokens.renew(req.Context(), token)
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

// termOf returns how long a token serves. Its life is the difference of two
// times by IAM's clock, so that ours may be wrong.
func termOf(t cbrapi.Token) term {
	life, assumed := unknownLifetime, true
	if !t.IssuedAt.IsZero() && t.ExpiresAt.After(t.IssuedAt) {
		life, assumed = t.ExpiresAt.Sub(t.IssuedAt), false
	}
	return term{renewIn: life / 10 * 9, expiresIn: life, assumed: assumed}
}

// discard ends an answer that nobody reads, so that its connection is used again.
func discard(resp *http.Response) {
	const bounded = 64 << 10
	_, _ = io.CopyN(io.Discard, resp.Body, bounded)
	_ = resp.Body.Close()
}

// loginPatience keeps logins that are refused apart: a few in a row lock the user.
func loginPatience(err error) time.Duration {
	var refused *cbrapi.Error
	if errors.As(err, &refused) && refused.StatusCode == http.StatusUnauthorized {
		return RiskLogin.retry()
	}
	return 0
}
