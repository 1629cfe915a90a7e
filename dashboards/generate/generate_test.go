package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFiles compares the files with what this package writes, whatever their layout.
func TestFiles(t *testing.T) {
	for _, p := range pages() {
		file := filepath.Join("..", p.uid+".json")
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(decoded(t, p.json()), decoded(t, got)); diff != "" {
			t.Errorf("%s is not up to date, run make dashboards (-want +got):\n%s", file, diff)
		}
	}
}

func decoded(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
