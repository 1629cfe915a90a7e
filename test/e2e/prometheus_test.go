//go:build e2e

package e2e

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// prometheus is a running Prometheus server.
type prometheus struct {
	*process
	address string
}

// startPrometheus starts a Prometheus with the configuration, and with more flags.
func startPrometheus(t *testing.T, config string, flags ...string) prometheus {
	t.Helper()
	dir, address := t.TempDir(), freeAddress(t)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}

	p := prometheus{start(t, "prometheus", append(flags,
		"--config.file="+file,
		"--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address,
		"--log.level=warn")...), address}
	eventually(t, 30*time.Second, func() error {
		_, err := get(t, "http://"+address+"/-/ready")
		return err
	})
	return p
}

// query runs an instant query that answers with a vector.
func (p prometheus) query(t *testing.T, query string) model.Vector {
	t.Helper()
	return p.ask(t, url.Values{"query": {query}})
}

// queryAt is query at another time than now.
func (p prometheus) queryAt(t *testing.T, query string, at time.Time) model.Vector {
	t.Helper()
	return p.ask(t, url.Values{"query": {query}, "time": {at.Format(time.RFC3339Nano)}})
}

func (p prometheus) ask(t *testing.T, params url.Values) model.Vector {
	t.Helper()
	query := params.Get("query")
	body, err := get(t, "http://"+p.address+"/api/v1/query?"+params.Encode())
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var answer struct {
		Data struct{ Result model.Vector }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %v in %s", query, err, body)
	}
	return answer.Data.Result
}
