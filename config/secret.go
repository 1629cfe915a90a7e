package config

import (
	"fmt"
	"io"
)

// Secret is a text that masks itself wherever it is printed or encoded. In an
// unexported field of a struct that is printed whole, package fmt cannot ask it
// to: keep it out of such structs.
type Secret string

const mask = "<secret>"

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String returns the mask, or nothing where there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return mask
}

// Format masks the secret whatever the verb: without it %x and %#v would reveal.
func (s Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, s.String()) // a fmt.State does not fail
}

// MarshalText masks the secret in JSON, YAML and logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
