package credentials

import (
	"fmt"
	"os"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Secret returns a secret as it is now.
type Secret func() (string, error)

// Fixed returns a secret that does not change.
func Fixed(value string) Secret {
	return func() (string, error) { return value, nil }
}

// FromFile returns a secret that is read from the file at each use, without the
// white space around it. An error is cbrapi.ErrCredentials.
func FromFile(name string) Secret {
	return func() (string, error) {
		content, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("%w: %w", cbrapi.ErrCredentials, err)
		}
		value := strings.TrimSpace(string(content))
		if value == "" {
			return "", fmt.Errorf("%w: %s is empty", cbrapi.ErrCredentials, name)
		}
		return value, nil
	}
}

// inHeader returns an error where no HTTP header can carry the value.
func inHeader(what, value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%w: %s has line breaks or other control characters inside", cbrapi.ErrCredentials, what)
	}
	return nil
}
