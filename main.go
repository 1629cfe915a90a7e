// Command cbr_exporter exports what Huawei Cloud CBR (Cloud Backup and Recovery)
// tells of its tasks as Prometheus metrics.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/oklog/run"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
)

const program = "cbr_exporter"

//go:embed VERSION
var release string

func main() {
	// A build that says its version by itself is a packager's; every other one,
	// go run and go install among them, is of the release in the source.
	if version.Version == "" {
		version.Version = strings.TrimSpace(release)
	}
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}

// execute is the program, and returns its exit code.
func execute(args []string, stdout, stderr io.Writer) int {
	// Package net/http logs here what comes unasked on a connection, word for word.
	stdlog.SetOutput(io.Discard)
	f, err := parseFlags(args, stdout)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "%s: %v; try --help\n", program, err)
		return 2
	case f.answered:
		return 0
	case f.configCheck, f.connection:
		return checkConfig(f, stdout, stderr)
	}
	logger, toolkitLogger := newLogger(stderr, f.logLevel, f.logFormat)
	if err := serve(f, logger, toolkitLogger); err != nil {
		for problem := range strings.Lines(err.Error()) {
			_ = level.Error(logger).Log("msg", "cannot go on", "err", strings.TrimSpace(problem))
		}
		return 1
	}
	return 0
}

// serve runs the exporter until a signal ends it.
func serve(f *flags, logger log.Logger, toolkitLogger *slog.Logger) error {
	// Before anything listens: a signal that nobody awaits kills the process.
	stop, ignore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer ignore()
	defer context.AfterFunc(stop, func() {
		_ = level.Info(logger).Log("msg", "stopping", "cause", context.Cause(stop))
	})()
	_ = level.Info(logger).Log("msg", "starting "+program, "version", version.Info(), "build_context", version.BuildContext())
	if err := checkWebConfig(*f.web.WebConfigFile); err != nil {
		return err
	}
	load := func() (*config.Config, error) { return config.Load(f.configFile, os.LookupEnv) }
	var cloud *demoCloud
	if f.demo {
		var err error
		if cloud, err = newDemoCloud(time.Now); err != nil {
			return err
		}
		load = cloud.config
		_ = level.Info(logger).Log("msg", "the cloud is simulated: it needs no account, and no backup in it is real")
	}

	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		versioncollector.NewCollector(program),
	)
	e, err := exporter.New(exporter.Options{
		Load:          load,
		Registry:      registry,
		TelemetryPath: f.telemetryPath,
		UserAgent:     program + "/" + version.Version,
		Now:           time.Now,
		Logger:        logger,
	})
	if err != nil {
		return err
	}
	defer e.Close()

	// Interrupts run in this order: running scrapes end before what they need.
	var group run.Group
	group.Add(webServer(f.web, e.Handler(), e.Leave, toolkitLogger))
	group.Add(reloader(e))
	group.Add(run.ContextHandler(stop))
	if cloud != nil {
		group.Add(cloud.serve, cloud.close)
		group.Add(scrapeAgain(e))
	}
	err = group.Run()
	if stop.Err() != nil {
		_ = level.Info(logger).Log("msg", "stopped")
		return nil
	}
	return err
}
