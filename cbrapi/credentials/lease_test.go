package credentials_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

// TestHangingLoginDoesNotHoldUpRequests has IAM hang when the token is due for
// renewal: requests go on with the one that is valid, and a login that ends late
// still counts.
func TestHangingLoginDoesNotHoldUpRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := 0
		login := func(ctx context.Context) (cbrapi.Token, error) {
			logins++
			if logins > 1 {
				select {
				case <-time.After(20 * time.Second):
				case <-ctx.Done():
					return cbrapi.Token{}, ctx.Err()
				}
			}
			return cbrapi.Token{Value: fmt.Sprint(logins), IssuedAt: iamEpoch(), ExpiresAt: iamEpoch().Add(10 * time.Hour)}, nil
		}
		var sent string
		next := roundTripper(func(req *http.Request) (*http.Response, error) {
			sent = req.Header.Get("X-Auth-Token")
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		})
		p := credentials.NewPassword(login, next, time.Now)
		mustSend(t, p)
		time.Sleep(9 * time.Hour)

		began := time.Now()
		mustSend(t, p)
		if took := time.Since(began); took != time.Second || sent != "1" {
			t.Errorf("got token %s after %s, want the old one after a second", sent, took)
		}
		began = time.Now()
		mustSend(t, p)
		if took := time.Since(began); took != 0 || sent != "1" {
			t.Errorf("got token %s after %s, want the old one at once", sent, took)
		}
		time.Sleep(20 * time.Second)
		mustSend(t, p)
		if sent != "2" || logins != 2 {
			t.Errorf("got token %s after %d logins, want that of the second", sent, logins)
		}
	})
}

// TestRefusedRenewalsKeepApart has IAM refuse the renewal of a token that is valid
// for hours: the logins are an hour apart, to the end.
func TestRefusedRenewalsKeepApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins := 0
		login := func(context.Context) (cbrapi.Token, error) {
			logins++
			if logins > 1 {
				return cbrapi.Token{}, &cbrapi.Error{StatusCode: http.StatusUnauthorized}
			}
			return cbrapi.Token{Value: "T", IssuedAt: iamEpoch(), ExpiresAt: iamEpoch().Add(40 * time.Hour)}, nil
		}
		next := roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		})
		p := credentials.NewPassword(login, next, time.Now)
		for range 40*60 - 1 {
			mustSend(t, p)
			time.Sleep(time.Minute)
		}
		// The last four hours are those of renewal: first after 36, 38 and 39.
		if logins > 5 {
			t.Errorf("got %d logins, want no more than one in an hour", logins)
		}
	})
}
