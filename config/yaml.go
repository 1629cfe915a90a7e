package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	commoncfg "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"
)

// A report has the problems of a file.
type report struct {
	file  string
	lines map[string]int // of paths
	found []problem
	// warned are what is likely wrong, but may be right.
	warned []problem
}

type problem struct {
	path string
	line int
	err  error
}

// err returns all problems, or nil.
func (r *report) err() error { return errors.Join(inOrder(r.found)...) }

// warnings returns the lines of what is likely wrong.
func (r *report) warnings() []string {
	var lines []string
	for _, err := range inOrder(r.warned) {
		lines = append(lines, err.Error())
	}
	return lines
}

// inOrder returns problems in the order of the file, each once.
func inOrder(problems []problem) []error {
	slices.SortStableFunc(problems, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	var errs []error
	for i, p := range problems {
		if i == 0 || p.err.Error() != problems[i-1].err.Error() { // an alias repeats it
			errs = append(errs, p.err)
		}
	}
	return errs
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
	return problem{p.path, line, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...))}
}

// A document is the values of a file, in its order.
type document []place

type place struct {
	path  string
	line  int // of the key or of the item of a list
	value *yaml.Node
}

// newDocument returns the value and all values below it, but not what is below a secret. It
// does not follow aliases, which may form a cycle.
func newDocument(path string, line int, value *yaml.Node) document {
	d := document{{path, line, value}}
	switch {
	case isSecret.MatchString(path):
	case value.Kind == yaml.MappingNode:
		hides := hidesKeys(path, value)
		for i := 0; i+1 < len(value.Content); i += 2 {
			key, below := value.Content[i], value.Content[i+1]
			switch {
			case strings.Contains(path, "proxy_connect_header"):
				d = append(d, newDocument(path, key.Line, below)...) // a name may be a part of a secret
			case hides && !slices.Contains(knownKeys, key.Value):
				d = append(d, place{hiddenKey, key.Line, below})
			default:
				d = append(d, newDocument(strings.TrimPrefix(path+"."+key.Value, "."), key.Line, below)...)
			}
		}
	case value.Kind == yaml.SequenceNode:
		for i, item := range value.Content {
			d = append(d, newDocument(fmt.Sprintf("%s[%d]", path, i), item.Line, item)...)
		}
	}
	return d
}

var (
	isSecret  = regexp.MustCompile(`(^|\.)(access_key|secret_key|security_token|username|domain_name|password|token|proxy_url)$`)
	knownKeys = append(keysOf(reflect.TypeFor[Config]()), "<<")
)

// keysOf returns the keys of a type and of all below it.
func keysOf(t reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	var keys []string
	if t.Kind() == reflect.Struct {
		for _, field := range reflect.VisibleFields(t) {
			if tag, ok := field.Tag.Lookup("yaml"); ok {
				name, _, _ := strings.Cut(tag, ",")
				keys = append(append(keys, name), keysOf(field.Type)...)
			}
		}
	}
	return keys
}

// hiddenKey is the path of a key that is not shown. No other path is like it.
const hiddenKey = "?"

// hidesKeys reports whether an unknown key may be a part of a secret, as is Two in
// {password: Hunter, Two}.
func hidesKeys(path string, mapping *yaml.Node) bool {
	for i := 0; i < len(mapping.Content); i += 2 {
		if isSecret.MatchString(mapping.Content[i].Value) {
			return true
		}
	}
	return strings.HasSuffix("."+path, ".credentials")
}

// isStructure reports whether a value is a mapping or a list, itself or by an alias.
func isStructure(v *yaml.Node) bool {
	if v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	return v.Kind == yaml.MappingNode || v.Kind == yaml.SequenceNode
}

// only returns the path of the only place that matches, or "" if there are none
// or several.
func (d document) only(matches func(place) bool) string {
	path := ""
	for _, p := range d {
		if matches(p) {
			if path != "" {
				return ""
			}
			path = p.path
		}
	}
	return path
}

// decode reads the only YAML document of a file strictly.
func decode(content []byte, into any, p problems) {
	var root, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	err := decoder.Decode(&root)
	if err == nil {
		err = decoder.Decode(&second)
	}
	switch {
	case err == nil:
		p.addAt(second.Line, "a second YAML document begins here; keep one, without --- between its parts")
		return
	case !errors.Is(err, io.EOF):
		p.addSyntaxError(err)
		return
	case root.IsZero() || root.Content[0].ShortTag() == "!!null":
		p.addAt(1, "the file has no content; start from the commented example")
		return
	}
	d := newDocument("", root.Content[0].Line, root.Content[0])
	for _, at := range d {
		p.lines[at.path] = cmp.Or(p.lines[at.path], at.line)
	}
	d.check(p)
	if slices.ContainsFunc(d, func(at place) bool { return isSecret.MatchString(at.path) && isStructure(at.value) }) {
		return // check has reported it, and errors of the decoder would repeat its keys
	}

	strict := yaml.NewDecoder(bytes.NewReader(content))
	strict.KnownFields(true)
	err = strict.Decode(into)
	var typeError *yaml.TypeError
	switch {
	case errors.As(err, &typeError):
		for _, message := range typeError.Errors {
			d.addTypeError(message, p)
		}
	case err != nil && len(p.found) == 0: // else it is likely the same problem
		p.addSyntaxError(err)
	}
}

var (
	plainPath = regexp.MustCompile(`^([a-z0-9_<-]{0,64}(\[\d+\])*(\.|$))*$`)
	// Without a value the decoder drops the items of lists and whole blocks, and credentials
	// would come from the environment.
	needsValue = regexp.MustCompile(`(\]|\.(discovery|vaults|backups|protectables)|\bcredentials\.\w+)$`)
	isSection  = regexp.MustCompile(`\.(discovery|vaults|backups|protectables|ecs_agency)$`)
)

// check reports what the decoder accepts and is a mistake under any key.
func (d document) check(p problems) {
	for _, at := range d {
		v := at.value
		isNull := v.ShortTag() == "!!null"
		if !plainPath.MatchString(at.path) { // may be a secret, as in {password:hunter2} or {password: Hunter, Two}
			p.addAt(at.line, "an unknown key; correct it, put a space after its colon, or put quotes around a value with a comma")
			continue
		}
		p := p.at(at.path)
		switch {
		case isSecret.MatchString(at.path) && isStructure(v):
			p.add("%s", wantType("string"))
		case v.Kind != yaml.ScalarNode:
		case v.Style&yaml.TaggedStyle != 0 && v.ShortTag() != "!!str":
			p.add("a YAML tag; put a value that begins with ! in quotes")
		case isNull && needsValue.MatchString(at.path), !isNull && strings.TrimSpace(v.Value) == "":
			remedy := "add one or remove it"
			if isSection.MatchString(at.path) {
				remedy = "write {} for the defaults, or remove the line"
			}
			p.add("no value; %s", remedy)
		case strings.ContainsFunc(v.Value, isUnprintable):
			p.add("a line break or another character that cannot be printed; remove it")
		case placeholder.MatchString(v.Value):
			p.add("still a placeholder; write your own value in its place, or remove the line")
		default:
			checkValue(v.Value, p)
		}
	}
}

func isUnprintable(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar } // the latter is not UTF-8

// checkValue reports values that the decoder would change, and those on which the types of
// Prometheus would end decoding, with an error that has no line and repeats the value.
func checkValue(value string, p problems) {
	switch {
	case strings.HasSuffix(p.path, "http_client.proxy_url"):
		checkProxy(value, p)
	case strings.HasSuffix(p.path, ".tls_config.min_version"), strings.HasSuffix(p.path, ".tls_config.max_version"):
		if _, ok := commoncfg.TLSVersions[value]; !ok {
			p.add("unknown TLS version; write TLS10, TLS11, TLS12 or TLS13")
		}
	case strings.HasSuffix(p.path, ".concurrency"), strings.HasSuffix(p.path, ".max_tasks"): // a fraction would be cut off
		if n, err := strconv.ParseFloat(value, 64); err == nil && n != math.Trunc(n) {
			p.add("%s", wantType("int"))
		}
	}
}

var (
	lineAndText = regexp.MustCompile(`(?s)^line (\d+): (.*)$`)
	atColumn    = regexp.MustCompile(`^column (\d+): `) // of a Duration
	unknownKey  = regexp.MustCompile(`(?s)^field (.*) not found in type `)
	repeatedKey = regexp.MustCompile(`(?s)^mapping key "(.*)" already defined at (line \d+)$`)
	wrongType   = regexp.MustCompile(`(?s)^cannot unmarshal (\S*) .*into (.*)$`)
)

// addTypeError translates a message of a yaml.TypeError, which may repeat a value
// and so a secret. It names the key if the line makes clear which it is.
func (d document) addTypeError(message string, p problems) {
	line, message := cutLine(message)
	if line == 0 {
		p.add("a value cannot be decoded")
		return
	}
	byKey := func(key string) string {
		matches := func(at place) bool { return at.line == line && strings.HasSuffix("."+at.path, "."+key) }
		if !slices.ContainsFunc(d, matches) {
			return hiddenKey
		}
		return cmp.Or(d.only(matches), key)
	}
	byValue := func(matches func(*yaml.Node) bool) string {
		return d.only(func(at place) bool { return at.value.Line == line && matches(at.value) })
	}
	var path, text string
	if match := unknownKey.FindStringSubmatch(message); match != nil {
		path, text = byKey(match[1]), "unknown key; correct or remove it, the commented example shows all keys"
	} else if match := repeatedKey.FindStringSubmatch(message); match != nil {
		path, text = byKey(match[1]), "set twice, first at "+match[2]+"; remove one"
	} else if match := wrongType.FindStringSubmatch(message); match != nil {
		path, text = byValue(func(v *yaml.Node) bool { return v.ShortTag() == match[1] }), wantType(match[2])
	} else {
		match := atColumn.FindString(message)
		path, text = byValue(func(v *yaml.Node) bool { return fmt.Sprintf("column %d: ", v.Column) == match }), notDuration
	}
	if plainPath.MatchString(path) {
		p.at(path).addAt(line, "%s", text)
	} else if !slices.ContainsFunc(p.found, func(found problem) bool { return found.line == line }) { // as check does
		p.addAt(line, "an unknown key, or one that is set twice; correct or remove it")
	}
}

// cutLine splits a message like "line 5: text". The line is 0 if there is none.
func cutLine(message string) (line int, text string) {
	match := lineAndText.FindStringSubmatch(message)
	if match == nil {
		return 0, message
	}
	line, _ = strconv.Atoi(match[1])
	return line, match[2]
}

// wantType says what a value of a Go type looks like in YAML.
func wantType(name string) string {
	switch {
	case name == "int":
		return "not a whole number; write one, without quotes"
	case name == "float64":
		return "not a number; write one, without quotes"
	case name == "bool":
		return "neither true nor false; write one of them, without quotes"
	case name == "string" || strings.HasSuffix(name, ".Secret"):
		return "not a single value; put a value that begins with [, { or ? in quotes"
	case strings.HasPrefix(name, "[]"):
		return `not a list; begin each item with "- "`
	case name == "config.plain": // of a section with defaults
		return "not a mapping; write {} for the defaults, or its keys one per line, each with a colon and a space after it"
	default:
		return "not a mapping; write its keys one per line, each with a colon and a space after it"
	}
}

// quoted matches the parts of a parser's message that repeat the file.
var quoted = regexp.MustCompile("(?s) (`.*`|'.*' (?:referenced|value))")

// addSyntaxError translates an error of the parser. Other errors may repeat a value.
func (p problems) addSyntaxError(err error) {
	text, ok := strings.CutPrefix(err.Error(), "yaml: ")
	if !ok {
		p.add("a value cannot be decoded")
		return
	}
	line, text := cutLine(text)
	text = quoted.ReplaceAllString(text, "")
	remedy := "check indentation and quotes around this line"
	if text == "unknown anchor" || text == "did not find expected alphabetic or numeric character" {
		remedy = "put a value that begins with * or & in quotes"
	}
	p.addAt(line, "not valid YAML: %s; %s", text, remedy)
}
