package simulator

import (
	"net/http"
	"time"
)

// authorized lets a call through to h with a token for the project in its path.
func (s *Simulator) authorized(h handler) handler {
	return func(c *call) {
		if c.r.Header.Get("X-Auth-Token") == "" {
			c.unauthorized("x-auth-token not found")
			return
		}
		token, ok := s.iam.token(c.r.Header.Get("X-Auth-Token"))
		if !ok {
			// The gateway's words for a token of nobody, revoked ones included.
			c.unauthorized("decrypt token fail")
			return
		}
		if token.expired(c.now) {
			c.unauthorized("token expires, expires_at:" + token.expires.Format(iamLayout))
			return
		}
		// No page tells what a token for another project gets. 403, not 401:
		// the token is genuine, and a new one from the same login would not
		// help, which is what 401 makes clients try. 0306 is the gateway's
		// "access denied".
		if token.projectID == "" || token.projectID != c.r.PathValue("project_id") {
			c.gatewayError(http.StatusForbidden, "APIGW.0306",
				"API access denied: the token is not scoped to the project in the path")
			return
		}
		h(c)
	}
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
