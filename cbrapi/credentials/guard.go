// Package credentials contains an http.RoundTripper for each kind of credentials
// that Huawei Cloud accepts, and a Guard that stops sending refused credentials.
//
// Secrets are read at each use, so a secret that is rotated in its file needs no
// restart. No error of this package contains a secret.
package credentials

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const forgetAfter = 24 * time.Hour // if credentials are not used

// Guard stops sending credentials that were refused, because the cloud locks an
// access key or a user for everyone after a few refusals. Type credential describes its
// rules. It does not log: its errors reach whoever sent the request.
//
// One guard serves the process. It identifies credentials by a digest of the
// secret, so projects that share credentials share their state, a reload keeps it,
// and a changed secret starts as unproven. A Guard is safe for concurrent use.
type Guard struct {
	now func() time.Time

	mu          sync.Mutex
	credentials map[key]*credential
}

// key is a digest of a secret.
type key [sha256.Size]byte

func keyOf(secret string) key { return sha256.Sum256([]byte(secret)) }

// NewGuard returns a guard that takes the time from now.
func NewGuard(now func() time.Time) *Guard {
	return &Guard{now: now, credentials: map[key]*credential{}}
}

// Identity identifies a token, or the user and the project of a login.
type Identity struct {
	// Secret is equal for equal credentials.
	Secret Secret
	// User is equal for equal user and password, whatever the project. It is nil if the
	// credentials do not log in.
	User Secret
}

// Guarded is a RoundTripper that sends requests unless a Guard stops them.
type Guarded struct {
	guard *Guard
	read  func(context.Context) (reading, error)
}

// reading is what the credentials are for one request.
type reading struct {
	key   key
	kind  kind
	place string            // a host or, for a login, what stands for its project
	login *reading          // for the token; nil if the credentials do not log in
	next  http.RoundTripper // adds the credentials
}

// login returns what a login is for the guard.
func (i Identity) login() (reading, error) {
	user, err := i.User()
	if err != nil {
		return reading{}, err
	}
	secret, err := i.Secret()
	project := keyOf(secret)
	return reading{key: keyOf("user\x00" + user), kind: kindLogin, place: string(project[:])}, err
}

// Watch returns a RoundTripper that sends requests through next, which adds the token.
func (g *Guard) Watch(identity Identity, next http.RoundTripper) *Guarded {
	return &Guarded{g, func(context.Context) (reading, error) {
		secret, err := identity.Secret()
		r := reading{key: keyOf(secret), kind: kindToken, next: next}
		if err == nil && identity.User != nil {
			r.login = new(reading)
			*r.login, err = identity.login()
		}
		return r, err
	}}
}

// WatchKeys returns a RoundTripper that signs requests, see Sign. Keys that change
// while a request waits are known to the guard before they sign it.
func (g *Guard) WatchKeys(source KeySource, next http.RoundTripper) *Guarded {
	return &Guarded{g, func(ctx context.Context) (reading, error) {
		keys, err := source(ctx)
		return reading{
			key:  keyOf(strings.Join([]string{keys.AccessKey, keys.SecretKey, keys.SecurityToken}, "\x00")),
			kind: kindKey,
			next: Sign(keys, next, g.now),
		}, err
	}}
}

// Login returns login, which is not repeated for an hour after a refusal: a few of them
// lock the user.
//
// IAM responds with 401 both for a wrong password and for a project that does not exist.
// So one refusal must not stop the other projects of a user, but one for each of many
// projects would lock the user.
func (g *Guard) Login(identity Identity, login Login) Login {
	return func(ctx context.Context) (cbrapi.Token, error) {
		r, own, err := g.admit(ctx, func(context.Context) (reading, error) { return identity.login() })
		if err != nil {
			return cbrapi.Token{}, err
		}
		token, err := login(ctx)
		o := outcome{accepted: err == nil}
		if response, ok := errors.AsType[*cbrapi.Error](err); ok && response.StatusCode == http.StatusUnauthorized {
			o.refused = &RefusedError{Response: response}
		}
		g.leave(r, own, o)
		return token, err
	}
}

// RoundTrip implements http.RoundTripper. Its error is a *RefusedError if the
// request was not sent because the credentials were refused before, or if this host
// refused them and another one accepts them.
func (w *Guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	r, own, err := w.guard.admit(req.Context(), func(ctx context.Context) (reading, error) {
		r, err := w.read(ctx)
		r.place = req.URL.Host
		return r, err
	})
	if err != nil {
		return nil, err
	}
	resp, err := r.next.RoundTrip(req)
	o := outcomeOf(req, resp, err)
	w.guard.leave(r, own, o)
	if o.refused != nil && o.refused.acceptedElsewhere {
		discard(resp)
		return nil, o.refused
	}
	return resp, err
}

// Refused reports whether the cloud currently refuses the credentials at one of the
// hosts or at all. A refusal because of a wrong clock does not count.
func (w *Guarded) Refused(hosts ...string) bool {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // does not wait for the keys of an agency
	r, err := w.read(ctx)
	if err != nil {
		return false // there are no credentials to refuse
	}
	g := w.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.login != nil && g.refused(*r.login) != nil {
		return true
	}
	for _, r.place = range hosts {
		if refused := g.refused(r); refused != nil && !errors.Is(refused, cbrapi.ErrClock) {
			return true
		}
	}
	return false
}

func (g *Guard) refused(r reading) *RefusedError {
	c := g.credential(r)
	return c.refusedBy(c.place(r.place), g.now())
}

// admit returns when a request may be sent with the credentials that read returns, or the
// reason why it may not. The proof is nil unless the request is one. While the request
// waits, its credentials may change.
func (g *Guard) admit(ctx context.Context, read func(context.Context) (reading, error)) (r reading, own *proof, err error) {
	var hung *proof // for which the request has waited in vain
	for {
		r, err := read(ctx)
		if err != nil {
			return reading{}, nil, err
		}
		own, other, err := g.enter(r, hung)
		if other == nil {
			return r, own, err
		}
		grace := time.NewTimer(other.graceEnds.Sub(g.now()))
		select {
		case <-other.over:
		case <-grace.C:
			hung = other
		case <-ctx.Done():
			err = fmt.Errorf("waiting for another request to prove the credentials: %w", context.Cause(ctx))
		}
		grace.Stop()
		if err != nil {
			return reading{}, nil, err
		}
	}
}

// enter is credential.enter, or returns an error if no login of the user may be tried
// and the cloud no longer accepts the token.
func (g *Guard) enter(r reading, hung *proof) (own, other *proof, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	c := g.credential(r)
	if r.login != nil && !c.acceptedByAny(now) {
		user := g.credential(*r.login)
		if refused := user.stoppedBy(user.place(r.login.place), now); refused != nil {
			return nil, nil, refused
		}
	}
	return c.enter(c.place(r.place), hung, now)
}

func (g *Guard) leave(r reading, own *proof, o outcome) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.credential(r)
	c.leave(c.place(r.place), own, o, g.now())
}

// credential returns the state of a secret and marks it as used. Adding one removes
// those that were not used for long: hourly tokens would add up.
func (g *Guard) credential(r reading) *credential {
	now := g.now()
	c := g.credentials[r.key]
	if c == nil {
		maps.DeleteFunc(g.credentials, func(_ key, c *credential) bool { return now.Sub(c.used) > forgetAfter })
		c = &credential{kind: r.kind, places: map[string]*place{}}
		g.credentials[r.key] = c
	}
	c.used = now
	return c
}

// outcome is what the response to a request shows about its credentials. All fields
// are zero if it shows nothing, for example if a proxy or a failing service responded.
type outcome struct {
	accepted bool
	refused  *RefusedError
	noLogin  bool // the login for a new token was refused, now or before
}

func outcomeOf(req *http.Request, resp *http.Response, err error) outcome {
	if err != nil {
		return outcome{noLogin: loginRefused(req, err)}
	}
	said := peekRefusal(req, resp)
	switch {
	case said == nil:
		return outcome{accepted: resp.StatusCode >= 200 && resp.StatusCode < 300 ||
			resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusNotFound}
	case said.Operation == cbrapi.OperationListAuthProjects && hasSignature(resp.Request):
		return outcome{} // not documented for signed requests
	default:
		return outcome{refused: &RefusedError{
			Host:      req.URL.Host,
			ProjectID: cbrapi.ProjectID(req.Context()),
			Response:  said,
		}}
	}
}

// loginRefused reports whether err, which took the place of a response, is that of a
// login that IAM refuses or has refused.
func loginRefused(req *http.Request, err error) bool {
	if cause := context.Cause(req.Context()); cause != nil && errors.Is(err, cause) {
		return false // the failure of another request has ended this one
	}
	_, before := errors.AsType[*RefusedError](err)
	login, now := errors.AsType[*cbrapi.Error](err)
	return before || now && login.StatusCode == http.StatusUnauthorized
}

// peekRefusal returns what resp says if it refuses the credentials of req, else nil.
func peekRefusal(req *http.Request, resp *http.Response) *cbrapi.Error {
	if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden {
		return nil // without a look into the body
	}
	if said := cbrapi.PeekError(cbrapi.Operation(req.Context()), resp); said.RefusesCredentials() {
		return said
	}
	return nil
}

// RefusedError is a refusal of credentials, and the error for requests that are not
// sent because of it. It is a cbrapi.ErrCredentials, or a cbrapi.ErrClock. It does not
// wrap the response, which would count as another refusal.
type RefusedError struct {
	At        time.Time
	RetryAt   time.Time
	Host      string        // that refused; "" for a login
	ProjectID string        // of the refused request; "" if it had none
	Response  *cbrapi.Error // of the refused request

	acceptedElsewhere bool // lately
}

func (e *RefusedError) Error() string {
	by := ""
	if e.Host != "" {
		by = " by " + e.Host
	}
	if e.ProjectID != "" {
		by += " for project " + e.ProjectID
	}
	at, retryAt := e.At.UTC().Format(time.RFC3339), e.RetryAt.UTC().Format(time.RFC3339)
	if e.Response.ClockSkew != 0 {
		return fmt.Sprintf("signature refused%s at %s because this machine's clock is wrong: %v; next attempt at %s", by, at, e.Response, retryAt)
	}
	hint := ""
	if e.acceptedElsewhere {
		hint = "another host accepts them, so check this endpoint; "
	}
	return fmt.Sprintf("credentials refused%s at %s: %v; %snext attempt at %s, or as soon as they change", by, at, e.Response, hint, retryAt)
}

func (e *RefusedError) Unwrap() error {
	if e.Response.ClockSkew != 0 {
		return cbrapi.ErrClock
	}
	return cbrapi.ErrCredentials
}
