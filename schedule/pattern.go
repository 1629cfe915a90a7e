package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxLength bounds a pattern, in bytes. One with every day, hour and some minutes
	// has about 150.
	maxLength = 1024
	// maxInterval bounds the days or weeks between two runs.
	maxInterval = 366
	// maxTimes is how many times of a day the API documents.
	maxTimes = 24
)

// pattern is a pattern as it was written. What was left out is nil.
type pattern struct {
	weekly   bool // or daily
	interval int  // in weeks or days
	days     []int
	hours    []int
	minutes  []int
}

// parse reads a pattern, in upper or lower case. Whatever the API does not document
// is an error: it would change the meaning in ways that nobody has promised.
func parse(text string) (pattern, error) {
	if len(text) > maxLength {
		return pattern{}, fmt.Errorf("has %d bytes, more than %d", len(text), maxLength)
	}
	p := pattern{interval: 1}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.ToUpper(text), ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if seen[name] {
			return pattern{}, fmt.Errorf("has %.20q twice", name)
		}
		seen[name] = true
		if err := p.set(name, value); err != nil {
			return pattern{}, err
		}
	}
	if !seen["FREQ"] {
		return pattern{}, errors.New("has no FREQ")
	}
	if times := max(len(p.hours), 1) * max(len(p.minutes), 1); times > maxTimes {
		return pattern{}, fmt.Errorf("has %d times a day, more than %d", times, maxTimes)
	}
	return p, nil
}

func (p *pattern) set(name, value string) (err error) {
	switch name {
	case "FREQ":
		p.weekly = value == "WEEKLY"
		if !p.weekly && value != "DAILY" {
			return errors.New("FREQ is neither DAILY nor WEEKLY")
		}
	case "INTERVAL":
		p.interval, err = number(value, 1, maxInterval)
	case "BYDAY":
		p.days, err = list(value, weekday)
	case "BYHOUR":
		p.hours, err = list(value, func(s string) (int, error) { return number(s, 0, 23) })
	case "BYMINUTE":
		p.minutes, err = list(value, func(s string) (int, error) { return number(s, 0, 59) })
	default:
		return fmt.Errorf("has %.20q, which the API does not document", name)
	}
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	return nil
}

// list reads the parts of a list; they come sorted, and none twice.
func list(value string, read func(string) (int, error)) ([]int, error) {
	var all []int
	for part := range strings.SplitSeq(value, ",") {
		n, err := read(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func number(s string, least, most int) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || int(n) < least || int(n) > most {
		return 0, fmt.Errorf("has %.20q, which is no number from %d to %d", s, least, most)
	}
	return int(n), nil
}

// weekday returns the day of the week, from 0 for Monday.
func weekday(s string) (int, error) {
	day := slices.Index([]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}, s)
	if day < 0 {
		return 0, fmt.Errorf("has %.20q, which is no day", s)
	}
	return day, nil
}
