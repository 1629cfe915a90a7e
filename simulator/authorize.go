package simulator

import (
	"net/http"
	"time"
)

// authorized lets a call through to h that comes with a token, or a signature,
// for the project in its path.
func (s *Simulator) authorized(h handler) handler {
	return s.admitting(s.admitToken, s.admitSignature, h)
}

// authenticated lets a call through to h that comes with any good token or
// signature.
func (s *Simulator) authenticated(h handler) handler {
	token := func(c *call) bool {
		_, ok := s.checkToken(c)
		return ok
	}
	return s.admitting(token, s.checkSignature, h)
}

func (s *Simulator) admitting(token, signature func(*call) bool, h handler) handler {
	return func(c *call) {
		admit := token
		// No page tells what counts where both are there.
		if c.r.Header.Get("Authorization") != "" {
			admit = signature
		}
		if !admit(c) {
			s.refused.Add(1)
			return
		}
		h(c)
	}
}

// checkToken returns the token of a call if it is good. If not, it has answered.
func (s *Simulator) checkToken(c *call) (t token, ok bool) {
	if c.r.Header.Get("X-Auth-Token") == "" {
		c.unauthorized("x-auth-token not found")
		return token{}, false
	}
	t, ok = s.iam.token(c.r.Header.Get("X-Auth-Token"))
	if !ok {
		// The gateway's words for a token of nobody, revoked ones included.
		c.unauthorized("decrypt token fail")
		return token{}, false
	}
	if t.expired(c.now) {
		c.unauthorized("token expires, expires_at:" + t.expires.Format(iamLayout))
		return token{}, false
	}
	return t, true
}

// checkSignature reports whether the signature of a call is good. If not, it has
// answered.
func (s *Simulator) checkSignature(c *call) bool {
	if reason := s.accessKeys.checkSignature(c); reason != "" {
		c.unauthorized(reason)
		return false
	}
	return true
}

// admitToken reports whether the token of a call is good for its path. If not,
// it has answered.
func (s *Simulator) admitToken(c *call) bool {
	token, ok := s.checkToken(c)
	if !ok {
		return false
	}
	// No page tells what a token for another project gets. 403, not 401:
	// the token is genuine, and a new one from the same login would not
	// help, which is what 401 makes clients try. 0306 is the gateway's
	// "access denied".
	if token.projectID == "" || token.projectID != c.r.PathValue("project_id") {
		c.gatewayError(http.StatusForbidden, "APIGW.0306",
			"API access denied: the token is not scoped to the project in the path")
		return false
	}
	return true
}

// admitSignature is admitToken for a call that is signed. The user of an access
// key sees only the project of the simulator, which X-Project-Id may name.
func (s *Simulator) admitSignature(c *call) bool {
	if !s.checkSignature(c) {
		return false
	}
	// 403 for the reason above: it would be wrong to lock the access key.
	inPath, inHeader := c.r.PathValue("project_id"), c.r.Header.Get("X-Project-Id")
	// A sub-project has to be named, see
	// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-provide-proid.html.
	unnamed := inHeader == "" && s.iam.projectName == s.iam.region
	if inPath != s.iam.projectID || inHeader != inPath && !unnamed {
		c.gatewayError(http.StatusForbidden, "APIGW.0306",
			"API access denied: the access key is not allowed in the project")
		return false
	}
	return true
}

func (c *call) unauthorized(reason string) {
	c.gatewayError(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: "+reason)
}

// A token is what the cloud remembers of one.
type token struct {
	projectID string    // empty: not scoped to a project
	expires   time.Time // zero: never
}

func (t token) expired(now time.Time) bool {
	return !t.expires.IsZero() && !now.Before(t.expires)
}
