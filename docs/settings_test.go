package docs_test

import (
	"fmt"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// settingsPage has the tables of flags and of configuration keys.
const settingsPage = "docs/configuration.md"

var helpLine = regexp.MustCompile(`(?m)^(?:  -h, |      )--(\[no-\])?([\w.-]+)(?:="?([^" ]*)"?)?`)

// TestFlags compares the table of flags with the output of --help.
func TestFlags(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	t.Parallel()
	help, err := exec.CommandContext(t.Context(), "go", "run", ".", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, row := range rows(t, settingsPage, "flag", "default", "meaning") {
		documented[strings.TrimPrefix(code(row.cells[0]), "--")] = code(row.cells[1])
	}
	exists := map[string]bool{}
	for _, flag := range helpLine.FindAllStringSubmatch(string(help), -1) {
		isBool, name, want := flag[1] != "", flag[2], flag[3]
		exists[name] = true
		switch {
		case isBool:
			want = "off"
		case want == "":
			want = "none"
		}
		got, ok := documented[name]
		delete(documented, name)
		switch {
		case !ok:
			t.Errorf("%s does not list the flag --%s", settingsPage, name)
		case got != want:
			t.Errorf("%s: the default of --%s is %s, want %s", settingsPage, name, got, want)
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

// TestConfigurationKeys compares the table of keys and the example with the keys of
// the configuration.
func TestConfigurationKeys(t *testing.T) {
	documented := map[string]string{}
	for _, row := range rows(t, settingsPage, "key", "default", "meaning") {
		documented[code(row.cells[0])] = code(row.cells[1])
	}
	example := read(t, "config.yml")
	keys := configKeys(reflect.TypeFor[config.Config](), "")
	for _, key := range keys {
		_, inProjects := documented["projects[]."+key]
		if _, ok := documented[key]; !ok && !inProjects { // the top level has blocks of projects
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

	for key, want := range defaults(t) {
		if got := documented[key]; got != want {
			t.Errorf("%s says that the default of %s is %q, but it is %q", settingsPage, key, got, want)
		}
	}
}

// configKeys returns the keys of a struct, and of those inside it, as paths.
func configKeys(typ reflect.Type, prefix string) []string {
	var keys []string
	for field := range typ.Fields() {
		tag := field.Tag.Get("yaml")
		name, _, _ := strings.Cut(tag, ",")
		if name == "-" || tag == "" || !field.IsExported() {
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

// defaults returns the defaults of the sections that have some, but for those of lists.
func defaults(t *testing.T) map[string]string {
	t.Helper()
	c, err := config.Parse("minimal.yml", ".", []byte(`
projects:
  - region: cn-north-4
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    credentials: {token: t}
    discovery: {}
    vaults: {}
    backups: {}
    protectables: {}
`), accessKeyInEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	p := c.Projects[0]
	for section, settings := range map[string]any{
		"scrape": c.Scrape, "projects[].discovery": *p.Discovery, "projects[].vaults": *p.Vaults,
		"projects[].backups": *p.Backups, "projects[].protectables": *p.Protectables,
	} {
		for field, value := range reflect.ValueOf(settings).Fields() {
			if name, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); value.Kind() != reflect.Slice {
				defaults[section+"."+name] = fmt.Sprint(value)
			}
		}
	}
	return defaults
}

// TestConfigurationError compares the error on the page with that of the program.
func TestConfigurationError(t *testing.T) {
	_, err := config.Parse("config.yml", ".", []byte("scrape:\n  timout: 10s\n"), accessKeyInEnvironment)
	if err == nil {
		t.Fatal("the mistake is accepted")
	}
	for said := range strings.Lines(err.Error() + "\n") {
		if strings.Contains(said, "timout") && !strings.Contains(read(t, settingsPage), "\n"+said) {
			t.Errorf("%s does not show %s", settingsPage, said)
		}
	}
}

// TestConfigurationWarning compares the warning on the page with that of the program.
func TestConfigurationWarning(t *testing.T) {
	c, err := config.Parse("config.yml", ".", []byte("projects:\n  - region: cn-nort-4\n    discovery: {}\n"), accessKeyInEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	if want := "\nwarning: " + strings.Join(c.Warnings, "\nwarning: ") + "\n"; !strings.Contains(read(t, settingsPage), want) {
		t.Errorf("%s does not show %s", settingsPage, want)
	}
}

// TestRegions compares the hosts on the page with those of the program.
func TestRegions(t *testing.T) {
	lines := regexp.MustCompile("(?m)^- .*, `(cbr\\..*?)` and `(iam.*?)`: (.*)$").FindAllStringSubmatch(read(t, settingsPage), -1)
	if len(lines) != 5 {
		t.Errorf("%s lists %d clouds, want 5", settingsPage, len(lines))
	}
	for _, line := range lines {
		for _, match := range regexp.MustCompile("`([a-z]+-[a-z0-9-]+)`").FindAllStringSubmatch(line[3], -1) {
			region := match[1]
			c, err := config.Parse("config.yml", ".", fmt.Appendf(nil, `
projects:
  - region: %s
    project_id: 04f1829c788037ac2fb8c01eb2b04b95
    discovery: {}
`, region), accessKeyInEnvironment)
			if err != nil {
				t.Fatal(err)
			}
			backup, identity := strings.ReplaceAll(line[1], "<region>", region), strings.ReplaceAll(line[2], "<region>", region)
			if p := c.Projects[0]; p.Endpoint != "https://"+backup || p.IAMEndpoint != "https://"+identity || c.Warnings != nil {
				t.Errorf("%s: got %s, %s and the warnings %q; %s says %s and %s", region, p.Endpoint, p.IAMEndpoint, c.Warnings, settingsPage, backup, identity)
			}
		}
	}
}
