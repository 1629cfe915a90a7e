package exporter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// wire is the way to a simulated cloud. It counts what passes, learns the secrets
// that are really sent, and has each failure repeat its request, as some gateways do.
type wire struct {
	secrets secrets

	mu     sync.Mutex
	inside int                    // requests that are being answered
	quiet  chan struct{}          // closed when there are none; nil while nobody waits for that
	clouds []*simulator.Simulator // the last one answers
	seen   counts
	fault  func(http.ResponseWriter) // answers in place of CBR; nil: nothing does
	faults int                       // requests that it has answered
	gate   *gate                     // nil: everything passes
}

// counts are of requests.
type counts struct {
	all           int // of both services
	refused       int // by CBR, with 401
	logins        int
	refusedLogins int
}

func (c counts) minus(o counts) counts {
	return counts{c.all - o.all, c.refused - o.refused, c.logins - o.logins, c.refusedLogins - o.refusedLogins}
}

// enter notes that a request is being answered, and returns what to call when it has
// been.
func (w *wire) enter() (leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inside++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.inside--; w.inside == 0 && w.quiet != nil {
			close(w.quiet)
			w.quiet = nil
		}
	}
}

// settle waits until no request is being answered: a pass that was cancelled does not
// wait for those that are under way.
func (w *wire) settle() {
	w.mu.Lock()
	if w.inside == 0 {
		w.mu.Unlock()
		return
	}
	if w.quiet == nil {
		w.quiet = make(chan struct{})
	}
	quiet := w.quiet
	w.mu.Unlock()
	<-quiet
}

// count returns what has passed so far. The cloud has to have counted the same.
func (w *wire) count(t testing.TB) counts {
	t.Helper()
	w.settle()
	w.mu.Lock()
	defer w.mu.Unlock()
	var requests simulator.Requests
	for _, cloud := range w.clouds {
		r := cloud.Requests()
		requests.Seen += r.Seen
		requests.Refused += r.Refused
	}
	if int(requests.Seen) != w.seen.all-w.faults || int(requests.Refused) != w.seen.refused {
		t.Errorf("the cloud has seen %+v, and what passed is %+v", requests, w.seen)
	}
	return w.seen
}

func (w *wire) cloud() *simulator.Simulator {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clouds[len(w.clouds)-1]
}

// become has another cloud answer, which knows nothing of the tokens of the one before.
func (w *wire) become(cloud *simulator.Simulator) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clouds = append(w.clouds, cloud)
}

// fail has every request for tasks be answered by fault.
func (w *wire) fail(fault func(http.ResponseWriter)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = fault
}

// door is where one project gets on the wire.
type door struct{ *wire }

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer d.enter()()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	d.learn(r.Header)
	login := r.Method == http.MethodPost
	if !login {
		d.wait(r)
	}
	answer := httptest.NewRecorder()
	d.answer(answer, r, login)
	d.learn(answer.Header())
	d.note(login, answer.Code)
	if answer.Code == http.StatusNotFound {
		// It is a task of the test, small so that the pages are.
		id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		_, _ = fmt.Fprintf(w, `{"operation_log":{"id":%q,"status":"success"}}`, id)
		return
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	text := answer.Body.Bytes()
	if answer.Code >= http.StatusBadRequest {
		text = repeating(text, fmt.Sprintf("%s; the request was %s %s %s %s", http.StatusText(answer.Code),
			r.Header.Values("X-Security-Token"), r.Header.Values("X-Auth-Token"), r.Header.Values("Authorization"), body))
	}
	_, _ = w.Write(text)
}

func (w *wire) answer(answer http.ResponseWriter, r *http.Request, login bool) {
	w.mu.Lock()
	fault := w.fault
	if login {
		fault = nil
	}
	if fault != nil {
		w.faults++
	}
	w.mu.Unlock()
	if fault != nil {
		fault(answer)
		return
	}
	w.cloud().ServeHTTP(answer, r)
}

func (w *wire) note(login bool, status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	refused := 0
	if status == http.StatusUnauthorized {
		refused = 1
	}
	w.seen.all++
	if login {
		w.seen.logins++
		w.seen.refusedLogins += refused
	} else {
		w.seen.refused += refused
	}
}

func (w *wire) learn(h http.Header) {
	for _, name := range []string{"X-Auth-Token", "X-Subject-Token", "X-Security-Token"} {
		w.secrets.add(name, h.Get(name))
	}
	for part := range strings.SplitSeq(h.Get("Authorization"), " ") {
		name, value, _ := strings.Cut(strings.TrimSuffix(part, ","), "=")
		if name == "Access" || name == "Signature" {
			w.secrets.add(name, value)
		}
	}
}

// repeating returns an error whose message ends in words.
func repeating(body []byte, words string) []byte {
	var content map[string]any
	if json.Unmarshal(body, &content) != nil {
		return []byte(words)
	}
	in, name := content, "error_msg"
	if inner, ok := content["error"].(map[string]any); ok {
		in, name = inner, "message"
	}
	in[name] = fmt.Sprintf("%v %s", in[name], words)
	text, err := json.Marshal(content)
	if err != nil {
		panic(err) // it was JSON before
	}
	return text
}
