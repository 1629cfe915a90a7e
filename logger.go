package main

import (
	"io"
	"log/slog"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	slgk "github.com/tjhop/slog-gokit"
)

// newLogger returns a logger that writes to w what is at least as severe as
// minimum, as format says; both are values of their flags.
//
// The second one is the same for the exporter-toolkit, which has left go-kit/log
// for log/slog. Only there do the two meet.
func newLogger(w io.Writer, minimum, format string) (log.Logger, *slog.Logger) {
	w = log.NewSyncWriter(w)
	logger := log.NewLogfmtLogger(w)
	if format == "json" {
		logger = log.NewJSONLogger(w)
	}
	logger = level.NewFilter(logger, level.Allow(level.ParseDefault(minimum, level.InfoValue())))
	var leveler slog.LevelVar
	_ = leveler.UnmarshalText([]byte(minimum)) // the flag admits only names that slog knows
	toolkit := slog.New(slgk.NewGoKitHandler(logger, &leveler))
	return log.With(logger, "ts", log.DefaultTimestampUTC, "caller", log.DefaultCaller), toolkit
}
