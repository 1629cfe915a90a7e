package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFiles compares the files with what this package writes.
func TestFiles(t *testing.T) {
	for _, p := range pages() {
		file := filepath.Join("..", p.uid+".json")
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(p.json()), string(got)); diff != "" {
			t.Errorf("%s is not up to date, run go run ./dashboards/generate (-want +got):\n%s", file, diff)
		}
	}
}
