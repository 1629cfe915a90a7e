package dashboards_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// A selector is one reading of series in a PromQL expression.
type selector struct {
	Metrics  []string // one name, or the alternatives of a __name__ matcher
	Matchers map[string]string
	Range    string // what stands in brackets behind it
}

var (
	tokens = regexp.MustCompile("\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*'|`[^`]*`" +
		`|[a-zA-Z_:$][a-zA-Z0-9_:]*|[0-9][0-9a-zA-Z.]*|[=!]~|[=!<>]=|\S`)
	identifier = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

	// Words that a list of label names may follow.
	groupings = []string{"by", "without", "on", "ignoring", "group_left", "group_right"}
	keywords  = []string{"and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"}
)

// selectors finds the selectors of an expression. It knows just enough PromQL
// for that; whether the rest is valid is promtool's to say.
func selectors(expr string) ([]selector, error) {
	var found []selector
	for s := (scanner{tokens.FindAllString(expr, -1)}); len(s.rest) > 0; {
		word := s.next()
		switch {
		case slices.Contains(groupings, strings.ToLower(word)):
			if s.peek() != "(" {
				continue
			}
			if _, err := s.until(")"); err != nil {
				return nil, err
			}
		case word == "{" || isMetric(word, s.peek()):
			sel, err := s.selector(word)
			if err != nil {
				return nil, err
			}
			found = append(found, sel)
		}
	}
	return found, nil
}

func isMetric(word, next string) bool {
	called := []string{"(", "by", "without"} // a function or an aggregation
	return identifier.MatchString(word) && !slices.Contains(keywords, strings.ToLower(word)) &&
		!slices.Contains(called, strings.ToLower(next))
}

type scanner struct{ rest []string }

func (s *scanner) peek() string {
	if len(s.rest) == 0 {
		return ""
	}
	return s.rest[0]
}

func (s *scanner) next() string {
	word := s.peek()
	s.rest = s.rest[1:]
	return word
}

// until returns the tokens before the closing one and steps over it.
func (s *scanner) until(closing string) ([]string, error) {
	end := slices.Index(s.rest, closing)
	if end < 0 {
		return nil, errors.New("missing " + closing)
	}
	words := s.rest[:end]
	s.rest = s.rest[end+1:]
	return words, nil
}

// selector reads the selector that begins with word: a name, or the brace of
// one without a name.
func (s *scanner) selector(word string) (selector, error) {
	sel := selector{Matchers: map[string]string{}}
	inBraces := word == "{"
	if !inBraces {
		sel.Metrics = []string{word}
		if s.peek() == "{" {
			inBraces = true
			s.next()
		}
	}
	if inBraces {
		words, err := s.until("}")
		if err != nil {
			return selector{}, err
		}
		sel.addMatchers(words)
	}
	if s.peek() == "[" {
		s.next()
		words, err := s.until("]")
		if err != nil {
			return selector{}, err
		}
		sel.Range = strings.Join(words, "")
	}
	return sel, nil
}

func (s *selector) addMatchers(words []string) {
	for ; len(words) >= 3; words = words[min(4, len(words)):] {
		label, op, value := words[0], words[1], strings.Trim(words[2], "\"'`")
		if label == "__name__" {
			s.Metrics = strings.Split(value, "|")
			continue
		}
		// Of several for one label, the first is that of the variable.
		if _, again := s.Matchers[label]; !again {
			s.Matchers[label] = op + value
		}
	}
}
