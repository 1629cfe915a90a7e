package credentials_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func newRequest(t *testing.T) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://cbr.example.com/v3", nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// send sends a request through rt.
func send(rt http.RoundTripper, req *http.Request) (status int, err error) {
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// recorder records the tokens of requests.
type recorder struct{ tokens []string }

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.tokens = append(r.tokens, req.Header.Values("X-Auth-Token")...)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestToken(t *testing.T) {
	for name, secret := range map[string]string{
		"plain": "MIIT+/=", "of 100 KB": strings.Repeat("t", 100_000), "with a space": "a b",
	} {
		t.Run(name, func(t *testing.T) {
			var next recorder
			req := newRequest(t)
			req.Header.Set("Accept", "application/json")
			req.Header.Set("X-Auth-Token", "of the caller")
			before := req.Header.Clone()
			status, err := send(credentials.Token(credentials.Fixed(secret), &next), req)
			if err != nil || status != http.StatusOK {
				t.Fatalf("the response is %d, %v", status, err)
			}
			if diff := cmp.Diff([]string{secret}, next.tokens); diff != "" {
				t.Errorf("the tokens differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, req.Header); diff != "" {
				t.Errorf("the caller's request was changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTokenIsReadAtEachUse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	var next recorder
	rt := credentials.Token(credentials.FromFile(file), &next)
	for _, content := range []string{"first", "\tsecond \r\n", "third\n"} {
		writeFile(t, file, content)
		if _, err := send(rt, newRequest(t)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"first", "second", "third"}, next.tokens); diff != "" {
		t.Errorf("the tokens differ (-want +got):\n%s", diff)
	}
}

func TestUnusableTokens(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) credentials.Secret {
		writeFile(t, filepath.Join(dir, name), content)
		return credentials.FromFile(filepath.Join(dir, name))
	}
	const notAHeader = "the token contains line breaks or other control characters"
	gone := errors.New("gone")
	for name, test := range map[string]struct {
		secret credentials.Secret
		want   string
		is     error
	}{
		"no file":             {credentials.FromFile(filepath.Join(dir, "none")), "stat " + filepath.Join(dir, "none") + ": no such file or directory", fs.ErrNotExist},
		"a directory":         {credentials.FromFile(dir), "read " + dir + ": not a regular file", cbrapi.ErrCredentials},
		"an empty file":       {file("empty", ""), filepath.Join(dir, "empty") + " is empty", cbrapi.ErrCredentials},
		"white space":         {file("space", " \r\n\t"), filepath.Join(dir, "space") + " is empty", cbrapi.ErrCredentials},
		"two lines":           {file("lines", "hunter2\nhunter3"), notAHeader, cbrapi.ErrCredentials},
		"a header of its own": {credentials.Fixed("hunter2\r\nX-Admin: 1"), notAHeader, cbrapi.ErrCredentials},
		"a null":              {credentials.Fixed("hunter2\x00"), notAHeader, cbrapi.ErrCredentials},
		"a delete":            {credentials.Fixed("hunter2\x7f"), notAHeader, cbrapi.ErrCredentials},
		"any other failure":   {func() (string, error) { return "hunter2", gone }, "", gone},
	} {
		t.Run(name, func(t *testing.T) {
			rt := credentials.Token(test.secret, roundTripper(func(*http.Request) (*http.Response, error) {
				t.Error("a request was sent")
				return nil, io.EOF
			}))
			_, err := rt.RoundTrip(newRequest(t)) //nolint:bodyclose // there is no response
			if !errors.Is(err, test.is) {
				t.Fatalf("the error is %v, want %v", err, test.is)
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("the error has the secret: %v", err)
			}
			if test.want == "" {
				return
			}
			if want := "credentials cannot be used: " + test.want; err.Error() != want {
				t.Errorf("the error is %q, want %q", err, want)
			}
			if !errors.Is(err, cbrapi.ErrCredentials) || cbrapi.ReasonOf(err) != cbrapi.ReasonCredentials {
				t.Errorf("%v is not cbrapi.ErrCredentials, or its reason is %q", err, cbrapi.ReasonOf(err))
			}
		})
	}
}

// A password may contain characters that a header cannot.
func TestSecretFromFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	writeFile(t, file, " two\nlines \n")
	got, err := credentials.FromFile(file)()
	if want := "two\nlines"; got != want || err != nil {
		t.Errorf("the secret is %q, %v, want %q", got, err, want)
	}
}
