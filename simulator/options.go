package simulator

import (
	"net/http"
	"time"
)

// What a simulator is without further options. The project id is that of the
// vendor's published sample.
const (
	DefaultProjectID     = "04f1829c788037ac2fb8c01eb2b04b95"
	DefaultRegion        = "cn-north-4"
	DefaultTokenLifetime = 24 * time.Hour // as IAM's
	// DefaultRetention is how long a task can be asked for. The console lists the
	// tasks of the past 30 days; how long the API remembers is not published.
	DefaultRetention = 30 * 24 * time.Hour
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
	// Retention is how long after its creation a task can be asked for; default
	// DefaultRetention.
	Retention time.Duration
	// Empty leaves out the fleet: there are only the tasks of [Simulator.Add], the
	// vaults and policies of [Simulator.SetVaults] and [Simulator.SetPolicies], and
	// [SampleTaskID] for those who ask for it.
	Empty bool
	// Latency is how long a request for tasks, listed or single, for vaults or for
	// policies waits for its answer; default none. It may be called by several at
	// once.
	Latency func(*http.Request) time.Duration
}

func (o Options) withDefaults() Options {
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
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	return o
}
