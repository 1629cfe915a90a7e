package cbrapi

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// raw is the text of a JSON value, which is valid and has no space around it. It is nil for
// null, and for no value.
//
// Values are read where they stand in the body of a response: as Go values they would take
// a hundred times the memory.
type raw []byte

// parse returns the body as one JSON value; ok is false if it is something else.
func parse(body []byte) (value raw, ok bool) {
	if !json.Valid(body) { // it bounds the depth as well
		return nil, false
	}
	return raw(bytes.Trim(body, space)).orNil(), true
}

const space = " \t\r\n"

func (v raw) orNil() raw {
	if string(v) == "null" {
		return nil
	}
	return v
}

func (v raw) isObject() bool { return len(v) > 0 && v[0] == '{' }

func (v raw) isList() bool { return len(v) > 0 && v[0] == '[' }

// unquote returns the JSON text v.
func (v raw) unquote() string {
	if inner := v[1 : len(v)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(v, &s) // v is valid
	return s
}

// member is where the name, in quotes, and the value of a member stand in its object. No
// response has more bytes than an int32 can count.
type member struct{ name, nameEnd, value, end int32 }

// members returns the members of an object, in its order; none if v is something else.
func (v raw) members() []member {
	if !v.isObject() {
		return nil
	}
	members := make([]member, 0, min(16, len(v)/8)) // as many as most objects have
	for i := v.next(1); v[i] != '}'; i = v.next(i) {
		m := member{name: int32(i)}
		i = v.skip(i)
		m.nameEnd = int32(i)
		i = v.next(i)
		m.value = int32(i)
		i = v.skip(i)
		m.end = int32(i)
		members = append(members, m)
	}
	return members
}

// elements returns the elements of a list; none if v is something else.
func (v raw) elements() iter.Seq[raw] {
	return func(yield func(raw) bool) {
		if !v.isList() {
			return
		}
		for i := v.next(1); v[i] != ']'; i = v.next(i) {
			begin := i
			i = v.skip(i)
			if !yield(v[begin:i].orNil()) {
				return
			}
		}
	}
}

// next returns where the next value begins, or where the object or list ends.
func (v raw) next(i int) int {
	for {
		switch v[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
		default:
			return i
		}
	}
}

// skip returns the end of the value that begins at i.
func (v raw) skip(i int) int {
	switch v[i] {
	case '"':
		return v.skipText(i)
	case '{', '[':
		for depth := 0; ; i++ {
			switch v[i] {
			case '"':
				i = v.skipText(i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	return i + bytes.IndexAny(v[i:], ",]}"+space)
}

func (v raw) skipText(i int) int {
	for i++; v[i] != '"'; i++ {
		if v[i] == '\\' {
			i++
		}
	}
	return i + 1
}
