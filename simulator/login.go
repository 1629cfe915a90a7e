package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
)

// iamLayout is IAM's way of writing times: UTC, to the microsecond.
const iamLayout = "2006-01-02T15:04:05.000000Z"

// maxLogin limits a login's body, in bytes.
const maxLogin = 64 << 10

// A login is the body of
// https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html.
type login struct {
	Auth struct {
		Identity struct {
			Methods  []string `json:"methods"`
			Password struct {
				User struct {
					Name     string   `json:"name"`
					Password string   `json:"password"`
					Domain   nameOrID `json:"domain"`
				} `json:"user"`
			} `json:"password"`
		} `json:"identity"`
		Scope struct {
			Project *nameOrID `json:"project"`
			Domain  *nameOrID `json:"domain"`
		} `json:"scope"`
	} `json:"auth"`
}

type nameOrID struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (n nameOrID) names(id, name string) bool {
	if n.ID != "" {
		return n.ID == id
	}
	return n.Name == name
}

func (l login) complete() bool {
	user := l.Auth.Identity.Password.User
	return slices.Equal(l.Auth.Identity.Methods, []string{"password"}) &&
		user.Name != "" && user.Password != "" && user.Domain != nameOrID{}
}

// createToken is the password login.
func (s *Simulator) createToken(c *call) {
	c.w.Header().Set("X-Iam-Trace-Id", "token_"+s.iam.region+"_null_"+c.requestID)

	var l login
	body := http.MaxBytesReader(c.w, c.r.Body, maxLogin)
	if err := json.NewDecoder(body).Decode(&l); err != nil || !l.complete() {
		// Not the decoder's words: they may quote the body, and it holds a password.
		c.iamError(http.StatusBadRequest, "The request body is invalid")
		return
	}
	if !s.iam.knows(l) {
		c.iamError(http.StatusUnauthorized, "The username or password is wrong.")
		return
	}
	projectID, ok := s.iam.scope(l)
	if !ok {
		// Keystone turns "not found" into 401 here, so that nobody can probe
		// for the names of others' projects.
		c.iamError(http.StatusUnauthorized, "Could not find the project or domain in the scope.")
		return
	}

	text, t := s.iam.issue(projectID, c.now)
	c.w.Header().Set("X-Subject-Token", text)
	_, withoutCatalog := c.r.URL.Query()["nocatalog"]
	c.reply(http.StatusCreated, struct {
		Token tokenInfo `json:"token"`
	}{s.iam.describe(t, c.now, !withoutCatalog)})
}

func (i *iam) knows(l login) bool {
	user := l.Auth.Identity.Password.User
	return user.Name == i.account.UserName &&
		user.Password == i.account.Password &&
		user.Domain.names(i.domainID(), i.account.DomainName)
}

// scope returns the project that a login is for. Without one the token is
// genuine, but good for nothing in CBR, where all calls are a project's.
func (i *iam) scope(l login) (projectID string, ok bool) {
	switch scope := l.Auth.Scope; {
	case scope.Project != nil:
		return i.projectID, scope.Project.names(i.projectID, i.projectName)
	case scope.Domain != nil:
		return "", scope.Domain.names(i.domainID(), i.account.DomainName)
	}
	return "", true
}

func (i *iam) domainID() string { return i.seed.hex32("domain", i.account.DomainName) }
