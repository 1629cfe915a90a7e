package main

import (
	_ "embed"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/prometheus/common/version"
)

// release is the version of the source.
//
//go:embed VERSION
var release string

// setVersion sets the version and the revision if no -ldflags have, as with go install
// and go run.
func setVersion() {
	if version.Version != "" {
		return
	}
	module := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		module = info.Main.Version
	}
	revision := ""
	version.Version, revision = moduleVersion(module)
	if version.GetRevision() == "unknown" { // not built from a clone
		version.Revision = revision
	}
}

var pseudoVersion = regexp.MustCompile(`[.-]\d{14}-([0-9a-f]{12})(\+\w+)?$`)

// moduleVersion returns the version that a module shows: its own if it is a release, else
// that of the source, and the revision that a pseudo-version has at its end.
func moduleVersion(module string) (number, revision string) {
	number = strings.TrimSpace(release)
	if match := pseudoVersion.FindStringSubmatch(module); match != nil {
		return number, match[1]
	}
	if tag, ok := strings.CutPrefix(module, "v"); ok {
		return tag, ""
	}
	return number, ""
}
