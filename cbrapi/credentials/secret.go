package credentials

import (
	"errors"
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

// errNotAHeader is said of a token that no HTTP header can carry.
var errNotAHeader = errors.New("the token has line breaks or other control characters inside")

// headerValue returns the secret if a header can carry it.
func (s Secret) headerValue() (string, error) {
	value, err := s()
	if err != nil {
		return "", err
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("%w: %w", cbrapi.ErrCredentials, errNotAHeader)
	}
	return value, nil
}
