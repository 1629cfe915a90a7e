package credentials

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	maxUserLogins = 2 // in progress at a time
	// maxUserRefusals is how many refused logins in a row, for any projects, count
	// as a wrong password instead of a wrong project.
	maxUserRefusals = 3
	// loginRefusedFor is how long a refused login is not repeated.
	loginRefusedFor = time.Hour
)

// user is the state of the logins of one user with one password.
type user struct {
	accepted   map[digest]bool          // projects that have had a token
	refusedFor map[digest]*RefusedError // for a project
	refused    *RefusedError            // for all projects; nil if not
	refusals   int                      // since the last accepted login
	slots      chan struct{}            // holds one element for each login in progress
}

// Login returns login, which is not repeated for an hour after a refusal: a few of them
// lock the user.
//
// IAM responds with 401 both for a wrong password and for a project that does not exist.
// So one refusal must not stop the other projects of a user, but one for each of
// many projects would lock the user. A refusal for a project that has had a token
// means that the password is wrong.
func (g *Guard) Login(identity Identity, login Login) Login {
	return func(ctx context.Context) (cbrapi.Token, error) {
		name, err := identity.User()
		if err != nil {
			return cbrapi.Token{}, err
		}
		secret, err := identity.Secret()
		if err != nil {
			return cbrapi.Token{}, err
		}
		project := digestOf(secret)
		u := g.user(digestOf(name))
		select {
		case u.slots <- struct{}{}:
			defer func() { <-u.slots }()
		case <-ctx.Done():
			return cbrapi.Token{}, context.Cause(ctx)
		}
		if refused := g.checkLogin(u, project); refused != nil {
			return cbrapi.Token{}, refused
		}
		token, err := login(ctx)
		g.concludeLogin(u, project, err)
		return token, err
	}
}

// user returns the state of a user. None is removed: only a new password adds one.
func (g *Guard) user(name digest) *user {
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.users[name]
	if u == nil {
		u = &user{accepted: map[digest]bool{}, refusedFor: map[digest]*RefusedError{}, slots: make(chan struct{}, maxUserLogins)}
		g.users[name] = u
	}
	return u
}

func (g *Guard) checkLogin(u *user, project digest) *RefusedError {
	g.mu.Lock()
	defer g.mu.Unlock()
	return u.stopsLogins(project, g.now())
}

// stopsLogins returns the refusal that stops logins for a project now, or nil. The user
// may be nil.
func (u *user) stopsLogins(project digest, now time.Time) *RefusedError {
	refused := u.refusedBefore(project)
	if refused == nil || !now.Before(refused.RetryAt) {
		return nil
	}
	return refused
}

// refusedBefore returns the last refusal of a login for a project, unless a later one
// was accepted. The user may be nil.
func (u *user) refusedBefore(project digest) *RefusedError {
	switch {
	case u == nil:
		return nil
	case u.refused != nil:
		return u.refused
	default:
		return u.refusedFor[project]
	}
}

func (g *Guard) concludeLogin(u *user, project digest, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		u.accepted[project] = true
		u.refusals, u.refused = 0, nil
		delete(u.refusedFor, project)
		return
	}
	response, refused := errors.AsType[*cbrapi.Error](err)
	if !refused || response.StatusCode != http.StatusUnauthorized {
		return
	}
	now := g.now()
	u.refusals++
	u.refusedFor[project] = &RefusedError{At: now, RetryAt: now.Add(loginRefusedFor), Response: response}
	if u.refused != nil || u.accepted[project] || u.refusals >= maxUserRefusals {
		u.refused = u.refusedFor[project]
	}
}
