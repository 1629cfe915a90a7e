//go:build linux

package faults

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// fault is a way in which a cloud can be faulty, and what the exporter is to make of it.
type fault struct {
	name  string // as it stands in docs/reliability.md
	quick bool   // it runs in each test run
	heavy bool   // it takes a whole processor, so that only one such fault is there at a time

	// What is faulty; one of them.
	http   middleware                                      // what requests get
	conn   func(net.Conn)                                  // what is said on connections, which end when it returns
	tls    func(*tls.Config)                               // how the cloud does TLS
	config func(t *testing.T, configuration string) string // what is configured
	down   bool                                            // nothing listens

	at    place // what is affected
	http2 bool  // the cloud has HTTP/2 alone

	unsent func() int // how many of the values that take turns are still to be sent; nil for none

	// What is expected in the last scrape of the fault, when everything had to be read anew.
	up      bool
	fails   string // the collectors that fail: empty is none if the project is up, and all if not
	reasons string // of cbr_scrape_error, sorted; deadline may come in addition

	check func(t *testing.T, e *exporter) // looks for more at the end of the fault; nil for nothing

	// Limits that differ from the usual ones; 0 is the usual one.
	requests int           // and connections
	lines    int           // warnings and errors in the log
	memory   int           // MiB
	recovery time.Duration // from the end of the fault
}

// place is a part of the cloud.
type place int

const (
	everything  place = iota // CBR and IAM
	login                    // logins alone; the credentials are a password
	behindLogin              // all but logins; the credentials are a password
	metadata                 // the metadata service alone; the credentials are those of an agency
)

// allCollectors are those that succeed while the cloud is healthy.
const allCollectors = "backups discovery tasks vaults"

// withDefaults fills in what is not stated.
func (f fault) withDefaults() fault {
	if f.fails == "" && !f.up {
		f.fails = allCollectors
	}
	if f.requests == 0 {
		f.requests = 120
	}
	if f.lines == 0 {
		f.lines = 20
	}
	if f.memory == 0 {
		f.memory = 100
	}
	if f.recovery == 0 {
		f.recovery = 90 * time.Second // two pauses of a list that has failed, and more
	}
	return f
}

// reaching returns a handler that is faulty in its place, and good otherwise.
func (f fault) reaching(good http.Handler) http.Handler {
	faulty := f.http(good)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isLogin := r.URL.Path == "/v3/auth/tokens"
		if f.at == everything || isLogin == (f.at == login) {
			faulty.ServeHTTP(w, r)
			return
		}
		good.ServeHTTP(w, r)
	})
}

// each returns a fault whose responses have the values in turn. Its test fails unless all of
// them were sent.
func each[T any](f fault, m func(next func() T) middleware, values ...T) fault {
	var n atomic.Uint64
	f.http = m(func() T { return values[(n.Add(1)-1)%uint64(len(values))] })
	f.unsent = func() int { return len(values) - int(min(n.Load(), uint64(len(values)))) }
	return f
}

// group is a heading of the table.
type group struct {
	name   string
	faults []fault
}

// groups returns the table, in the order of docs/reliability.md.
func groups() []group {
	return []group{
		networkFaults(),
		proxyFaults(),
		loginFaults(),
		metadataFaults(),
		tlsFaults(),
		http2Faults(),
		statusFaults(),
		throttleFaults(),
		bodyFaults(),
		jsonFaults(),
		nameFaults(),
		listFaults(),
		floodFaults(),
		timeFaults(),
		tokenFaults(),
	}
}
