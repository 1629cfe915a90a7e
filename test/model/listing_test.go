package model_test

import (
	"net/http"
	"net/http/httptest"
	"path"
	"time"
)

// reading is a reading of a list by the exporter, page by page.
type reading struct {
	since       time.Time // the start_time; zero: all rows
	sent        time.Time // the latest request for its first page, by the exporter's clock
	from, to    time.Time // when its first and its latest page were made, by the exporter's clock
	began, over time.Time // the same by the cloud's clock
	last        time.Time // the latest good response, by the exporter's clock
	pages       int
	partial     bool // the offset was ignored, or the paging changed
}

// full reports whether it is one of all rows.
func (r *reading) full() bool { return r.since.IsZero() }

// listOf returns the name of the list of backups or protectable resources that is requested;
// "" for another one.
func listOf(r *http.Request) string {
	switch base := path.Base(r.URL.Path); base {
	case "backups":
		return base
	case "instances":
		return path.Base(path.Dir(r.URL.Path))
	default:
		return ""
	}
}

// serve has the cloud respond, with the backups as they are now.
func (s *service) serve(w *httptest.ResponseRecorder, r *http.Request) {
	if list := listOf(r); list != "" {
		s.mu.Lock()
		now := s.nowLocked()
		if list == "backups" {
			s.SetBackups(rows(s.backups, now)...)
		}
		if all := s.readings[list]; len(all) > 0 {
			one := all[len(all)-1]
			if one.pages++; one.pages == 1 {
				one.from, one.began = time.Now(), now
			}
			one.to, one.over = time.Now(), now
			one.partial = one.partial || s.listing.IgnoreOffset || s.troubled.After(one.began)
		}
		s.mu.Unlock()
	}
	s.ServeHTTP(w, r)
}

// recordList records a request for a page of one of these lists.
func (s *service) recordList(r *http.Request) {
	list, query := listOf(r), r.URL.Query()
	if list == "" || query.Get("offset") != "0" {
		return
	}
	one := &reading{sent: time.Now()}
	if start := query.Get("start_time"); start != "" {
		one.since, _ = time.Parse(time.RFC3339, start)
	}
	s.readings[list] = append(s.readings[list], one)
}

// recordResponse records how a request ended.
func (s *service) recordResponse(r *http.Request, good bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := listOf(r); list != "" && good {
		all := s.readings[list]
		all[len(all)-1].last = time.Now()
	} else if list != "" {
		s.failures[list]++
	}
	if good {
		s.responses[path.Base(r.URL.Path)] = time.Now()
	}
}

// readingsOf returns the readings of a list by the present exporter, and how many requests
// for it have failed.
func (s *service) readingsOf(list string) (all []reading, failures int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.readings[list] {
		all = append(all, *r)
	}
	return all, s.failures[list]
}
