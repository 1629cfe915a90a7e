//go:build linux

package faults

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
)

// A middleware makes a cloud faulty: it stands in front of one that is healthy.
type middleware = func(good http.Handler) http.Handler

// answer is a response of the good cloud that is not sent yet.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// alter changes each response of the good cloud.
func alter(change func(r *http.Request, a *answer)) middleware {
	return func(good http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorder := httptest.NewRecorder()
			good.ServeHTTP(recorder, r)
			a := &answer{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
			change(r, a)
			maps.Copy(w.Header(), a.header)
			w.WriteHeader(a.status)
			_, _ = w.Write(a.body)
		})
	}
}

// body replaces the body of each successful response.
func body(change func(good []byte) []byte) middleware {
	return alter(func(_ *http.Request, a *answer) {
		if a.status == http.StatusOK {
			a.body = change(a.body)
		}
	})
}

// says makes the text the body of each successful response.
func says(text string) middleware {
	return body(func([]byte) []byte { return []byte(text) })
}

// only answers requests whose path has that end with a middleware, and all others with the
// good cloud.
func only(end string, m middleware) middleware {
	return func(good http.Handler) http.Handler {
		faulty := m(good)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, end) {
				faulty.ServeHTTP(w, r)
				return
			}
			good.ServeHTTP(w, r)
		})
	}
}

// listPage is a page of a list of the good cloud that is not sent yet.
type listPage struct {
	request *http.Request
	list    string         // its name: operation_logs, vaults, policies or backups
	root    map[string]any // without the rows
	rows    []map[string]any
}

// pages changes each page of each list.
func pages(change func(p *listPage)) middleware {
	return alter(func(r *http.Request, a *answer) {
		p := &listPage{request: r}
		if a.status != http.StatusOK || json.Unmarshal(a.body, &p.root) != nil {
			return
		}
		for _, name := range []string{"operation_logs", "vaults", "policies", "backups"} {
			rows, ok := p.root[name].([]any)
			if !ok {
				continue
			}
			p.list = name
			for _, row := range rows {
				p.rows = append(p.rows, row.(map[string]any))
			}
		}
		if p.list == "" {
			return
		}
		change(p)
		if p.rows == nil {
			p.rows = []map[string]any{}
		}
		p.root[p.list] = p.rows
		a.body, _ = json.Marshal(p.root)
	})
}

// rows changes each row of each list.
func rows(change func(list string, row map[string]any)) middleware {
	return pages(func(p *listPage) {
		for _, row := range p.rows {
			change(p.list, row)
		}
	})
}

// tokens changes each token that is issued, and the header that it comes in.
func tokens(change func(token map[string]any, header http.Header)) middleware {
	return alter(func(_ *http.Request, a *answer) {
		var root map[string]map[string]any
		if json.Unmarshal(a.body, &root) != nil || root["token"] == nil {
			return
		}
		change(root["token"], a.header)
		a.body, _ = json.Marshal(root)
	})
}
