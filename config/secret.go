package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"syscall"
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

const (
	// maxFile limits the configuration and certificates, in bytes. It has room for
	// tens of thousands of task ids.
	maxFile = 4 << 20
	// maxSecret limits the file of a secret, in bytes. Tokens have up to 100 KB.
	maxSecret = 1 << 20
)

// readFile reads a file of at most limit bytes. It refuses pipes and devices, which may
// never end, unless it is to read one. Its errors do not contain the path.
func readFile(path string, isPipe bool, limit int64) ([]byte, error) {
	flags := os.O_RDONLY
	if !isPipe {
		flags |= syscall.O_NONBLOCK // opening one does not wait for its writer
	}
	file, err := os.OpenFile(path, flags, 0) //nolint:gosec // the operator names it
	if err != nil {
		return nil, withoutPath(err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case info.IsDir():
		return nil, errors.New("a directory, not a file (Docker makes one if the file to mount is missing on the host)")
	case !isPipe && !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	}
	return readAll(file, limit)
}

// readAll reads at most limit bytes; more are an error.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("larger than %d KiB", limit>>10)
	}
	return content, withoutPath(err)
}

// withoutPath returns the error without the path in it.
func withoutPath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// checkFile reports a file that cannot be used, and returns the content of any other
// without the white space around it; an empty path is no file. It does not show the
// path: it may be the secret itself, under the wrong key.
func checkFile(path, want string, limit int64, p problems) []byte {
	if path == "" {
		return nil
	}
	content, err := readFile(path, false, limit)
	content = bytes.TrimSpace(content)
	switch {
	case errors.Is(err, fs.ErrPermission):
		p.add("cannot read the file: %v; let the user that runs the exporter read it", err)
	case err != nil:
		p.add("cannot read the file: %v; correct the path, which is relative to the directory of the configuration, or the file", err)
	case len(content) == 0:
		p.add("the file is empty; write %s into it", want)
	case placeholder.Match(content):
		p.add("the file has a placeholder; write %s into it", want)
	default:
		return content
	}
	return nil
}

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
