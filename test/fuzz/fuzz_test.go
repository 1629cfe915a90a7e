// Package fuzz runs the fuzz targets of all packages.
//
//	go test ./test/fuzz -v -fuzz.time 30s
package fuzz

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/test/report"
)

const (
	root            = "../.."
	reliabilityPage = root + "/docs/reliability.md"
	section         = "make fuzz"
)

var (
	fuzzTime   = flag.Duration("fuzz.time", 0, "how long TestFuzz runs each target; 0 skips it")
	reportFile = flag.String("fuzz.report", "", "write the figures into this file: docs/reliability.md")
)

// target is a fuzz target.
type target struct {
	pkg  string // a path below the root
	name string
	does string // the first sentence of its comment, without its name
}

// cells are what the page says of a target.
func (f target) cells() []string { return []string{"`" + f.pkg + "`", "`" + f.name + "`", f.does} }

// targets returns all fuzz targets of the module.
func targets(t *testing.T) (all []target) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Fuzz") {
				continue
			}
			name, does := f.Name.Name, new(doc.Package).Synopsis(f.Doc.Text())
			does, ok = strings.CutPrefix(strings.TrimSuffix(does, "."), name+" ")
			if !ok {
				return fmt.Errorf("%s: the comment of %s does not say what it does", path, name)
			}
			pkg, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			all = append(all, target{filepath.ToSlash(pkg), name, does})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b target) int { return cmp.Or(cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.name, b.name)) })
	return all
}

// TestReport expects that the page has the targets that exist.
func TestReport(t *testing.T) {
	text, err := report.Section(reliabilityPage, section)
	if err != nil {
		t.Fatal(err)
	}
	rows := report.Rows(text)
	want := targets(t)
	if len(want) == 0 {
		t.Fatal("there are no targets")
	}
	same := slices.EqualFunc(rows, want, func(row []string, w target) bool { return slices.Equal(row[:3], w.cells()) })
	if !same {
		t.Errorf("docs/reliability.md has other targets than there are; write it with `make fuzz`\ngot  %q\nwant %q", rows, want)
	}
}

// TestFuzz runs each target for a while.
func TestFuzz(t *testing.T) {
	if *fuzzTime == 0 {
		t.Skip("needs -fuzz.time")
	}
	rows := [][]string{{"package", "target", "what it does", "executions", "new inputs", "failures"}}
	for _, target := range targets(t) {
		t.Run(target.pkg+"/"+target.name, func(t *testing.T) {
			rows = append(rows, append(target.cells(), target.run(t)...))
		})
	}
	if *reportFile == "" {
		return
	}
	text := fmt.Sprintf("%s Each target ran for %s.\n\n%s", report.Machine(), *fuzzTime, report.Table(rows))
	if err := report.Write(*reportFile, section, text); err != nil {
		t.Fatal(err)
	}
}

// progress is the line that the fuzzer writes every few seconds, and at the end.
var progress = regexp.MustCompile(`execs: (\d+) .*new interesting: (\d+) `)

// run runs a target. It returns the number of executions, of inputs that have reached new code,
// and of failures: the first one ends it.
func (f target) run(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-run", "^$", "-fuzz", "^"+f.name+"$", "-fuzztime", fuzzTime.String(), "-fuzzminimizetime", "20x", "./"+f.pkg)
	cmd.Dir = root
	output, err := cmd.CombinedOutput()
	executions, inputs, failures := "0", "0", 0
	if lines := progress.FindAllSubmatch(output, -1); lines != nil {
		last := lines[len(lines)-1]
		executions, inputs = string(last[1]), string(last[2])
	}
	t.Logf("%s executions, %s new inputs", executions, inputs)
	if err != nil && !isDeadline(output) {
		t.Errorf("%v\n%s", err, output)
		failures = 1
	}
	return []string{executions, inputs, strconv.Itoa(failures)}
}

// isDeadline reports whether the fuzzer has failed with its own deadline alone, as it sometimes
// does before Go 1.27, see https://go.dev/issue/75804. A real failure leaves its input behind.
func isDeadline(output []byte) bool {
	return !bytes.Contains(output, []byte("Failing input written")) && regexp.MustCompile(`(?m)^ +context deadline exceeded$`).Match(output)
}
