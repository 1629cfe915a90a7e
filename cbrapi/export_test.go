package cbrapi

import "encoding/json"

// Rows returns the number of rows received, including repeated and invalid ones.
func (l *List[T]) Rows() int { return l.offset + l.repeats }

// Generic returns a JSON text as the values that encoding/json makes of it, with numbers as
// they were sent.
func Generic(body []byte) (value any, ok bool) {
	v, ok := parse(body)
	return v.generic(), ok
}

func (v raw) generic() any {
	switch {
	case v.isObject():
		members := map[string]any{}
		for _, m := range v.members() {
			members[v[m.name:m.nameEnd].unquote()] = v[m.value:m.end].orNil().generic()
		}
		return members
	case v.isList():
		list := []any{}
		for element := range v.elements() {
			list = append(list, element.generic())
		}
		return list
	case v == nil:
		return nil
	case v[0] == 't', v[0] == 'f':
		return v[0] == 't'
	case v[0] == '"':
		return v.unquote()
	default:
		return json.Number(v)
	}
}
