package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

func TestPasswordLogsInOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: time.Second, life: day}
		p := credentials.NewPassword(c.login, c, time.Now)
		_, errs := sendAll(t, p, atOnce)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		c.expect(t, "first requests", 1, repeat("token-1", atOnce)...)
		mustSend(t, p)
		c.expect(t, "afterwards", 1, "token-1")
	})
}

func TestPasswordLeavesTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{life: day}
		req := newRequest(t)
		if _, err := send(credentials.NewPassword(c.login, c, time.Now), req); err != nil {
			t.Fatal(err)
		}
		if len(req.Header) != 0 {
			t.Errorf("the caller's request was changed: %v", req.Header)
		}
	})
}

func TestPasswordWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: 10 * time.Second, life: day}
		p := credentials.NewPassword(c.login, c, time.Now)
		began := time.Now()
		leaves := errors.New("the pass is over")

		// The first, whose request began the login, leaves before it ends.
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(leaves) })
		first := make(chan error)
		go func() {
			_, err := send(p, newRequest(t).WithContext(ctx))
			first <- err
		}()
		synctest.Wait()
		second := make(chan error)
		go func() {
			status, err := send(p, newRequest(t))
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("the status is %d", status)
			}
			second <- err
		}()

		if err := <-first; !errors.Is(err, leaves) {
			t.Errorf("the error is %v, want %v", err, leaves)
		}
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("the first waited %v, want 1s", waited)
		}
		if err := <-second; err != nil {
			t.Error(err)
		}
		c.expect(t, "the login", 1, "token-1")
	})
}

// A login that nobody waits for any more still ends.
func TestPasswordLoginIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{takes: day}
		p := credentials.NewPassword(c.login, c, time.Now)
		began := time.Now()
		_, err := send(p, newRequest(t))
		if !errors.Is(err, context.DeadlineExceeded) || cbrapi.ReasonOf(err) != cbrapi.ReasonDeadline {
			t.Errorf("the error is %v, want %v", err, context.DeadlineExceeded)
		}
		if waited := time.Since(began); waited != 30*time.Second {
			t.Errorf("the login took %v, want 30s", waited)
		}
	})
}

func TestPasswordRepeatsTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := 0
		var got []string
		p := credentials.NewPassword(
			func(context.Context) (cbrapi.Token, error) {
				logins++
				return cbrapi.Token{Value: fmt.Sprint(logins)}, nil
			},
			roundTripper(func(req *http.Request) (*http.Response, error) {
				content, err := io.ReadAll(req.Body)
				got = append(got, req.Header.Get("X-Auth-Token")+" "+string(content))
				return &http.Response{StatusCode: http.StatusUnauthorized, Body: http.NoBody, Request: req}, err
			}), time.Now)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://cbr.example.com", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := send(p, req); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"1 body", "2 body"}, got); diff != "" {
			t.Errorf("the requests differ (-want +got):\n%s", diff)
		}
	})
}
