package main

import (
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/cbr-exporter/cbr_exporter/exporter"
)

// defaultAddress is not among the ports that other exporters have registered.
const defaultAddress = ":10065"

// flags is the command line.
type flags struct {
	configFile    string
	configCheck   bool
	connection    bool // check it too
	demo          bool
	telemetryPath string
	web           *web.FlagConfig
	logLevel      string
	logFormat     string

	configFileGiven bool
	answered        bool // it asked for the help or the version, and has got it
}

// parseFlags reads the command line. What it asks to be told goes to stdout.
func parseFlags(args []string, stdout io.Writer) (*flags, error) {
	f := &flags{}
	_, err := f.application(stdout).Parse(args)
	if f.answered {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	if f.demo && (f.configFileGiven || f.configCheck || f.connection) {
		return nil, fmt.Errorf("--demo brings its own configuration; leave out --config.file and --config.check")
	}
	if err := exporter.TelemetryPathError(f.telemetryPath); err != nil {
		return nil, fmt.Errorf("--web.telemetry-path: %w", err)
	}
	return f, nil
}

// application returns what reads the command line into f.
func (f *flags) application(stdout io.Writer) *kingpin.Application {
	app := kingpin.New(program, "Prometheus exporter for the tasks of Huawei Cloud CBR (Cloud Backup and Recovery).")
	app.HelpFlag.Short('h')
	app.Version(version.Print(program))
	app.UsageWriter(stdout)
	app.Terminate(func(int) { f.answered = true })

	app.Flag("config.file", "Configuration file.").
		Default("config.yml").IsSetByUser(&f.configFileGiven).StringVar(&f.configFile)
	app.Flag("config.check", "Check the configuration, say what is wrong with it or what it asks for, and exit.").
		BoolVar(&f.configCheck)
	app.Flag("config.check-connection", "The same, and ask the API for one task of each project, and for its vaults and policies where they are read: say what works, and whether the clocks agree, or what does not and how to mend it.").
		BoolVar(&f.connection)
	app.Flag("demo", "Scrape a simulated cloud in this process instead of a real one. Needs no account and no configuration.").
		BoolVar(&f.demo)
	app.Flag("web.telemetry-path", "Path of the page with the metrics; / puts them in place of the page for people.").
		Default("/metrics").StringVar(&f.telemetryPath)
	f.web = kingpinflag.AddFlags(app, defaultAddress)
	app.Flag("log.level", "Least severity of messages to log: debug, info, warn or error.").
		Default("info").EnumVar(&f.logLevel, "debug", "info", "warn", "error")
	app.Flag("log.format", "Format of log messages: logfmt or json.").
		Default("logfmt").EnumVar(&f.logFormat, "logfmt", "json")
	return app
}
