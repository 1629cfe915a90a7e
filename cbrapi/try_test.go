package cbrapi_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Try asks once, for a page that fits, and for one that does not.
func TestTry(t *testing.T) {
	h := &history{rows: rowsOf(3)}
	large := false
	h.fault = func(int, int) http.HandlerFunc {
		if large {
			return tooLarge(true)
		}
		return nil
	}
	client := newClient(t, serve(t, h.ServeHTTP))
	l := client.List(cbrapi.ListFilter{})
	if tasks, err := l.Try(t.Context()); err != nil || len(tasks) != 3 || l.Rows() != 3 {
		t.Errorf("got %d tasks of %d rows and the error %v, want 3", len(tasks), l.Rows(), err)
	}
	large = true
	l = client.List(cbrapi.ListFilter{})
	if tasks, err := l.Try(t.Context()); err == nil || tasks != nil || l.Done() || cbrapi.ReasonOf(err) != cbrapi.ReasonUpstream {
		t.Errorf("of a page that is too large: got %v and the error %v, done: %v", tasks, err, l.Done())
	}
	if diff := cmp.Diff([]string{"1000@0", "1000@0"}, h.takeAsked()); diff != "" {
		t.Errorf("the requests differ (-want +got):\n%s", diff)
	}
}
