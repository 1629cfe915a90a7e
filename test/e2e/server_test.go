//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/test/process"
)

// server is a running exporter, Prometheus or Alertmanager.
type server struct {
	*process.Process
	address string
}

// startServer starts a server at an address and waits until it is ready.
func startServer(t *testing.T, address, path string, args ...string) server {
	t.Helper()
	p := process.Start(t, exec.Command(path, append(args, "--web.listen-address="+address)...))
	p.Eventually(t, func() error {
		_, err := process.Get("http://" + address + "/-/ready")
		return err
	})
	return server{p, address}
}

// getJSON decodes the response at a path.
func (s server) getJSON(path string, result any) error {
	body, err := process.Get("http://" + s.address + path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(body), result); err != nil {
		return fmt.Errorf("%w in %s", err, body)
	}
	return nil
}
