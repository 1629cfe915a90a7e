package config

import "regexp"

// placeholder is what stands in examples, ours among them, where a value of one's
// own belongs. Sent to the cloud, it would be refused, and lock somebody out.
var placeholder = regexp.MustCompile(`(?i)^((replace|change)[-_ ]?me|\.\.\.)$`)
