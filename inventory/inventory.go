// Package inventory keeps the vaults and policies of one project: what should be backed
// up, and how often. It also keeps what can be restored, and what no vault protects.
//
// All of this changes rarely, so it is read in the background and a scrape returns the
// last known state. Only the first scrape waits, for the vaults and policies. Scrapes
// start the readings: without scrapes there are no requests.
package inventory

import (
	"context"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/background"
	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// API reads the lists. *cbrapi.Client implements it.
type API interface {
	Vaults() *cbrapi.List[cbrapi.Vault]
	Policies(context.Context) ([]*cbrapi.Policy, []cbrapi.InvalidField, error)
	Backups(cbrapi.BackupFilter) *cbrapi.List[cbrapi.VaultBackup]
	Protectables(cbrapi.ProtectableType) *cbrapi.List[cbrapi.Protectable]
}

// Options configure an Inventory.
type Options struct {
	Project string        // name, for logs
	Refresh time.Duration // time between two readings of vaults and policies
	Timeout time.Duration // limit for reading one list, or one page of the backups or protectable resources

	// MaxResources is the number of resources in vaults above which the list of vaults fails,
	// and of resources with backups above which the list of backups fails, or they could take
	// all memory. 0 means no limit.
	MaxResources int

	BackupsRefresh      time.Duration            // time between two readings of the backups; 0: they are not read
	ProtectableTypes    []cbrapi.ProtectableType // none: protectable resources are not read
	ProtectablesRefresh time.Duration

	Now           func() time.Time
	Logger        log.Logger
	InvalidFields *prometheus.CounterVec // counts invalid fields, by the label field
	Hints         problem.Hints          // for the log
}

// Inventory follows the vaults and policies of one project, its backups and its protectable
// resources. It is safe for concurrent use.
type Inventory struct {
	options  Options
	api      API
	logger   log.Logger
	problems *problem.Log
	readings *background.Group
	since    time.Time // when it was made

	mu           sync.Mutex
	vaults       part[vaultState]
	backups      part[backupState]
	protectables part[protectableState]
	// What follows from the state of the parts; nil if they are not read.
	knownBackups      *Backups
	knownProtectables *Protectables
	revision          uint64 // grows with what is known
}

// New returns an inventory that has not read anything yet.
func New(api API, o Options) *Inventory {
	logger := log.With(o.Logger, "project", o.Project)
	i := &Inventory{
		options:  o,
		api:      api,
		logger:   logger,
		problems: problem.NewLog(logger),
		readings: background.NewGroup(),
		since:    o.Now(),
	}
	i.protectables.state = protectableState{}
	i.changed()
	return i
}

// Collect starts the readings that are due and returns the last known state. It waits for
// the first reading of vaults and policies, but not after ctx is done. A reading outlives
// the scrape that started it.
func (i *Inventory) Collect(ctx context.Context) Snapshot {
	if first := i.start(); first != nil {
		select {
		case <-first.done:
		case <-ctx.Done():
		}
	}
	return i.Last()
}

// Close cancels the running readings and waits for their end.
func (i *Inventory) Close() { i.readings.Close() }

// Inherit takes over the known state of old, so that a reload loses nothing. It must
// be called before the first reading. What old reads afterwards is lost.
func (i *Inventory) Inherit(old *Inventory) {
	old.mu.Lock()
	defer old.mu.Unlock()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.since, i.vaults.state = old.since, old.vaults.state
	if i.readsBackups() {
		i.backups.state = old.backups.state
	}
	i.protectables.state = old.protectables.state.of(i.options.ProtectableTypes)
	i.changed()
}

// start starts the readings that are due, unless they run. It returns the reading of the
// vaults if it is the first one.
func (i *Inventory) start() *reading {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.options.Now()
	if i.vaults.state.due(now, i.options.Refresh) {
		begin(i, &i.vaults, now, i.collectVaults)
	}
	if i.readsBackups() && i.backups.state.list.due(now, i.options.BackupsRefresh) {
		begin(i, &i.backups, now, i.collectBackups)
	}
	if i.protectables.state.due(now, i.options.ProtectableTypes, i.options.ProtectablesRefresh) {
		begin(i, &i.protectables, now, i.collectProtectables)
	}
	if i.vaults.state.attempted() { // a list that failed at first may go on failing
		return nil
	}
	return i.vaults.current
}

func (i *Inventory) readsBackups() bool { return i.options.BackupsRefresh > 0 }

// changed works out what follows from the state of the parts after a change of one of
// them. The caller holds the mutex, or is the only one who knows i.
func (i *Inventory) changed() {
	i.revision++
	if i.readsBackups() {
		i.knownBackups = i.backups.state.known(&i.vaults.state, i.options.Now())
	}
	if len(i.options.ProtectableTypes) > 0 {
		i.knownProtectables = i.protectables.state.known(i.options.ProtectableTypes)
	}
}
