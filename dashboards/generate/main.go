// Command generate writes the dashboards: make dashboards. Their layout is that of prettier,
// which runs after it.
//
// Each file here that is named after a dashboard defines what it shows. The others turn that
// into Grafana's format.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	for _, p := range pages() {
		if err := os.WriteFile(filepath.Join("dashboards", p.uid+".json"), p.json(), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func pages() []page { return []page{overview(), tasks(), exporter()} }
