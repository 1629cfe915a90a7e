package collection_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"go.uber.org/goleak"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/collection"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// api is a fake that takes some time for each answer, in the time of a synctest
// bubble.
type api struct {
	latency time.Duration
	// answer says what is known of a task; running if it is nil.
	answer func(id string) (*cbrapi.OperationLog, error)
	// list says which tasks a list has; an API that has no lists refuses them if it is nil.
	list func(cbrapi.ListFilter) ([]*cbrapi.OperationLog, error)

	mu       sync.Mutex
	requests []string // ids, in the order in which they were asked for
	listed   []cbrapi.ListFilter
	inFlight int
	most     int // requests at once
}

func (a *api) OperationLog(ctx context.Context, id string) (*cbrapi.OperationLog, error) {
	a.mu.Lock()
	a.requests = append(a.requests, id)
	a.inFlight++
	a.most = max(a.most, a.inFlight)
	answer, latency := a.answer, a.latency
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		a.inFlight--
		a.mu.Unlock()
	}()
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if answer == nil {
		return task(id, cbrapi.StatusRunning), nil
	}
	return answer(id)
}

// asked returns how many requests came since the last call.
func (a *api) asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.requests)
	a.requests = nil
	return n
}

// answers replaces what the API knows.
func (a *api) answers(f func(id string) (*cbrapi.OperationLog, error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = f
}

// slow changes how long the next answers take.
func (a *api) slow(latency time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.latency = latency
}

func status(s cbrapi.Status) func(string) (*cbrapi.OperationLog, error) {
	return func(id string) (*cbrapi.OperationLog, error) { return task(id, s), nil }
}

func fails(err error) func(string) (*cbrapi.OperationLog, error) {
	return func(string) (*cbrapi.OperationLog, error) { return nil, err }
}

func task(id string, s cbrapi.Status) *cbrapi.OperationLog {
	return &cbrapi.OperationLog{ID: id, Status: s, OperationType: cbrapi.OperationBackup}
}

func ids(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("11111111-1111-4111-8111-%012d", i)
	}
	return out
}

// newCollection follows n tasks until the end of the test, with the defaults of
// the configuration unless change sets others.
func newCollection(t *testing.T, a collection.API, n int, change func(*collection.Options)) *collection.Collection {
	t.Helper()
	o := collection.Options{
		Project:         "test",
		TaskIDs:         ids(n),
		Timeout:         30 * time.Second,
		Concurrency:     16,
		FinishedTaskTTL: 15 * time.Minute,
		Now:             time.Now,
		Logger:          log.NewNopLogger(),
		OnInvalidField:  func(string) {},
	}
	if change != nil {
		change(&o)
	}
	c := collection.New(a, o)
	t.Cleanup(c.Close)
	return c
}

// collect is a scrape that waits for timeout; 0 waits for the pass to end.
func collect(c *collection.Collection, timeout time.Duration) collection.Snapshot {
	ctx := context.Background()
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	return c.Collect(ctx)
}

// known counts the tasks that a snapshot knows, and those that it shows.
func known(s collection.Snapshot) (known, shown int) {
	for _, t := range s.Tasks {
		if t.Known {
			known++
		}
		if t.Log != nil {
			shown++
		}
	}
	return known, shown
}
