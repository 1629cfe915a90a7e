package credentials

import "net/http"

// tokenHeader carries a token. See
// https://support.huaweicloud.com/intl/en-us/api-cbr/cbr_04_0011.html.
const tokenHeader = "X-Auth-Token"

// Token returns a RoundTripper that adds a token to requests and sends them through
// next. The token is not renewed.
func Token(secret Secret, next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		value, err := secret()
		if err == nil {
			err = validHeader("the token", value)
		}
		if err != nil {
			return nil, err
		}
		return sendToken(req, value, next)
	})
}

// sendToken sends a copy of req with the token. A RoundTripper must not change the
// request that it gets.
func sendToken(req *http.Request, token string, next http.RoundTripper) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(tokenHeader, token)
	return next.RoundTrip(req)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
