package credentials

import (
	"net/http"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// tokenHeader carries a token. See
// https://support.huaweicloud.com/intl/en-us/api-cbr/cbr_04_0011.html.
const tokenHeader = "X-Auth-Token"

// Token returns a RoundTripper that sends the token that secret returns with
// every request, through next. Nobody here can renew such a token.
func Token(secret Secret, next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		value, err := secret()
		if err != nil {
			return nil, err
		}
		if err := inHeader("the token", value); err != nil {
			return nil, err
		}
		return sendToken(req, value, next)
	})
}

// sendToken sends a copy of req with the token: a RoundTripper must not change
// the request that it was given.
func sendToken(req *http.Request, token string, next http.RoundTripper) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(tokenHeader, token)
	resp, err := next.RoundTrip(req)
	return resp, cbrapi.RedactError(err, token)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
