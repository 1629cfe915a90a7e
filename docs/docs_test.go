// Package docs_test compares the documentation with the program.
package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// TestMain runs the tests from the root, so that all paths start there.
func TestMain(m *testing.M) {
	if err := os.Chdir(".."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// pages returns the documentation for users without the runbooks, which are tested
// with the rules.
func pages(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Glob("docs/*.md")
	if err != nil || len(docs) == 0 {
		t.Fatalf("no pages in docs: %v", err)
	}
	return append([]string{"README.md"}, docs...)
}

// TestYAMLBlocks checks that all YAML blocks are valid and that the configurations
// load.
func TestYAMLBlocks(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"access-key", "secret-key", "password", "token"} {
		if err := os.WriteFile(filepath.Join(folder, "secrets", name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, block := range yamlBlocks(t) {
		var content struct {
			Projects      any `yaml:"projects"`
			ScrapeConfigs any `yaml:"scrape_configs"`
			RuleFiles     any `yaml:"rule_files"`
		}
		decoder := yaml.NewDecoder(strings.NewReader(block.text))
		if err := decoder.Decode(&content); err != nil {
			t.Errorf("%s: %v", block.at, err)
			continue
		}
		switch {
		case content.Projects != nil:
			kinds["configuration"]++
			if _, err := config.Parse("config.yml", folder, []byte(block.text), accessKeyInEnvironment); err != nil {
				t.Errorf("%s: the configuration is refused: %v", block.at, err)
			}
			var all any
			if err := yaml.Unmarshal([]byte(block.text), &all); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(all); err != nil {
				t.Errorf("%s: editors report: %v", block.at, err)
			}
		case content.ScrapeConfigs != nil:
			kinds["scrape configuration"]++
		case content.RuleFiles != nil:
			kinds["rule files"]++
		}
	}
	for _, kind := range []string{"configuration", "scrape configuration", "rule files"} {
		if kinds[kind] == 0 {
			t.Errorf("no page has a YAML block of the kind: %s", kind)
		}
	}
}

// A block is a fenced block of a page.
type block struct {
	at   string // page and line
	text string
}

// blocks returns the blocks of a page in a language, including those in lists.
func blocks(t *testing.T, page, language string) []block {
	t.Helper()
	text := read(t, page)
	fence := regexp.MustCompile("(?ms)^( *)```" + language + "\n(.*?)^ *```$")
	var found []block
	for _, at := range fence.FindAllStringSubmatchIndex(text, -1) {
		line := 1 + strings.Count(text[:at[4]], "\n")
		indent := regexp.MustCompile("(?m)^" + text[at[2]:at[3]])
		found = append(found, block{fmt.Sprintf("%s:%d", page, line), indent.ReplaceAllString(text[at[4]:at[5]], "")})
	}
	return found
}

// yamlBlocks returns the YAML blocks of all pages.
func yamlBlocks(t *testing.T) []block {
	t.Helper()
	var found []block
	for _, page := range pages(t) {
		found = append(found, blocks(t, page, "yaml")...)
	}
	return found
}

// A row is one of a table of a page.
type row struct {
	lead  string // the paragraph before the table
	cells []string
}

// rows returns the rows of all tables of a page with the given header.
func rows(t *testing.T, page string, header ...string) []row {
	t.Helper()
	var (
		found  []row
		lead   string
		inside bool // in a table with that header
	)
	for line := range strings.Lines(read(t, page)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			inside = false
			if line != "" {
				lead = line
			}
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case slices.Equal(cells, header):
			inside = true
		case inside && len(cells) != len(header):
			t.Errorf("%s: a row of %d cells where %d are expected: %s", page, len(cells), len(header), line)
		case inside && strings.Trim(cells[0], "-:") != "":
			found = append(found, row{lead, cells})
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no table with the header %s", page, strings.Join(header, ", "))
	}
	return found
}

// code returns the text without backticks around it.
func code(cell string) string { return strings.Trim(cell, "`") }

func read(t *testing.T, file string) string {
	t.Helper()
	// By its absolute path: go test caches results, and takes relative ones for those in the
	// folder of the package.
	file, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// accessKeyInEnvironment is the environment that the pages describe.
var accessKeyInEnvironment = config.Environment{"HUAWEICLOUD_SDK_AK=key", "HUAWEICLOUD_SDK_SK=secret"}
