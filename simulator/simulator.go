package simulator

import (
	"net/http"
	"path"
	"sync/atomic"
	"time"
)

// A Simulator is the cloud. It is safe for concurrent use.
type Simulator struct {
	now        func() time.Time
	seed       seed
	empty      bool
	fleet      *fleet
	catalog    *catalog
	iam        *iam
	accessKeys *accessKeys
	mux        *http.ServeMux
	latency    func(*http.Request) time.Duration
	listing    atomic.Pointer[Listing]
	fault      atomic.Pointer[func(*http.Request) Fault]
	shuffles   atomic.Uint64
	answers    atomic.Uint64
	refused    atomic.Uint64
	listed     atomic.Uint64
	shown      atomic.Uint64
	vaults     atomic.Uint64
	policies   atomic.Uint64
}

// New builds a cloud. It panics where Now is missing.
func New(o Options) *Simulator {
	if o.Now == nil {
		panic("simulator: Options.Now is required")
	}
	o = o.withDefaults()
	f := newFleet(o)
	s := &Simulator{
		now:        o.Now,
		seed:       seed(o.Seed),
		empty:      o.Empty,
		fleet:      f,
		catalog:    newCatalog(f),
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
	s.handle("GET /v3/{project_id}/operation-logs",
		counted(&s.listed, s.faulty(s.authorized(s.listOperationLogs))))
	s.handle("GET /v3/{project_id}/operation-logs/{operation_log_id}",
		counted(&s.shown, s.faulty(s.authorized(s.showOperationLog))))
	s.handle("GET /v3/{project_id}/vaults",
		counted(&s.vaults, s.faulty(s.authorized(s.listVaults))))
	s.handle("GET /v3/{project_id}/policies",
		counted(&s.policies, s.faulty(s.authorized(s.listPolicies))))
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
	Seen     uint64 // all of them
	Refused  uint64 // those whose token or signature was
	Listed   uint64 // those for lists of tasks, whatever the answer
	Shown    uint64 // those for single tasks, whatever the answer
	Vaults   uint64 // those for lists of vaults, whatever the answer
	Policies uint64 // those for policies, whatever the answer
}

// Requests returns how many requests there were so far.
func (s *Simulator) Requests() Requests {
	return Requests{
		Seen:     s.answers.Load(),
		Refused:  s.refused.Load(),
		Listed:   s.listed.Load(),
		Shown:    s.shown.Load(),
		Vaults:   s.vaults.Load(),
		Policies: s.policies.Load(),
	}
}

func counted(n *atomic.Uint64, h handler) handler {
	return func(c *call) {
		n.Add(1)
		h(c)
	}
}

// TaskIDs returns the ids of 40 to 60 tasks that exist now, for a demo that
// watches a fixed list: [SampleTaskID], the newest finished task of each
// resource and operation, and all tasks that wait or run. With the tasks of
// [Simulator.Add] they are more; with [Options.Empty] there are no others, and no
// sample.
//
// Whenever it is called, each status is among them, several tasks have a
// progress that moves within two minutes, and within half an hour something
// starts and something ends.
func (s *Simulator) TaskIDs() []string {
	ids := []string{}
	if !s.empty {
		ids = append(ids, SampleTaskID)
	}
	for _, r := range s.catalog.current(s.now()) {
		ids = append(ids, r.uuid(s.seed).String())
	}
	return ids
}
