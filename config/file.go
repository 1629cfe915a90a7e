package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Load reads the configuration from a file, as Parse does.
func Load(file string, environment Environment) (*Config, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such file; create it, or name another one with --config.file", file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s", file, unreadable(err))
	}
	return Parse(file, content, environment)
}

// existingFile reads the path of a file that must be there and not empty; its
// content is not kept. The path is not shown where it is wrong: it may be the
// secret, put at the wrong key.
func existingFile(to *string) reader { return fileWith("the secret", to) }

// fileWith is existingFile for a file with something else in it.
func fileWith(content string, to *string) reader {
	return func(n node) {
		path, ok := n.text()
		if !ok {
			return
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(n.file), path)
		}
		// A pipe would keep its reader waiting, and a device has no end.
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
			n.problem("not a regular file; write %s into one", content)
			return
		}
		found, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			n.problem("no such file; create it or correct the path, which starts at the folder of this file unless it is absolute")
		case err != nil:
			n.problem("%s", unreadable(err))
		case len(bytes.TrimSpace(found)) == 0:
			n.problem("the file is empty; write %s into it", content)
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
