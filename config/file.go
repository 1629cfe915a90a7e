package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Load reads the configuration from a file, as Parse does.
func Load(file string, environment Environment) (*Config, error) {
	content, err := ReadFile(file, "--config.file")
	if err != nil {
		return nil, err
	}
	return Parse(file, content, environment)
}

// ReadFile reads a file that a flag names. Its error names the file and the remedy.
func ReadFile(file, flag string) ([]byte, error) {
	content, err := readRegular(file, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: no such file; create it, or name another one with %s", file, flag)
	case errors.Is(err, errIrregular):
		return nil, fmt.Errorf("%s: %w; name one with %s", file, err, flag)
	case errors.Is(err, errTooLarge):
		return nil, fmt.Errorf("%s: %w; name the right one with %s", file, err, flag)
	case err != nil:
		return nil, fmt.Errorf("%s: %s", file, unreadable(err))
	default:
		return content, nil
	}
}

const (
	// maxFile bounds a file in bytes: that is tens of thousands of task ids, or
	// all the certificates that there are.
	maxFile = 4 << 20
	// maxSecret bounds the file of a secret, and is what the program reads of it
	// later. Tokens have up to 100 KB.
	maxSecret = 1 << 20
)

var (
	errIrregular = errors.New("not a regular file")
	errTooLarge  = errors.New("too large")
)

// readRegular reads a file of at most so many bytes. A pipe would keep its reader
// waiting, and a device has no end.
func readRegular(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, errIrregular
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	// What it says of its size may be wrong by now, or nothing, as in /proc.
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(content)) > most {
		return nil, fmt.Errorf("%w, more than %d KiB", errTooLarge, most>>10)
	}
	return content, err
}

// existingFile reads the path of a file that must be there and not empty; its
// content is not kept. The path is not shown where it is wrong: it may be the
// secret, put at the wrong key.
func existingFile(to *string) reader { return fileWith("the secret", maxSecret, to) }

// certificateFile is existingFile for what tls_config names.
func certificateFile(content string, to *string) reader { return fileWith(content, maxFile, to) }

func fileWith(content string, most int64, to *string) reader {
	return func(n node) {
		path, ok := n.text()
		if !ok {
			return
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(n.file), path)
		}
		found, err := readRegular(path, most)
		switch {
		case errors.Is(err, errIrregular):
			n.problem("%v; write %s into one", err, content)
		case errors.Is(err, errTooLarge):
			n.problem("%v; write %s into it, and nothing else", err, content)
		case errors.Is(err, fs.ErrNotExist):
			n.problem("no such file; create it or correct the path, which starts at the folder of this file unless it is absolute")
		case err != nil:
			n.problem("%s", unreadable(err))
		case len(bytes.TrimSpace(found)) == 0:
			n.problem("the file is empty; write %s into it", content)
		case placeholder.Match(bytes.TrimSpace(found)):
			n.problem("there is still a placeholder in the file; write %s into it", content)
		default:
			*to = path
		}
	}
}

// unreadable says why a file cannot be read, without its path, and the remedy.
func unreadable(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	remedy := "correct the path"
	switch {
	case errors.Is(err, syscall.EISDIR):
		remedy = "name a file in it"
	case errors.Is(err, fs.ErrPermission):
		remedy = "let the user that runs the exporter read it"
	}
	return fmt.Sprintf("cannot be read: %v; %s", err, remedy)
}
