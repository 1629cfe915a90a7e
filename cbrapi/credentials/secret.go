package credentials

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Secret returns the current value of a secret.
type Secret func() (string, error)

// Fixed returns a secret that does not change.
func Fixed(value string) Secret {
	return func() (string, error) { return value, nil }
}

// FromFile returns a secret that is read from a file at each use, without the white
// space around it. Its errors are cbrapi.ErrCredentials.
func FromFile(name string) Secret {
	return func() (string, error) {
		content, err := readFile(name)
		if err != nil {
			return "", err
		}
		value := strings.TrimSpace(string(content))
		if value == "" {
			return "", fmt.Errorf("%w: %s is empty", cbrapi.ErrCredentials, name)
		}
		return value, nil
	}
}

// readFile reads a regular file. It waits for no pipe that has taken its place: requests
// would wait as well.
func readFile(name string) (content []byte, err error) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")}
	}
	if err == nil {
		content, err = os.ReadFile(name) //nolint:gosec // the configuration names it
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", cbrapi.ErrCredentials, err)
	}
	return content, nil
}

// validHeader returns an error if an HTTP header cannot carry the value.
func validHeader(what, value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%w: %s contains line breaks or other control characters", cbrapi.ErrCredentials, what)
	}
	return nil
}
