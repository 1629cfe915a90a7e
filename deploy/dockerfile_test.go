package deploy_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestBaseImagesHaveDigests checks that a base image is pinned, since whoever owns it can move
// its tags.
func TestBaseImagesHaveDigests(t *testing.T) {
	bases := regexp.MustCompile(`(?im)^\s*FROM .*`).FindAllString(read(t, "Dockerfile"), -1)
	if len(bases) < 2 {
		t.Fatalf("Dockerfile has the base images %q, want two", bases)
	}
	pinned := regexp.MustCompile(`@sha256:[0-9a-f]{64}( |$)`)
	for _, base := range bases {
		if strings.TrimSpace(base) != "FROM scratch" && !pinned.MatchString(base) {
			t.Errorf("Dockerfile: %s: the image has no digest", base)
		}
	}
}
