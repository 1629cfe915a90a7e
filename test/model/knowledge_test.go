package model_test

import (
	"maps"
	"time"
)

// knowledge is what an exporter has to know, and what it has said.
type knowledge struct {
	must   map[string]*life // tasks that have ended, by id: they were in a list, or in the answer of their own
	active map[string]bool  // by id: those that were shown as active
	ended  map[string]bool  // by id: those that were shown as finished

	begun      time.Time // when the newest complete pass began; zero for none
	swept      bool
	success    float64 // the newest time of discovery's success
	hasSuccess bool
}

// clone returns a copy that can be changed.
func (k *knowledge) clone() *knowledge {
	c := *k
	c.must, c.active, c.ended = maps.Clone(k.must), maps.Clone(k.active), maps.Clone(k.ended)
	return &c
}

// merge adds what another one has besides.
func (k *knowledge) merge(other *knowledge) {
	maps.Copy(k.must, other.must)
	maps.Copy(k.active, other.active)
	maps.Copy(k.ended, other.ended)
	if other.begun.After(k.begun) {
		k.begun = other.begun
	}
	k.swept = k.swept || other.swept
	k.success, k.hasSuccess = max(k.success, other.success), k.hasSuccess || other.hasSuccess
}

// inventory is what an exporter has said of vaults.
type inventory struct {
	last    float64     // the newest time of success; zero for none
	before  float64     // the same, before the scrapes that run together
	scrapes []time.Time // when they began, by our clock
}

func newKnowledge() *knowledge {
	return &knowledge{must: map[string]*life{}, active: map[string]bool{}, ended: map[string]bool{}}
}
