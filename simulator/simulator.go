package simulator

import (
	"net/http"
	"path"
	"sync/atomic"
	"time"
)

// What a simulator is without further options. The project id is that of the
// vendor's published sample.
const (
	DefaultProjectID     = "04f1829c788037ac2fb8c01eb2b04b95"
	DefaultRegion        = "cn-north-4"
	DefaultTokenLifetime = 24 * time.Hour // as IAM's
)

// Options say what is simulated. Only Now is required.
type Options struct {
	// Now is the cloud's clock: tasks, tokens and the Date header follow it.
	Now func() time.Time
	// Seed chooses one of many clouds. Equal seeds give equal task ids.
	Seed uint64
	// ProjectID is 32 hexadecimal digits; default DefaultProjectID.
	ProjectID string
	// Region is where the project is; default DefaultRegion.
	Region string
	// ProjectName is that of the project; default Region. The account has other
	// projects too, without tasks.
	ProjectName string
	// MayNotListProjects takes from the user the permission that IAM asks for.
	MayNotListProjects bool
	// Account may log in; default DemoAccount.
	Account Account
	// Tokens are accepted in X-Auth-Token without a login, for ever.
	Tokens []string
	// AccessKeys are those that requests may be signed with.
	AccessKeys []AccessKey
	// TokenLifetime is that of issued tokens; default DefaultTokenLifetime.
	TokenLifetime time.Duration
}

// A Simulator is the cloud. It is safe for concurrent use.
type Simulator struct {
	now        func() time.Time
	seed       seed
	fleet      *fleet
	iam        *iam
	accessKeys *accessKeys
	mux        *http.ServeMux
	answers    atomic.Uint64
	refused    atomic.Uint64
}

// New builds a cloud. It panics where Now is missing.
func New(o Options) *Simulator {
	if o.Now == nil {
		panic("simulator: Options.Now is required")
	}
	if o.ProjectID == "" {
		o.ProjectID = DefaultProjectID
	}
	if o.Region == "" {
		o.Region = DefaultRegion
	}
	if o.ProjectName == "" {
		o.ProjectName = o.Region
	}
	if o.Account == (Account{}) {
		o.Account = DemoAccount()
	}
	if o.TokenLifetime == 0 {
		o.TokenLifetime = DefaultTokenLifetime
	}

	s := &Simulator{
		now:        o.Now,
		seed:       seed(o.Seed),
		fleet:      newFleet(seed(o.Seed), o.ProjectID, o.Region),
		iam:        newIAM(o),
		accessKeys: newAccessKeys(o.AccessKeys),
		mux:        http.NewServeMux(),
	}
	s.handle("POST /v3/auth/tokens", s.createToken)
	s.handle("GET /v3/projects", s.authenticated(s.listProjects))
	s.handle("GET /v3/auth/projects", s.authenticated(s.listVisibleProjects))
	s.handle("GET /v3/{project_id}/operation-logs/{operation_log_id}", s.authorized(s.showOperationLog))
	s.handle("/", notPublished)
	return s
}

// ServeHTTP answers as the gateway of both services does.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The mux would redirect such a path. The gateway matches it as it is.
	if path.Clean(r.URL.Path) != r.URL.Path {
		notPublished(s.call(w, r))
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Simulator) handle(pattern string, h handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { h(s.call(w, r)) })
}

// RevokeTokens makes every issued token invalid before its time, as a change of
// the user's password or permissions does. Options.Tokens stay valid.
func (s *Simulator) RevokeTokens() { s.iam.revoke() }

// SetAccessKeys replaces the access keys, as happens when they are rotated. One
// that is locked stays so.
func (s *Simulator) SetAccessKeys(keys ...AccessKey) { s.accessKeys.set(keys) }

// Requests are counts of requests since the start.
type Requests struct {
	Seen    uint64 // all of them
	Refused uint64 // those whose token or signature was
}

// Requests returns how many requests there were so far.
func (s *Simulator) Requests() Requests {
	return Requests{Seen: s.answers.Load(), Refused: s.refused.Load()}
}

// TaskIDs returns the ids of 40 to 60 tasks that exist now, for a demo that
// watches a fixed list: [SampleTaskID], the newest finished task of each
// resource and operation, and all tasks that wait or run.
//
// Whenever it is called, each status is among them, several tasks have a
// progress that moves within two minutes, and within half an hour something
// starts and something ends.
func (s *Simulator) TaskIDs() []string {
	ids := []string{SampleTaskID}
	for _, r := range s.fleet.current(s.now()) {
		ids = append(ids, r.id.uuid(s.seed).String())
	}
	return ids
}
