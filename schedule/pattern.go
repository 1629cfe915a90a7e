package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxInterval bounds INTERVAL. The API documents 1 to 30 days.
const maxInterval = 366

// pattern is a parsed pattern. What it leaves out is nil.
type pattern struct {
	frequency string // DAILY or WEEKLY
	interval  int64
	days      []int64 // of the week, from 0 for Monday
	hours     []int64
	minutes   []int64
}

// parse reads a pattern, in upper or lower case. A part that the API does not
// document is an error, since it would change when the policy is due.
func parse(text string) (pattern, error) {
	p := pattern{interval: 1}
	for part := range strings.SplitSeq(strings.ToUpper(text), ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		if err := p.set(strings.TrimSpace(name), strings.TrimSpace(value)); err != nil {
			return pattern{}, err
		}
	}
	if p.frequency == "" {
		return pattern{}, errors.New("has no FREQ")
	}
	return p, nil
}

func (p *pattern) set(name, value string) (err error) {
	switch name {
	case "FREQ":
		if value != "DAILY" && value != "WEEKLY" {
			return errors.New("FREQ is neither DAILY nor WEEKLY")
		}
		p.frequency = value
	case "INTERVAL":
		p.interval, err = number(value, 1, maxInterval)
	case "BYDAY":
		p.days, err = list(value, weekday)
	case "BYHOUR":
		p.hours, err = list(value, func(s string) (int64, error) { return number(s, 0, 23) })
	case "BYMINUTE":
		p.minutes, err = list(value, func(s string) (int64, error) { return number(s, 0, 59) })
	default:
		return fmt.Errorf("has the undocumented part %.20q", name)
	}
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	return nil
}

// list reads values with commas between them and returns them sorted, without duplicates.
func list(value string, read func(string) (int64, error)) ([]int64, error) {
	var all []int64
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

func number(s string, least, most int64) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || int64(n) < least || int64(n) > most {
		return 0, fmt.Errorf("has %.20q, want a number from %d to %d", s, least, most)
	}
	return int64(n), nil
}

// weekday returns the day of the week, from 0 for Monday.
func weekday(s string) (int64, error) {
	day := slices.Index([]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}, s)
	if day < 0 {
		return 0, fmt.Errorf("has %.20q, want a day such as MO", s)
	}
	return int64(day), nil
}
