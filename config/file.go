package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is a file with a configuration. It is not safe for concurrent use.
type File struct {
	name    string
	once    bool // a pipe or a device, which ends when it has been read
	content []byte
	err     error // of reading the content
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

// Load reads the configuration, as Parse does. Relative paths in a pipe start at the
// working directory. A pipe can be loaded once only.
func (f *File) Load(environment Environment) (*Config, error) {
	content, err, dir := f.content, f.err, "."
	if f.once {
		f.content, f.err = nil, errors.New("a pipe or device that was read at the start; restart the exporter to read it again")
		if err == nil && len(content) == 0 {
			err = errors.New("nothing was written to it")
		}
	} else {
		content, err = readFile(f.name, false, maxFile)
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
	case errors.Is(err, fs.ErrNotExist):
		remedy += ", or in a container mount yours there"
	}
	return fmt.Errorf("%s: cannot be read: %w%s", f.name, err, remedy)
}
