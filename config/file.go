package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// A File is a file with a configuration.
type File struct {
	name string
	once bool // a pipe or a device, which ends when it has been read

	mu      sync.Mutex // guards the rest
	content []byte
	err     error             // of reading the content
	loaded  [sha256.Size]byte // of what Load has read last
}

// checksum returns that of the content of a file, or of the error of reading it.
func checksum(content []byte, err error) [sha256.Size]byte {
	if err != nil {
		content = []byte(err.Error())
	}
	return sha256.Sum256(content)
}

// Open returns the file with the name, or stdin for the name "-". It reads pipes and
// devices at once, and waits for their end.
func Open(name string, stdin io.Reader) *File {
	f := &File{name: name}
	if name == "-" {
		f.name, f.once = "standard input", true
		f.content, f.err = readAll(stdin, maxFile)
	} else if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		f.once = true
		f.content, f.err = readFile(name, true, maxFile)
	}
	return f
}

// String returns the name of the file for messages.
func (f *File) String() string { return f.name }

// Once reports whether the file can be loaded once only, as it is a pipe or a device.
func (f *File) Once() bool { return f.once }

// Changed reports whether the content of the file differs from what Load has read last,
// valid or not. The error of an unreadable file counts as its content.
func (f *File) Changed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return checksum(readFile(f.name, false, maxFile)) != f.loaded
}

// Load reads the configuration, as Parse does. Relative paths in a pipe start at the
// working directory. A pipe can be loaded once only.
func (f *File) Load(environment Environment) (*Config, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	content, err, dir := f.content, f.err, "."
	if f.once {
		f.content, f.err = nil, errors.New("a pipe or device that was read at the start; restart the exporter to read it again")
		if err == nil && len(content) == 0 {
			err = errors.New("nothing was written to it")
		}
	} else {
		content, err = readFile(f.name, false, maxFile)
		f.loaded = checksum(content, err)
		dir = filepath.Dir(f.name)
	}
	if err != nil {
		return nil, f.unreadable(err)
	}
	return Parse(f.name, dir, content, environment)
}

func (f *File) unreadable(err error) error {
	remedy := "; name another file with --config.file"
	switch {
	case f.once:
		remedy = ""
	case errors.Is(err, fs.ErrPermission):
		remedy = "; let the user that runs the exporter read it"
	case errors.Is(err, fs.ErrNotExist):
		remedy += ", or in a container mount yours there"
	}
	return fmt.Errorf("%s: cannot be read: %w%s", f.name, err, remedy)
}
