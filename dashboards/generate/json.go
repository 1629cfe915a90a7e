package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// lineWidth is the length of a line above which a value takes several, as prettier has it.
const lineWidth = 80

// encode returns JSON in the format of prettier.
func encode(v any) []byte {
	var compact bytes.Buffer
	e := json.NewEncoder(&compact)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("encoding a dashboard: %v", err)) // of types that are all known
	}
	d := json.NewDecoder(&compact)
	d.UseNumber()
	return []byte(readNode(d).format(0, 0) + "\n")
}

// A node is a JSON value. Its members keep their order.
type node struct {
	opening json.Delim // 0: scalar
	text    string     // of a scalar
	keys    []string   // of an object
	members []node
}

func readNode(d *json.Decoder) node {
	token, err := d.Token()
	if err != nil {
		panic(fmt.Sprintf("reading a dashboard: %v", err)) // that encode has just written
	}
	opening, ok := token.(json.Delim)
	if !ok {
		return node{text: scalar(token)}
	}
	n := node{opening: opening}
	for d.More() {
		if opening == '{' {
			n.keys = append(n.keys, readNode(d).text)
		}
		n.members = append(n.members, readNode(d))
	}
	_, _ = d.Token() // the closing delimiter
	return n
}

func scalar(token json.Token) string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode(token)
	return strings.TrimSpace(text.String())
}

// format writes a node behind some indentation and a number of characters that are in its
// line already, with its comma.
func (n node) format(indent, before int) string {
	if flat := n.flat(); n.opening == 0 || !n.breaks() && indent+before+utf8.RuneCountInString(flat) < lineWidth {
		return flat
	}
	var text strings.Builder
	inner := strings.Repeat(" ", indent+2)
	text.WriteString(string(n.opening) + "\n")
	for i, member := range n.members {
		key := n.key(i)
		text.WriteString(inner + key + member.format(indent+2, len(key)))
		if i < len(n.members)-1 {
			text.WriteString(",")
		}
		text.WriteString("\n")
	}
	text.WriteString(inner[2:] + n.closing())
	return text.String()
}

func (n node) flat() string {
	if n.opening == 0 {
		return n.text
	}
	parts := make([]string, len(n.members))
	for i, member := range n.members {
		parts[i] = n.key(i) + member.flat()
	}
	space := ""
	if n.opening == '{' && len(parts) > 0 {
		space = " "
	}
	return string(n.opening) + space + strings.Join(parts, ", ") + space + n.closing()
}

// breaks reports whether a node takes several lines however short it is: several objects, or
// something in it does.
func (n node) breaks() bool {
	objects := n.opening == '[' && len(n.members) > 1
	for _, member := range n.members {
		if member.breaks() {
			return true
		}
		objects = objects && member.opening == '{' && len(member.members) > 1
	}
	return objects
}

func (n node) key(i int) string {
	if n.opening != '{' {
		return ""
	}
	return n.keys[i] + ": "
}

func (n node) closing() string { return string(n.opening + 2) } // both in ASCII
