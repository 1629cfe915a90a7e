package simulator

import "net/http"

// authenticated calls h for requests with a valid token or signature.
func (s *Simulator) authenticated(h handler) handler {
	return func(x *exchange) {
		if _, ok := s.authenticate(x); ok {
			h(x)
		}
	}
}

// authorized calls h for requests with a valid token or signature for the project
// in the path.
func (s *Simulator) authorized(h handler) handler {
	return func(x *exchange) {
		projectID, ok := s.authenticate(x)
		if !ok {
			return
		}
		// What the gateway responds here is not documented. 403 rather than 401,
		// which makes clients log in again and counts as a failure of the access
		// key. APIGW.0306 is "access denied".
		if projectID == "" || projectID != x.r.PathValue("project_id") {
			s.count(&s.requests.Refused)
			x.gatewayError(http.StatusForbidden, "APIGW.0306",
				"API access denied: the credentials are not valid for the project in the path")
			return
		}
		h(x)
	}
}

// authenticate returns the project that the token or signature of a request is
// for; empty means none. If they are invalid, it has responded and ok is false.
func (s *Simulator) authenticate(x *exchange) (projectID string, ok bool) {
	var refuse handler
	// Which one counts if both are sent is not documented.
	if x.r.Header.Get("Authorization") != "" {
		projectID = s.signedProject(x.r)
		if reason := s.accessKeys.checkSignature(x); reason != "" {
			refuse = incorrect(reason)
		}
	} else {
		projectID, refuse = s.iam.checkToken(x)
	}
	if refuse != nil {
		s.count(&s.requests.Refused)
		refuse(x)
		return "", false
	}
	return projectID, true
}

func incorrect(reason string) handler {
	return func(x *exchange) {
		x.gatewayError(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: "+reason)
	}
}

// TokenRefusal is how an unknown or revoked token is refused. Answers of all kinds were
// recorded; what decides between them is not known.
type TokenRefusal int

const (
	// DecryptFailed is 401 with the code APIGW.0301.
	DecryptFailed TokenRefusal = iota
	// MustBeUpdated is 401 with the code APIGW.0307.
	MustBeUpdated
	// InvalidToken is 403, as Keystone says it.
	InvalidToken
)

// SetTokenRefusal changes how unknown and revoked tokens are refused.
func (s *Simulator) SetTokenRefusal(r TokenRefusal) {
	s.iam.mu.Lock()
	defer s.iam.mu.Unlock()
	s.iam.refusal = r
}

func (r TokenRefusal) handler() handler {
	switch r {
	case MustBeUpdated:
		return func(x *exchange) {
			x.gatewayError(http.StatusUnauthorized, "APIGW.0307", "The token must be updated")
		}
	case InvalidToken:
		return func(x *exchange) { x.iamError(http.StatusForbidden, "X-Auth-Token is invalid in the request") }
	default:
		return incorrect("decrypt token fail")
	}
}

// signedProject returns the project that a signed request is for. It must be named
// in X-Project-Id unless it is the region's own project, see
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-provide-proid.html.
func (s *Simulator) signedProject(r *http.Request) string {
	named := r.Header.Get("X-Project-Id")
	if named == DefaultProjectID || named == "" && s.iam.projectName == region {
		return DefaultProjectID
	}
	return ""
}
