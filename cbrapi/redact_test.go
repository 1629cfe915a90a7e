package cbrapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// echoes are the ways to repeat a request in an error. Each gets the header and
// body as they were sent.
func echoes() map[string]func(header http.Header, request string) (contentType, body string) {
	inJSON := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	unescaped := func(v any) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			panic(err)
		}
		return b.String()
	}
	// The rest of a request, from its first secret, is short enough for a message.
	tail := func(request string) string {
		for _, first := range []string{"Authorization:", `"password":{`} {
			if _, after, found := strings.Cut(request, first); found {
				return after
			}
		}
		return request
	}
	values := func(h http.Header) string {
		return strings.Join([]string{h.Get("X-Auth-Token"), h.Get("X-Security-Token"), h.Get("Authorization")}, " ")
	}
	return map[string]func(http.Header, string) (string, string){
		"plain text": func(_ http.Header, request string) (string, string) { return "text/plain", request },
		"plain values": func(h http.Header, request string) (string, string) {
			return "text/plain", "refused: " + values(h) + tail(request)
		},
		"message in JSON": func(_ http.Header, request string) (string, string) {
			return "application/json", inJSON(map[string]string{"error_code": "APIGW.0301", "error_msg": "refused: " + request})
		},
		"values in JSON": func(h http.Header, request string) (string, string) {
			return "application/json", inJSON(map[string]any{"error": map[string]any{"code": 401, "message": values(h) + tail(request)}})
		},
		"other JSON": func(h http.Header, _ string) (string, string) { return "application/json", inJSON(h) },
		"JSON in JSON": func(h http.Header, request string) (string, string) {
			return "application/json", inJSON(map[string]string{"error_msg": inJSON(h) + inJSON(tail(request))})
		},
		"JSON in JSON, other escapes": func(h http.Header, request string) (string, string) {
			body := unescaped(h) + unescaped(tail(request))
			return "application/json", inJSON(map[string]string{"error_msg": strings.ReplaceAll(body, "/", `\/`)})
		},
		"broken JSON": func(h http.Header, _ string) (string, string) {
			return "application/json", inJSON(h)[:len(inJSON(h))-1]
		},
		"URL": func(h http.Header, request string) (string, string) {
			return "text/plain", url.Values{"token": {h.Get("X-Auth-Token")}, "tail": {tail(request)}}.Encode()
		},
		"codes": func(h http.Header, _ string) (string, string) {
			return "application/json", inJSON(map[string]string{"error_code": h.Get("X-Auth-Token"), "request_id": h.Get("X-Security-Token")})
		},
		"cut short": func(h http.Header, _ string) (string, string) {
			return "text/plain", h.Get("X-Auth-Token")[:min(30, len(h.Get("X-Auth-Token")))]
		},
	}
}

// leaks returns the parts of secrets that are in the text. A part of some length
// is as telling as the whole.
func leaks(text string, secrets ...string) []string {
	var found []string
	for _, s := range secrets {
		for i := 0; i+8 <= len(s); i++ {
			if strings.Contains(text, s[i:i+8]) {
				found = append(found, s[i:i+8])
			}
		}
	}
	return found
}

// everyText is all that somebody may print of an error.
func everyText(err error) string {
	text := fmt.Sprintf("%v %+v %s %q", err, err, err, err)
	var e *cbrapi.Error
	if errors.As(err, &e) {
		text += fmt.Sprintf("%+v %#v", *e, *e)
	}
	return text
}

func TestNoCredentialsInErrors(t *testing.T) {
	const (
		securityToken = "gQpjbi1ub3J0aC00+security/token"
		authorization = "SDK-HMAC-SHA256 Access=AKAKAKAK, SignedHeaders=host, Signature=0123456789abcdef"
	)
	type call struct {
		operation string
		send      func(context.Context, *cbrapi.Client) error
		status    int
	}
	show := func(ctx context.Context, c *cbrapi.Client) error {
		_, err := c.OperationLog(ctx, taskID)
		return err
	}
	list := func(ctx context.Context, c *cbrapi.Client) error {
		_, err := c.List(cbrapi.ListFilter{}).Next(ctx)
		return err
	}
	for name, echo := range echoes() {
		for _, call := range []call{{"ShowOpLog", show, 401}, {"ShowOpLog", show, 200}, {"ListOpLogs", list, 401}, {"ListOpLogs", list, 200}} {
			t.Run(fmt.Sprintf("%s/%s/%d", name, call.operation, call.status), func(t *testing.T) {
				o := serve(t, func(w http.ResponseWriter, r *http.Request) {
					request, err := httputil.DumpRequest(r, true)
					if err != nil {
						t.Error(err)
					}
					contentType, body := echo(r.Header, string(request))
					w.Header().Set("X-Request-Id", r.Header.Get("X-Auth-Token"))
					reply(call.status, contentType, body)(w, r)
				})
				next := o.Transport
				o.Transport = withToken(roundTripper(func(req *http.Request) (*http.Response, error) {
					req.Header.Set("X-Security-Token", securityToken)
					req.Header.Set("Authorization", authorization)
					return next.RoundTrip(req)
				}))
				err := call.send(t.Context(), newClient(t, o))
				if err == nil {
					t.Fatal("no error")
				}
				if found := leaks(everyText(err), token, securityToken, authorization); found != nil {
					t.Errorf("the error has parts of secrets:\n%v\n%q", err, found)
				}
				if call.status == 401 && !strings.Contains(err.Error(), "<secret>") {
					t.Errorf("the error has nothing redacted, so this test says nothing: %v", err)
				}
			})
		}
	}
}

func TestNoPasswordInErrors(t *testing.T) {
	for kind, password := range map[string]string{
		"plain":       "correct-horse-battery",
		"JSON":        `quote"back\slash"quote`,
		"HTML":        "<angle>&<brackets>",
		"slashes":     "one/two/three/four/",
		"unicode":     "пароль-密码-пароль",
		"white space": "tab\tand  two  spaces",
		"short":       "p4$$w0rd",
	} {
		for name, echo := range echoes() {
			t.Run(kind+"/"+name, func(t *testing.T) {
				o := serve(t, func(w http.ResponseWriter, r *http.Request) {
					request, err := io.ReadAll(r.Body)
					if err != nil {
						t.Error(err)
					}
					var sent struct {
						Auth struct {
							Identity struct {
								Password struct{ User struct{ Password string } }
							}
						}
					}
					if err := json.Unmarshal(request, &sent); err != nil {
						t.Error(err)
					}
					// As it was sent, and as the server has understood it.
					understood := sent.Auth.Identity.Password.User.Password
					contentType, body := echo(http.Header{"X-Auth-Token": {understood}, "X-Security-Token": {understood}}, string(request))
					reply(401, contentType, body)(w, r)
				})
				user := someUser()
				user.Password = password
				_, err := newIAM(t, o).Login(t.Context(), user)
				if err == nil {
					t.Fatal("no error")
				}
				if name == "plain values" && !strings.Contains(err.Error(), "<secret>") {
					t.Errorf("the error has nothing redacted: %v", err)
				}
				quoted := fmt.Sprintf("%q", password)
				if found := leaks(everyText(err), password, quoted[1:len(quoted)-1]); found != nil {
					t.Errorf("the error has parts of the password:\n%v\n%q", err, found)
				}
			})
		}
	}
}

// A token may be longer than what is read of an error, which then has a part.
func TestNoPartOfALongToken(t *testing.T) {
	long := "MII" + strings.Repeat("0123456789abcdef", 10_000)
	o := inMemory(401, "text/plain", "refused: "+long)
	next := o.Transport
	o.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		resp.Request = req.Clone(req.Context())
		resp.Request.Header.Set("X-Auth-Token", long)
		return resp, err
	})
	_, err := newClient(t, o).OperationLog(t.Context(), taskID)
	if want := "ShowOpLog: HTTP status 401: refused: <secret>"; err == nil || err.Error() != want {
		t.Errorf("the error is %.200v, want %s", err, want)
	}
}

// TestRedactError has a transport repeat what the other side sent.
func TestRedactError(t *testing.T) {
	err := fmt.Errorf("malformed HTTP status code %q: %w", "a-secret", io.ErrUnexpectedEOF)
	redacted := cbrapi.RedactError(err, "a-secret")
	if got, want := redacted.Error(), `malformed HTTP status code "<secret>": unexpected EOF`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(redacted, io.ErrUnexpectedEOF) {
		t.Error("what it wraps is lost")
	}
	if cbrapi.RedactError(nil) != nil {
		t.Error("no error has become one")
	}
}
