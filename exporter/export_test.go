package exporter

import (
	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/overview"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// Hints shows hints to tests.
func Hints(p config.Project) problem.Hints { return hints(p) }

// LastSnapshots shows to tests what the page for people is made of.
func (e *Exporter) LastSnapshots() []overview.Source { return e.lastSnapshots() }
