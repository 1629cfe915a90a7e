package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseYAML returns the root of the file's only document, or false if there is
// no such thing, which it reports.
func parseYAML(src *source, content []byte) (node, bool) {
	documents, err := decode(content)
	switch {
	case err != nil:
		src.report(errorLine(content, err), "not valid YAML: "+describe(err)+"; check indentation and quotes, here and in the line before")
	case len(documents) > 1:
		src.report(documents[1].Line, "a second YAML document begins here; keep one, without --- between its parts")
	case len(documents) == 0 || isNull(documents[0].Content[0]):
		src.report(1, "the file has no content; start from the example config.yml")
	default:
		root := documents[0].Content[0]
		return node{source: src, yaml: root, line: root.Line}, true
	}
	return node{}, false
}

func decode(content []byte) ([]*yaml.Node, error) {
	var documents []*yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		documents = append(documents, &document)
	}
}

// errorLine returns the line that made the content fail to parse. The library
// often names the one where the enclosing block begins instead. So this looks
// for the shortest beginning of the content that fails in the same way; as a
// parser never looks back, every longer one does too, and a binary search will do.
func errorLine(content []byte, err error) int {
	lines := bytes.SplitAfter(content, []byte("\n"))
	shorter := sort.Search(len(lines)-1, func(n int) bool {
		_, e := decode(bytes.Join(lines[:n+1], nil))
		return e != nil && e.Error() == err.Error()
	})
	return shorter + 1
}

var libraryPrefix = regexp.MustCompile(`^yaml: (line \d+: )?`)

// describe returns the library's message without the line. The message about an
// alias is replaced: it quotes the file, and there may be a password that
// begins with a star.
func describe(err error) string {
	text := libraryPrefix.ReplaceAllString(err.Error(), "")
	if strings.HasPrefix(text, "unknown anchor") {
		return "a value that begins with * refers to an anchor that does not exist"
	}
	return text
}
