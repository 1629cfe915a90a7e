package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

// iam accepts one password, for the projects that exist.
type iam struct {
	mu       sync.Mutex
	password string
	missing  map[string]bool
	refused  int
	issued   int
}

func (i *iam) login(project string, password *string) credentials.Login {
	return func(context.Context) (cbrapi.Token, error) {
		time.Sleep(100 * time.Millisecond)
		i.mu.Lock()
		defer i.mu.Unlock()
		if *password != i.password || i.missing[project] {
			i.refused++
			return cbrapi.Token{}, &cbrapi.Error{Operation: "login", StatusCode: http.StatusUnauthorized}
		}
		i.issued++
		return cbrapi.Token{Value: fmt.Sprintf("token %d", i.issued)}, nil
	}
}

// userProjects returns the logins of one user for many projects, through one guard.
func userProjects(i *iam, password *string, n int) []credentials.Login {
	guard := credentials.NewGuard(time.Now)
	logins := make([]credentials.Login, n)
	for k := range logins {
		project := fmt.Sprint("project ", k)
		user := func() (string, error) { return *password, nil }
		identity := func() (string, error) { return project + *password, nil }
		logins[k] = guard.Login(credentials.Identity{Secret: identity, User: user}, i.login(project, password))
	}
	return logins
}

// all tries all logins at once, and returns how many succeeded.
func all(t *testing.T, logins []credentials.Login) int {
	t.Helper()
	var (
		mu        sync.Mutex
		succeeded int
		wait      sync.WaitGroup
	)
	for _, login := range logins {
		wait.Go(func() {
			_, err := login(t.Context())
			var refused *credentials.RefusedError
			if err != nil && !errors.As(err, &refused) && cbrapi.ReasonOf(err) != cbrapi.ReasonCredentials {
				t.Errorf("got the error %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				succeeded++
			}
		})
	}
	wait.Wait()
	return succeeded
}

func TestLoginWithAWrongPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, password := &iam{password: "right"}, "wrong"
		logins := userProjects(i, &password, 20)
		all(t, logins)
		// Which of two under way comes first does not matter.
		if i.refused < 3 || i.refused > 4 {
			t.Errorf("got %d refused logins, want 3 or 4", i.refused)
		}
		i.refused = 0
		for range 59 {
			all(t, logins)
			time.Sleep(time.Minute)
		}
		if i.refused != 0 {
			t.Errorf("got %d refused logins within an hour, want none", i.refused)
		}
		time.Sleep(2 * time.Minute)
		all(t, logins)
		if i.refused < 1 || i.refused > 2 {
			t.Errorf("got %d refused logins after an hour, want one or two", i.refused)
		}
		password = "right"
		if got := all(t, logins); got != 20 {
			t.Errorf("%d of 20 projects log in with a changed password", got)
		}
	})
}

func TestLoginForMissingProjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, password := &iam{password: "right", missing: map[string]bool{"project 0": true, "project 1": true}}, "right"
		for n := 20; n < 30; n++ {
			i.missing[fmt.Sprint("project ", n)] = true
		}
		logins := userProjects(i, &password, 30)
		if got := all(t, logins[:20]); got != 18 {
			t.Errorf("%d projects log in, want all that exist, 18", got)
		}
		// Many missing ones at once, long after, must not lock the user.
		time.Sleep(10 * time.Minute)
		i.refused = 0
		all(t, logins[20:])
		if i.refused < 1 || i.refused > 3 {
			t.Errorf("got %d refused logins, want one to three", i.refused)
		}
	})
}

// TestLoginAfterThePasswordChanged has the password be accepted for all projects at
// first: then a single refusal suffices.
func TestLoginAfterThePasswordChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, password := &iam{password: "right"}, "right"
		logins := userProjects(i, &password, 20)
		if got := all(t, logins); got != 20 {
			t.Fatalf("%d of 20 projects log in", got)
		}
		i.password = "another"
		all(t, logins)
		if i.refused > 2 {
			t.Errorf("got %d refused logins, want one, or two in progress together", i.refused)
		}
	})
}

// TestLoginAfterTheUserWasRefused has a password still be wrong an hour after one of its
// projects was refused: another project tries it once.
func TestLoginAfterTheUserWasRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, password := &iam{password: "right"}, "right"
		logins := userProjects(i, &password, 2)
		all(t, logins[:1])
		i.password = "another"
		all(t, logins[:1])
		time.Sleep(time.Hour)
		i.refused = 0
		for range 59 {
			all(t, logins[1:])
			time.Sleep(time.Minute)
		}
		if i.refused != 1 {
			t.Errorf("got %d refused logins within an hour, want one", i.refused)
		}
	})
}

func TestLoginDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context) (cbrapi.Token, error) {
			<-ctx.Done()
			return cbrapi.Token{}, ctx.Err()
		}
		one := credentials.Fixed("one")
		login := credentials.NewGuard(time.Now).Login(credentials.Identity{Secret: one, User: one}, hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() {
				if _, err := login(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got the error %v, want the deadline", err)
				}
			})
		}
		wait.Wait()
	})
}

// TestTokensAfterThePasswordChanged revokes the tokens of several projects as well: each
// is refused once, not with every request, though another host has accepted it.
func TestTokensAfterThePasswordChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const projects = 5
		i, password := &iam{password: "right"}, "right"
		tokens := newGateway(http.StatusOK)
		guard := credentials.NewGuard(time.Now)
		var guarded []*credentials.Guarded
		for k := range projects {
			project := fmt.Sprint("project ", k)
			user := credentials.Fixed(password)
			identity := credentials.Fixed(project + password)
			login := guard.Login(credentials.Identity{Secret: identity, User: user}, i.login(project, &password))
			guarded = append(guarded, guard.Watch(credentials.Identity{Secret: identity, User: user}, credentials.NewPassword(login, iamHost, tokens, time.Now)))
		}
		all := func() {
			for _, g := range guarded {
				_ = get(t.Context(), t, g, "a")
			}
		}
		all()
		for _, g := range guarded {
			_ = get(t.Context(), t, g, "iam")
		}
		i.password = "another"
		tokens.setStatus(http.StatusUnauthorized)
		tokens.counts()
		for range 30 {
			all()
			time.Sleep(time.Minute)
		}
		if got, _, _ := tokens.counts(); got != projects || i.refused != 1 {
			t.Errorf("got %d requests with tokens and %d refused logins in half an hour, want %d and 1", got, i.refused, projects)
		}
		for k, g := range guarded {
			if !g.Refused("a") {
				t.Errorf("project %d does not count as refused", k)
			}
		}
	})
}

// TestRefusedLoginIsRetriedHourly has all logins fail.
func TestRefusedLoginIsRetriedHourly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, password := &iam{password: "right"}, "wrong"
		guard, user := credentials.NewGuard(time.Now), credentials.Fixed("user")
		login := guard.Login(credentials.Identity{Secret: user, User: user}, i.login("project", &password))
		guarded := guard.Watch(credentials.Identity{Secret: user, User: user}, credentials.NewPassword(login, iamHost, newGateway(http.StatusOK), time.Now))
		for range 240 {
			_ = get(t.Context(), t, guarded, "a")
			time.Sleep(time.Minute)
		}
		if i.refused != 4 {
			t.Errorf("got %d logins in four hours, want 4", i.refused)
		}
	})
}

// TestSlowRefusedLogin has IAM refuse a login after the request for it has ended.
func TestSlowRefusedLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := 0
		guard, user := credentials.NewGuard(time.Now), credentials.Fixed("user")
		identity := credentials.Identity{Secret: user, User: user}
		login := guard.Login(identity, func(context.Context) (cbrapi.Token, error) {
			logins++
			time.Sleep(20 * time.Second)
			return cbrapi.Token{}, &cbrapi.Error{StatusCode: http.StatusUnauthorized}
		})
		guarded := guard.Watch(identity, credentials.NewPassword(login, iamHost, unused(t), time.Now))
		for range 60 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			_ = get(ctx, t, guarded, "a")
			cancel()
			time.Sleep(time.Minute)
		}
		if logins != 1 || !guarded.Refused("a") {
			t.Errorf("got %d logins in an hour, refused %t; want 1", logins, guarded.Refused("a"))
		}
	})
}

// TestRefusedTokenAfterLogin has the API refuse a token that IAM has just issued: no
// login was refused, so the next attempt is after five minutes.
func TestRefusedTokenAfterLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, password := &iam{password: "right"}, "right"
		g := newGateway(http.StatusUnauthorized)
		guard, user := credentials.NewGuard(time.Now), credentials.Fixed("user")
		guarded := guard.Watch(credentials.Identity{Secret: user, User: user}, credentials.NewPassword(guard.Login(credentials.Identity{Secret: user, User: user}, i.login("project", &password)), iamHost, g, time.Now))
		_ = get(t.Context(), t, guarded, "a")
		g.setStatus(http.StatusOK)
		time.Sleep(5 * time.Minute)
		if err := get(t.Context(), t, guarded, "a"); err != nil {
			t.Error(err)
		}
	})
}

// TestRefusedRenewals has IAM refuse to renew a token that is valid for hours, while
// requests continue with it.
func TestRefusedRenewals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := 0
		guard, user := credentials.NewGuard(time.Now), credentials.Fixed("user")
		login := guard.Login(credentials.Identity{Secret: user, User: user}, func(context.Context) (cbrapi.Token, error) {
			logins++
			if logins > 1 {
				return cbrapi.Token{}, &cbrapi.Error{StatusCode: http.StatusUnauthorized}
			}
			return cbrapi.Token{Value: "T", IssuedAt: iamEpoch(), ExpiresAt: iamEpoch().Add(day)}, nil
		})
		guarded := guard.Watch(credentials.Identity{Secret: user, User: user}, credentials.NewPassword(login, iamHost, newGateway(http.StatusOK), time.Now))
		for range 24*60 - 1 {
			if err := get(t.Context(), t, guarded, "a"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute - time.Millisecond)
		}
		// The renewals begin after 21 hours and 36 minutes.
		if logins > 4 {
			t.Errorf("got %d logins, want at most one per hour", logins)
		}
	})
}

// TestRefusedErrorOfLogin compares the errors of a refused login, for one project and
// then for the user.
func TestRefusedErrorOfLogin(t *testing.T) {
	const response = "KeystoneCreateUserTokenByPassword: HTTP status 401: 401: The username or password is wrong."
	login := func(context.Context) (cbrapi.Token, error) {
		return cbrapi.Token{}, &cbrapi.Error{
			Operation: "KeystoneCreateUserTokenByPassword", StatusCode: http.StatusUnauthorized,
			Code: "401", Message: "The username or password is wrong.",
		}
	}
	synctest.Test(t, func(t *testing.T) {
		guard, user := credentials.NewGuard(time.Now), credentials.Fixed("user")
		project := func(name string) http.RoundTripper {
			identity := credentials.Fixed(name)
			return guard.Watch(credentials.Identity{Secret: identity, User: user}, credentials.NewPassword(guard.Login(credentials.Identity{Secret: identity, User: user}, login), iamHost, unused(t), time.Now))
		}
		const next = "ShowOpLog: credentials refused at 2000-01-01T00:00:00Z: " + response +
			"; next attempt at 2000-01-01T01:00:00Z, or as soon as they change"
		for _, name := range []string{"one", "two", "three"} {
			guarded := project(name)
			if got, want := showTask(t, guarded, "a"), "ShowOpLog: login failed at iam.example.com: "+response; got != want {
				t.Errorf("project %s: the first error is\n%s, want\n%s", name, got, want)
			}
			if got := showTask(t, guarded, "a"); got != next {
				t.Errorf("project %s: the next error is\n%s, want\n%s", name, got, next)
			}
		}
		if got := showTask(t, project("four"), "a"); got != next {
			t.Errorf("project four: the error is\n%s, want\n%s", got, next)
		}
	})
}
