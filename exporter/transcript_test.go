package exporter_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// transcript has each line once that an exporter has shown, and where. It is safe
// for concurrent use.
type transcript struct {
	mu    sync.Mutex
	lines map[string]string // where it was, by the line
}

// add adds what was shown. A nil transcript forgets it.
func (s *transcript) add(where, text string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines == nil {
		s.lines = map[string]string{}
	}
	for line := range strings.Lines(text) {
		// The access key is the name under which a configuration shows what is in force.
		if where == "/config" && strings.Contains(line, "access_key: ") {
			continue
		}
		s.lines[line] = where
	}
}

// secrets are texts that nobody may see, with what they are. It is safe for
// concurrent use.
type secrets struct {
	mu    sync.Mutex
	known map[string]string
}

func (s *secrets) add(what, text string) {
	if text == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]string{}
	}
	s.known[text] = what
}

// minSecret is how much of the beginning of a secret, in bytes, tells it.
const minSecret = 16

// forms returns what is looked for of all secrets: the beginning of each, or the
// whole of a short one, in every spelling that pages and logs have, also of a text
// that is itself a part of another.
func (s *secrets) forms() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	forms := map[string]string{}
	for text, what := range s.known {
		for _, once := range spellings(text[:min(len(text), 4*minSecret)]) {
			for _, twice := range spellings(once) {
				forms[twice[:min(len(twice), minSecret)]] = what
			}
		}
	}
	return forms
}

func spellings(text string) []string {
	quoted := strconv.Quote(text)
	forms := []string{text, quoted[1 : len(quoted)-1], html.EscapeString(text), url.QueryEscape(text), url.PathEscape(text)}
	if inJSON, err := json.Marshal(text); err == nil {
		forms = append(forms, string(inJSON[1:len(inJSON)-1]))
	}
	return forms
}

// search returns what of the secrets is in the transcript. There are thousands of
// them, so it looks up every part of the text rather than each secret.
func (s *secrets) search(shown *transcript) (found []string) {
	forms := s.forms()
	lengths := map[int]bool{}
	for form := range forms {
		lengths[len(form)] = true
	}
	shown.mu.Lock()
	defer shown.mu.Unlock()
	for line, where := range shown.lines {
		for length := range lengths {
			for i := 0; i+length <= len(line); i++ {
				if what, is := forms[line[i:i+length]]; is {
					found = append(found, fmt.Sprintf("%s shows the %s: %s", where, what, line))
					break
				}
			}
		}
	}
	return found
}

func TestSearchForSecrets(t *testing.T) {
	const secret = `pass"word</&>\ of 1`
	for name, test := range map[string]struct {
		text  string
		found bool
	}{
		"as it is":             {"it is " + secret, true},
		"its beginning":        {"it is " + secret[:16] + "...", true},
		"less of it":           {"it is " + secret[:15] + "...", false},
		"in JSON":              {`{"it":"pass\"word\u003c/\u0026\u003e\\ of 1"}`, true},
		"in JSON, unlike Go's": {`{"it":"pass\"word</&>\\ of 1"}`, true},
		"in HTML":              {"<p>pass&#34;word&lt;/&amp;&gt;\\ of 1</p>", true},
		"in a query":           {"/?it=pass%22word%3C%2F%26%3E%5C+of+1", true},
		"in a path":            {"/pass%22word%3C%2F&%3E%5C%20of%201", true},
		"in JSON in a log":     {`err="{\"it\":\"pass\\\"word\\u003c/"`, true},
		"in JSON in HTML":      {`<p>{&#34;it&#34;:&#34;pass\&#34;word\u003c/`, true},
		"another":              {"it is passwords", false},
		"in the next line":     {"nothing\nit is " + secret, true},
	} {
		t.Run(name, func(t *testing.T) {
			var (
				known secrets
				shown transcript
			)
			known.add("password", secret)
			shown.add("/", test.text)
			if found := known.search(&shown); (found != nil) != test.found {
				t.Errorf("found %q in %q, want something: %t", found, test.text, test.found)
			}
		})
	}
}
