package main

import (
	"os"
	"strings"
	"testing"
)

// TestVersion checks that a build without -ldflags has the version of the source.
func TestVersion(t *testing.T) {
	t.Parallel()
	version, err := os.ReadFile("VERSION")
	if err != nil {
		t.Fatal(err)
	}
	out, err := command("--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	contains(t, "stdout", string(out), "cbr_exporter, version "+strings.TrimSpace(string(version)))
}

// TestModuleVersion checks what is shown of the versions that go install and go build
// give to the module.
func TestModuleVersion(t *testing.T) {
	t.Parallel()
	source := strings.TrimSpace(release)
	for name, c := range map[string]struct{ module, version, revision string }{
		"release":                   {"v1.2.3", "1.2.3", ""},
		"release candidate":         {"v1.2.3-rc.1", "1.2.3-rc.1", ""},
		"branch":                    {"v1.2.4-0.20261130195123-6b4dbe4c0ffe", source, "6b4dbe4c0ffe"},
		"branch after a candidate":  {"v1.2.3-rc.1.0.20261130195123-6b4dbe4c0ffe", source, "6b4dbe4c0ffe"},
		"branch before any release": {"v0.0.0-20261130195123-6b4dbe4c0ffe", source, "6b4dbe4c0ffe"},
		"changed clone":             {"v0.0.0-20261130195123-6b4dbe4c0ffe+dirty", source, "6b4dbe4c0ffe"},
		"no clone":                  {"(devel)", source, ""},
		"unknown":                   {"", source, ""},
	} {
		version, revision := moduleVersion(c.module)
		if version != c.version || revision != c.revision {
			t.Errorf("%s: got %q and %q, want %q and %q", name, version, revision, c.version, c.revision)
		}
	}
}
