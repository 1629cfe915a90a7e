package cbrapi

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// rowKey tells rows apart without keeping them.
type rowKey [16]byte

func newRowKey(text string) rowKey {
	sum := sha256.Sum256([]byte(text))
	return rowKey(sum[:len(rowKey{})])
}

// pageRows are the rows of one page, as they are read.
type pageRows struct {
	pages  *pages
	take   func(object) bool // as in pages.next
	notes  object            // what rows could not be read
	rows   int
	usable int      // that take has taken, or an earlier page has had
	keys   []rowKey // of the rows that are new to the listing
}

// fresh returns how many rows are new to the listing.
func (r *pageRows) fresh() int { return len(r.keys) }

// read reads one row.
func (r *pageRows) read(row any) {
	r.rows++
	values, isObject := row.(map[string]any)
	id, _ := scalar(values["id"])
	valid := isUUID(id)
	key := newRowKey("id " + strings.ToLower(id))
	if !valid {
		// Its text is all it has: without, a page of such rows would look like the end.
		key = newRowKey("row " + fmt.Sprint(row))
	}
	if _, again := r.pages.seen[key]; again {
		r.usable++
		return
	}
	r.pages.seen[key] = struct{}{}
	r.keys = append(r.keys, key)
	switch {
	case !isObject:
		r.notes.invalid(r.pages.list, row)
	case !valid:
		r.notes.invalid(r.pages.path+"id", values["id"])
	default:
		o := newObject(values)
		o.path = r.pages.path
		if r.take(o) {
			r.usable++
		}
	}
}

// undo forgets the rows of a page that cannot be read whole.
func (r *pageRows) undo() {
	for _, key := range r.keys {
		delete(r.pages.seen, key)
	}
}
