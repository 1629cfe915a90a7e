package kubernetes

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/test/process"
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
	syscall.Umask(0o022) // the user of the pod runs the binary
	binary, remove, err := process.BuildExporter()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	exporterBinary = binary
	if err := os.Chmod(filepath.Dir(binary), 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
