package cbrapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unique"
)

const (
	maxText  = 1024 // bytes of a name or an id; the longest documented has 255 characters
	maxToken = 64   // bytes of an enumerated value or a code
)

// InvalidField is a field that the API sent in a form that cannot be read.
type InvalidField struct {
	Field string // its path, such as extra_info.common.progress; one of a fixed set
	Value string // what was sent, shortened; of a row also its place in the list
}

func newInvalidField(field string, value any) InvalidField {
	text := []rune(fmt.Sprint(value))
	if len(text) > maxToken {
		text = append(text[:maxToken], '…')
	}
	return InvalidField{Field: field, Value: string(text)}
}

// object is a JSON object that is read field by field. A field that is absent or null
// reads as the zero value. So does one that cannot be read, which is added to found.
//
// A value of another JSON type is read if it has only one meaning: the number 7 as the
// text "7", the text "7" as the number 7.
//
// Equal texts share memory: tasks have most of them in common.
type object struct {
	values map[string]any
	path   string          // in front of the names of its fields
	found  *[]InvalidField // shared with the objects inside it
}

func newObject(values map[string]any) object {
	return object{values: values, found: new([]InvalidField)}
}

// decode reads one JSON value and nothing else. Numbers keep the form in which they
// were sent.
func decode(body []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return value, nil
}

// list reads the body, one JSON object with a list called name, and returns an object
// with its count. It calls element for each element of the list, so that only one at a
// time is in memory as a generic value. Null is an empty list.
func (r *response) list(name string, element func(value any)) (object, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(r.body, &members); err != nil || members == nil {
		return object{}, r.malformed(notJSON(r.body))
	}
	decoder := json.NewDecoder(bytes.NewReader(members[name]))
	decoder.UseNumber()
	begin, err := decoder.Token()
	if err != nil || begin != nil && begin != json.Delim('[') {
		return object{}, r.malformed("the response has no list called " + name)
	}
	for decoder.More() {
		var value any
		_ = decoder.Decode(&value) // valid, as the whole body is
		element(value)
	}
	count, _ := decode(members["count"]) // nil if absent
	return newObject(map[string]any{"count": count}), nil
}

func (o object) invalid(name string, value any) {
	*o.found = append(*o.found, newInvalidField(o.path+name, value))
}

// record returns the object called name with paths and invalid fields of its own.
func (o object) record(name string) (object, bool) {
	values, ok := o.values[name].(map[string]any)
	return newObject(values), ok
}

// object returns the object called name. If there is none, all its fields are absent.
func (o object) object(name string) (object, bool) {
	values, ok := o.values[name].(map[string]any)
	if !ok && o.values[name] != nil {
		o.invalid(name, o.values[name])
	}
	inner := object{values: values, path: o.path + name + ".", found: o.found}
	return inner, ok
}

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
	return intern(o.scalar(name, func(s string) bool { return len(s) <= maxText }))
}

// id returns an id in lower case.
func (o object) id(name string) string { return strings.ToLower(o.text(name)) }

// token returns an enumerated value or a code: a short text without spaces. It may
// become a label value, which a sentence must not.
func (o object) token(name string) string {
	return intern(o.scalar(name, func(s string) bool { return len(s) <= maxToken && !strings.ContainsFunc(s, notInToken) }))
}

func notInToken(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }

// message returns a text for people, cut after limit characters.
func (o object) message(name string, limit int) string {
	return intern(oneLine(o.scalar(name, func(string) bool { return true }), limit))
}

func (o object) scalar(name string, valid func(string) bool) string {
	s, ok := scalar(o.values[name])
	if !ok || !valid(s) {
		o.invalid(name, o.values[name])
		return ""
	}
	return s
}

// texts returns a list of names or ids. It is nil if the list is absent.
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
		out = append(out, intern(s))
	}
	return out
}

// length returns the number of entries of a list, 0 if it is absent.
func (o object) length(name string) int {
	list, ok := o.values[name].([]any)
	if !ok && o.values[name] != nil {
		o.invalid(name, o.values[name])
	}
	return len(list)
}

// bool returns a boolean. The API documents the texts "true" and "false", once with
// quotes inside; other clients of it model a JSON boolean.
func (o object) bool(name string) *bool {
	s, ok := scalar(o.values[name])
	if ok && s == "" {
		return nil
	}
	b, err := strconv.ParseBool(strings.Trim(s, `"`))
	if !ok || err != nil {
		o.invalid(name, o.values[name])
		return nil
	}
	return &b
}

// percent returns a number from 0 to 100.
func (o object) percent(name string) *float64 {
	return o.number(name, func(f float64) bool { return f >= 0 && f <= 100 })
}

// count returns a whole number that is not negative.
func (o object) count(name string) *int64 {
	f := o.number(name, func(f float64) bool { return f >= 0 && f < math.MaxInt64 && f == math.Trunc(f) })
	if f == nil {
		return nil
	}
	return new(int64(*f))
}

// integer returns a whole number; 0 if it is absent.
func (o object) integer(name string) int {
	f := o.number(name, func(f float64) bool { return math.Abs(f) < math.MaxInt32 && f == math.Trunc(f) })
	if f == nil {
		return 0
	}
	return int(*f)
}

// size returns in bytes a number of units, which may have a fraction.
func (o object) size(name string, unit float64) *int64 {
	f := o.number(name, func(f float64) bool { return f >= 0 && f*unit < math.MaxInt64 })
	if f == nil {
		return nil
	}
	return new(int64(*f * unit))
}

func (o object) number(name string, valid func(float64) bool) *float64 {
	s, ok := scalar(o.values[name])
	if ok && s == "" {
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if !ok || err != nil || !valid(f) {
		o.invalid(name, o.values[name])
		return nil
	}
	return &f
}

// time returns a time in one of the forms that ParseTime reads.
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

// timeOrDate is time for a field in which some services send a date without a time, which
// reads as the zero time.
func (o object) timeOrDate(name string) time.Time {
	if s, ok := o.values[name].(string); ok {
		if _, err := time.Parse(time.DateOnly, s); err == nil {
			return time.Time{}
		}
	}
	return o.time(name)
}

// scalar returns a JSON text as it is, and a number or boolean as it was sent. Null is
// the empty text. An object or a list is not a scalar.
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

func intern(s string) string { return unique.Make(s).Value() }

// oneLine returns s on one line, cut after limit characters.
func oneLine(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return s
}
