package cbrapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// A service that has ever new words makes only so many labels.
func TestNewWords(t *testing.T) {
	t.Parallel()
	rows := []string{fmt.Sprintf(`{"id":%q,"status":"new-0","operation_type":"backup"}`, idOf(100))}
	for n := range 25 {
		rows = append(rows, fmt.Sprintf(`{"id":%q,"status":"new-%d","operation_type":"odd-%d"}`, idOf(n), n, n))
	}
	rows = append(rows, fmt.Sprintf(`{"id":%q,"status":"success","operation_type":"odd-0"}`, idOf(101)))
	client := newClient(t, inMemory(http.StatusOK, "application/json", `{"operation_logs":[`+strings.Join(rows, ",")+`]}`))
	for range 2 { // the words of the first list are known in the second one
		got, err := client.OperationLogs(cbrapi.ListFilter{}).Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		words := map[string]int{}
		for _, task := range got {
			words[string(task.Status)]++
			words[string(task.OperationType)]++
		}
		if len(words) != 20+20+3 || words["other"] != 5+5 || words["new-0"] != 2 || words["odd-0"] != 2 {
			t.Errorf("got the words %v", words)
		}
		want := []cbrapi.InvalidField{{Field: "status", Value: "new-24"}, {Field: "operation_type", Value: "odd-24"}}
		if diff := cmp.Diff(want, got[25].Invalid); diff != "" {
			t.Errorf("what is left out is not reported (-want +got):\n%s", diff)
		}
	}
}
