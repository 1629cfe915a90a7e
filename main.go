// Command cbr_exporter exports the tasks of Huawei Cloud CBR (Cloud Backup and
// Recovery) as Prometheus metrics.
package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/oklog/run"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"
	slgk "github.com/tjhop/slog-gokit"

	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/exporter"
)

const (
	program = "cbr_exporter"
	// defaultAddress is not registered by another exporter. See
	// https://github.com/prometheus/prometheus/wiki/Default-port-allocations.
	defaultAddress = ":10065"

	// shutdownTimeout limits how long requests may run after a signal.
	shutdownTimeout = 5 * time.Second
	// drainTimeout is when running scrapes return what they have. The rest of
	// shutdownTimeout is for writing it.
	drainTimeout = shutdownTimeout - time.Second
	// readHeaderTimeout closes connections on which clients send nothing, or not the body that
	// they have announced. No page reads one, but net/http waits for it.
	readHeaderTimeout = 10 * time.Second
	// idleTimeout closes connections after the last response. It is longer than the five
	// minutes after which Prometheus closes its own: those that it uses stay open.
	idleTimeout = 6 * time.Minute
	// writeBuffer is that of a connection, in bytes. The kernel doubles it, but holds up to
	// 4 MiB for each client that does not read if it chooses the size.
	writeBuffer = 64 << 10
)

func main() {
	setVersion()
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs the program and returns its exit code.
func execute(args []string, stdout, stderr io.Writer) int {
	// Package net/http logs unsolicited responses here, with their text.
	stdlog.SetOutput(io.Discard)
	f, err := parseFlags(args, stdout)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "%s: %v; try --help\n", program, err)
		return 2
	case f.done:
		return 0
	case f.configCheck, f.checkConnection:
		return check(f, stdout, stderr)
	}
	logger, toolkitLogger := newLogger(stderr, f.logLevel, f.logFormat)
	_ = level.Info(logger).Log("msg", "starting "+program, "version", version.Info(), "build_context", version.BuildContext())
	limitMemory(memlimit.FromCgroup, logger)
	if err := serve(f, logger, toolkitLogger); err != nil {
		for line := range strings.Lines(err.Error()) {
			_ = level.Error(logger).Log("msg", "exiting", "err", strings.TrimSpace(line))
		}
		return 1
	}
	_ = level.Info(logger).Log("msg", "exiting")
	return 0
}

// flags is the command line.
type flags struct {
	configFile      string
	configCheck     bool
	checkConnection bool
	autoReload      model.Duration // 0 is off
	demo            bool
	telemetryPath   string
	externalURL     *url.URL // nil if it is not given
	routePrefix     string
	maxRequests     uint // 0 is no limit
	pprof           bool
	web             *web.FlagConfig
	logLevel        string
	logFormat       string

	configFileGiven bool
	done            bool // the help, the version or the like has been printed
}

// parseFlags reads the command line. It prints the help, the version and the manual page
// to stdout.
func parseFlags(args []string, stdout io.Writer) (*flags, error) {
	f, externalURL := &flags{}, ""
	app := kingpin.New(program, "Prometheus exporter for Huawei Cloud CBR (Cloud Backup and Recovery).")
	app.HelpFlag.Short('h')
	app.Version(version.Print(program))
	app.UsageWriter(stdout)
	app.Terminate(func(int) { f.done = true })

	app.Flag("config.file", "Path of the configuration file; - is standard input, which is read once.").
		Default("config.yml").IsSetByUser(&f.configFileGiven).StringVar(&f.configFile)
	app.Flag("config.check", "Check the configuration, print a summary or the errors, and exit.").
		BoolVar(&f.configCheck)
	app.Flag("config.check-connection", "Check the configuration and, with a few requests, the API of each project. Print what works, or what fails and how to fix it, and exit.").
		BoolVar(&f.checkConnection)
	app.Flag("config.auto-reload-interval", "How often to look for a change of the configuration file, and to reload it then. 0s is never.").
		Default("0s").SetValue(&f.autoReload)
	app.Flag("demo", "Export metrics of a simulated cloud. Needs no account and no configuration.").
		BoolVar(&f.demo)
	app.Flag("web.telemetry-path", "Path under which to expose metrics. With / they replace the overview page.").
		Default("/metrics").StringVar(&f.telemetryPath)
	app.Flag("web.external-url", "URL under which Prometheus and browsers reach the exporter, for example that of a reverse proxy. Alerts link to it.").
		Default("").StringVar(&externalURL)
	app.Flag("web.route-prefix", "Prefix of the paths of all pages. Defaults to the path of --web.external-url.").
		Default("").StringVar(&f.routePrefix)
	app.Flag("web.max-requests", "Scrapes that may be in flight at a time; others get a 503. 0 is no limit.").
		Default("200").UintVar(&f.maxRequests)
	app.Flag("web.enable-pprof", "Serve profiles of the process below /debug/pprof/. Whoever reaches the port can slow it down with them.").
		BoolVar(&f.pprof)
	f.web = kingpinflag.AddFlags(app, defaultAddress)
	app.Flag("log.level", "Only log messages with the given severity or above. One of: debug, info, warn, error.").
		Default("info").EnumVar(&f.logLevel, "debug", "info", "warn", "error")
	app.Flag("log.format", "Output format of log messages. One of: logfmt, json.").
		Default("logfmt").EnumVar(&f.logFormat, "logfmt", "json")

	for flag, page := range map[string]string{"--help-man": manPage, "--completion-script-zsh": zshCompletion()} {
		if slices.Contains(args, flag) {
			f.done = true
			return f, writeUsage(app, page)
		}
	}
	_, err := app.Parse(args)
	if f.done {
		return f, nil
	}
	if err != nil {
		return nil, withFlag(app, args, err)
	}
	if slices.Contains(*f.web.WebListenAddresses, "") {
		return nil, errors.New("--web.listen-address: no address; write for example " + defaultAddress)
	}
	if f.demo && (f.configFileGiven || f.configCheck || f.checkConnection || f.autoReload != 0) {
		return nil, errors.New("--demo has its own configuration; leave out all flags that begin with --config")
	}
	if f.configFile == "" {
		return nil, errors.New("--config.file: no name; write the path of the configuration, or - for standard input")
	}
	if err := exporter.TelemetryPathError(f.telemetryPath); err != nil {
		return nil, fmt.Errorf("--web.telemetry-path: %w", err)
	}
	if externalURL != "" {
		if f.externalURL, err = exporter.ParseExternalURL(externalURL); err != nil {
			return nil, fmt.Errorf("--web.external-url: %w", err)
		}
		f.routePrefix = cmp.Or(f.routePrefix, f.externalURL.Path)
	}
	if f.routePrefix, err = exporter.ParseRoutePrefix(f.routePrefix); err != nil {
		return nil, fmt.Errorf("--web.route-prefix: %w", err)
	}
	return f, nil
}

// newLogger returns a logger that writes messages of at least the minimum level
// to w, and one with the same keys for exporter-toolkit, which uses log/slog.
func newLogger(w io.Writer, minimum, format string) (log.Logger, *slog.Logger) {
	w = log.NewSyncWriter(w)
	logger := log.NewLogfmtLogger(w)
	if format == "json" {
		logger = log.NewJSONLogger(w)
	}
	logger = log.With(logger, "ts", log.DefaultTimestampUTC)
	logger = level.NewFilter(logger, level.Allow(level.ParseDefault(minimum, level.InfoValue())))
	debug := minimum == "debug"

	// The adapter adds the time, under another key, and the caller.
	withoutExtras := log.LoggerFunc(func(keyvals ...any) error {
		var kept []any
		for i := 0; i+1 < len(keyvals); i += 2 {
			if key := keyvals[i]; key != slog.TimeKey && (key != "caller" || debug) {
				kept = append(kept, key, keyvals[i+1])
			}
		}
		return logger.Log(kept...)
	})
	var leveler slog.LevelVar
	_ = leveler.UnmarshalText([]byte(minimum)) // the flag allows only the names of levels
	toolkitLogger := slog.New(slgk.NewGoKitHandler(withoutExtras, &leveler))

	if debug {
		return log.With(logger, "caller", log.DefaultCaller), toolkitLogger
	}
	return logger, toolkitLogger
}

// checkWebConfig checks the file of --web.config.file, if there is one.
func checkWebConfig(file string) error {
	if err := web.Validate(file); err != nil {
		return fmt.Errorf("--web.config.file=%s: %w", file, err)
	}
	return nil
}

// withFlag returns the error about the value of a flag with the name of the flag, which kingpin
// leaves out. It returns other errors as they are.
func withFlag(app *kingpin.Application, args []string, err error) error {
	parsed, unreadable := app.ParseContext(args)
	if unreadable != nil {
		return err
	}
	for _, e := range parsed.Elements {
		if flag, ok := e.Clause.(*kingpin.FlagClause); ok && e.Value != nil && flag.Model().Value.Set(*e.Value) != nil {
			return fmt.Errorf("--%s: %w", flag.Model().Name, err)
		}
	}
	return err
}

// serve runs the exporter until it receives a signal.
func serve(f *flags, logger log.Logger, toolkitLogger *slog.Logger) error {
	var load func() (*config.Config, error)
	var file *config.File
	var ticks <-chan time.Time
	if !f.demo {
		// Before signals have a handler: they kill a process that waits for a pipe.
		_ = level.Info(logger).Log("msg", "reading the configuration", "file", f.configFile)
		file = config.Open(f.configFile, os.Stdin)
		if f.autoReload != 0 {
			if file.Once() {
				return fmt.Errorf("--config.auto-reload-interval: %s can be read once only; leave the flag out, or name a regular file with --config.file", file)
			}
			ticks = time.Tick(time.Duration(f.autoReload))
		}
		load = func() (*config.Config, error) { return file.Load(os.Environ()) }
	}
	// Before it listens: without a handler a signal kills the process.
	stop, ignore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer ignore()
	context.AfterFunc(stop, ignore) // a second signal kills the process
	if err := checkWebConfig(*f.web.WebConfigFile); err != nil {
		return err
	}
	var cloud *demoCloud
	if f.demo {
		var err error
		if cloud, err = newDemoCloud(time.Now); err != nil {
			return err
		}
		load = cloud.config
	}

	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		versioncollector.NewCollector(program),
	)
	e, err := newExporter(f, load, registry, logger)
	if err != nil {
		return err
	}
	defer e.Close()

	// Interrupts run in this order: running scrapes end before what they need.
	var group run.Group
	listening := make(chan struct{})
	group.Add(webServer(f.web, e.Handler(), sync.OnceFunc(func() { close(listening) }), e.Drain, toolkitLogger))
	group.Add(reloader(e.Reload, file, ticks, logger))
	group.Add(signalLogger(stop, logger))
	if cloud != nil {
		group.Add(cloud.serve, cloud.close)
		group.Add(refresher(f, e, listening, logger))
	}
	err = group.Run()
	if stop.Err() != nil {
		return nil
	}
	return err
}

func newExporter(f *flags, load func() (*config.Config, error), registry *prometheus.Registry, logger log.Logger) (*exporter.Exporter, error) {
	return exporter.New(exporter.Options{
		Load:          load,
		Registry:      registry,
		TelemetryPath: f.telemetryPath,
		ExternalURL:   f.externalURL,
		RoutePrefix:   f.routePrefix,
		MaxRequests:   f.maxRequests,
		Profiles:      f.pprof,
		Version:       version.Version,
		UserAgent:     program + "/" + version.Version,
		Now:           time.Now,
		Logger:        logger,
	})
}

// webServer returns an actor of a run group that serves HTTP requests. It calls listening for
// each address once it listens on all. When it is interrupted, it calls drain shortly before
// the remaining requests are cut off.
func webServer(f *web.FlagConfig, handler http.Handler, listening, drain func(), logger *slog.Logger) (execute func() error, interrupt func(error)) {
	server := newServer(handler, logger)
	server.BaseContext = func(net.Listener) context.Context {
		listening()
		return context.Background()
	}
	execute = func() error {
		return web.ListenAndServe(server, f, logger)
	}
	interrupt = func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		defer time.AfterFunc(drainTimeout, drain).Stop()
		if err := server.Shutdown(ctx); err != nil {
			_ = server.Close()
		}
	}
	return execute, interrupt
}

func newServer(handler http.Handler, logger *slog.Logger) *http.Server {
	// A ReadTimeout would cancel long scrapes, which have no body.
	limited := func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readHeaderTimeout))
		}
		handler.ServeHTTP(w, r)
	}
	return &http.Server{
		Handler:           http.HandlerFunc(limited),
		ReadHeaderTimeout: readHeaderTimeout,
		WriteTimeout:      exporter.WriteTimeout, // for all but scrapes, which have their own
		IdleTimeout:       idleTimeout,
		ConnContext:       limitBuffer,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug), // errors of clients
	}
}

// limitBuffer limits what the kernel holds for a client that does not read.
func limitBuffer(ctx context.Context, c net.Conn) context.Context {
	if encrypted, ok := c.(*tls.Conn); ok {
		c = encrypted.NetConn()
	}
	if buffered, ok := c.(interface{ SetWriteBuffer(int) error }); ok {
		_ = buffered.SetWriteBuffer(writeBuffer)
	}
	return ctx
}

// signalLogger returns an actor of a run group that ends, with a message, when a signal
// ends stop.
func signalLogger(stop context.Context, logger log.Logger) (execute func() error, interrupt func(error)) {
	interrupted, cancel := context.WithCancel(stop)
	execute = func() error {
		<-interrupted.Done()
		if stop.Err() != nil {
			_ = level.Info(logger).Log("msg", "shutting down", "cause", context.Cause(stop))
		}
		return nil
	}
	return execute, func(error) { cancel() }
}
