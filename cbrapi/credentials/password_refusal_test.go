package credentials_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

func TestPasswordRenewsARefusedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: time.Second, life: day}
		p := credentials.NewPassword(c.login, c, time.Now)
		mustSend(t, p)
		c.expect(t, "at first", 1, "token-1")

		c.refuse("token-1")
		mustSend(t, p)
		c.expect(t, "one refused request", 2, "token-1", "token-2")

		c.refuse("token-1", "token-2")
		statuses, errs := sendAll(t, p, atOnce)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for _, status := range statuses {
			if status != http.StatusOK {
				t.Errorf("the status is %d, want 200", status)
			}
		}
		c.expect(t, "refused requests", 3, append(repeat("token-2", atOnce), repeat("token-3", atOnce)...)...)
	})
}

// A request that is refused late finds that its token has been replaced.
func TestPasswordRenewsOnceForALateRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{life: day}
		p := credentials.NewPassword(c.login, c, time.Now)
		mustSend(t, p)
		c.expect(t, "at first", 1, "token-1")
		c.refuse("token-1")
		var wg sync.WaitGroup
		for i := range 4 {
			req := newRequest(t)
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 300 * time.Millisecond)
				if status, err := send(p, req); status != http.StatusOK || err != nil {
					t.Errorf("the answer is %d, %v", status, err)
				}
			})
		}
		wg.Wait()
		c.expect(t, "refused one by one", 2, append(repeat("token-1", 4), repeat("token-2", 4)...)...)
	})
}

func TestPasswordReturnsWhatRefusesAFreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{life: day}
		c.refuse("token-1", "token-2")
		p := credentials.NewPassword(c.login, c, time.Now)
		resp, err := p.RoundTrip(newRequest(t))
		if err != nil {
			t.Fatal(err)
		}
		says, err := io.ReadAll(resp.Body)
		if err != nil || resp.Body.Close() != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusUnauthorized || string(says) != "token-2" {
			t.Errorf("the answer is %d with %q, want the second one as it came", resp.StatusCode, says)
		}
		c.expect(t, "a token that is never accepted", 2, "token-1", "token-2")
	})
}

func TestPasswordRenewsForNoOtherStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := 0
		login := func(context.Context) (cbrapi.Token, error) {
			logins++
			return cbrapi.Token{Value: "T"}, nil
		}
		for _, status := range []int{200, 302, 403, 404, 407, 429, 500} {
			p := credentials.NewPassword(login, roundTripper(func(req *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Body: http.NoBody, Request: req}, nil
			}), time.Now)
			logins = 0
			if got, err := send(p, newRequest(t)); got != status || err != nil || logins != 1 {
				t.Errorf("the answer is %d, %v after %d logins, want %d after 1", got, err, logins, status)
			}
		}
		logins = 0
		p := credentials.NewPassword(login, roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, io.ErrUnexpectedEOF
		}), time.Now)
		if _, err := send(p, newRequest(t)); !errors.Is(err, io.ErrUnexpectedEOF) || logins != 1 {
			t.Errorf("the error is %v after %d logins, want %v after 1", err, logins, io.ErrUnexpectedEOF)
		}
	})
}

func TestPasswordSharesARefusedLogin(t *testing.T) {
	refused := &cbrapi.Error{Operation: "KeystoneCreateUserTokenByPassword", StatusCode: 401, Code: "401"}
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: time.Second, loginErr: refused}
		_, errs := sendAll(t, credentials.NewPassword(c.login, c, time.Now), atOnce)
		for _, err := range errs {
			if !errors.Is(err, refused) {
				t.Errorf("the error is %v, want %v", err, refused)
			}
		}
		c.expect(t, "first requests", 1)
	})
	// The same where a token that was good is refused.
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: time.Second, life: day}
		p := credentials.NewPassword(c.login, c, time.Now)
		mustSend(t, p)
		c.expect(t, "at first", 1, "token-1")
		c.refuse("token-1")
		c.refuseLogins(refused)
		_, errs := sendAll(t, p, atOnce)
		for _, err := range errs {
			if !errors.Is(err, refused) {
				t.Errorf("the error is %v, want %v", err, refused)
			}
		}
		c.expect(t, "refused requests", 2, repeat("token-1", atOnce)...)
	})
}
