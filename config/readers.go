package config

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
)

// text reads any single value.
func text(to *string) reader {
	return func(n node) {
		if value, ok := n.text(); ok {
			*to = value
		}
	}
}

// secret reads a single value that must not be shown.
func secret(to *Secret) reader {
	return text((*string)(to))
}

// A format is what a text must look like, and the problem of one that does not.
type format struct {
	pattern *regexp.Regexp
	problem string
}

func formatted(to *string, f format) reader {
	return func(n node) {
		value, ok := n.text()
		if !ok {
			return
		}
		if !f.pattern.MatchString(value) {
			n.problem("%s", f.problem)
			return
		}
		*to = value
	}
}

// integer reads a whole number between two bounds, both allowed.
func integer(to *int, low, high int) reader {
	return func(n node) {
		value, ok := n.text()
		if !ok {
			return
		}
		i, err := strconv.Atoi(value)
		if err != nil || n.yaml.Tag != "!!int" || i < low || i > high {
			n.problem("not a whole number from %d to %d; write one, without quotes", low, high)
			return
		}
		*to = i
	}
}

// number reads a number between two bounds, both allowed. It may have a fraction.
func number(to *float64, low, high float64) reader {
	return func(n node) {
		value, ok := n.text()
		if !ok {
			return
		}
		isNumber := n.yaml.Tag == "!!int" || n.yaml.Tag == "!!float"
		f, err := strconv.ParseFloat(value, 64)
		if err != nil || !isNumber || f < low || f > high {
			n.problem("not a number from %g to %g; write one, without quotes", low, high)
			return
		}
		*to = f
	}
}

// boolean reads yes or no.
func boolean(to *bool) reader {
	return func(n node) {
		value, ok := n.text()
		if !ok {
			return
		}
		if n.yaml.Tag != "!!bool" {
			n.problem("neither true nor false; write one of them, without quotes")
			return
		}
		*to = strings.EqualFold(value, "true")
	}
}

// duration reads a duration that is not negative, and no longer than most.
func duration(to *model.Duration, most model.Duration) reader {
	return durationBetween(0, most, to)
}

// positiveDuration reads a duration above zero, and no longer than most.
func positiveDuration(to *model.Duration, most model.Duration) reader {
	return durationBetween(1, most, to)
}

func durationBetween(low, most model.Duration, to *model.Duration) reader {
	return func(n node) {
		value, ok := n.text()
		if !ok {
			return
		}
		d, err := model.ParseDurationAllowNegative(value)
		switch {
		case err != nil:
			n.problem("not a duration; write a number and a unit, for example 500ms, 30s, 15m or 1h30m")
		case d < low && low > 0:
			n.problem("%s is too short; write a duration above zero, for example 30s", d)
		case d < low:
			n.problem("%s is negative; write 0 or more, for example 15m", d)
		case d > most:
			n.problem("%s is too long; write %s or less", d, most)
		default:
			*to = d
		}
	}
}

// endpoint reads the URL of a service. Where it is wrong it is not shown, since
// it may hold a password.
func endpoint(to *string) reader {
	return func(n node) {
		value, ok := n.text()
		if !ok {
			return
		}
		u, err := url.Parse(value)
		switch {
		case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || strings.ContainsAny(u.Host, `<>"`):
			n.problem("not a URL of a service; write it like https://cbr.cn-north-4.myhuaweicloud.com")
		case !possiblePort(u):
			n.problem("a port that cannot be; write one from 1 to 65535, or none")
		case u.User != nil:
			n.problem("a user name or password in the URL; remove it, credentials has a place for them")
		case strings.ContainsAny(value, "?#"):
			n.problem("a query or fragment in the URL; remove everything from the ? or # on")
		default:
			*to = strings.TrimRight(value, "/")
		}
	}
}

// possiblePort reports whether the URL has no port, or one that there may be.
func possiblePort(u *url.URL) bool {
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return u.Port() == "" || err == nil && port > 0
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// uuids reads a list of ids, each of which may be there once. The remedy says
// where to find one.
func uuids(to *[]string, remedy string) reader {
	return distinct(to, func(n node) (string, bool) {
		value, ok := n.text()
		if !ok {
			return "", false
		}
		id := strings.ToLower(value)
		if !uuid.MatchString(id) {
			n.problem("%.40q is not a UUID; %s", value, remedy)
			return "", false
		}
		return id, true
	})
}

// distinct reads a list of what read returns of its items, each of which may be
// there once.
func distinct(to *[]string, read func(node) (string, bool)) reader {
	return func(n node) {
		first := map[string]node{}
		for _, item := range n.items() {
			value, ok := read(item)
			if !ok {
				continue
			}
			if same, ok := first[value]; ok {
				item.problem("%q is already at line %d; remove one of them", value, same.line)
				continue
			}
			first[value] = item
			*to = append(*to, value)
		}
	}
}
