package overview_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/overview"
)

// TestDocumentation looks for the fields and states of the JSON in the documentation.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../docs/http-api.md")
	if err != nil {
		t.Fatal(err)
	}
	has := func(word string) bool {
		return strings.Contains(string(content), "`"+word+"`") || strings.Contains(string(content), "[]."+word+"`")
	}
	for _, of := range []any{overview.Status{}, overview.Detail{}} {
		fields := jsonFields(reflect.TypeOf(of), map[reflect.Type]bool{})
		if len(fields) < 15 {
			t.Errorf("%T has only the fields %q", of, fields)
		}
		for _, name := range fields {
			if !has(name) {
				t.Errorf("docs/http-api.md lacks the field %s of %T", name, of)
			}
		}
	}
	_, err = overview.ParseQuery(map[string][]string{"state": {"x"}})
	_, states, _ := strings.Cut(err.Error(), "the parameter state is one of ")
	for _, state := range strings.Split(states, ", ") {
		if !has(state) {
			t.Errorf("docs/http-api.md lacks the state %s", state)
		}
	}
}

// jsonFields returns the names of the fields of a type, and of those of its fields.
func jsonFields(of reflect.Type, seen map[reflect.Type]bool) (names []string) {
	for slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map}, of.Kind()) {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || seen[of] {
		return nil
	}
	seen[of] = true
	for _, f := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names = append(append(names, name), jsonFields(f.Type, seen)...)
		}
	}
	return names
}
