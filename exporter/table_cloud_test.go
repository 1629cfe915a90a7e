package exporter_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// tasksOfATrial is one that goes ahead, and as many as a project asks for at a time.
const tasksOfATrial = 17

// tableCloud is a simulated cloud on a wire, with a door for each project that
// watches it, and an ECS server.
type tableCloud struct {
	clock
	*wire
	endpoints   []string // one for each project
	taskIDs     []string
	metadata    atomic.Pointer[simulator.Metadata] // of the ECS server
	ownMetadata *simulator.Metadata                // the one of this cloud
	metadataURL string

	mu        sync.Mutex
	newest    string // access key that the metadata service has handed out
	forgotten string // the one that the cloud refuses though the service hands it out
}

func newTableCloud(t *testing.T, projects int) *tableCloud {
	t.Helper()
	c := &tableCloud{wire: &wire{}}
	c.become(c.newSimulator(1))
	for i := range tasksOfATrial {
		c.taskIDs = append(c.taskIDs, fmt.Sprintf("11111111-1111-4111-8111-%012d", i))
	}
	for range projects {
		server := httptest.NewServer(&door{c.wire})
		t.Cleanup(server.Close)
		c.endpoints = append(c.endpoints, server.URL)
	}
	c.ownMetadata = c.cloud().NewMetadata(simulator.MetadataOptions{})
	c.metadata.Store(c.ownMetadata)
	server := httptest.NewServer(http.HandlerFunc(c.serveMetadata))
	t.Cleanup(server.Close)
	c.metadataURL = server.URL
	return c
}

// newSimulator returns the cloud with the password of that number.
func (c *tableCloud) newSimulator(number int) *simulator.Simulator {
	return simulator.New(simulator.Options{
		Now:           c.ofTheCloud,
		Seed:          uint64(number), // another one issues other tokens
		Account:       simulator.Account{UserName: "exporter", Password: tablePassword + fmt.Sprint(number), DomainName: "account"},
		TokenLifetime: time.Hour,
	})
}

// serveMetadata learns the keys that the metadata service hands out.
func (c *tableCloud) serveMetadata(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer := httptest.NewRecorder()
	c.metadata.Load().ServeHTTP(answer, r)
	var content struct{ Credential map[string]string }
	if answer.Code == http.StatusOK && json.Unmarshal(answer.Body.Bytes(), &content) == nil {
		for name, value := range content.Credential {
			if name != "expires_at" {
				c.secrets.add("agency's "+name, value)
			}
		}
		if c.newest = content.Credential["access"]; c.newest == c.forgotten {
			c.cloud().SetAccessKeys()
		}
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// forget has the cloud refuse the keys of the agency until it has got others.
func (c *tableCloud) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgotten = c.newest
	c.cloud().SetAccessKeys()
}

// projectNames returns the names of all projects.
func (c *tableCloud) projectNames() []string {
	names := []string{"test"}
	for i := range c.endpoints[1:] {
		names = append(names, fmt.Sprintf("test-%d", i+2))
	}
	return names
}

// configuration has projects with the same credentials and the same tasks, all of
// which are due at each scrape.
func (c *tableCloud) configuration(credentials string) string {
	var b strings.Builder
	for i, name := range c.projectNames() {
		fmt.Fprintf(&b, `
  - name: %s
    project_id: %s
    endpoint: %s
    iam_endpoint: %s
    credentials: %s
    task_ids: [%s]
`, name, simulator.DefaultProjectID, c.endpoints[i], c.endpoints[i], credentials, strings.Join(c.taskIDs, ", "))
	}
	b.WriteString("scrape: {finished_task_ttl: 0s, requests_per_second: 0}\n")
	return b.String()
}
