package main

import (
	"math"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// limitMemory has the garbage collector run whenever the heap has grown by half, rather than
// doubled, and keep the process below nine tenths of what the cgroup of its container or unit
// allows, so that the kernel does not kill it. GOGC and GOMEMLIMIT in the environment take
// precedence. Memory is dearer than the processor's time for a scrape a minute.
func limitMemory(allowed memlimit.Provider, logger log.Logger) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	limit, err := memlimit.Set(memlimit.WithProvider(allowed))
	switch {
	case err != nil: // as on systems without cgroups
		_ = level.Debug(logger).Log("msg", "the memory limit of the cgroup is not known", "err", err)
	case limit != math.MaxInt64:
		_ = level.Info(logger).Log("msg", "limiting the memory", "bytes", limit)
	}
}
