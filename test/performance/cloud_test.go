//go:build unix

package performance_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

const token = "token-of-the-benchmarks"

// cloud is the simulated cloud behind a loopback connection. Nothing changes in it, so it keeps
// its responses: repeating one costs it little.
type cloud struct {
	url       string
	simulator *simulator.Simulator

	mu     sync.Mutex
	now    time.Time
	bodies map[string][]byte // by path and query
	seen   []*http.Request   // since takeRequests
	listed time.Time         // when the first list of tasks was sent since firstListing, by the clock of this machine
}

// newCloud returns a cloud with ended daily backups of as many resources as there are keys, in
// vaults of 200 with a policy, and a few that run.
func newCloud(b *testing.B, tasks, keys int) *cloud {
	b.Helper()
	c := &cloud{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), bodies: map[string][]byte{}}
	c.simulator = simulator.New(simulator.Options{Now: c.time, Empty: true, Tokens: []string{token}})
	c.simulator.Add(history(c.now, tasks, keys)...)
	vaults, policy := vaultsOf(keys)
	c.simulator.SetVaults(vaults...)
	c.simulator.SetPolicies(policy)
	server := httptest.NewServer(c)
	b.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// firstListing returns when the first list of tasks was sent since it was called last.
func (c *cloud) firstListing() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.listed
	c.listed = time.Time{}
	return at
}

// time returns the time of the cloud, which stands still.
func (c *cloud) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *cloud) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// takeRequests returns the requests since it was called last.
func (c *cloud) takeRequests() []*http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := c.seen
	c.seen = nil
	return seen
}

// ServeHTTP implements http.Handler.
func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", c.time().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(c.body(r)) // fails if the client is gone
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, r)
	if c.listed.IsZero() && path.Base(r.URL.Path) == "operation-logs" {
		c.listed = time.Now()
	}
}

// body returns the simulator's response, or the one it gave before.
func (c *cloud) body(r *http.Request) []byte {
	c.mu.Lock()
	body := c.bodies[r.RequestURI]
	c.mu.Unlock()
	if body == nil {
		recorder := httptest.NewRecorder()
		c.simulator.ServeHTTP(recorder, r)
		if recorder.Code != http.StatusOK {
			panic(fmt.Sprint(r.RequestURI, ": ", recorder.Code)) // the connection ends, and the benchmark fails
		}
		body = recorder.Body.Bytes()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bodies[r.RequestURI] = body
	}
	return body
}

// history returns the tasks of a cloud. One in ten failed.
func history(now time.Time, tasks, keys int) []simulator.Task {
	all := make([]simulator.Task, tasks)
	for n := range all {
		i := tasks - 1 - n // the oldest come first
		key := i % keys
		created := now.Add(-time.Duration(10+24*(i/keys))*time.Hour - time.Duration(key)*time.Second/2)
		all[n] = simulator.Task{
			OperationType: "backup",
			VaultID:       vaultID(key), VaultName: vaultName(key),
			ResourceID: resourceID(key), ResourceName: resourceName(key),
			ResourceType: "OS::Nova::Server", PolicyID: policyID,
			Created: created, Started: created.Add(10 * time.Second), Ended: created.Add(20 * time.Minute),
		}
		if i%10 == 0 {
			all[n].Outcome, all[n].ErrorCode, all[n].ErrorMessage = "failed", "BackupService.6114", "The vault is full."
		}
	}
	for key := range min(active, keys) {
		all = append(all, simulator.Task{
			OperationType: "backup", VaultID: vaultID(key), ResourceID: resourceID(key), ResourceName: resourceName(key),
			ResourceType: "OS::Nova::Server", Created: now.Add(-time.Hour), Started: now.Add(-time.Hour),
		})
	}
	return all
}

func vaultsOf(keys int) ([]simulator.Vault, simulator.Policy) {
	policy := simulator.Policy{
		ID: policyID, Name: "nightly", Enabled: true, OperationType: "backup",
		Patterns: []string{"FREQ=DAILY;BYHOUR=2;BYMINUTE=00"}, RetentionDays: 30,
	}
	var vaults []simulator.Vault
	for key := range keys {
		if key%perVault == 0 {
			vaults = append(vaults, simulator.Vault{
				ID: vaultID(key), Name: vaultName(key), ObjectType: "server", ProtectType: "backup", Status: "available",
				Size: 100_000, Allocated: 8000, Used: 31_457_280, Tags: []simulator.Tag{{Key: "team", Value: "platform"}},
			})
			policy.Vaults = append(policy.Vaults, simulator.PolicyVault{ID: vaultID(key)})
		}
		v := &vaults[key/perVault]
		v.Resources = append(v.Resources, simulator.VaultResource{
			ID: resourceID(key), Name: resourceName(key), Type: "OS::Nova::Server", ProtectStatus: "available",
		})
	}
	return vaults, policy
}

const (
	active   = 20 // tasks
	perVault = 200
	policyID = "22222222-0000-4000-8000-000000000000"
)

func vaultID(key int) string {
	return fmt.Sprintf("33333333-0000-4000-8000-%012x", key/perVault)
}
func vaultName(key int) string    { return fmt.Sprintf("vault-%d", key/perVault) }
func resourceID(key int) string   { return fmt.Sprintf("11111111-0000-4000-8000-%012x", key) }
func resourceName(key int) string { return fmt.Sprintf("ecs-production-%d", key) }
