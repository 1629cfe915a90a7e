package main

import (
	"fmt"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// checkWebConfig says what is wrong with the file of --web.config.file, if there
// is one.
func checkWebConfig(file string) error {
	if file == "" {
		return nil
	}
	// Package web reads whatever it is, a pipe as well.
	if _, err := config.ReadFile(file, "--web.config.file"); err != nil {
		return err
	}
	if err := web.Validate(file); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
