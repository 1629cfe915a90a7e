package exporter

import (
	"errors"
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

var errTooManyReloads = errors.New("too many reloads; try again in half a minute")

// serveReload reloads once for all requests that wait for it. Whoever comes after that has begun
// shares the next one, since the configuration may have changed meanwhile.
func (e *Exporter) serveReload(w http.ResponseWriter, _ *http.Request) {
	_, err, _ := e.reloads.Do("", func() (any, error) {
		e.reloading <- struct{}{}
		defer func() { <-e.reloading }()
		e.reloads.Forget("")
		if !e.reloadLimit.AllowN(e.options.Now(), 1) {
			return nil, errTooManyReloads
		}
		return nil, e.Reload()
	})
	switch {
	case errors.Is(err, errTooManyReloads):
		w.Header().Set("Retry-After", strconv.Itoa(int(reloadInterval.Seconds())))
		http.Error(w, err.Error(), http.StatusTooManyRequests)
	case err != nil:
		http.Error(w, "Reloading the configuration failed; keeping the current one:\n"+err.Error(), http.StatusInternalServerError)
	}
}
