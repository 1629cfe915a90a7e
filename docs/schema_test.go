package docs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// schemaFile is the schema of the configuration for editors.
const schemaFile = "config.schema.json"

// A property is what the schema says of a key.
type property struct {
	Ref         string `json:"$ref"`
	Description string
	Default     any
	Properties  map[string]property
	Items       *property
	Definitions map[string]property
}

// properties returns all below p by their paths, as configKeys does.
func (p property) properties(prefix string, definitions map[string]property) map[string]property {
	all := map[string]property{}
	for name, inner := range p.Properties {
		path := prefix + name
		described := inner
		for _, ref := range []*property{&inner, inner.Items} {
			if ref != nil && ref.Ref != "" {
				*ref = definitions[strings.TrimPrefix(ref.Ref, "#/definitions/")]
			}
		}
		if described.Description == "" {
			described.Description = inner.Description
		}
		all[path] = described
		maps.Copy(all, inner.properties(path+".", definitions))
		if inner.Items != nil {
			maps.Copy(all, inner.Items.properties(path+"[].", definitions))
		}
	}
	return all
}

// TestSchemaKeys compares the keys of the schema and their defaults with the configuration.
func TestSchemaKeys(t *testing.T) {
	var root property
	if err := json.Unmarshal([]byte(read(t, schemaFile)), &root); err != nil {
		t.Fatal(err)
	}
	all := root.properties("", root.Definitions)
	keys := configKeys(reflect.TypeFor[config.Config](), "")
	slices.Sort(keys)
	if diff := cmp.Diff(keys, slices.Sorted(maps.Keys(all))); diff != "" {
		t.Errorf("keys of the configuration and of %s (-want +got)\n%s", schemaFile, diff)
	}
	for key, p := range all {
		if p.Description == "" {
			t.Errorf("%s does not describe %s", schemaFile, key)
		}
	}
	for key, want := range defaults(t) {
		if got := fmt.Sprint(all[key].Default); got != want {
			t.Errorf("%s says that the default of %s is %s, but it is %s", schemaFile, key, got, want)
		}
	}
}

// TestSchemaOfExample checks that editors find the schema.
func TestSchemaOfExample(t *testing.T) {
	line := regexp.MustCompile(`^# yaml-language-server: \$schema=(\S+)\n`).FindStringSubmatch(read(t, "config.yml"))
	raw := strings.NewReplacer("https://github.com/", "https://raw.githubusercontent.com/", "/blob/", "/").Replace(home)
	if line == nil || line[1] != raw+schemaFile {
		t.Errorf("the first line of config.yml is %q, want the address of %s", line, schemaFile)
	}
	var root struct {
		ID string `json:"$id"`
	}
	if err := json.Unmarshal([]byte(read(t, schemaFile)), &root); err != nil || root.ID != raw+schemaFile {
		t.Errorf("the id of %s is %q, %v, want its address", schemaFile, root.ID, err)
	}
}
