package inventory_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/inventory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	refresh = 5 * time.Minute
	timeout = 30 * time.Second
	latency = 100 * time.Millisecond // of each request
)

// api is a cloud with the given lists.
type api struct {
	mu       sync.Mutex
	vaults   []*cbrapi.Vault
	policies []*cbrapi.Policy
	invalid  []cbrapi.InvalidField                        // of the list of vaults
	fault    func(ctx context.Context, list string) error // nil: none
	asked    []string
}

// change has the cloud be another one from the next request on.
func (a *api) change(how func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	how()
}

// takeAsked returns the lists that were asked for since the last call.
func (a *api) takeAsked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := a.asked
	a.asked = nil
	return asked
}

// answer waits as long as an answer takes, and returns why there is none.
func (a *api) answer(ctx context.Context, list string) error {
	a.mu.Lock()
	a.asked = append(a.asked, list)
	fault := a.fault
	a.mu.Unlock()
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		return ctx.Err()
	}
	if fault == nil {
		return nil
	}
	return fault(ctx, list)
}

func (a *api) Vaults() inventory.VaultList { return &vaultList{api: a} }

func (a *api) Policies(ctx context.Context) ([]*cbrapi.Policy, []cbrapi.InvalidField, error) {
	if err := a.answer(ctx, "policies"); err != nil {
		return nil, nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.policies), nil, nil
}

// vaultList has one page, and does not tell its date.
type vaultList struct {
	api  *api
	done bool
}

func (l *vaultList) Next(ctx context.Context) ([]*cbrapi.Vault, error) {
	if err := l.api.answer(ctx, "vaults"); err != nil {
		return nil, err
	}
	l.done = true
	l.api.mu.Lock()
	defer l.api.mu.Unlock()
	return slices.Clone(l.api.vaults), nil
}

func (l *vaultList) Done() bool { return l.done }

func (l *vaultList) Date() time.Time { return time.Time{} }

func (l *vaultList) Invalid() []cbrapi.InvalidField {
	l.api.mu.Lock()
	defer l.api.mu.Unlock()
	return l.api.invalid
}

// fails returns a fault of the list, or of both if it is empty.
func fails(list string, err error) func(context.Context, string) error {
	return func(_ context.Context, asked string) error {
		if list == "" || list == asked {
			return err
		}
		return nil
	}
}

func refused(status int) error { return &cbrapi.Error{Operation: "ListVault", StatusCode: status} }

// running is an inventory and what it tells.
type running struct {
	*inventory.Inventory
	log     *bytes.Buffer
	invalid map[string]int // by field
}

func start(t *testing.T, a *api, changes ...func(*inventory.Options)) *running {
	t.Helper()
	r := &running{log: &bytes.Buffer{}, invalid: map[string]int{}}
	o := inventory.Options{
		Project: "test", Refresh: refresh, Timeout: timeout,
		Now: time.Now, Logger: log.NewLogfmtLogger(r.log),
		OnInvalidField: func(field string) { r.invalid[field]++ },
	}
	for _, change := range changes {
		change(&o)
	}
	r.Inventory = inventory.New(a, o)
	t.Cleanup(r.Close)
	return r
}

// collect does so, and returns how long that took.
func (r *running) collect(within time.Duration) (inventory.Snapshot, time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	began := time.Now()
	s := r.Collect(ctx)
	return s, time.Since(began)
}

// settle collects, and again when what that began is over.
func (r *running) settle() inventory.Snapshot {
	r.collect(time.Hour)
	synctest.Wait()
	time.Sleep(time.Second)
	return r.Last()
}

func names(s inventory.Snapshot) string {
	var all []string
	for _, v := range s.Vaults {
		all = append(all, v.Name)
	}
	return strings.Join(all, " ")
}

func expectAsked(t *testing.T, when string, a *api, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, a.takeAsked()); diff != "" {
		t.Errorf("%s: the requests differ (-want +got):\n%s", when, diff)
	}
}

func oneVault(name string) []*cbrapi.Vault {
	return []*cbrapi.Vault{{ID: "v", Name: name, Resources: []cbrapi.VaultResource{{ID: "r"}}}}
}

func daily(vaultIDs ...string) *cbrapi.Policy {
	return &cbrapi.Policy{
		ID: "daily", Enabled: new(true), OperationType: cbrapi.OperationBackup,
		Patterns: []string{"FREQ=DAILY;BYHOUR=2"}, VaultIDs: vaultIDs,
	}
}

// TestRefresh waits for the first reading alone.
func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{vaults: oneVault("old"), policies: []*cbrapi.Policy{daily("v")}}
		r := start(t, a)
		if s := r.Last(); s.Complete || s.Up || s.Vaults != nil || !s.LastComplete.IsZero() {
			t.Errorf("before the first: %+v", s)
		}
		expectAsked(t, "before the first", a)

		s, took := r.collect(time.Hour)
		if names(s) != "old" || len(s.Expected) != 1 || !s.Complete || !s.Up || len(s.Reasons) != 0 || s.Duration != 2*latency || took != 2*latency {
			t.Errorf("the first, after %s: %+v", took, s)
		}
		expectAsked(t, "the first", a, "vaults", "policies")

		a.change(func() { a.vaults = oneVault("new") })
		time.Sleep(refresh - 2*latency - time.Nanosecond)
		if s, took := r.collect(time.Hour); names(s) != "old" || took != 0 {
			t.Errorf("before the time has come, after %s: %+v", took, s)
		}
		expectAsked(t, "before the time has come", a)

		time.Sleep(time.Nanosecond)
		if s, took := r.collect(time.Hour); names(s) != "old" || !s.Complete || took != 0 {
			t.Errorf("while it is read again, after %s: %+v", took, s)
		}
		if s, took := r.collect(time.Hour); names(s) != "old" || took != 0 {
			t.Errorf("and once more, after %s: %+v", took, s)
		}
		time.Sleep(time.Second)
		if s, _ := r.collect(time.Hour); names(s) != "new" {
			t.Errorf("after that: %+v", s)
		}
		expectAsked(t, "the second", a, "vaults", "policies")
		if got := strings.Count(r.log.String(), "vaults and policies are read"); got != 2 || strings.Count(r.log.String(), "level=info") != 1 {
			t.Errorf("the log is\n%s", r.log)
		}
	})
}

// TestScrapeLeaves has the first reading take longer than a scrape may.
func TestScrapeLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{vaults: oneVault("v")}
		r := start(t, a)
		s, took := r.collect(latency / 2)
		if took != latency/2 || s.Complete || s.Vaults != nil || !s.Reasons[cbrapi.ReasonDeadline] || s.Duration != latency/2 {
			t.Errorf("at its deadline, after %s: %+v", took, s)
		}
		time.Sleep(time.Second)
		if s, took := r.collect(0); names(s) != "v" || !s.Complete || took != 0 {
			t.Errorf("the next scrape, after %s: %+v", took, s)
		}
		expectAsked(t, "in all", a, "vaults", "policies")
	})
}

// TestHang has the API never answer.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{fault: func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		r := start(t, a)
		if s, took := r.collect(time.Hour); took != 2*timeout || !s.Reasons[cbrapi.ReasonDeadline] || s.Complete || s.Up {
			t.Errorf("after %s: %+v", took, s)
		}
		expectAsked(t, "until the time is over", a, "vaults", "policies")
		if _, took := r.collect(time.Hour); took != 0 || len(a.takeAsked()) != 0 {
			t.Errorf("the next scrape took %s, and asked again at once", took)
		}
		time.Sleep(30 * time.Second)
		if _, took := r.collect(time.Hour); took != 0 {
			t.Errorf("a scrape waited for %s for what could not be read before", took)
		}
		r.Close() // or goleak finds it
		if s, took := r.collect(time.Hour); took != 0 || s.Complete {
			t.Errorf("after its end, after %s: %+v", took, s)
		}
	})
}

// TestOneListFails has it alone be tried again, half a minute later.
func TestOneListFails(t *testing.T) {
	for failing, other := range map[string]string{"vaults": "policies", "policies": "vaults"} {
		t.Run(failing, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{vaults: oneVault("old"), policies: []*cbrapi.Policy{daily("v")}}
				r := start(t, a)
				first := r.settle()
				a.takeAsked()

				a.change(func() { a.vaults, a.fault = oneVault("new"), fails(failing, refused(http.StatusBadGateway)) })
				time.Sleep(refresh)
				s := r.settle()
				want := map[string]string{"vaults": "old", "policies": "new"}[failing]
				if names(s) != want || len(s.Policies) != 1 || len(s.Expected) != 1 || s.Complete || !s.Up || !s.Reasons[cbrapi.ReasonUpstream] {
					t.Errorf("%+v", s)
				}
				if age := s.LastComplete.Sub(first.LastComplete).Abs(); age > latency { // each ends at another time
					t.Errorf("it is as of %s after the first", age)
				}
				expectAsked(t, "at the failure", a, "vaults", "policies")

				time.Sleep(20 * time.Second)
				r.settle()
				expectAsked(t, "too early", a)

				time.Sleep(10 * time.Second)
				second := r.settle()
				if second.Complete || second.Up {
					t.Errorf("at the second failure: %+v", second)
				}
				if len(second.Troubles) != 1 || !second.Troubles[0].Since.Equal(s.Troubles[0].Since) || s.Troubles[0].Since.IsZero() {
					t.Errorf("at the second failure, the troubles are %v, want one since the first, %v", second.Troubles, s.Troubles)
				}
				expectAsked(t, "half a minute later", a, failing)

				a.change(func() { a.fault = nil })
				time.Sleep(30 * time.Second)
				if s := r.settle(); !s.Complete || names(s) != "new" || len(s.Reasons) != 0 || !s.LastComplete.After(first.LastComplete.Add(refresh)) {
					t.Errorf("after it has recovered: %+v", s)
				}
				expectAsked(t, "after it has recovered", a, failing)

				time.Sleep(refresh - 62*time.Second)
				r.settle()
				expectAsked(t, "when the other's time has come", a, other)
				if n := strings.Count(r.log.String(), "level=warn"); n != 1 {
					t.Errorf("%d warnings, want one:\n%s", n, r.log)
				}
				if want := `level=info project=test msg="` + failing + ` are read again"`; !strings.Contains(r.log.String(), want) {
					t.Errorf("the log lacks %s:\n%s", want, r.log)
				}
			})
		})
	}
}

// TestNothingIsReadInVain stops where the next request would do harm.
func TestNothingIsReadInVain(t *testing.T) {
	for name, test := range map[string]struct {
		err    error
		asked  []string
		reason cbrapi.Reason
	}{
		"credentials": {refused(http.StatusUnauthorized), []string{"vaults"}, cbrapi.ReasonCredentials},
		"clock":       {&cbrapi.Error{StatusCode: http.StatusUnauthorized, ClockSkew: time.Hour}, []string{"vaults"}, cbrapi.ReasonClock},
		"login":       {errors.Join(cbrapi.ErrLogin, refused(http.StatusBadGateway)), []string{"vaults"}, cbrapi.ReasonUpstream},
		"permission":  {refused(http.StatusForbidden), []string{"vaults", "policies"}, cbrapi.ReasonPermission},
		"network":     {errors.New("no route"), []string{"vaults", "policies"}, cbrapi.ReasonNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{fault: fails("", test.err)}
				r := start(t, a)
				s := r.settle()
				if diff := cmp.Diff(map[cbrapi.Reason]bool{test.reason: true}, s.Reasons); diff != "" {
					t.Errorf("the reasons differ (-want +got):\n%s", diff)
				}
				if s.Up || s.Complete || s.Vaults != nil || s.Policies != nil || s.Expected != nil {
					t.Errorf("%+v", s)
				}
				expectAsked(t, "at first", a, test.asked...)
				if got := strings.Count(r.log.String(), "level=warn"); got != len(test.asked) {
					t.Errorf("%d warnings, want %d:\n%s", got, len(test.asked), r.log)
				}
				r.settle()
				expectAsked(t, "at the next scrape", a)
				time.Sleep(30 * time.Second)
				r.settle()
				expectAsked(t, "half a minute later", a, test.asked...)
			})
		})
	}
}

// TestPermission says once what to allow.
func TestPermission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{fault: fails("policies", refused(http.StatusForbidden)), vaults: oneVault("v")}
		r := start(t, a)
		for range 5 {
			r.settle()
			time.Sleep(time.Minute)
		}
		if s := r.Last(); names(s) != "v" || s.Expected != nil || !s.LastComplete.IsZero() {
			t.Errorf("%+v", s)
		}
		const want = `level=warn project=test msg="reading policies failed" reason=permission err="ListVault: HTTP status 403" remedy="allow the user cbr:vaults:list and cbr:policies:list,`
		if !strings.Contains(r.log.String(), want) || strings.Count(r.log.String(), "level=warn") != 1 {
			t.Errorf("the log is\n%s", r.log)
		}
	})
}

// TestPrepare has nothing be asked for that is not prepared.
func TestPrepare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		prepared, problem := 0, errors.New("no project")
		r := start(t, a, func(o *inventory.Options) {
			o.Prepare = func(context.Context) error {
				prepared++
				return problem
			}
		})
		r.settle()
		if s := r.settle(); s.Complete || !s.Reasons[cbrapi.ReasonNetwork] || prepared != 1 {
			t.Errorf("after %d attempts: %+v", prepared, s)
		}
		expectAsked(t, "unprepared", a)
		problem = nil
		time.Sleep(30 * time.Second)
		if s := r.settle(); !s.Complete || prepared != 2 {
			t.Errorf("after %d attempts: %+v", prepared, s)
		}
	})
}

// TestAdopt goes on where another one ended.
func TestAdopt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{vaults: oneVault("v"), policies: []*cbrapi.Policy{daily("v")}}
		old := start(t, a)
		before := old.settle()
		r := start(t, a)
		r.Adopt(old.Inventory)
		old.Close()
		a.takeAsked()
		s, took := r.collect(time.Hour)
		if took != 0 || names(s) != "v" || !s.LastComplete.Equal(before.LastComplete) || len(s.Expected) != 1 || !s.Complete {
			t.Errorf("after %s: %+v", took, s)
		}
		expectAsked(t, "at once", a)
		time.Sleep(refresh)
		r.settle()
		expectAsked(t, "when the time has come", a, "vaults", "policies")
	})
}
