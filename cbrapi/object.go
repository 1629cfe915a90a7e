package cbrapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// maxText bounds a name or an id, in bytes. The longest that the API
	// documents, a resource's name, has 255 characters.
	maxText = 1024
	// maxWord bounds an enumerated value or a code, in bytes.
	maxWord = 64
)

// InvalidField is a field that the API sent in a form that cannot be read.
type InvalidField struct {
	Field string // its place, such as extra_info.common.progress; one of a fixed set
	Value string // what was sent, cut after some characters
}

// object is a JSON object that is read field by field. A field that is absent
// or null is silently the zero value; one that cannot be read is the zero value
// and is noted in found, which an object shares with those inside it.
//
// A value of another JSON type is taken where it has only one meaning: the
// number 7 for the text "7", the text "7" for the number 7.
type object struct {
	values map[string]any
	path   string // of the object, with a dot behind it; "" at the top
	found  *[]InvalidField
}

func newObject(values map[string]any) object {
	return object{values: values, found: new([]InvalidField)}
}

// decodeObject reads the JSON object with which body begins; rest is what comes
// behind it. Null is an object without values. An id or a code sent as a number
// is kept as it was written.
func decodeObject(body []byte) (values map[string]any, rest []byte, err error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	err = decoder.Decode(&values)
	return values, bytes.TrimSpace(body[decoder.InputOffset():]), err
}

func (o object) invalid(name string, value any) {
	text := []rune(fmt.Sprint(value))
	if len(text) > maxWord {
		text = append(text[:maxWord], '…')
	}
	*o.found = append(*o.found, InvalidField{Field: o.path + name, Value: string(text)})
}

// record returns the object called name as one that stands alone: the places of
// its fields begin inside it, and what is invalid in it is its own.
func (o object) record(name string) (object, bool) {
	values, ok := o.values[name].(map[string]any)
	return newObject(values), ok
}

// object returns the object called name. Where there is none, what is read from
// the result is absent as well.
func (o object) object(name string) (object, bool) {
	values, ok := o.values[name].(map[string]any)
	if !ok && o.values[name] != nil {
		o.invalid(name, o.values[name])
	}
	inner := object{values: values, path: o.path + name + ".", found: o.found}
	return inner, ok
}

// objects returns the objects in the list called name.
func (o object) objects(name string) []object {
	list, ok := o.values[name].([]any)
	if !ok && o.values[name] != nil {
		o.invalid(name, o.values[name])
	}
	out := make([]object, 0, len(list))
	for _, v := range list {
		values, ok := v.(map[string]any)
		if !ok {
			o.invalid(name, v)
			continue
		}
		out = append(out, object{values: values, path: o.path + name + ".", found: o.found})
	}
	return out
}

// text returns a name or an id.
func (o object) text(name string) string {
	s, ok := scalar(o.values[name])
	if !ok || len(s) > maxText {
		o.invalid(name, o.values[name])
		return ""
	}
	return s
}

// id returns an id that is compared with others, in lower case.
func (o object) id(name string) string { return strings.ToLower(o.text(name)) }

// word returns an enumerated value or a code: something short without spaces.
// It may become a label value, which a sentence must not.
func (o object) word(name string) string {
	s, ok := scalar(o.values[name])
	if !ok || len(s) > maxWord || strings.ContainsFunc(s, notInWord) {
		o.invalid(name, o.values[name])
		return ""
	}
	return s
}

func notInWord(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }

// prose returns a text for people, cut after limit characters.
func (o object) prose(name string, limit int) string {
	s, ok := scalar(o.values[name])
	if !ok {
		o.invalid(name, o.values[name])
		return ""
	}
	return oneLine(s, limit)
}

// texts returns a list of names or ids; nil where it is absent.
func (o object) texts(name string) []string {
	v := o.values[name]
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		o.invalid(name, v)
		return nil
	}
	out := make([]string, 0, len(list))
	for _, v := range list {
		s, ok := scalar(v)
		if !ok || s == "" || len(s) > maxText {
			o.invalid(name, v)
			continue
		}
		out = append(out, s)
	}
	return out
}

// flag returns a boolean. The API documents the texts "true" and "false",
// once with quotes of their own; other clients of it model a JSON boolean.
func (o object) flag(name string) *bool {
	s, ok := scalar(o.values[name])
	if ok && s == "" {
		return nil
	}
	b, err := strconv.ParseBool(strings.ToLower(strings.Trim(s, `"`)))
	if !ok || err != nil {
		o.invalid(name, o.values[name])
		return nil
	}
	return &b
}

// percent returns a number from 0 to 100.
func (o object) percent(name string) *float64 {
	f, ok := o.number(name)
	if !ok {
		return nil
	}
	if !(f >= 0 && f <= 100) {
		o.invalid(name, o.values[name])
		return nil
	}
	return &f
}

// count returns a whole number that is not negative.
func (o object) count(name string) *int64 {
	f, ok := o.number(name)
	if !ok {
		return nil
	}
	if !(f >= 0 && f < math.MaxInt64) || f != math.Trunc(f) {
		o.invalid(name, o.values[name])
		return nil
	}
	n := int64(f)
	return &n
}

func (o object) number(name string) (f float64, ok bool) {
	s, ok := scalar(o.values[name])
	if ok && s == "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if !ok || err != nil {
		o.invalid(name, o.values[name])
		return 0, false
	}
	return f, true
}

// time returns a point in time in one of the forms of ParseTime.
func (o object) time(name string) time.Time {
	s, ok := o.values[name].(string)
	if !ok && o.values[name] != nil {
		o.invalid(name, o.values[name])
	}
	if s == "" {
		return time.Time{}
	}
	t, err := ParseTime(s)
	if err != nil {
		o.invalid(name, s)
		return time.Time{}
	}
	return t
}

// scalar returns a JSON text as it is, and a number or boolean as it was
// written. Null is the empty text; an object or a list is not a scalar.
func scalar(v any) (s string, ok bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	default:
		return "", false
	}
}

// oneLine returns s without line breaks and control characters, cut after limit
// characters.
func oneLine(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return s
}
