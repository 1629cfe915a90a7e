// Package simulator is a small Huawei Cloud in one [http.Handler]: the part of IAM
// that issues tokens and lists projects, the API gateway that checks tokens and
// signatures, and the part of CBR that lists tasks (operation logs), vaults, policies,
// backups and the resources that could be in a vault (protectables). [Metadata] is the
// metadata service of a server in that cloud.
//
// The demo and the tests use it. It shares no code with the client: it is an
// independent reading of the vendor's documentation, so that testing one against
// the other proves something.
//
// By default the cloud contains the demo project, whose tasks are a pure function
// of the seed and the clock: any moment can be queried, in any order, with the same
// result. [Simulator.Add] adds tasks with a given life, [Simulator.SetVaults],
// [Simulator.SetPolicies], [Simulator.SetBackups] and [Simulator.SetProtectables] replace
// what is in the other lists, [Simulator.SetListing] changes how lists behave and
// [Simulator.SetFault] makes requests fail.
//
//	GET  /v3/{project_id}/operation-logs
//	GET  /v3/{project_id}/operation-logs/{operation_log_id}
//	GET  /v3/{project_id}/vaults
//	GET  /v3/{project_id}/policies
//	GET  /v3/{project_id}/backups
//	GET  /v3/{project_id}/protectables/{protectable_type}/instances
//	POST /v3/auth/tokens
//	GET  /v3/projects
//	GET  /v3/auth/projects
package simulator

import (
	"net/http"
	"path"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// DefaultProjectID is the id of the simulated project, taken from the vendor's
	// published sample.
	DefaultProjectID = "04f1829c788037ac2fb8c01eb2b04b95"

	region = "cn-north-4"
)

// Options configure a simulator. Only Now is required.
type Options struct {
	// Now is the cloud's clock: tasks, tokens and the Date header follow it.
	Now func() time.Time
	// Seed selects one of many clouds. Equal seeds give equal ids.
	Seed uint64
	// ProjectName is the name of the project; default is the region's name. The
	// account has other projects, without tasks.
	ProjectName string
	// MayNotListProjects denies the user the permission to list all projects.
	MayNotListProjects bool
	// Account may log in; default DemoAccount.
	Account Account
	// Tokens are accepted in X-Auth-Token without a login and never expire.
	Tokens []string
	// AccessKeys may sign requests.
	AccessKeys []AccessKey
	// TokenLifetime is the lifetime of issued tokens; default 24 hours, as in IAM.
	TokenLifetime time.Duration
	// Retention is how long after its creation a task can be read; default 30 days,
	// as in the console. The API's own limit is not documented.
	Retention time.Duration
	// Empty leaves out the demo project's tasks and all that is in the other lists.
	Empty bool
	// Latency returns how long a request to CBR waits for its response. It may be
	// called concurrently.
	Latency func(*http.Request) time.Duration
}

func (o Options) withDefaults() Options {
	if o.ProjectName == "" {
		o.ProjectName = region
	}
	if o.Account == (Account{}) {
		o.Account = DemoAccount()
	}
	if o.TokenLifetime == 0 {
		o.TokenLifetime = day
	}
	if o.Retention == 0 {
		o.Retention = 30 * day
	}
	return o
}

// A Simulator is the cloud. It is safe for concurrent use.
type Simulator struct {
	now        func() time.Time
	seed       seed
	catalog    *catalog
	iam        *iam
	accessKeys *accessKeys
	mux        *http.ServeMux
	latency    func(*http.Request) time.Duration
	listing    atomic.Pointer[Listing]
	fault      atomic.Pointer[func(*http.Request) Fault]

	mu       sync.Mutex
	requests Requests
}

// New returns a new cloud. It panics if Now is missing.
func New(o Options) *Simulator {
	if o.Now == nil {
		panic("simulator: Options.Now is required")
	}
	o = o.withDefaults()
	s := &Simulator{
		now:        o.Now,
		seed:       seed(o.Seed),
		catalog:    newCatalog(newProject(seed(o.Seed), o.Empty), o.Retention),
		iam:        newIAM(o),
		accessKeys: newAccessKeys(o.AccessKeys),
		mux:        http.NewServeMux(),
		latency:    o.Latency,
	}
	s.SetListing(Listing{})
	s.SetFault(nil)
	s.handle("POST /v3/auth/tokens", s.createToken)
	s.handle("GET /v3/projects", s.authenticated(s.listProjects))
	s.handle("GET /v3/auth/projects", s.authenticated(s.listVisibleProjects))
	cbr := func(path string, count *uint64, h handler) {
		s.handle("GET /v3/{project_id}/"+path, s.counted(count, s.faulty(s.authorized(h))))
	}
	cbr("operation-logs", &s.requests.Listed, s.listOperationLogs)
	cbr("operation-logs/{operation_log_id}", &s.requests.Shown, s.showOperationLog)
	cbr("vaults", &s.requests.Vaults, s.listVaults)
	cbr("policies", &s.requests.Policies, s.listPolicies)
	cbr("backups", &s.requests.Backups, s.listBackups)
	cbr("protectables/{protectable_type}/instances", &s.requests.Protectables, s.listProtectables)
	s.handle("/", notPublished)
	return s
}

// ServeHTTP responds as the gateway of both services does.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The mux would redirect such a path. The gateway matches it as it is.
	if path.Clean(r.URL.Path) != r.URL.Path {
		notPublished(s.exchange(w, r))
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Simulator) handle(pattern string, h handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { h(s.exchange(w, r)) })
}

// Requests counts requests since the start.
type Requests struct {
	Seen         uint64 // all requests
	Refused      uint64 // with an invalid token or signature, or for another project
	Listed       uint64 // for lists of tasks, whatever the response
	Shown        uint64 // for single tasks, whatever the response
	Vaults       uint64 // for lists of vaults, whatever the response
	Policies     uint64 // for lists of policies, whatever the response
	Backups      uint64 // for lists of backups, whatever the response
	Protectables uint64 // for lists of protectable resources, whatever the response
}

// Requests returns the number of requests so far.
func (s *Simulator) Requests() Requests {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// count increments one of s.requests and returns its new value.
func (s *Simulator) count(n *uint64) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n++
	return *n
}

func (s *Simulator) counted(n *uint64, h handler) handler {
	return func(x *exchange) {
		s.count(n)
		h(x)
	}
}
