package config

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
)

// Vaults says how a project's vaults and policies are read: what should be backed
// up, and when.
type Vaults struct {
	// Refresh is the time from one reading to the next.
	Refresh model.Duration `yaml:"refresh"`
	// Tags are the keys of those tags of a vault that become labels. Each gives a
	// label of its own.
	Tags []string `yaml:"tags"`
}

const (
	defaultRefresh = model.Duration(5 * time.Minute)
	// shortestRefresh is as often as a failed reading is tried again.
	shortestRefresh = model.Duration(30 * time.Second)
	// longestRefresh keeps what is said of a vault from being older than a day.
	longestRefresh = model.Duration(24 * time.Hour)
	// maxTagKey is the length of a tag's key that the API allows, in characters. See
	// https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html.
	maxTagKey = 36
)

// vaults reads a Vaults. It has a default for each key, so that the one of the
// project says enough.
func vaults(to **Vaults) reader {
	return func(n node) {
		v := &Vaults{Refresh: defaultRefresh}
		if _, ok := n.mapping(keys{
			"refresh": refreshInterval(&v.Refresh),
			"tags":    tags(&v.Tags),
		}); ok {
			*to = v
		}
	}
}

// refreshInterval reads a duration between the two bounds, both allowed.
func refreshInterval(to *model.Duration) reader {
	return func(n node) {
		d := *to
		if positiveDuration(&d, longestRefresh)(n); d < shortestRefresh {
			n.problem("%s is too short; write %s or more", d, shortestRefresh)
			return
		}
		*to = d
	}
}

// TagLabel returns the label that shows the value of a tag.
func TagLabel(key string) string {
	return "tag_" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, key)
}

// tags reads a list of keys, each of which gives another label.
func tags(to *[]string) reader {
	return func(n node) {
		labels := map[string]node{}
		for _, item := range n.items() {
			key, ok := item.text()
			if !ok {
				continue
			}
			if utf8.RuneCountInString(key) > maxTagKey {
				item.problem("longer than %d characters, which no tag's key is; copy it from the vault's tags in the console", maxTagKey)
				continue
			}
			label := TagLabel(key)
			if same, taken := labels[label]; taken {
				item.problem("%q gives the label %s, as line %d does already; remove one of them", key, label, same.line)
				continue
			}
			labels[label] = item
			*to = append(*to, key)
		}
	}
}
