package config

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A report has the problems of a file.
type report struct {
	file  string
	lines map[string]int              // of paths
	types map[*yaml.Node]reflect.Type // of the values that have been checked
	found []problem
	// warned are what is likely wrong, but may be right.
	warned []problem
}

type problem struct {
	line int
	text string
}

// err returns all problems, one per line, or nil.
func (r *report) err() error {
	if len(r.found) == 0 {
		return nil
	}
	return errors.New(strings.Join(inOrder(r.found), "\n"))
}

// inOrder returns the texts of problems in the order of the file, each once: two unknown keys
// on a line may have the same.
func inOrder(problems []problem) []string {
	slices.SortStableFunc(problems, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.text)
	}
	return slices.Compact(texts)
}

// problems adds to a report what is wrong with the value at a path.
type problems struct {
	*report
	path string // for example projects[0].task_ids[1]; empty for the whole file
}

// at is about the value of a key, and item about an item of the list under it.
func (p problems) at(key string) problems {
	return problems{p.report, strings.TrimPrefix(p.path+"."+key, ".")}
}

func (p problems) item(key string, i int) problems { return p.at(fmt.Sprintf("%s[%d]", key, i)) }

// add adds a problem at the line of the path, or else of the closest value around it.
func (p problems) add(format string, args ...any) {
	p.addAt(p.line(), format, args...)
}

// warn adds, in the same way, what is likely wrong but may be right.
func (p problems) warn(format string, args ...any) {
	p.warned = append(p.warned, p.problem(p.line(), format, args...))
}

// addAt adds a problem at a line, or without one if that is 0.
func (p problems) addAt(line int, format string, args ...any) {
	p.found = append(p.found, p.problem(line, format, args...))
}

func (p problems) line() int {
	at := p.path
	for at != "" && p.lines[at] == 0 {
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
	return p.lines[at]
}

func (p problems) problem(line int, format string, args ...any) problem {
	where := p.file
	if line > 0 {
		where += ":" + strconv.Itoa(line)
	}
	if p.path != "" {
		where += ": " + p.path
	}
	return problem{line, where + ": " + fmt.Sprintf(format, args...)}
}
