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

// iam knows one password, and the projects that exist.
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

// userProjects are the logins of one user for many projects, by one guard.
func userProjects(i *iam, password *string, n int) []credentials.Login {
	guard := credentials.NewGuard(time.Now)
	logins := make([]credentials.Login, n)
	for k := range logins {
		project := fmt.Sprint("project ", k)
		user := func() (string, error) { return *password, nil }
		identity := func() (string, error) { return project + *password, nil }
		logins[k] = guard.Login(user, identity, i.login(project, password))
	}
	return logins
}

// all tries every login at once, and returns how many succeeded.
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
		logins := userProjects(i, &password, 20)
		if got := all(t, logins); got != 18 {
			t.Errorf("%d projects log in, want all that exist, 18", got)
		}
	})
}

// TestLoginAfterThePasswordChanged has the password work for all projects at
// first: then a single refusal says enough.
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
			t.Errorf("got %d refused logins, want one, or two that were under way together", i.refused)
		}
	})
}

func TestLoginWaitsItsTurnNoLongerThanItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context) (cbrapi.Token, error) {
			<-ctx.Done()
			return cbrapi.Token{}, ctx.Err()
		}
		one := credentials.Fixed("one")
		login := credentials.NewGuard(time.Now).Login(one, one, hang)
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

// TestTokensAfterThePasswordChanged has the tokens of several projects be withdrawn
// as well: each is refused once, and not at every request for want of a login.
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
			login := guard.Login(user, identity, i.login(project, &password))
			guarded = append(guarded, guard.WatchLogin(user, identity, credentials.NewPassword(login, tokens, time.Now)))
		}
		all := func() {
			for _, g := range guarded {
				_, _ = ask(t.Context(), t, g)
			}
		}
		all()
		i.password = "another"
		tokens.status.Store(http.StatusUnauthorized)
		tokens.sent.Store(0)
		for range 30 {
			all()
			time.Sleep(time.Minute)
		}
		if got := tokens.sent.Load(); got != projects || i.refused != 1 {
			t.Errorf("got %d requests with tokens and %d refused logins in half an hour, want %d and 1", got, i.refused, projects)
		}
		for k, g := range guarded {
			if !g.Refused() {
				t.Errorf("project %d does not count as refused", k)
			}
		}
	})
}
