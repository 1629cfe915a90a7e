//go:build e2e

// Package e2e runs the built exporter with a real Prometheus and Alertmanager.
//
//	go test -tags e2e ./test/e2e
//
// It needs prometheus 3, promtool, alertmanager and amtool in PATH. It uses only loopback.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/test/process"
)

// TestMain builds the exporter and finds the Alertmanager.
var exporterBinary, alertmanagerBinary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for _, tool := range []string{"prometheus", "promtool", "amtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Fprintf(os.Stderr, "%v: install it (Debian: apt-get install prometheus prometheus-alertmanager)\n", err)
			return 1
		}
	}
	for _, name := range []string{"prometheus-alertmanager", "alertmanager"} { // the former is Debian's
		if path, err := exec.LookPath(name); err == nil {
			alertmanagerBinary = path
		}
	}
	if alertmanagerBinary == "" {
		fmt.Fprintln(os.Stderr, "no alertmanager in PATH (Debian: apt-get install prometheus-alertmanager)")
		return 1
	}

	binary, remove, err := process.BuildExporter()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	exporterBinary = binary
	// The tests wait more than they compute.
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
