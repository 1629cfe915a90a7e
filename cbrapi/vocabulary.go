package cbrapi

import (
	"slices"
	"sync"
)

// maxNewWords is how many words that the API does not document a Client passes on of each
// kind. Each may be a label, and a message in the log.
const maxNewWords = 20

// other is what stands for further new words.
const other = "other"

// vocabulary holds the new words of one kind. It is safe for concurrent use.
type vocabulary[T ~string] struct {
	mu    sync.Mutex
	words map[T]bool
}

// word returns the field called name as token does, or other if it is one new word too many.
func (v *vocabulary[T]) word(o object, name string, documented []T) T {
	word := T(o.token(name))
	if word == "" || slices.Contains(documented, word) || v.pass(word) {
		return word
	}
	o.invalid(name, o.value(name))
	return other
}

func (v *vocabulary[T]) pass(word T) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.words == nil {
		v.words = map[T]bool{}
	}
	if len(v.words) < maxNewWords {
		v.words[word] = true
	}
	return v.words[word]
}
