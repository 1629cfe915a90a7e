package config

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// A Secret is a text that masks itself wherever it is printed or encoded. Do not
// put it in an unexported field of a struct that is printed: package fmt does
// not call its methods there.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String returns a mask, or "" if there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "<secret>"
}

// Format masks the secret for all verbs. Without it %x and %#v would reveal it.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText masks the secret in JSON, YAML and logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// placeholder matches what examples have in place of a value. The API would refuse
// it as credentials, and lock the user after some refusals.
var placeholder = regexp.MustCompile(`(?i)^((replace|change)[-_ ]?me|\.\.\.)$`)

var (
	// assignment matches NAME=value or NAME: value, but not the padding of Base64.
	assignment = regexp.MustCompile(`^[A-Za-z_][\w-]*\s*[=:]\s*[^=\s]`)
	inQuotes   = regexp.MustCompile(`^(".*"|'.*')$`)
)

// check reports a text that has what the part does not have. The subject of the sentence
// says where it is. A login may have any characters of a keyboard, so quotes around it are
// only likely to be wrong. See
// https://support.huaweicloud.com/intl/en-us/api-iam/iam_08_0006.html.
func (p part) check(subject, text string, found problems) {
	switch {
	case p.kind != KindPassword:
		checkIssued(subject, text, found)
	case strings.ContainsFunc(text, isUnprintable):
		found.add(unprintable, subject)
	case inQuotes.MatchString(text):
		found.warn("%s has quotes around the value, which are a part of it; remove them, unless the %s begins and ends with them", subject, p.key)
	}
}

const unprintable = "%s has a byte order mark, a line break or another character that cannot be printed; write the value alone, on one line, as UTF-8 without a byte order mark"

// checkIssued is check for what the cloud issues: an access key, its secret, a token. It
// has letters, digits and signs of Base64, since it is sent in a header or comes from a
// generator.
func checkIssued(subject, text string, p problems) {
	switch {
	case strings.ContainsFunc(text, isUnprintable):
		p.add(unprintable, subject)
	case strings.ContainsAny(text, `"'`):
		p.add("%s has quotes; remove them", subject)
	case assignment.MatchString(text):
		p.add("%s has a name before the value, as in NAME=value; keep the value alone", subject)
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == ',' }):
		p.add("%s has a blank, a comma or another character that keys and tokens do not have; write the value of this key alone", subject)
	}
}
