//go:build e2e

package systemd

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/test/process"
)

// keys are the credentials of a project as a configuration names them.
const keys = "credentials: {access_key_file: secrets/access-key, secret_key_file: secrets/secret-key}"

// A cloud has one task.
type cloud struct {
	url string

	mu            sync.Mutex
	authorization string // of the latest request
}

func startCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.authorization = r.Header.Get("Authorization")
		_, _ = io.WriteString(w, `{"operation_log":{"id":"4827f2da-b008-4507-ab7d-42d0df5ed912","status":"success"}}`)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// config returns a configuration of a project with the credentials.
func (c *cloud) config(project, credentials string) string {
	return fmt.Sprintf(`
projects:
  - name: %s
    region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    endpoint: %s
    task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912]
    %s
`, project, c.url, credentials)
}

// wantAccess checks with which access key the latest request was signed.
func (c *cloud) wantAccess(t *testing.T, key string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !strings.Contains(c.authorization, "Access="+key+",") {
		t.Errorf("got a request with %q, want access key %s", c.authorization, key)
	}
}

// scrape returns the metrics once the exporter listens; with a client, by TLS.
func scrape(t *testing.T, client *http.Client) (page string) {
	t.Helper()
	process.Eventually(t, func() error {
		var err error
		if page, err = fetch(client); err != nil {
			return fmt.Errorf("%w; the journal:\n%s", err, journal(t))
		}
		return nil
	})
	return page
}

func fetch(client *http.Client) (page string, err error) {
	url := "https://127.0.0.1:10065/metrics"
	if client == nil {
		url, client = "http://127.0.0.1:10065/metrics", &http.Client{Timeout: 3 * time.Second}
	}
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	req.Close = true // each test has another exporter
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return string(content), err
}

// newCertificate returns a certificate for 127.0.0.1 and its key, in PEM form, and a client that trusts it.
func newCertificate(t *testing.T) (certificate, key string, client *http.Client) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	encoded, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})),
		server.Client()
}
