package cbrapi

import (
	"iter"
	"math"
	"slices"
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

// maxInvalid is how many invalid fields of a row are kept. They show what is wrong; more
// only take memory.
const maxInvalid = 100

func newInvalidField(field string, value raw) InvalidField {
	text, ok := scalar(value)
	switch {
	case value == nil:
		text = "null"
	case !ok:
		text = string(value[:min(len(value), 4*maxToken+4)])
	}
	return InvalidField{Field: field, Value: cut(strings.ToValidUTF8(text, "\uFFFD"), maxToken)}
}

// object is a JSON object that is read field by field. A field that is absent or null
// reads as the zero value. So does one that cannot be read, which is added to found.
//
// A value of another JSON type is read if it has only one meaning: the number 7 as the
// text "7", the text "7" as the number 7.
//
// Only the fields that are asked for become values. The others cost their place in
// members, whatever they hold.
//
// Equal texts share memory: tasks have most of them in common.
type object struct {
	all     raw
	members []member
	path    string          // in front of the names of its fields
	found   *[]InvalidField // shared with the objects inside it
}

// newObject returns the object in the text. If there is none, all its fields are absent.
func newObject(text raw) object {
	return object{all: text, members: text.members(), found: new([]InvalidField)}
}

// lookup returns the field called name, nil if it is null. Of several the last one counts.
// One whose name is sent with escapes is not found: no letter of a name needs one.
func (o object) lookup(name string) (value raw, sent bool) {
	for _, m := range slices.Backward(o.members) {
		if string(o.all[m.name+1:m.nameEnd-1]) == name {
			return o.all[m.value:m.end].orNil(), true
		}
	}
	return nil, false
}

// value returns the field called name, nil if it is absent or null.
func (o object) value(name string) raw {
	value, _ := o.lookup(name)
	return value
}

func (o object) invalid(name string, value raw) {
	if len(*o.found) < maxInvalid {
		*o.found = append(*o.found, newInvalidField(o.path+name, value))
	}
}

// exists reports whether there is such an object.
func (o object) exists() bool { return o.all.isObject() }

// object returns the object called name. If there is none, all its fields are absent.
func (o object) object(name string) object {
	value := o.value(name)
	if value != nil && !value.isObject() {
		o.invalid(name, value)
	}
	return object{all: value, members: value.members(), path: o.path + name + ".", found: o.found}
}

func (o object) objects(name string) iter.Seq[object] {
	return func(yield func(object) bool) {
		inner := object{path: o.path + name + ".", found: o.found}
		for value := range o.list(name).elements() {
			if !value.isObject() {
				o.invalid(name, value)
				continue
			}
			inner.all, inner.members = value, value.members()
			if !yield(inner) {
				return
			}
		}
	}
}

// entries returns the objects of a list, each with its field called key, which id or text
// reads. It leaves out those without it, and all but the first of those with the same.
func (o object) entries(name, key string, read func(object, string) string) iter.Seq2[string, object] {
	return func(yield func(string, object) bool) {
		seen := map[string]bool{}
		for entry := range o.objects(name) {
			value := read(entry, key)
			switch {
			case value == "":
				if sent := entry.value(key); sent == nil || string(sent) == `""` { // read has reported others
					entry.invalid(key, sent)
				}
			case !seen[value]:
				seen[value] = true
				if !yield(value, entry) {
					return
				}
			}
		}
	}
}

// list returns the list called name, nil if it is absent.
func (o object) list(name string) raw {
	value := o.value(name)
	if value != nil && !value.isList() {
		o.invalid(name, value)
		return nil
	}
	return value
}

// text returns a name or an id. Equal ones share their memory.
func (o object) text(name string) string { return intern(o.unique(name)) }

// unique returns a name or an id that no other object has. To look for an equal one would
// take half of the time of decoding a task.
func (o object) unique(name string) string {
	return o.scalar(name, func(s string) bool { return len(s) <= maxText })
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
	s, ok := scalar(o.value(name))
	if !ok || !valid(s) {
		o.invalid(name, o.value(name))
		return ""
	}
	return s
}

// texts returns a list of names or ids. It is nil if the list is absent.
func (o object) texts(name string) []string {
	list := o.list(name)
	if list == nil {
		return nil
	}
	out := []string{}
	for value := range list.elements() {
		s, ok := scalar(value)
		if !ok || s == "" || len(s) > maxText {
			o.invalid(name, value)
			continue
		}
		out = append(out, intern(s))
	}
	return out
}

// length returns the number of entries of a list, 0 if it is absent.
func (o object) length(name string) int {
	n := 0
	for range o.list(name).elements() {
		n++
	}
	return n
}

// bool returns a boolean. The API documents the texts "true" and "false", once with
// quotes inside; other clients of it model a JSON boolean.
func (o object) bool(name string) *bool {
	s, ok := scalar(o.value(name))
	if ok && s == "" {
		return nil
	}
	b, err := strconv.ParseBool(strings.Trim(s, `"`))
	if !ok || err != nil {
		o.invalid(name, o.value(name))
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
	s, ok := scalar(o.value(name))
	if ok && s == "" {
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if !ok || err != nil || !valid(f) {
		o.invalid(name, o.value(name))
		return nil
	}
	return &f
}

// time returns a time in one of the forms that ParseTime reads.
func (o object) time(name string) time.Time {
	value := o.value(name)
	if value != nil && value[0] != '"' {
		o.invalid(name, value)
		return time.Time{}
	}
	s, _ := scalar(value)
	if s == "" {
		return time.Time{}
	}
	t, err := ParseTime(s)
	if err != nil {
		o.invalid(name, value)
		return time.Time{}
	}
	return t
}

// timeOrDate is time for a field in which some services send a date without a time, which
// reads as the zero time.
func (o object) timeOrDate(name string) time.Time {
	if s, ok := scalar(o.value(name)); ok {
		if _, err := time.Parse(time.DateOnly, s); err == nil {
			return time.Time{}
		}
	}
	return o.time(name)
}

// scalar returns a JSON text as it is, and a number or boolean as it was sent. Null is
// the empty text. An object or a list is not a scalar.
func scalar(v raw) (s string, ok bool) {
	switch {
	case v == nil:
		return "", true
	case v[0] == '"':
		return v.unquote(), true
	case v.isObject(), v.isList():
		return "", false
	default:
		return string(v), true
	}
}

func intern(s string) string { return unique.Make(s).Value() }

// oneLine returns s on one line, cut after limit characters.
func oneLine(s string, limit int) string {
	s = s[:min(len(s), 8*limit)] // twice what so many characters take
	return cut(strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " "), limit)
}

// cut returns s, cut after limit characters.
func cut(s string, limit int) string {
	n := 0
	for i := range s {
		if n == limit {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
