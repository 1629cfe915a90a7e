package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A source is the file being read and what has been found wrong with it.
type source struct {
	file        string
	environment Environment
	problems    []problem
}

type problem struct {
	line int
	text string
}

func (s *source) report(line int, text string) {
	s.problems = append(s.problems, problem{line, text})
}

// err returns all problems in the order of the file, or nil.
func (s *source) err() error {
	slices.SortStableFunc(s.problems, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	var errs []error
	for _, p := range s.problems {
		errs = append(errs, fmt.Errorf("%s:%d: %s", s.file, p.line, p.text))
	}
	return errors.Join(errs...)
}
