package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
)

// checkConfig says what the configuration asks for, or what is wrong with it.
func checkConfig(f *flags, stdout, stderr io.Writer) int {
	c, err := config.Load(f.configFile, os.LookupEnv)
	if err := errors.Join(err, checkWebConfig(*f.web.WebConfigFile)); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	fmt.Fprintf(stdout, "%s is valid.\n", f.configFile)
	for _, p := range c.Projects {
		fmt.Fprintf(stdout, "project %s: %s, %s, %s\n",
			p.Name, watched(p), describe(p.Credentials), p.Endpoint)
	}
	if f.connection {
		return checkConnection(c, stdout, stderr)
	}
	return 0
}

// watched says what of a project is followed.
func watched(p config.Project) string {
	var parts []string
	if d := p.Discovery; d != nil {
		text := "the task list, " + d.Lookback.String() + " back"
		if len(d.OperationTypes) > 0 {
			text += ", " + strings.Join(d.OperationTypes, " and ")
		}
		if n := len(d.VaultIDs); n > 0 {
			text += ", in " + count(n, "vault")
		}
		parts = append(parts, text)
	}
	if n := len(p.TaskIDs); n > 0 {
		parts = append(parts, count(n, "task")+" by id")
	}
	if v := p.Vaults; v != nil {
		parts = append(parts, "vaults and policies every "+v.Refresh.String())
	}
	return strings.Join(parts, "; ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// describe says which credentials these are, without showing them.
func describe(c config.Credentials) string {
	text := string(c.Kind()) + " credentials"
	switch {
	case c.Environment != nil:
		text += " from the environment (" + strings.Join(c.Environment, ", ") + ")"
	case c.Assumed:
		text += " (neither the file nor the environment has others)"
	}
	return text
}

// checkConnection asks the API for a little of each project, and says what works or
// what does not.
func checkConnection(c *config.Config, stdout, stderr io.Writer) int {
	e, err := exporter.New(exporter.Options{
		Load:          func() (*config.Config, error) { return c, nil },
		Registry:      prometheus.NewRegistry(),
		TelemetryPath: "/metrics",
		UserAgent:     program + "/" + version.Version,
		Now:           time.Now,
		Logger:        log.NewNopLogger(),
	})
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(c.Scrape.Timeout))
	defer cancel()
	code := 0
	for _, connection := range e.CheckConnections(ctx) {
		if connection.Err != nil {
			fmt.Fprintln(stderr, connection)
			code = 1
			continue
		}
		fmt.Fprintln(stdout, connection)
	}
	return code
}
