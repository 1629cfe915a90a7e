package cbrapi

import (
	"bytes"
	"encoding/json"
	"errors"
)

// list reads the body, which must be one JSON object with a list called name and
// nothing else. Null is an empty list. It calls element for every element as soon
// as it is read, so that only one at a time is kept in the generic form, and
// returns the other members.
//
// An error may come after some elements: they are then worth as little as the rest.
func (a *answer) list(name string, element func(value any)) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.UseNumber()
	values, err := decodeList(decoder, name, element)
	var shape shapeError
	switch rest := bytes.TrimSpace(a.body[decoder.InputOffset():]); {
	case errors.As(err, &shape):
		return object{}, a.malformed(shape.Error())
	case err != nil:
		return object{}, a.malformed(notJSON(a.header, a.body))
	case len(rest) > 0:
		return object{}, a.malformed("the answer goes on after its JSON object")
	}
	return newObject(values), nil
}

// shapeError says what is wrong with an answer that may well be JSON.
type shapeError string

func (e shapeError) Error() string { return string(e) }

// decodeList reads one JSON object. Its other errors are those of decoder.
func decodeList(decoder *json.Decoder, name string, element func(value any)) (map[string]any, error) {
	begin, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	if begin != json.Delim('{') {
		return nil, errors.New("is no object")
	}
	values := map[string]any{}
	found := false
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		member, _ := token.(string)
		switch {
		case member != name:
			var value any
			if err := decoder.Decode(&value); err != nil {
				return nil, err
			}
			values[member] = value
		case found:
			return nil, shapeError("the answer has two lists called " + name)
		default:
			found = true
			if err := decodeElements(decoder, name, element); err != nil {
				return nil, err
			}
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	if !found {
		return nil, shapeError("the answer has no list called " + name)
	}
	return values, nil
}

// decodeElements reads a list, or null.
func decodeElements(decoder *json.Decoder, name string, element func(value any)) error {
	begin, err := decoder.Token()
	switch {
	case err != nil:
		return err
	case begin == nil:
		return nil
	case begin != json.Delim('['):
		return shapeError("the answer has no list called " + name)
	}
	for decoder.More() {
		var value any
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		element(value)
	}
	_, err = decoder.Token()
	return err
}
