package main

import (
	"fmt"
	"io"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// settingsPage has the tables of flags and of configuration keys.
const settingsPage = "docs/configuration.md"

// TestDocsFlags compares the table of flags with the command line.
func TestDocsFlags(t *testing.T) {
	const off, none = "off", "none" // how the page writes that there is no default
	documented := map[string]string{}
	for _, row := range rows(t, settingsPage, "flag", "default", "meaning") {
		documented[strings.TrimPrefix(code(row.cells[0]), "--")] = code(row.cells[1])
	}
	if runtime.GOOS != "linux" {
		delete(documented, "web.systemd-socket") // exists on Linux alone
	}
	exists := map[string]bool{"web.systemd-socket": true}
	for _, flag := range new(flags).application(io.Discard).Model().Flags {
		exists[flag.Name] = true
		if flag.Hidden {
			continue
		}
		want := strings.Join(flag.Default, ", ")
		switch {
		case flag.IsBoolFlag() && want == "":
			want = off
		case want == "":
			want = none
		}
		got, ok := documented[flag.Name]
		delete(documented, flag.Name)
		switch {
		case !ok:
			t.Errorf("%s does not list the flag --%s", settingsPage, flag.Name)
		case got != want:
			t.Errorf("%s says that the default of --%s is %s, but it is %s", settingsPage, flag.Name, got, want)
		}
	}
	for name := range documented {
		t.Errorf("%s lists the flag --%s, which does not exist", settingsPage, name)
	}
	for _, page := range pages(t) {
		for _, flag := range regexp.MustCompile(`--((?:config|web|log)\.[\w.-]*\w)`).FindAllStringSubmatch(read(t, page), -1) {
			if !exists[flag[1]] {
				t.Errorf("%s names the flag --%s, which does not exist", page, flag[1])
			}
		}
	}
}

// TestDocsConfig compares the table of keys, and the example, with the keys
// that the configuration has.
func TestDocsConfig(t *testing.T) {
	documented := map[string]string{}
	for _, row := range rows(t, settingsPage, "key", "default", "meaning") {
		documented[code(row.cells[0])] = code(row.cells[1])
	}
	example := read(t, "config.yml")
	keys := configKeys(reflect.TypeFor[config.Config](), "")
	for _, key := range keys {
		if _, ok := documented[key]; !ok {
			t.Errorf("%s does not list the configuration key %s", settingsPage, key)
		}
		name := key[strings.LastIndexByte(key, '.')+1:]
		if !regexp.MustCompile(`(?m)^[ #-]*` + name + `:( |$)`).MatchString(example) {
			t.Errorf("config.yml does not show the key %s", key)
		}
	}
	for key := range documented {
		if !slices.Contains(keys, key) {
			t.Errorf("%s lists the configuration key %s, which does not exist", settingsPage, key)
		}
	}

	for key, want := range scrapeDefaults(t) {
		if got := documented["scrape."+key]; got != want {
			t.Errorf("%s says that the default of scrape.%s is %q, but it is %q", settingsPage, key, got, want)
		}
	}
}

// configKeys returns the keys of a struct, and of those inside it, as paths.
func configKeys(typ reflect.Type, prefix string) []string {
	var keys []string
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "-" {
			continue // not a part of the file
		}
		keys = append(keys, prefix+name)
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case inner.Kind() == reflect.Struct:
			keys = append(keys, configKeys(inner, prefix+name+".")...)
		case inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct:
			keys = append(keys, configKeys(inner.Elem(), prefix+name+"[].")...)
		}
	}
	return keys
}

// scrapeDefaults returns what is in force where the file says nothing.
func scrapeDefaults(t *testing.T) map[string]string {
	t.Helper()
	c, err := config.Parse("minimal.yml", []byte(`
projects:
  - region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    credentials: {token: t}
    task_ids: [4827f2da-b008-4507-ab7d-42d0df5ed912]
`), accessKeyInEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for field, value := range reflect.ValueOf(c.Scrape).Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		defaults[name] = fmt.Sprint(value)
	}
	return defaults
}

// TestDocsMistake makes the mistake that is shown, and compares what is said of it.
func TestDocsMistake(t *testing.T) {
	_, err := config.Parse("config.yml", []byte("scrape:\n  timout: 10s\n"), accessKeyInEnvironment)
	if err == nil {
		t.Fatal("the mistake is accepted")
	}
	for said := range strings.Lines(err.Error() + "\n") {
		if strings.Contains(said, "timout") && !strings.Contains(read(t, settingsPage), "\n"+said) {
			t.Errorf("%s does not show %s", settingsPage, said)
		}
	}
}
