package config

import (
	"fmt"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// A node is a place in the file: what is there, and how to name it to people.
type node struct {
	*source
	yaml *yaml.Node // nil: the file has nothing there
	path string     // for example projects[0].task_ids[1]; empty at the root
	line int        // where the file has nothing, that of the enclosing mapping
}

// A reader takes the value of a key from its node, or reports a problem.
type reader func(node)

// problem reports what is wrong with the node and the remedy.
func (n node) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if n.path != "" {
		text = n.path + ": " + text
	}
	n.report(n.line, text)
}

// missing reports whether the file lacks the node.
func (n node) missing() bool { return n.yaml == nil }

// empty reports whether there is nothing in the node: it is missing, has no
// value, or is a list or a mapping without items.
func (n node) empty() bool {
	return n.missing() || isNull(n.yaml) || n.yaml.Kind != yaml.ScalarNode && len(n.yaml.Content) == 0
}

func isNull(y *yaml.Node) bool { return y.Kind == yaml.ScalarNode && y.Tag == "!!null" }

// is reports whether the node is of the kind, and reports a problem if not.
func (n node) is(kind yaml.Kind, want, remedy string) bool {
	// A value such as !secret is a tag to YAML.
	tagged := n.yaml.Style&yaml.TaggedStyle != 0 && n.yaml.Tag != "!!str"
	if n.yaml.Kind == kind && !tagged {
		return true
	}
	got := map[yaml.Kind]string{
		yaml.MappingNode:  "a mapping",
		yaml.SequenceNode: "a list",
		yaml.ScalarNode:   "a single value",
	}[n.yaml.Kind]
	if tagged {
		got = "a YAML tag"
	}
	n.problem("want %s, got %s; %s", want, got, remedy)
	return false
}

// text returns a single value as the file spells it: a project id is text even
// where all of it is digits.
func (n node) text() (string, bool) {
	if !isNull(n.yaml) && !n.is(yaml.ScalarNode, "a single value", "put a value that begins with [, { or ! in quotes") {
		return "", false
	}
	if isNull(n.yaml) || strings.TrimSpace(n.yaml.Value) == "" {
		n.problem("no value; add one or remove the line")
		return "", false
	}
	if strings.ContainsFunc(n.yaml.Value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		n.problem("a line break or another character that cannot be printed; remove it")
		return "", false
	}
	if placeholder.MatchString(n.yaml.Value) {
		n.problem("still a placeholder; write your own value in its place, or remove the line")
		return "", false
	}
	return n.yaml.Value, true
}

// items returns the items of a list.
func (n node) items() []node {
	if n.empty() || !n.is(yaml.SequenceNode, "a list", `begin each item with "- "`) {
		return nil
	}
	var items []node
	for i, y := range n.yaml.Content {
		items = append(items, n.child(fmt.Sprintf("%s[%d]", n.path, i), y.Line, y))
	}
	return items
}

func (n node) child(path string, line int, y *yaml.Node) node {
	if y != nil && y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	return node{source: n.source, yaml: y, path: path, line: line}
}
