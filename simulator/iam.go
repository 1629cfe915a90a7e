package simulator

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// iamLayout is the format of IAM's times: UTC, in microseconds.
const iamLayout = "2006-01-02T15:04:05.000000Z"

// maxLogin limits the body of a login, in bytes.
const maxLogin = 64 << 10

// An Account is a user with a password. The console calls the domain an account,
// and the user an IAM user of it.
type Account struct {
	UserName   string
	Password   string
	DomainName string
}

// DemoAccount returns the account that may log in by default.
func DemoAccount() Account {
	return Account{UserName: "demo", Password: "demo-password", DomainName: "demo-account"}
}

type iam struct {
	seed        seed
	account     Account
	projectName string
	mayNotList  bool // projects
	lifetime    time.Duration

	mu      sync.Mutex
	tokens  map[string]token
	issued  uint64 // tokens, ever
	refusal TokenRefusal
}

type token struct {
	projectID string    // empty: not scoped to a project
	expires   time.Time // zero: never
}

func newIAM(o Options) *iam {
	i := &iam{
		seed:        seed(o.Seed),
		account:     o.Account,
		projectName: o.ProjectName,
		mayNotList:  o.MayNotListProjects,
		lifetime:    o.TokenLifetime,
		tokens:      make(map[string]token),
	}
	for _, text := range o.Tokens {
		i.tokens[text] = token{projectID: DefaultProjectID}
	}
	return i
}

// checkToken returns the project of the token of a request, or what refuses it.
func (i *iam) checkToken(x *exchange) (projectID string, refuse handler) {
	text := x.r.Header.Get("X-Auth-Token")
	if text == "" {
		return "", incorrect("x-auth-token not found")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	t, ok := i.tokens[text]
	switch {
	case !ok: // unknown or revoked
		return "", i.refusal.handler()
	case !t.expires.IsZero() && !x.now.Before(t.expires):
		return "", incorrect("token expires, expires_at:" + t.expires.Format(iamLayout))
	}
	return t.projectID, nil
}

// issue adds a token. Tokens issued before stay valid.
func (i *iam) issue(projectID string, now time.Time) (text string, t token) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.issued++
	text = tokenText(i.seed, i.issued)
	t = token{projectID: projectID, expires: now.Add(i.lifetime)}
	i.tokens[text] = t
	return text, t
}

// RevokeTokens makes all issued tokens invalid, as a change of the user's password
// or permissions does. Options.Tokens stay valid.
func (s *Simulator) RevokeTokens() {
	s.iam.mu.Lock()
	defer s.iam.mu.Unlock()
	for text, t := range s.iam.tokens {
		if !t.expires.IsZero() {
			delete(s.iam.tokens, text)
		}
	}
}

// tokenText returns a text like a token of IAM: a signed message in DER, hence the
// MII at the start, in Base64 with - for /. The maximum length is not documented;
// 2 to 5 KB are usual.
func tokenText(s seed, number uint64) string {
	const derSequence, derLengthInTwoBytes = 0x30, 0x82

	der := make([]byte, 2400+s.rand("token length", number).IntN(1200))
	_, _ = s.chacha("token", number).Read(der) // never fails
	der[0], der[1] = derSequence, derLengthInTwoBytes
	binary.BigEndian.PutUint16(der[2:], uint16(len(der)-4))
	return strings.ReplaceAll(base64.StdEncoding.EncodeToString(der), "/", "-")
}

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

// A tokenInfo describes a token in the response. The token itself is in the header
// X-Subject-Token. The catalog of services is left out, as ?nocatalog asks for.
type tokenInfo struct {
	ExpiresAt string       `json:"expires_at"`
	IssuedAt  string       `json:"issued_at"`
	Methods   []string     `json:"methods"`
	User      userInfo     `json:"user"`
	Project   *projectInfo `json:"project,omitempty"`
	Roles     []nameOrID   `json:"roles"`
}

type userInfo struct {
	ID                string   `json:"id"`
	Name              string   `json:"name"`
	Domain            nameOrID `json:"domain"`
	PasswordExpiresAt string   `json:"password_expires_at"` // empty: never
}

type projectInfo struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Domain nameOrID `json:"domain"`
}

func (s *Simulator) createToken(x *exchange) {
	x.w.Header().Set("X-Iam-Trace-Id", "token_"+region+"_null_"+x.requestID)

	var l login
	body := http.MaxBytesReader(x.w, x.r.Body, maxLogin)
	if err := json.NewDecoder(body).Decode(&l); err != nil || !l.complete() {
		// The decoder's error could quote the body, which holds a password.
		x.iamError(http.StatusBadRequest, "The request body is invalid")
		return
	}
	if !s.iam.knows(l) {
		x.iamError(http.StatusUnauthorized, "The username or password is wrong.")
		return
	}
	projectID, ok := s.iam.scope(l)
	if !ok {
		// Keystone responds 401 rather than "not found", so that names of projects
		// cannot be probed.
		x.iamError(http.StatusUnauthorized, "Could not find the project or domain in the scope.")
		return
	}

	text, t := s.iam.issue(projectID, x.now)
	info := tokenInfo{
		ExpiresAt: t.expires.Format(iamLayout),
		IssuedAt:  x.now.Format(iamLayout),
		Methods:   []string{"password"},
		User: userInfo{
			ID:     s.seed.hex32("user", s.iam.account.UserName),
			Name:   s.iam.account.UserName,
			Domain: s.iam.domain(),
		},
		Roles: []nameOrID{{ID: "0", Name: "cbr_readonly"}},
	}
	if projectID != "" {
		info.Project = &projectInfo{ID: projectID, Name: s.iam.projectName, Domain: s.iam.domain()}
	}
	x.w.Header().Set("X-Subject-Token", text)
	x.reply(http.StatusCreated, struct {
		Token tokenInfo `json:"token"`
	}{info})
}

func (i *iam) domain() nameOrID {
	return nameOrID{ID: i.seed.hex32("domain", i.account.DomainName), Name: i.account.DomainName}
}

func (i *iam) knows(l login) bool {
	user, domain := l.Auth.Identity.Password.User, i.domain()
	return user.Name == i.account.UserName && user.Password == i.account.Password && user.Domain.names(domain.ID, domain.Name)
}

// scope returns the project of a login. A token without one is genuine, but not
// valid for CBR, where all requests are for a project.
func (i *iam) scope(l login) (projectID string, ok bool) {
	switch scope := l.Auth.Scope; {
	case scope.Project != nil:
		return DefaultProjectID, scope.Project.names(DefaultProjectID, i.projectName)
	case scope.Domain != nil:
		domain := i.domain()
		return "", scope.Domain.names(domain.ID, domain.Name)
	}
	return "", true
}

// projects returns the projects of the account: the one with the tasks, the
// region's own, a sub-project of it, and projects that every account has.
func (i *iam) projects() []projectInfo {
	projects := []projectInfo{{ID: DefaultProjectID, Name: i.projectName, Domain: i.domain()}}
	for _, name := range []string{region, region + "_team", "ap-southeast-1", "MOS"} {
		if name != i.projectName {
			projects = append(projects, projectInfo{ID: i.seed.hex32("project", name), Name: name, Domain: i.domain()})
		}
	}
	return projects
}

// listProjects lists the projects of the account, or the one with a name. It
// requires a permission. See
// https://support.huaweicloud.com/intl/en-us/api-iam/iam_06_0001.html.
func (s *Simulator) listProjects(x *exchange) {
	if s.iam.mayNotList {
		x.iamError(http.StatusForbidden, "You are not authorized to perform the requested action: identity:list_projects")
		return
	}
	projects := s.iam.projects()
	if name := x.r.URL.Query().Get("name"); name != "" {
		projects = slices.DeleteFunc(projects, func(p projectInfo) bool { return p.Name != name })
	}
	x.replyProjects(projects)
}

// listVisibleProjects lists the projects that the user may enter: all of them. See
// https://support.huaweicloud.com/intl/en-us/api-iam/iam_06_0003.html.
func (s *Simulator) listVisibleProjects(x *exchange) { x.replyProjects(s.iam.projects()) }

func (x *exchange) replyProjects(projects []projectInfo) {
	type record struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		DomainID    string `json:"domain_id"`
		ParentID    string `json:"parent_id"`
		IsDomain    bool   `json:"is_domain"`
		Enabled     bool   `json:"enabled"`
		Description string `json:"description"`
	}
	records := []record{}
	for _, p := range projects {
		records = append(records, record{ID: p.ID, Name: p.Name, DomainID: p.Domain.ID, ParentID: p.Domain.ID, Enabled: true})
	}
	x.reply(http.StatusOK, struct {
		Projects []record `json:"projects"`
	}{records})
}
