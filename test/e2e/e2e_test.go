//go:build e2e

// Package e2e runs the built exporter with a real Prometheus and Alertmanager.
//
//	go test -tags e2e ./test/e2e
//
// It needs prometheus 3, promtool, alertmanager and amtool in PATH. It uses only loopback.
package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
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

	dir, err := os.MkdirTemp("", "cbr_exporter-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()

	exporterBinary = filepath.Join(dir, "cbr_exporter")
	build := exec.CommandContext(context.Background(), "go", "build", "-buildvcs=false", "-o", exporterBinary, "../..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the exporter: %v\n%s", err, out)
		return 1
	}
	// The tests wait more than they compute.
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
