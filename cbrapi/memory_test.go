package cbrapi_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// TestMemoryOfHostileBodies holds what a body may cost, as a multiple of its size: what
// the client does not know costs its place in an object, and what it knows becomes values.
// All that is allocated counts, so less of it is in use at a time.
func TestMemoryOfHostileBodies(t *testing.T) {
	const (
		size    = 256 << 10
		skipped = 24
		read    = 80
	)
	// filled returns a text with as many pieces as have the size.
	filled := func(before string, piece func(n int) string, after string) string {
		var b strings.Builder
		b.WriteString(before + piece(0))
		for n := 1; b.Len() < size; n++ {
			b.WriteString("," + piece(n))
		}
		return b.String() + after
	}
	same := func(piece string) func(int) string { return func(int) string { return piece } }
	row := func(members string) string { return `{"id":"` + idOf(1) + `",` + members }
	for name, test := range map[string]struct {
		most uint64
		body string
	}{
		"an unknown list":              {skipped, filled(`{"x":[`, same(`{}`), `],"operation_logs":[]}`)},
		"unknown members":              {skipped, filled(`{`, same(`"":0`), `,"operation_logs":[]}`)},
		"an unknown list in a row":     {skipped, filled(`{"operation_logs":[`+row(`"x":[`), same(`{}`), `]}]}`)},
		"unknown members in a row":     {skipped, filled(`{"operation_logs":[`+row(``), same(`"":0`), `}]}`)},
		"a list instead of a text":     {skipped, filled(`{"operation_logs":[`+row(`"vault_name":[`), same(`{}`), `]}]}`)},
		"nested deeply":                {skipped, filled(`{"x":[`, same(strings.Repeat("[", 9990)+strings.Repeat("]", 9990)), `],"operation_logs":[]}`)},
		"a long text":                  {skipped, filled(`{"operation_logs":[`+row(`"vault_name":"`), same(`a\\`), `"}]}`)},
		"a long message":               {skipped, filled(`{"operation_logs":[`+row(`"error_info":{"message":"`), same(` a`), `"}}]}`)},
		"the same empty row":           {skipped, filled(`{"operation_logs":[`+rowOf(idOf(1))+`,`, same(`{}`), `]}`)},
		"rows that are numbers":        {skipped, filled(`{"operation_logs":[`+rowOf(idOf(1))+`,`, func(n int) string { return fmt.Sprint(n) }, `]}`)},
		"rows with an id alone":        {read, filled(`{"operation_logs":[`, func(n int) string { return `{"id":"` + idOf(n) + `"}` }, `]}`)},
		"the same row":                 {skipped, filled(`{"operation_logs":[`, same(`{"id":"`+idOf(1)+`"}`), `]}`)},
		"volumes":                      {read, filled(`{"operation_logs":[`+row(`"extra_info":{"resource":{"extra_info":{"exclude_volumes":[`), func(n int) string { return fmt.Sprintf(`"%d"`, n) }, `]}}}}]}`)},
		"resources":                    {read, filled(`{"operation_logs":[`+row(`"extra_info":{"remove_resources":{"resources":[`), func(n int) string { return fmt.Sprintf(`{"id":"%d"}`, n) }, `]}}}]}`)},
		"resources without id":         {read, filled(`{"operation_logs":[`+row(`"extra_info":{"remove_resources":{"resources":[`), same(`{}`), `]}}}]}`)},
		"resources of a vault":         {read, filled(`{"vaults":[`+row(`"resources":[`), func(n int) string { return fmt.Sprintf(`{"id":"%d"}`, n) }, `]}]}`)},
		"resources that are no object": {skipped, filled(`{"operation_logs":[`+row(`"extra_info":{"remove_resources":{"resources":[`), same(`7`), `]}}}]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, inMemory(http.StatusOK, "application/json", test.body))
			next := func() error {
				_, err := client.OperationLogs(cbrapi.ListFilter{}).Next(t.Context())
				return err
			}
			if strings.Contains(name, "vault") {
				next = func() error {
					_, err := client.Vaults().Next(t.Context())
					return err
				}
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := next()
			runtime.ReadMemStats(&after)
			factor := (after.TotalAlloc - before.TotalAlloc) / uint64(len(test.body))
			if t.Logf("%d times its size, error: %v", factor, err); factor > test.most {
				t.Errorf("the body took %d times its size, want at most %d", factor, test.most)
			}
		})
	}
}
