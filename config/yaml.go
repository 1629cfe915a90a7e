package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	commoncfg "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"
)

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
		p.addSyntaxError(err, content)
		return
	case root.IsZero() || root.Content[0].ShortTag() == "!!null":
		p.addAt(1, "the file has no content; start from the commented example")
		return
	}
	p.check(root.Content[0].Line, root.Content[0], reflect.TypeOf(into))
	if len(p.found) > 0 {
		return // errors of the decoder would repeat it, and secrets
	}
	if err := root.Decode(into); err != nil {
		p.addSyntaxError(err, content)
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
// not check what is below a secret, nor below an alias: that is checked where it stands.
func (p problems) check(line int, v *yaml.Node, t reflect.Type) {
	p.lines[p.path] = cmp.Or(p.lines[p.path], line)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	kind := t.Kind()
	if isSecret.MatchString(p.path) {
		kind = reflect.String // proxy_url is a struct
	}
	if v.Kind == yaml.AliasNode {
		v = v.Alias
		if v.Kind != yaml.ScalarNode {
			if p.types[v] != t {
				p.add("an alias of another kind of value; write the value itself")
			}
			return
		}
	}
	p.types[v] = t
	switch {
	case v.Kind == yaml.ScalarNode:
		p.checkScalar(v, t)
	case v.Kind == yaml.MappingNode && kind == reflect.Struct:
		p.checkKeys(v, t)
	case v.Kind == yaml.SequenceNode && kind == reflect.Slice:
		p.checkItems(v, t.Elem())
	case v.Kind == yaml.SequenceNode && strings.HasSuffix(p.path, "<<"): // as the decoder
		p.checkItems(v, t)
	default:
		p.add("%s", p.want(t))
	}
}

func (p problems) checkItems(list *yaml.Node, t reflect.Type) {
	for i, item := range list.Content {
		problems{p.report, fmt.Sprintf("%s[%d]", p.path, i)}.check(item.Line, item, t)
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
		case field == nil && (hides && !isSecret.MatchString(key.Value) || !plainKey.MatchString(key.Value)):
			// It may be a secret, as in {password:hunter2} or {password: Hunter, Two}.
			p.addAt(key.Line, "an unknown key; correct it, put a space after its colon, or put quotes around a value with a comma")
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
	case t.Kind() == reflect.Int && v.ShortTag() == "!!float", // the decoder would cut off the fraction
		!isNull && v.Decode(reflect.New(t).Interface()) != nil:
		p.add("%s", p.want(t))
	}
}

func isUnprintable(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar } // the latter is not UTF-8

const wantSingle = "not a single value; put a value that begins with [, { or ? in quotes"

// want says what a value of a type looks like in YAML.
func (p problems) want(t reflect.Type) string {
	switch {
	case isSecret.MatchString(p.path):
		return wantSingle
	case t == reflect.TypeFor[Duration]():
		return notDuration
	case t == reflect.TypeFor[commoncfg.TLSVersion]():
		return "unknown TLS version; write TLS10, TLS11, TLS12 or TLS13"
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
	case reflect.Struct:
		return "not a mapping; write its keys one per line, each with a colon and a space after it"
	default:
		return wantSingle
	}
}

var (
	lineAndText = regexp.MustCompile(`(?s)^line (\d+): (.*)$`)
	// quoted matches the parts of a parser's message that repeat the file.
	quoted        = regexp.MustCompile("(?s) (`.*`|'.*' (?:referenced|value))")
	unknownAnchor = regexp.MustCompile(`(?s)^unknown anchor '(.*)' referenced$`)
	// ofScanner matches messages that have a line, unless that is the first. Those of the rest
	// of the parser count from 0.
	ofScanner = regexp.MustCompile(`^(did not find|could not find|found|block|mapping) `)
	ofParser  = regexp.MustCompile(`^did not find expected (key|node content|'-'|',|<)`)
)

// addSyntaxError translates an error of the parser. Other errors may repeat a value.
func (p problems) addSyntaxError(err error, content []byte) {
	text, ok := strings.CutPrefix(err.Error(), "yaml: ")
	if _, isType := errors.AsType[*yaml.TypeError](err); !ok || isType {
		p.add("a value cannot be decoded")
		return
	}
	line := 0
	if match := lineAndText.FindStringSubmatch(text); match != nil {
		line, _ = strconv.Atoi(match[1])
		text = match[2]
	}
	if match := unknownAnchor.FindStringSubmatch(text); match != nil {
		line = lineOfAlias(match[1], content)
	} else if ofParser.MatchString(text) {
		line++
	} else if line == 0 && ofScanner.MatchString(text) {
		line = 1
	}
	text = quoted.ReplaceAllString(text, "")
	remedy := "check indentation and quotes from this line on"
	switch text {
	case "unknown anchor", "did not find expected alphabetic or numeric character":
		remedy = "put a value that begins with * or & in quotes"
	case "anchor contains itself", "document contains excessive aliasing":
		remedy = "write the value itself in place of the alias"
	}
	p.addAt(line, "not valid YAML: %s; %s", text, remedy)
}

// lineOfAlias returns the line of the first alias of an anchor outside comments, or 0 if there
// is none.
func lineOfAlias(anchor string, content []byte) int {
	at := regexp.MustCompile(`(?m)^([^#\n]*[\s\[{,])?\*` + regexp.QuoteMeta(anchor)).FindIndex(content)
	if at == nil {
		return 0
	}
	return 1 + bytes.Count(content[:at[1]], []byte("\n"))
}
