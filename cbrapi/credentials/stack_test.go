package credentials_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

// What a caller of cbrapi sees of credentials that are no good, through the
// whole stack and a network.
func TestThroughTheClient(t *testing.T) {
	const password = "hunter2-and-more"
	missing := filepath.Join(t.TempDir(), "password")
	empty := filepath.Join(t.TempDir(), "empty")
	writeFile(t, empty, "")
	for name, test := range map[string]struct {
		password credentials.Secret
		iam      http.HandlerFunc
		want     string
		reason   cbrapi.Reason
	}{
		"wrong password": {
			credentials.Fixed(password), func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				w.WriteHeader(http.StatusUnauthorized)
				_, _ = w.Write(body)
			}, `ShowOpLog: KeystoneCreateUserTokenByPassword: HTTP status 401: {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"exporter","password":"<secret>","domain":{"name":"account"}}}},"scope":{"project":{"id":"20000000000040008000000000000001"}}}}`,
			cbrapi.ReasonCredentials,
		},
		"no user": {credentials.Fixed(password), func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"error":{"code":404,"message":"no user"}}`)
		}, "ShowOpLog: KeystoneCreateUserTokenByPassword: HTTP status 404: 404: no user", cbrapi.ReasonOther},
		"no password file": {credentials.FromFile(missing), nil, "ShowOpLog: credentials cannot be used: open " + missing + ": no such file or directory", cbrapi.ReasonCredentials},
		"empty password":   {credentials.FromFile(empty), nil, "ShowOpLog: credentials cannot be used: " + empty + " is empty", cbrapi.ReasonCredentials},
		"accepted, and yet refused": {credentials.Fixed(password), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Subject-Token", "MIIsecret/token")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"token":{}}`)
		}, "ShowOpLog: HTTP status 401: APIGW.0301: no good: <secret>", cbrapi.ReasonCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.HandleFunc("POST /iam/v3/auth/tokens", func(w http.ResponseWriter, r *http.Request) { test.iam(w, r) })
			mux.HandleFunc("GET /cbr/v3/", func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusUnauthorized)
				_, _ = io.WriteString(w, `{"error_code":"APIGW.0301","error_msg":"no good: `+r.Header.Get("X-Auth-Token")+`"}`)
			})
			server := httptest.NewServer(mux)
			defer server.Close()
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()

			const projectID = "20000000000040008000000000000001"
			iam, err := cbrapi.NewIAM(cbrapi.Options{Endpoint: server.URL + "/iam", Transport: transport})
			if err != nil {
				t.Fatal(err)
			}
			login := func(ctx context.Context) (cbrapi.Token, error) {
				value, err := test.password()
				if err != nil {
					return cbrapi.Token{}, err
				}
				return iam.Login(ctx, cbrapi.PasswordLogin{
					Username: "exporter", Password: value, DomainName: "account", ProjectID: projectID,
				})
			}
			client, err := cbrapi.New(cbrapi.Options{
				Endpoint:  server.URL + "/cbr",
				Transport: credentials.NewPassword(login, transport, time.Now),
			}, projectID)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.OperationLog(t.Context(), "10000000-0000-4000-8000-000000000001")
			if err == nil || err.Error() != test.want {
				t.Fatalf("the error is\n%v\nwant\n%s", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error has the password: %v", err)
			}
			if got := cbrapi.ReasonOf(err); got != test.reason {
				t.Errorf("ReasonOf(%v) = %q, want %q", err, got, test.reason)
			}
			if cbrapi.IsNotFound(err) {
				t.Errorf("IsNotFound(%v) = true", err)
			}
			if e, is := errors.AsType[*cbrapi.Error](err); is && e.StatusCode/100 != 4 {
				t.Errorf("the status is %d", e.StatusCode)
			}
		})
	}
}
