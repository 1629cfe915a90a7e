package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// reloader returns an actor of a run group that reloads the configuration at each
// SIGHUP, and at each tick that finds the file changed.
func reloader(reload func() error, file *config.File, ticks <-chan time.Time, logger log.Logger) (execute func() error, interrupt func(error)) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	stop := make(chan struct{})
	execute = func() error {
		for {
			select {
			case <-ticks:
				if !file.Changed() {
					continue
				}
				_ = level.Info(logger).Log("msg", "the configuration file has changed", "file", file)
			case <-hangups:
			case <-stop:
				return nil
			}
			_ = reload() // logs its error
		}
	}
	interrupt = func(error) {
		signal.Stop(hangups)
		close(stop)
	}
	return execute, interrupt
}
