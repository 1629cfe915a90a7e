package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// keys are the known keys of a mapping and how each is read.
type keys map[string]reader

// A mapping is a YAML mapping that has been read.
type mapping struct {
	node
	set map[string]node
}

// mapping reads the node as a mapping, handing the value of each key to the
// key's reader. A mapping without a value is one without keys: all of them may
// have been commented out. It returns false if there is no mapping.
func (n node) mapping(known keys) (mapping, bool) {
	m := mapping{node: n, set: map[string]node{}}
	if isNull(n.yaml) {
		return m, true
	}
	if !n.is(yaml.MappingNode, "a mapping", "write its keys one per line, each with a colon and a space after it") {
		return m, false
	}
	m.read(n.yaml, known, map[*yaml.Node]bool{})
	return m, true
}

// read adds the keys of y, then those of the mappings that y merges in (<<) and
// that are not set yet. In done are the mappings already added: one may merge
// itself.
func (m mapping) read(y *yaml.Node, known keys, done map[*yaml.Node]bool) {
	if done[y] {
		return
	}
	done[y] = true
	var merges []node
	lines := map[string]int{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		if key.Tag == "!!merge" {
			merges = append(merges, m.child(m.join("<<"), key.Line, value))
			continue
		}
		// Not shown, as it may well be "password:P" in want of a space.
		if !word.MatchString(key.Value) {
			m.child(m.path, key.Line, nil).problem("a key that is not a plain word; put a space after its colon")
			continue
		}
		n := m.child(m.join(key.Value), key.Line, value)
		if line, ok := lines[key.Value]; ok {
			n.problem("set twice, first at line %d; remove one", line)
			continue
		}
		lines[key.Value] = key.Line
		if _, ok := m.set[key.Value]; ok {
			continue // what merges in has been overridden
		}
		m.set[key.Value] = n
		if read, ok := known[key.Value]; ok {
			read(n)
		} else {
			n.problem("unknown key; %s", hint(key.Value, slices.Sorted(maps.Keys(known))))
		}
	}
	for _, merge := range merges {
		for _, source := range merge.mergeSources() {
			m.read(source.yaml, known, done)
		}
	}
}

var word = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// mergeSources returns the mappings named by a merge key: one or a list.
func (n node) mergeSources() []node {
	sources := []node{n}
	if n.yaml.Kind == yaml.SequenceNode {
		sources = n.items()
	}
	return slices.DeleteFunc(sources, func(s node) bool {
		return !s.is(yaml.MappingNode, "a mapping", "merge an anchor of a mapping, for example <<: *defaults")
	})
}

func (m mapping) join(key string) string {
	if m.path == "" {
		return key
	}
	return m.path + "." + key
}

// at returns the node of a key, which is missing if the file does not set it.
func (m mapping) at(key string) node {
	if n, ok := m.set[key]; ok {
		return n
	}
	return m.child(m.join(key), m.line, nil)
}

// given returns those of the keys that the file sets.
func (m mapping) given(keys ...string) []string {
	var given []string
	for _, key := range keys {
		if !m.at(key).missing() {
			given = append(given, key)
		}
	}
	return given
}

// atMostOne reports a problem if the file sets more than one of the keys.
func (m mapping) atMostOne(keys ...string) {
	if given := m.given(keys...); len(given) > 1 {
		m.problem("%s exclude each other; keep one", strings.Join(given, " and "))
	}
}
