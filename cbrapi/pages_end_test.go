package cbrapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestListWithoutEnd is of the package itself, because a list of two million rows takes
// too long.
func TestListWithoutEnd(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	client, err := New(Options{Endpoint: server.URL}, "project")
	if err != nil {
		t.Fatal(err)
	}
	l := client.List(ListFilter{})
	l.pages.rows = maxRows
	_, err = l.Next(t.Context())
	if err == nil || !strings.Contains(err.Error(), "goes on after 2000000 rows") || ReasonOf(err) != ReasonUpstream {
		t.Errorf("got the error %v", err)
	}
}
