package exporter

import (
	"net/http"
	"strconv"
	"time"
)

// A reload cancels the passes that run. By request there are at most reloadBurst at once, and
// then one per reloadInterval, so that passes come to an end in between.
const (
	reloadBurst    = 10
	reloadInterval = 30 * time.Second
)

// serveReload reloads the configuration, unless there have been too many requests to.
func (e *Exporter) serveReload(w http.ResponseWriter, _ *http.Request) {
	if !e.reloadLimit.AllowN(e.options.Now(), 1) {
		w.Header().Set("Retry-After", strconv.Itoa(int(reloadInterval.Seconds())))
		http.Error(w, "too many reloads; try again in half a minute", http.StatusTooManyRequests)
		return
	}
	if err := e.Reload(); err != nil {
		http.Error(w, "Reloading the configuration failed; keeping the current one:\n"+err.Error(), http.StatusInternalServerError)
	}
}
