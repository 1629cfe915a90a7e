//go:build linux

package faults

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/cbr-exporter/cbr_exporter/exporter" // so that no result of an older exporter is cached
	"github.com/cbr-exporter/cbr_exporter/test/process"
)

var (
	allFaults  = flag.Bool("faults.all", false, "run all faults, not only the quick ones")
	reportFile = flag.String("faults.report", "", "write the outcome into this file: docs/reliability.md")
)

// How many faults run at a time. They mostly wait.
const (
	parallelAll   = "12"
	parallelQuick = "4"
)

// exporterBinary and authority are set before the tests run.
var (
	exporterBinary string
	authority      *ca
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(prepare(m))
}

// prepare builds the exporter, and runs the tests.
func prepare(m *testing.M) int {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		parallel := parallelQuick
		if *allFaults {
			parallel = parallelAll
		}
		_ = flag.Set("test.parallel", parallel)
	}
	if testing.Short() {
		return m.Run()
	}
	binary, remove, err := process.BuildExporter()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	exporterBinary = binary
	if authority, err = newCA(filepath.Dir(binary)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
