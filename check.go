package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// check prints what the configuration asks for or what is wrong with it, and
// returns the exit code. Warnings do not change it.
func check(f *flags, stdout, stderr io.Writer) int {
	file := config.Open(f.configFile, os.Stdin)
	c, err := file.Load(os.Environ())
	if err := errors.Join(err, checkWebConfig(*f.web.WebConfigFile)); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	for _, warning := range c.Warnings {
		fmt.Fprintln(stderr, "warning:", warning)
	}
	fmt.Fprintf(stdout, "%s is valid.\n", file)
	for _, p := range c.Projects {
		fmt.Fprintf(stdout, "project %s: %s, %s, %s\n", p.Name, p.Reads(), p.Credentials.Describe(), p.Endpoint)
	}
	if f.checkConnection {
		return checkConnections(c, stdout, stderr)
	}
	return 0
}

// checkConnections sends a few requests to the API of each project, prints which
// projects work, and returns the exit code.
func checkConnections(c *config.Config, stdout, stderr io.Writer) int {
	load := func() (*config.Config, error) { return c, nil }
	e, err := newExporter(&flags{}, load, prometheus.NewRegistry(), log.NewNopLogger())
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	defer e.Close()
	code := 0
	for _, connection := range e.CheckConnections(context.Background()) {
		if connection.Err != nil {
			fmt.Fprintln(stderr, connection)
			code = 1
			continue
		}
		fmt.Fprintln(stdout, connection)
	}
	return code
}
