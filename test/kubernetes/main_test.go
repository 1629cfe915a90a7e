package kubernetes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

const (
	root  = "../.."
	chart = root + "/deploy/helm/cbr-exporter"
)

// exporterBinary is the built exporter. Every user may run it.
var exporterBinary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for _, tool := range []string{"helm", "kustomize"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Fprintf(os.Stderr, "%v: run bash .ci/kubernetes.sh, which builds it\n", err)
			return 1
		}
	}
	dir, err := os.MkdirTemp("", "cbr_exporter-kubernetes-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	syscall.Umask(0o022) // the user of the pod runs the binary

	exporterBinary = filepath.Join(dir, "cbr_exporter")
	build := exec.CommandContext(context.Background(), "go", "build", "-buildvcs=false", "-o", exporterBinary, ".")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the exporter: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
