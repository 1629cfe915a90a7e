package cbrapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// A redirect leads the credentials to whoever it names.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed, with the header %v", r.Header)
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			redirect := func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, elsewhere.URL+"/login?from=cbr", status)
			}
			const says = "redirects are not followed; check the endpoint"

			o := serve(t, redirect)
			o.Transport = withToken(o.Transport)
			_, err := newClient(t, o).OperationLog(t.Context(), taskID)
			if want := fmt.Sprintf("ShowOpLog: HTTP status %d: %s", status, says); err == nil || err.Error() != want {
				t.Errorf("the error is %v, want %s", err, want)
			} else if got := cbrapi.ReasonOf(err); got != cbrapi.ReasonUpstream {
				t.Errorf("ReasonOf(%v) = %q, want %q", err, got, cbrapi.ReasonUpstream)
			}

			_, err = newIAM(t, serve(t, redirect)).Login(t.Context(), someUser())
			if want := fmt.Sprintf("KeystoneCreateUserTokenByPassword: HTTP status %d: %s", status, says); err == nil || err.Error() != want {
				t.Errorf("the error is %v, want %s", err, want)
			}
		})
	}
}
