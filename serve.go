package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/cbr-exporter/cbr_exporter/exporter"
)

const (
	// stopTimeout is how long running requests may take after a signal to stop.
	stopTimeout = 5 * time.Second
	// leaveTimeout is when running scrapes take what is known by then, so that there
	// is time to write and send it.
	leaveTimeout = stopTimeout - time.Second
	// readHeaderTimeout keeps a client that sends nothing from holding a connection.
	readHeaderTimeout = 10 * time.Second
)

// webServer returns the actor of a run group that answers HTTP requests, and calls
// leave to have those answer that it still waits for.
func webServer(f *web.FlagConfig, handler http.Handler, leave func(), logger *slog.Logger) (execute func() error, interrupt func(error)) {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug), // of what clients do
	}
	execute = func() error {
		return web.ListenAndServe(server, f, logger)
	}
	interrupt = func(error) {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		defer time.AfterFunc(leaveTimeout, leave).Stop()
		if err := server.Shutdown(ctx); err != nil {
			_ = server.Close() // what is not done by now is cut off
		}
	}
	return execute, interrupt
}

// reloader returns the actor of a run group that reloads the configuration at
// each SIGHUP.
func reloader(e *exporter.Exporter) (execute func() error, interrupt func(error)) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	stop := make(chan struct{})
	execute = func() error {
		for {
			select {
			case <-hangups:
				_ = e.Reload() // it logs what is wrong, and the old one stays
			case <-stop:
				return nil
			}
		}
	}
	interrupt = func(error) {
		signal.Stop(hangups)
		close(stop)
	}
	return execute, interrupt
}
