package exporter

import (
	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// Hints shows hints to tests.
func Hints(p config.Project) problem.Hints { return hints(p) }
