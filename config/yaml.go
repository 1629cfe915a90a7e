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
	return problem{line, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...))}
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
	p.check(root.Content[0].Line, root.Content[0], reflect.TypeOf(into))
	if len(p.found) > 0 {
		return // errors of the decoder would repeat it, and secrets
	}
	strict := yaml.NewDecoder(bytes.NewReader(content))
	strict.KnownFields(true)
	err = strict.Decode(into)
	if typeError, ok := errors.AsType[*yaml.TypeError](err); ok {
		// An alias or a merge key has brought values to a place where check does not follow.
		for _, message := range typeError.Errors {
			line, _ := cutLine(message)
			p.addAt(line, "an alias or a merge key takes this to a place where it does not belong; write the value itself there")
		}
	} else if err != nil {
		p.addSyntaxError(err)
	}
}

var (
	plainKey = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
	isSecret = regexp.MustCompile(`(^|\.)(access_key|secret_key|security_token|username|domain_name|password|token|proxy_url)$`)
	// Without a value the decoder drops the items of lists and whole blocks, and credentials
	// would come from the environment.
	needsValue = regexp.MustCompile(`(\]|<<|\.(discovery|vaults|backups|protectables)|\bcredentials\.\w+)$`)
	isSection  = regexp.MustCompile(`\.(discovery|vaults|backups|protectables|ecs_agency)$`)
)

// check reports what is wrong with the form of a value and of all values below it: keys and
// values that its type does not have, and what the decoder accepts and is a mistake. It does
// not check what is below a secret, nor below an alias: that is checked where it stands, and may
// form a cycle.
func (p problems) check(line int, v *yaml.Node, t reflect.Type) {
	p.lines[p.path] = cmp.Or(p.lines[p.path], line)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	kind := t.Kind()
	if isSecret.MatchString(p.path) {
		kind = reflect.String // proxy_url is a struct
	}
	isAlias := v.Kind == yaml.AliasNode
	if isAlias {
		if v = v.Alias; v.Kind != yaml.ScalarNode {
			v = &yaml.Node{Kind: v.Kind}
		}
	}
	switch {
	case v.Kind == yaml.ScalarNode:
		p.checkScalar(v, t)
	case v.Kind == yaml.MappingNode && kind == reflect.Struct:
		p.checkKeys(v, t)
	case v.Kind == yaml.MappingNode && kind == reflect.Map:
		p.checkHeaders(v, t)
	case v.Kind == yaml.SequenceNode && kind == reflect.Slice:
		for i, item := range v.Content {
			problems{p.report, fmt.Sprintf("%s[%d]", p.path, i)}.check(item.Line, item, t.Elem())
		}
	case v.Kind == yaml.SequenceNode && strings.HasSuffix(p.path, "<<") && !isAlias: // as the decoder
		for i, item := range v.Content {
			problems{p.report, fmt.Sprintf("%s[%d]", p.path, i)}.check(item.Line, item, t)
		}
	default:
		p.add("%s", p.want(t))
	}
}

// checkKeys checks a mapping for a struct.
func (p problems) checkKeys(v *yaml.Node, t reflect.Type) {
	fields := fieldsOf(t)
	fields["<<"] = t
	hides := hidesKeys(p.path, v)
	lines := map[string]int{}
	for i := 0; i+1 < len(v.Content); i += 2 {
		key, value := v.Content[i], v.Content[i+1]
		at, field := p.at(key.Value), fields[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			p.addAt(key.Line, "%s", wantSingle)
		case field == nil && (hides && !isKey(key.Value, reflect.TypeFor[Config]()) || !plainKey.MatchString(key.Value)):
			// It may be a secret, as in {password:hunter2} or {password: Hunter, Two}.
			problems{report: p.report}.addAt(key.Line, "an unknown key; correct it, put a space after its colon, or put quotes around a value with a comma")
		case field == nil:
			at.addAt(key.Line, "unknown key; correct or remove it, the commented example shows all keys")
		case lines[key.Value] > 0:
			at.addAt(key.Line, "set twice, first at line %d; remove one", lines[key.Value])
		default:
			at.check(key.Line, value, field)
		}
		lines[key.Value] = key.Line
	}
}

// fieldsOf returns the types of the values of a struct by their keys.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); name != "" && name != "-" {
			fields[name] = field.Type
		}
	}
	return fields
}

// isKey reports whether a type or one below it has the key.
func isKey(key string, t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	for name, below := range fieldsOf(t) {
		if name == key || isKey(key, below) {
			return true
		}
	}
	return false
}

// checkHeaders checks the headers for a proxy. It shows no name, which may be a part of a secret.
func (p problems) checkHeaders(v *yaml.Node, t reflect.Type) {
	names := map[string]bool{}
	for i := 0; i+1 < len(v.Content); i += 2 {
		name, value := v.Content[i], v.Content[i+1]
		if names[name.Value] {
			p.addAt(name.Line, "a header is set twice; remove one")
		}
		names[name.Value] = true
		if name.Value == "<<" {
			p.at("<<").check(name.Line, value, t)
		} else {
			p.check(name.Line, value, t.Elem())
		}
	}
}

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

// checkScalar also reports values on which the types of Prometheus would end decoding, with an
// error that has no line and repeats the value.
func (p problems) checkScalar(v *yaml.Node, t reflect.Type) {
	isNull := v.ShortTag() == "!!null"
	switch {
	case v.Style&yaml.TaggedStyle != 0 && v.ShortTag() != "!!str":
		p.add("a YAML tag; put a value that begins with ! in quotes")
	case isNull && needsValue.MatchString(p.path), !isNull && strings.TrimSpace(v.Value) == "":
		remedy := "add one or remove it"
		if isSection.MatchString(p.path) {
			remedy = "write {} for the defaults, or remove the line"
		}
		p.add("no value; %s", remedy)
	case strings.ContainsFunc(v.Value, isUnprintable):
		p.add("a line break or another character that cannot be printed; remove it")
	case placeholder.MatchString(v.Value):
		p.add("still a placeholder; write your own value in its place, or remove the line")
	case strings.HasSuffix(p.path, "http_client.proxy_url"):
		checkProxy(v.Value, p)
	case strings.HasSuffix(p.path, ".tls_config.min_version"), strings.HasSuffix(p.path, ".tls_config.max_version"):
		if _, ok := commoncfg.TLSVersions[v.Value]; !ok {
			p.add("unknown TLS version; write TLS10, TLS11, TLS12 or TLS13")
		}
	case !isNull && !decodes(v, t):
		p.add("%s", p.want(t))
	}
}

func isUnprintable(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar } // the latter is not UTF-8

// decodes reports whether a scalar is a value of the type. The decoder would cut off the
// fraction of an int.
func decodes(v *yaml.Node, t reflect.Type) bool {
	if t.Kind() == reflect.Int {
		n, err := strconv.ParseFloat(v.Value, 64)
		if err == nil && n != math.Trunc(n) {
			return false
		}
	}
	return v.Decode(reflect.New(t).Interface()) == nil
}

const wantSingle = "not a single value; put a value that begins with [, { or ? in quotes"

// want says what a value of a type looks like in YAML.
func (p problems) want(t reflect.Type) string {
	switch {
	case isSecret.MatchString(p.path):
		return wantSingle
	case t == reflect.TypeFor[Duration]():
		return notDuration
	case isSection.MatchString(p.path):
		return "not a mapping; write {} for the defaults, or its keys one per line, each with a colon and a space after it"
	}
	switch t.Kind() {
	case reflect.Int:
		return "not a whole number; write one, without quotes"
	case reflect.Float64:
		return "not a number; write one, without quotes"
	case reflect.Bool:
		return "neither true nor false; write one of them, without quotes"
	case reflect.Slice:
		return `not a list; begin each item with "- "`
	case reflect.Struct, reflect.Map:
		return "not a mapping; write its keys one per line, each with a colon and a space after it"
	default:
		return wantSingle
	}
}

var lineAndText = regexp.MustCompile(`(?s)^line (\d+): (.*)$`)

// cutLine splits a message like "line 5: text". The line is 0 if there is none.
func cutLine(message string) (line int, text string) {
	match := lineAndText.FindStringSubmatch(message)
	if match == nil {
		return 0, message
	}
	line, _ = strconv.Atoi(match[1])
	return line, match[2]
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
	switch text {
	case "unknown anchor", "did not find expected alphabetic or numeric character":
		remedy = "put a value that begins with * or & in quotes"
	case "anchor contains itself", "document contains excessive aliasing":
		remedy = "write the value itself in place of the alias"
	}
	p.addAt(line, "not valid YAML: %s; %s", text, remedy)
}
