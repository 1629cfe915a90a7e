package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

func TestPasswordRenewal(t *testing.T) {
	for name, test := range map[string]struct {
		life  time.Duration
		after time.Duration // of the token's arrival
	}{
		"a day":             {day, 21*time.Hour + 36*time.Minute},
		"ten minutes":       {10 * time.Minute, 9 * time.Minute},
		"not told: an hour": {0, 54 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
				began := now
				c := &cloud{life: test.life}
				p := credentials.NewPassword(c.login, c, func() time.Time { return now })
				mustSend(t, p)
				now = began.Add(test.after - time.Nanosecond)
				mustSend(t, p)
				c.expect(t, "before nine tenths of its life", 1, "token-1", "token-1")
				now = began.Add(test.after)
				mustSend(t, p)
				c.expect(t, "after nine tenths of its life", 2, "token-2")
			})
		})
	}
}

func TestPasswordOddLifetimes(t *testing.T) {
	for name, token := range map[string]cbrapi.Token{
		"no start":             {Value: "T", ExpiresAt: iamEpoch()},
		"no end":               {Value: "T", IssuedAt: iamEpoch()},
		"the end at the start": {Value: "T", IssuedAt: iamEpoch(), ExpiresAt: iamEpoch()},
		"the end before":       {Value: "T", IssuedAt: iamEpoch(), ExpiresAt: iamEpoch().Add(-day)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logins := 0
				login := func(context.Context) (cbrapi.Token, error) {
					logins++
					return token, nil
				}
				now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
				p := credentials.NewPassword(login, &cloud{}, func() time.Time { return now })
				mustSend(t, p)
				now = now.Add(53 * time.Minute)
				mustSend(t, p)
				if logins != 1 {
					t.Errorf("%d logins in the first hour, want 1", logins)
				}
				now = now.Add(2 * time.Minute)
				mustSend(t, p)
				if logins != 2 {
					t.Errorf("%d logins when the hour ends, want 2", logins)
				}
			})
		})
	}
}

func TestPasswordExpiry(t *testing.T) {
	for name, test := range map[string]struct {
		life  time.Duration
		known bool
	}{
		"a day":    {day, true},
		"not told": {0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{life: test.life}
				p := credentials.NewPassword(c.login, c, time.Now)
				if at, known := p.Expiry(); known {
					t.Errorf("before the first login it is %v", at)
				}
				arrives := time.Now()
				mustSend(t, p)
				at, known := p.Expiry()
				if known != test.known || known && !at.Equal(arrives.Add(test.life)) {
					t.Errorf("the expiry is %v, %v, want %v after %v, %v", at, known, test.life, arrives, test.known)
				}
			})
		})
	}
}

func TestPasswordKeepsTheOldTokenWhileItIsValid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
		began := now
		unavailable := &cbrapi.Error{Operation: "KeystoneCreateUserTokenByPassword", StatusCode: 503}
		c := &cloud{life: 1000 * time.Minute}
		p := credentials.NewPassword(c.login, c, func() time.Time { return now })
		mustSend(t, p)
		c.expect(t, "at first", 1, "token-1")

		c.refuseLogins(unavailable)
		logins := 1
		for _, step := range []struct {
			at    time.Duration
			tries bool
		}{
			{900 * time.Minute, true},
			{900*time.Minute + time.Second, false},
			{950*time.Minute - time.Second, false},
			{950 * time.Minute, true}, // half of the 100 minutes left
			{975*time.Minute - time.Second, false},
			{975 * time.Minute, true},
			{997 * time.Minute, true},
			{998*time.Minute + 30*time.Second, true},    // half of 3
			{999*time.Minute + 29*time.Second, false},   // not half of 1½,
			{999*time.Minute + 30*time.Second, true},    // but a minute
			{999*time.Minute + 59*time.Second, false},   // and no longer than
			{1000*time.Minute - time.Nanosecond, false}, // it is valid
		} {
			now = began.Add(step.at)
			mustSend(t, p)
			if step.tries {
				logins++
			}
			c.expect(t, step.at.String(), logins, "token-1")
		}

		now = began.Add(1000 * time.Minute)
		if status, err := send(p, newRequest(t)); !errors.Is(err, unavailable) {
			t.Errorf("with an expired token: %d, %v, want %v", status, err, unavailable)
		}
		c.expect(t, "expired", logins+1)

		c.refuseLogins(nil)
		mustSend(t, p)
		c.expect(t, "IAM is back", logins+2, fmt.Sprintf("token-%d", logins+2))
	})
}
