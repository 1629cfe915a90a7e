package protection_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/schedule"
)

// world is the cloud: two vaults, their resources and policies, and all tasks there ever
// were.
type world struct {
	random    *rand.Rand
	retention time.Duration // of tasks
	resources []*worldResource
	policies  []*cbrapi.Policy // by number
	lives     []life
	until     time.Time // of the simulation
	fails     string    // the list that cannot be read; "" for none
}

type worldResource struct {
	id, vault string // "" if it is unbound
	deleted   bool
	manual    bool // does not follow the policies
	mood      string
}

// life is the records of a task, from the first to the last.
type life []*cbrapi.OperationLog

func (l life) asOf(now time.Time) (record *cbrapi.OperationLog) {
	for _, log := range l {
		if !log.UpdatedAt.After(now) {
			record = log
		}
	}
	return record
}

func worldID(number int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", number) }

// newWorld returns a world with a history of 30 days.
func newWorld(seed uint64) *world {
	random := rand.New(rand.NewPCG(seed, 4))
	w := &world{random: random, retention: one(random, 9*day, 100*day), until: time.Now().Add(-30 * day)}
	for n := range 7 {
		w.resources = append(w.resources, &worldResource{id: worldID(100 + n), vault: worldID(1 + n%2), mood: "good"})
	}
	for n := range 4 {
		p := &cbrapi.Policy{ID: worldID(200 + n), Enabled: new(true), OperationType: cbrapi.OperationBackup, VaultIDs: []string{worldID(1 + n%2)}}
		if n == 3 {
			p.OperationType = cbrapi.OperationReplication
		}
		p.Patterns, p.StartTime = []string{randomPattern(random)}, w.until.Add(-time.Duration(random.IntN(100))*time.Hour)
		w.policies = append(w.policies, p)
	}
	for w.until.Before(time.Now()) {
		w.run(w.until.Add(step))
	}
	return w
}

// advance goes on until now. Something may change at the end.
func (w *world) advance() {
	w.run(time.Now())
	w.fails = ""
	switch w.random.IntN(100) {
	case 0:
		w.fails = one(w.random, "vaults", "policies")
	case 1, 2: // bound, unbound or moved
		one(w.random, w.resources...).vault = one(w.random, "", worldID(1), worldID(2))
	case 3:
		r := one(w.random, w.resources...)
		r.manual = !r.manual
	case 4:
		if w.random.IntN(10) == 0 {
			one(w.random, w.resources...).deleted = true
		}
	case 5, 6, 7:
		n := w.random.IntN(len(w.policies))
		p := *w.policies[n] // those that were read must not change
		switch w.random.IntN(3) {
		case 0:
			p.Enabled = new(!*p.Enabled)
		case 1:
			p.Patterns = []string{randomPattern(w.random), randomPattern(w.random)}[:1+w.random.IntN(2)]
		case 2:
			p.VaultIDs = one(w.random, []string{}, []string{worldID(1)}, []string{worldID(2)}, []string{worldID(1), worldID(2)})
		}
		w.policies[n] = &p
	}
}

// run lets the policies run from w.until to the time.
func (w *world) run(to time.Time) {
	for _, r := range w.resources {
		if w.random.IntN(50) == 0 {
			r.mood = one(w.random, "good", "good", "failing", "skipping", "idle", "hanging")
		}
		for _, p := range w.policies {
			s, _ := schedule.New(p.Patterns, p.StartTime)
			due, ok := s.Next(w.until.Add(-1))
			if ok && due.Before(to) && *p.Enabled && slices.Contains(p.VaultIDs, r.vault) && !r.manual && !r.deleted {
				w.start(r, p.OperationType, due.Add(time.Duration(w.random.IntN(90))*time.Second))
			}
		}
		if w.random.IntN(200) == 0 {
			w.start(r, one(w.random, cbrapi.OperationBackup, cbrapi.OperationCopy, cbrapi.OperationRestore), w.until)
		}
	}
	w.until = to
}

func (w *world) start(r *worldResource, operation cbrapi.OperationType, at time.Time) {
	end := one(w.random, cbrapi.StatusSuccess, cbrapi.StatusSuccess, cbrapi.StatusSuccess, cbrapi.StatusFailed, cbrapi.StatusSkipped)
	switch r.mood {
	case "idle":
		return
	case "failing":
		end = one(w.random, cbrapi.StatusFailed, cbrapi.StatusTimeout, cbrapi.StatusSkipped)
	case "skipping":
		end = cbrapi.StatusSkipped
	}
	base := *task(worldID(1000+len(w.lives)), cbrapi.StatusWaiting, at)
	base.OperationType, base.VaultID = operation, one(w.random, r.vault, "")
	base.ExtraInfo.Resource = &cbrapi.Resource{ID: r.id, Name: "name"}
	most := int64(one(w.random, time.Hour, time.Hour, 10*time.Hour))
	if r.mood == "hanging" {
		most = int64(40 * time.Hour)
	}
	var l life
	changed := at
	for _, status := range []cbrapi.Status{cbrapi.StatusWaiting, cbrapi.StatusRunning, end} {
		log := base
		log.Status, log.UpdatedAt = status, changed
		if status == cbrapi.StatusRunning {
			log.StartedAt, base.StartedAt = changed, changed
		}
		if status.Finished() {
			log.EndedAt, log.ErrorInfo.Code = changed, one(w.random, "", "BackupService.6114")
		}
		l = append(l, &log)
		changed = changed.Add(time.Duration(w.random.Int64N(most)))
	}
	w.lives = append(w.lives, l)
}

// worldAPI is the API of a world.
type worldAPI struct {
	*cbrapi.Client
	*world
}

func (a worldAPI) Policies(context.Context) ([]*cbrapi.Policy, []cbrapi.InvalidField, error) {
	if a.fails == "policies" {
		return nil, nil, &cbrapi.Error{StatusCode: http.StatusBadGateway}
	}
	return slices.Clone(a.policies), nil, nil
}

// RoundTrip implements http.RoundTripper: it returns the list of vaults.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.fails == "vaults" {
		return &http.Response{StatusCode: http.StatusBadGateway, Body: http.NoBody, Request: r}, nil
	}
	vaults := []any{}
	for _, id := range []string{worldID(1), worldID(2)} {
		resources := []any{}
		for _, r := range w.resources {
			if r.vault != id {
				continue
			}
			fields := map[string]any{"id": r.id, "auto_protect": !r.manual}
			if r.deleted {
				fields["protect_status"] = cbrapi.ProtectDeleted
			}
			resources = append(resources, fields)
		}
		vaults = append(vaults, map[string]any{"id": id, "name": id, "resources": resources})
	}
	if r.URL.Query().Get("offset") != "0" && r.URL.Query().Get("offset") != "" {
		vaults = nil
	}
	body, err := json.Marshal(map[string]any{"vaults": vaults, "count": 2})
	header := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, err
}
