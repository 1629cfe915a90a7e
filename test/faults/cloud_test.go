//go:build linux

package faults

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// Whoever may use the clouds. The secrets must not show anywhere.
const (
	accessKey = "FAULTSACCESSKEY00001"
	secretKey = "secret-key-that-nobody-may-see-anywhere"
	password  = "password-that-nobody-may-see-anywhere"
)

// taskID is a finished task, which is followed by its id.
const taskID = "00000000-0000-4000-8000-000000000001"

// cloud is a simulated cloud with one project, which can be made faulty.
type cloud struct {
	address  string
	metadata *httptest.Server // of the server that the exporter runs on
	good     http.Handler     // what CBR and IAM do without a fault
	agency   http.Handler     // what the metadata service does
	http2    bool

	mu          sync.Mutex
	server      *http.Server // nil while it is down
	connections map[net.Conn]struct{}
	accepted    int    // connections so far
	fault       *fault // nil while it is healthy
	handler     http.Handler
	tls         *tls.Config
	secret      []string // tokens that it has issued, and signatures
}

// newCloud starts a cloud on a free port of the host, and its metadata service.
func newCloud(t *testing.T, host string, http2 bool) *cloud {
	t.Helper()
	s := simulator.New(simulator.Options{
		Now:        time.Now,
		Empty:      true,
		Account:    simulator.Account{UserName: "someone", Password: password, DomainName: "account"},
		AccessKeys: []simulator.AccessKey{{Access: accessKey, Secret: secretKey}},
	})
	fill(s, time.Now())
	c := &cloud{
		agency:      s.NewMetadata(simulator.MetadataOptions{}),
		http2:       http2,
		connections: make(map[net.Conn]struct{}),
		address:     host + ":0",
	}
	c.good = c.recordTokens(s)
	c.handler, c.tls = c.good, c.goodTLS()
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	c.metadata = httptest.NewServer(http.HandlerFunc(c.serveMetadata))
	t.Cleanup(c.metadata.Close)
	t.Cleanup(c.metadata.CloseClientConnections)
	return c
}

// fill has the cloud contain two vaults with two servers each, and three days of backups.
func fill(s *simulator.Simulator, now time.Time) {
	midnight := now.UTC().Truncate(24 * time.Hour)
	var vaults []simulator.Vault
	var tasks []simulator.Task
	var backups []simulator.Backup
	var bound []simulator.PolicyVault
	number := 0
	id := func(kind, n int) string { return fmt.Sprintf("%08d-0000-4000-8000-%012d", kind, n) }
	for v := range 2 {
		vault := simulator.Vault{
			ID: id(1, v), Name: fmt.Sprintf("vault-%d", v), Created: midnight.AddDate(0, 0, -10),
			ObjectType: "server", ProtectType: "backup", Status: "available", Size: 100, Allocated: 40, Used: 20480,
		}
		for r := range 2 {
			resource := simulator.VaultResource{ID: id(2, 10*v+r), Name: fmt.Sprintf("server-%d-%d", v, r), Type: "OS::Nova::Server", ProtectStatus: "available"}
			vault.Resources = append(vault.Resources, resource)
			for day := range 3 {
				number++
				at := midnight.AddDate(0, 0, -day)
				if at.Add(time.Hour).After(now) {
					at = at.Add(-time.Hour)
				}
				tasks = append(tasks, simulator.Task{
					ID: id(0, number), OperationType: "backup", VaultID: vault.ID, VaultName: vault.Name,
					ResourceID: resource.ID, ResourceName: resource.Name, ResourceType: resource.Type,
					Created: at, Started: at.Add(time.Minute), Ended: at.Add(20 * time.Minute),
				})
				backups = append(backups, simulator.Backup{
					ID: id(3, number), Name: "backup", VaultID: vault.ID,
					ResourceID: resource.ID, ResourceName: resource.Name, ResourceType: resource.Type, ResourceSize: 20,
					Created: at.Add(time.Minute), Expires: at.AddDate(0, 0, 7),
				})
			}
		}
		vaults = append(vaults, vault)
		bound = append(bound, simulator.PolicyVault{ID: vault.ID})
	}
	first := vaults[0]
	tasks = append(tasks, simulator.Task{ // it runs for an hour
		ID: id(0, 100), OperationType: "restore", VaultID: first.ID, VaultName: first.Name,
		ResourceID: first.Resources[0].ID, ResourceName: first.Resources[0].Name, ResourceType: "OS::Nova::Server",
		Created: now.Add(-time.Minute), Started: now.Add(-time.Minute), Ended: now.Add(time.Hour),
	})
	s.Add(tasks...)
	s.SetVaults(vaults...)
	s.SetBackups(backups...)
	s.SetPolicies(simulator.Policy{
		ID: id(4, 1), Name: "daily", Enabled: true, OperationType: "backup", Vaults: bound, RetentionDays: 7,
		Patterns: []string{"FREQ=DAILY;INTERVAL=1;BYHOUR=00;BYMINUTE=00"},
	})
}

// recordTokens remembers the tokens that are issued, which are secrets too.
func (c *cloud) recordTokens(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if token := w.Header().Get("X-Subject-Token"); token != "" {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.secret = append(c.secret, token[:min(len(token), 64)]) // a part is too much already
		}
	})
}

// secrets returns what must not show anywhere.
func (c *cloud) secrets() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append(slices.Clone(c.secret), secretKey, password)
}

// allAccepted returns the number of connections so far.
func (c *cloud) allAccepted() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accepted
}

func (c *cloud) goodTLS() *tls.Config {
	config := &tls.Config{Certificates: []tls.Certificate{authority.valid()}}
	if c.http2 {
		config.NextProtos = []string{"h2"}
	}
	return config
}

// open listens, and serves what comes in.
func (c *cloud) open() error {
	listener, err := net.Listen("tcp", c.address)
	if err != nil {
		return err
	}
	c.address = listener.Addr().String()
	server := &http.Server{
		Handler:   http.HandlerFunc(c.serve),
		ErrorLog:  log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{GetConfigForClient: c.configForClient},
		Protocols: new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(c.http2)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server = server
	go func() {
		if err := server.ServeTLS(cloudListener{listener, c}, "", ""); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	}()
	return nil
}

// close ends all connections, and listens no more.
func (c *cloud) close() {
	c.mu.Lock()
	server := c.server
	c.server = nil
	c.mu.Unlock()
	if server != nil {
		_ = server.Close()
	}
	c.disconnect()
}

// disconnect ends all connections.
func (c *cloud) disconnect() {
	c.mu.Lock()
	open := slices.Collect(maps.Keys(c.connections))
	clear(c.connections)
	c.mu.Unlock()
	for _, connection := range open {
		_ = connection.Close()
	}
}

func (c *cloud) serve(w http.ResponseWriter, r *http.Request) {
	_, signature, signed := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	c.mu.Lock()
	handler := c.handler
	if signed {
		c.secret = append(c.secret, signature)
	}
	c.mu.Unlock()
	handler.ServeHTTP(w, r)
}

func (c *cloud) serveMetadata(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	f := c.fault
	c.mu.Unlock()
	if f != nil && f.at == metadata {
		f.http(c.agency).ServeHTTP(w, r)
		return
	}
	c.agency.ServeHTTP(w, r)
}

func (c *cloud) configForClient(*tls.ClientHelloInfo) (*tls.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tls, nil
}

// start starts a fault and ends all connections.
func (c *cloud) start(f fault) {
	c.mu.Lock()
	c.fault = &f
	if f.http != nil && f.at != metadata {
		c.handler = f.reaching(c.good)
	}
	if f.tls != nil {
		c.tls = c.goodTLS()
		f.tls(c.tls)
	}
	c.mu.Unlock()
	if f.down {
		c.close()
	}
	c.disconnect()
}

// stop stops the fault. Connections stay as they are.
func (c *cloud) stop() error {
	c.mu.Lock()
	down := c.server == nil
	c.fault, c.handler, c.tls = nil, c.good, c.goodTLS()
	c.mu.Unlock()
	if down {
		return c.open()
	}
	return nil
}

// cloudListener is the listener of a cloud. What it accepts during a fault of connections goes
// to the fault.
type cloudListener struct {
	net.Listener
	cloud *cloud
}

// Accept implements net.Listener.
func (l cloudListener) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := cloudConn{accepted, l.cloud}
		l.cloud.mu.Lock()
		l.cloud.connections[accepted] = struct{}{}
		l.cloud.accepted++
		f := l.cloud.fault
		l.cloud.mu.Unlock()
		if f == nil || f.conn == nil {
			return c, nil
		}
		go func() {
			f.conn(accepted)
			_ = c.Close()
		}()
	}
}

// cloudConn is a connection of a cloud, which forgets it when it is closed.
type cloudConn struct {
	net.Conn
	cloud *cloud
}

// Close implements net.Conn.
func (c cloudConn) Close() error {
	c.cloud.mu.Lock()
	delete(c.cloud.connections, c.Conn)
	c.cloud.mu.Unlock()
	return c.Conn.Close()
}
