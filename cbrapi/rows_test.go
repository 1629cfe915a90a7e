package cbrapi_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// rowsRead reads the rows of a list from the body of its only page.
type rowsRead[T any] func(t *testing.T, body string) (rows []*T, invalid []cbrapi.InvalidField)

// expectFiles compares what is read of lists in testdata.
func expectFiles[T any](t *testing.T, read rowsRead[T], files map[string][]*T) {
	t.Helper()
	for file, want := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			got, invalid := read(t, listTestdata(t, file))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("rows differ (-want +got):\n%s", diff)
			}
			if len(invalid) != 0 {
				t.Errorf("got the invalid rows %v", invalid)
			}
		})
	}
}

// members are members of a row, what it reads as beside its id, and which of them are
// invalid: each costs only that field.
type members[T any] struct {
	sent    string
	want    T
	invalid []cbrapi.InvalidField
}

// expectMembers compares what is read of rows of a list. Row returns a row with the given
// id and invalid fields.
func expectMembers[T any](t *testing.T, read rowsRead[T], list, id string, tests []members[T], row func(want T, id string, invalid []cbrapi.InvalidField) *T) {
	t.Helper()
	for _, test := range tests {
		t.Run(fmt.Sprintf("%.80s", test.sent), func(t *testing.T) {
			t.Parallel()
			got, invalid := read(t, fmt.Sprintf(`{"%s":[{"id":"%s",%s}]}`, list, id, test.sent))
			if diff := cmp.Diff([]*T{row(test.want, id, test.invalid)}, got); diff != "" {
				t.Errorf("rows differ (-want +got):\n%s", diff)
			}
			if len(invalid) != 0 {
				t.Errorf("got the invalid rows %v", invalid)
			}
		})
	}
}
