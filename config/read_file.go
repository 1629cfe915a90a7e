package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

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
