package inventory

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-kit/log/level"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// failurePause is how long a list is left alone after a failure, at least. Several
// Prometheus servers may scrape far more often.
const failurePause = 30 * time.Second

type reading struct {
	started          time.Time
	vaults, policies bool          // the lists to read
	done             chan struct{} // closed at its end
}

// listState is the outcome of the attempts to read one list.
type listState struct {
	started    time.Time // start of the reading with the latest attempt; zero before the first
	ended      time.Time // end of the latest attempt
	err        error     // of the latest attempt
	failing    time.Time // end of the first consecutive attempt that failed for the same reason
	since      time.Time // end of the first consecutive attempt that failed; zero if the latest did not
	completeAt time.Time // end of the latest attempt that returned a complete list
	emptySince time.Time // start of the first consecutive reading without rows; zero if that is not in doubt
}

func (l *listState) due(now time.Time, refresh time.Duration) bool {
	switch {
	case l.ended.IsZero():
		return true
	case l.err != nil:
		return now.Sub(l.ended) >= min(refresh, failurePause)
	default:
		return now.Sub(l.started) >= refresh
	}
}

func (l *listState) record(started, now time.Time, err error) {
	if err != nil && (l.err == nil || cbrapi.ReasonOf(l.err) != cbrapi.ReasonOf(err)) {
		l.failing = now
	}
	l.started, l.ended, l.err = started, now, err
	switch {
	case err == nil:
		l.since, l.completeAt = time.Time{}, now
	case l.since.IsZero():
		l.since = now
	}
}

// due returns the reading that is to start now, or nil. It does not read a list
// again because the other one failed.
func (k *known) due(now time.Time, refresh time.Duration) *reading {
	r := &reading{
		started:  now,
		vaults:   k.vaultList.due(now, refresh),
		policies: k.policyList.due(now, refresh),
		done:     make(chan struct{}),
	}
	if !r.vaults && !r.policies {
		return nil
	}
	return r
}

// run reads the lists of r, one request at a time.
func (i *Inventory) run(ctx context.Context, r *reading) {
	i.mu.Lock()
	next := i.known // only a reading changes it
	i.mu.Unlock()
	next.up = false
	var stop error // one that every further request would meet as well
	try := func(name string, list *listState, read func(context.Context) error) {
		err := stop
		if err == nil {
			err = i.attempt(ctx, name, read)
		}
		if err != nil && cbrapi.StopsAll(err) {
			stop = err
		}
		list.record(r.started, i.options.Now(), err)
	}
	if r.vaults {
		try("vaults", &next.vaultList, func(ctx context.Context) error { return i.readVaults(ctx, &next, r.started) })
		if next.policyList.ended.IsZero() { // the vaults are not to wait for policies that hang
			i.mu.Lock()
			i.known = next
			i.revision++
			i.mu.Unlock()
		}
	}
	if r.policies {
		try("policies", &next.policyList, func(ctx context.Context) error { return i.readPolicies(ctx, &next, r.started) })
	}
	if next.policiesRead && next.vaults != nil {
		next.expected = next.expect(i.plan(&next, r.started))
	}
	next.duration = i.options.Now().Sub(r.started)

	i.mu.Lock()
	defer i.mu.Unlock()
	i.logComplete(&i.known, &next)
	i.known, i.current = next, nil
	i.revision++
	close(r.done)
}

func (i *Inventory) attempt(ctx context.Context, name string, read func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, i.options.Timeout)
	defer cancel()
	err := read(limited)
	switch {
	case ctx.Err() != nil: // the inventory is closed
	case err != nil:
		reason := cbrapi.ReasonOf(err)
		_ = i.problems.Failed(name, reason).Log("msg", "reading "+name+" failed", "reason", reason, "err", err, "hint", i.options.Hints.Vaults(reason, err))
	case i.problems.Recovered(name):
		_ = level.Info(i.logger).Log("msg", "reading "+name+" recovered")
	}
	return err
}

func (i *Inventory) logComplete(before, next *known) {
	if next.vaultList.err != nil || next.policyList.err != nil {
		return
	}
	logger := level.Debug(i.logger)
	if before.lastComplete().IsZero() {
		logger = level.Info(i.logger)
	}
	resources := 0
	for _, v := range next.vaults {
		resources += len(v.Resources)
	}
	_ = logger.Log("msg", "vaults and policies read", "vaults", len(next.vaults), "resources", resources,
		"policies", len(next.policies), "expected", len(next.expected), "duration", next.duration.Round(time.Millisecond))
}

// readVaults reads the list to its end. Vaults that are created or deleted meanwhile
// shift the pages, so a part of the list is useless.
func (i *Inventory) readVaults(ctx context.Context, k *known, started time.Time) error {
	vaults := []*cbrapi.Vault{} // not nil, even if the list is empty
	var lost lostEntries
	list := i.api.Vaults()
	for !list.Done() {
		page, err := list.Next(ctx)
		invalid := list.Invalid()
		i.report("", invalid)
		if err != nil {
			return err
		}
		vaults = append(vaults, page...)
		lost.add("", invalid)
	}
	k.up = true
	for _, v := range vaults {
		i.report(v.ID, v.Invalid)
		lost.add(cmp.Or(v.Name, v.ID), v.Invalid)
	}
	if err := k.vaultList.doubt("ListVault", len(vaults)+len(lost), len(k.vaults), started); err != nil {
		return err
	}
	if len(lost) > 0 && !k.vaultList.completeAt.IsZero() {
		vaults = fillVaults(vaults, k.vaults)
	}
	slices.SortFunc(vaults, func(a, b *cbrapi.Vault) int { return cmp.Compare(a.ID, b.ID) })
	k.vaults = vaults
	k.bindings = k.bind(started)
	return lost.err("ListVault")
}

// doubtEmpty is how long an empty list is doubted if it had rows before. A user who may no
// longer see them gets such a list. It is long enough for an alert.
const doubtEmpty = time.Hour

// doubt returns an error if a list has no rows although it had some less than doubtEmpty ago.
func (l *listState) doubt(operation string, rows, before int, started time.Time) error {
	if rows > 0 || before == 0 {
		l.emptySince = time.Time{}
		return nil
	}
	if l.emptySince.IsZero() {
		l.emptySince = started
	}
	until := l.emptySince.Add(doubtEmpty)
	if !started.Before(until) {
		return nil
	}
	return &cbrapi.Error{
		Operation:  operation,
		StatusCode: http.StatusOK,
		Message: fmt.Sprintf("the list is empty, but had %d rows before: check that the user may still see them; from %s on it is believed",
			before, until.UTC().Format(time.RFC3339)),
	}
}

func (i *Inventory) readPolicies(ctx context.Context, k *known, started time.Time) error {
	policies, invalid, err := i.api.Policies(ctx)
	if err != nil {
		return err
	}
	k.up, k.policiesRead = true, true
	i.report("", invalid)
	var lost lostEntries
	lost.add("", invalid)
	for _, p := range policies {
		i.report(p.ID, p.Invalid)
		lost.add(cmp.Or(p.Name, p.ID), p.Invalid)
	}
	if err := k.policyList.doubt("ListPolicies", len(policies)+len(lost), len(k.policies), started); err != nil {
		return err
	}
	if len(lost) > 0 && !k.policyList.completeAt.IsZero() {
		policies = fillPolicies(policies, k.policies)
	}
	slices.SortFunc(policies, func(a, b *cbrapi.Policy) int { return cmp.Compare(a.ID, b.ID) })
	k.policies = policies
	k.policiesAt, k.policiesBefore = started, k.policiesAt
	return lost.err("ListPolicies")
}

func (i *Inventory) report(id string, fields []cbrapi.InvalidField) {
	i.problems.InvalidFields(i.options.InvalidFields, id, fields)
}
