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
		content, err := readRegular(name)
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

// maxSecret bounds the file of a secret, in bytes. Tokens have up to 100 KB.
const maxSecret = 1 << 20

// readRegular reads a file of limited size. A pipe would keep its reader waiting,
// and a device has no end.
func readRegular(name string) ([]byte, error) {
	if info, err := os.Stat(name); err == nil && !info.IsDir() {
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is not a regular file", name)
		}
		if info.Size() > maxSecret {
			return nil, fmt.Errorf("%s is larger than %d KiB", name, maxSecret>>10)
		}
	}
	return os.ReadFile(name)
}

// inHeader returns an error where no HTTP header can carry the value.
func inHeader(what, value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%w: %s has line breaks or other control characters inside", cbrapi.ErrCredentials, what)
	}
	return nil
}
