package credentials

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	loginTimeout = 30 * time.Second
	// loginPause is how long a token serves at least, unless it is refused: one that is
	// dated as expired may not cause a login for each request. There is one login in that
	// time, and another one for a token that is revoked just after its login.
	loginPause = time.Minute
	loginBurst = 2
	// unknownLifetime is assumed for a token whose expiry is not stated. IAM documents
	// 24 hours, see https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html.
	unknownLifetime = time.Hour
)

// Login returns a new token.
type Login func(context.Context) (cbrapi.Token, error)

// Password is a RoundTripper that logs in and adds the token to requests.
//
// It renews a token after nine tenths of its life, and once if a request is refused:
// IAM revokes tokens early, for example when permissions change. It logs in once per
// loginPause, and once more. Since it may send a request twice, requests must have no body.
type Password struct {
	tokens lease[string]
	next   http.RoundTripper
}

// NewPassword returns a Password that gets its tokens from login, which asks the host
// called iam, sends requests through next and takes the time from now.
func NewPassword(login Login, iam string, next http.RoundTripper, now func() time.Time) *Password {
	logins := rate.NewLimiter(rate.Every(loginPause), loginBurst)
	failed := fmt.Errorf("%w at %s", cbrapi.ErrLogin, iam)
	fetch := func(ctx context.Context) (leased[string], error) {
		if logins.TokensAt(now()) < 1 {
			return leased[string]{}, fmt.Errorf("%w: new tokens are refused or expire within a minute, and there is one login a minute", cbrapi.ErrCredentials)
		}
		token, err := login(ctx)
		switch {
		case errors.Is(err, cbrapi.ErrCredentials): // which were not sent
			return leased[string]{}, err
		case err != nil:
			return leased[string]{}, fmt.Errorf("%w: %w", failed, err)
		}
		logins.AllowN(now(), 1)
		return leasedToken(token, now()), nil
	}
	return &Password{tokens: lease[string]{fetch: fetch, timeout: loginTimeout, silent: failed, now: now}, next: next}
}

// Expiry returns when the current token expires, by our clock, if that is known.
func (p *Password) Expiry() (time.Time, bool) { return p.tokens.expiry() }

// RoundTrip implements http.RoundTripper. It returns a response that refuses the token
// only if a new one was refused as well.
func (p *Password) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := p.tokens.get(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := sendToken(req, token, p.next)
	if err != nil || peekRefusal(req, resp) == nil {
		return resp, err
	}
	discard(resp)
	token, err = p.tokens.renew(req.Context(), token)
	if err != nil {
		return nil, err
	}
	return sendToken(req, token, p.next)
}

// leasedToken returns how long a token serves that arrives now. Both of its times are by IAM's
// clock.
func leasedToken(t cbrapi.Token, now time.Time) leased[string] {
	life, assumed := unknownLifetime, true
	if !t.IssuedAt.IsZero() && t.ExpiresAt.After(t.IssuedAt) {
		life, assumed = t.ExpiresAt.Sub(t.IssuedAt), false
	}
	return leased[string]{value: t.Value, renewAt: now.Add(max(life/10*9, loginPause)), expiresAt: now.Add(life), assumed: assumed}
}

// discard drains and closes a response, so that its connection is reused.
func discard(resp *http.Response) {
	const maxBytes = 64 << 10
	_, _ = io.CopyN(io.Discard, resp.Body, maxBytes)
	_ = resp.Body.Close()
}
