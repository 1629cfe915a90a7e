package credentials

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	// maxUserLogins is how many logins of one user are under way at a time.
	maxUserLogins = 2
	// maxUserRefusals is how many logins of a user may be refused, for one project
	// after the other, until the password is to blame and not the projects.
	maxUserRefusals = 3
)

// userStanding is what is known of one user with one password, whatever projects
// the logins are for.
type userStanding struct {
	proven   map[digest]bool // the projects that have had a token
	refusals int             // since the last login that was accepted
	refused  *RefusedError   // nil if logins may be tried
	places   chan struct{}   // one taken for each login under way
	used     time.Time
}

// WatchLogin is Watch for credentials that log in. The user stands for the user
// and the password alone, identity for the project as well.
func (g *Guard) WatchLogin(user, identity Secret, next http.RoundTripper) *Guarded {
	return &Guarded{guard: g, identity: identity, user: user, risk: RiskLogin, next: next}
}

// blocked returns why nothing is sent with the credentials of a user: there could
// be no login, and the cloud has not accepted their token of late.
func (g *Guard) blocked(key digest, user Secret) error {
	who, err := user()
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s, u := g.standing(key), g.users[keyOf(who)]
	if s.proven || u == nil || !u.refuses(g.now()) {
		return nil
	}
	return u.refused
}

// refuses reports whether no login may be tried now.
func (u *userStanding) refuses(now time.Time) bool {
	return u.refused != nil && now.Before(u.refused.RetryAt)
}

// Login returns login with a bound on the refusals of its user.
//
// IAM gives the same answer for a wrong password and for a project that does not
// exist, so one refusal must not stop the other projects of a user, and one for
// each of many would lock the account. Where a project is refused that has had a
// token before, it is the password.
func (g *Guard) Login(user, identity Secret, login Login) Login {
	return func(ctx context.Context) (cbrapi.Token, error) {
		who, err := user()
		if err != nil {
			return cbrapi.Token{}, err
		}
		project, err := identity()
		if err != nil {
			return cbrapi.Token{}, err
		}
		places := g.loginPlaces(keyOf(who))
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		case <-ctx.Done():
			return cbrapi.Token{}, context.Cause(ctx)
		}
		if refused := g.admitLogin(keyOf(who)); refused != nil {
			return cbrapi.Token{}, refused
		}
		token, err := login(ctx)
		g.concludeLogin(keyOf(who), keyOf(project), err)
		return token, err
	}
}

func (g *Guard) loginPlaces(user digest) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	s := g.users[user]
	if s == nil {
		maps.DeleteFunc(g.users, func(_ digest, s *userStanding) bool { return now.Sub(s.used) > forgetAfter })
		s = &userStanding{proven: map[digest]bool{}, places: make(chan struct{}, maxUserLogins)}
		g.users[user] = s
	}
	s.used = now
	return s.places
}

// admitLogin returns why a login must not be tried now; nil if it may.
func (g *Guard) admitLogin(user digest) *RefusedError {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.users[user]
	if !s.refuses(g.now()) {
		return nil
	}
	return s.refused
}

func (g *Guard) concludeLogin(user, project digest, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.users[user]
	var answer *cbrapi.Error
	switch {
	case err == nil:
		s.proven[project] = true
		s.refusals, s.refused = 0, nil
	case errors.As(err, &answer) && answer.StatusCode == http.StatusUnauthorized:
		s.refusals++
		if s.proven[project] || s.refusals >= maxUserRefusals {
			now := g.now()
			s.refused = &RefusedError{At: now, RetryAt: now.Add(RiskLogin.retry()), Answer: answer}
		}
	}
}

func (g *Guard) userRefused(user digest) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.users[user]
	return s != nil && s.refused != nil
}
