package simulator

import (
	"net/http"
	"time"
)

// authorized lets a call through to h that comes with a token, or a signature,
// for the project in its path.
func (s *Simulator) authorized(h handler) handler {
	return func(c *call) {
		admit := s.admitToken
		// No page tells what counts where both are there.
		if c.r.Header.Get("Authorization") != "" {
			admit = s.admitSignature
		}
		if !admit(c) {
			s.refused.Add(1)
			return
		}
		h(c)
	}
}

// admitToken reports whether the token of a call is good for its path. If not,
// it has answered.
func (s *Simulator) admitToken(c *call) bool {
	if c.r.Header.Get("X-Auth-Token") == "" {
		c.unauthorized("x-auth-token not found")
		return false
	}
	token, ok := s.iam.token(c.r.Header.Get("X-Auth-Token"))
	if !ok {
		// The gateway's words for a token of nobody, revoked ones included.
		c.unauthorized("decrypt token fail")
		return false
	}
	if token.expired(c.now) {
		c.unauthorized("token expires, expires_at:" + token.expires.Format(iamLayout))
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
	if reason := s.accessKeys.checkSignature(c); reason != "" {
		c.unauthorized(reason)
		return false
	}
	// 403 for the reason above: it would be wrong to lock the access key.
	inPath, inHeader := c.r.PathValue("project_id"), c.r.Header.Get("X-Project-Id")
	if inPath != s.iam.projectID || inHeader != "" && inHeader != inPath {
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
