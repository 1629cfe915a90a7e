package cbrapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

func TestRowsThatAreNoTask(t *testing.T) {
	const upper, lower = "1ABCDEF0-0000-4000-8000-00000000ABCD", "1abcdef0-0000-4000-8000-00000000abcd"
	type invalid = []cbrapi.InvalidField
	for name, test := range map[string]struct {
		rows    []string
		want    []string
		invalid invalid
	}{
		"null":                  {[]string{`null`, rowOf(lower)}, []string{lower}, invalid{{"operation_logs", "<nil>"}}},
		"text":                  {[]string{rowOf(lower), `"` + upper + `"`}, []string{lower}, invalid{{"operation_logs", upper}}},
		"the id alone, first":   {[]string{`"` + lower + `"`, rowOf(lower)}, []string{lower}, invalid{{"operation_logs", lower}}},
		"a list":                {[]string{`[` + rowOf(lower) + `]`}, nil, invalid{{"operation_logs", "[map[id:" + lower + " status:success]]"}}},
		"no id":                 {[]string{`{"status":"failed"}`, rowOf(lower)}, []string{lower}, invalid{{"id", "<nil>"}}},
		"an id that is none":    {[]string{rowOf("7"), rowOf(lower)}, []string{lower}, invalid{{"id", "7"}}},
		"an id of another type": {[]string{`{"id":{}}`, `{"id":7}`, rowOf(lower)}, []string{lower}, invalid{{"id", "map[]"}, {"id", "7"}}},
		"a long id":             {[]string{rowOf(strings.Repeat("x", 2000))}, nil, invalid{{"id", strings.Repeat("x", 64) + "…"}}},
		"the same bad row":      {[]string{`7`, `7`, `8`}, nil, invalid{{"operation_logs", "7"}, {"operation_logs", "8"}}},
		"upper case":            {[]string{rowOf(upper)}, []string{lower}, nil},
		"both cases":            {[]string{rowOf(upper), rowOf(lower)}, []string{lower}, nil},
		"twice":                 {[]string{rowOf(lower), `{"id":"` + lower + `","status":"failed"}`}, []string{lower}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{rows: test.rows}
			l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
			if diff := cmp.Diff(test.want, mustReadAll(t, l)); diff != "" {
				t.Errorf("the tasks differ (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.invalid, l.Invalid()); diff != "" {
				t.Errorf("what is invalid differs (-want +got):\n%s", diff)
			}
			if again := l.Invalid(); again != nil {
				t.Errorf("Invalid() says again %v", again)
			}
			if l.Rows() != len(test.rows) {
				t.Errorf("%d rows, want %d", l.Rows(), len(test.rows))
			}
		})
	}
}

func TestInvalidCount(t *testing.T) {
	h := &history{rows: rowsOf(1), count: func(int, int, int) string { return `,"count":-1` }}
	l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
	if _, err := l.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]cbrapi.InvalidField{{Field: "count", Value: "-1"}}, l.Invalid()); diff != "" {
		t.Errorf("what is invalid differs (-want +got):\n%s", diff)
	}
}

// A page of rows that are no tasks is no end.
func TestPageOfBadRows(t *testing.T) {
	h := &history{rows: rowsOf(12), most: atMost(3)}
	for i := 3; i < 6; i++ {
		h.rows[i] = fmt.Sprintf(`{"id":null,"vault_name":"%d"}`, i)
	}
	l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
	got := mustReadAll(t, l)
	if want := append(idsOf(3), idsOf(12)[6:]...); !cmp.Equal(want, got) {
		t.Errorf("the tasks are %v, want %v", got, want)
	}
	if n := len(l.Invalid()); n != 3 {
		t.Errorf("%d invalid rows, want 3", n)
	}
}

// Field errors stay with their task.
func TestInvalidFieldsOfAListedTask(t *testing.T) {
	h := &history{rows: []string{`{"id":"` + taskID + `","status":"failed","started_at":"yesterday"}`}}
	l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
	got, err := l.Next(t.Context())
	want := []*cbrapi.OperationLog{{
		ID: taskID, Status: cbrapi.StatusFailed,
		Invalid: []cbrapi.InvalidField{{Field: "started_at", Value: "yesterday"}},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("the tasks differ (-want +got), with the error %v:\n%s", err, diff)
	}
	if invalid := l.Invalid(); invalid != nil {
		t.Errorf("the page is said to be invalid: %v", invalid)
	}
}

func TestMalformedLists(t *testing.T) {
	const (
		noObject = "the answer is broken JSON, or JSON of another shape"
		noList   = "the answer has no list called operation_logs"
	)
	sample, _ := testdata(t, "sample.json")
	for name, test := range map[string]struct{ body, want string }{
		"empty":                  {"", "the answer is empty"},
		"a page":                 {"<html></html>", "the answer is a page of HTML or XML; a proxy or load balancer may have sent it"},
		"text":                   {"ok", noObject},
		"null":                   {`null`, noObject},
		"a list":                 {`[]`, noObject},
		"one task":               {sample, noList},
		"an error":               {`{"error_code":"APIGW.0301","error_msg":"m"}`, noList},
		"an object for the list": {`{"operation_logs":{}}`, noList},
		"text for the list":      {`{"operation_logs":"[]"}`, noList},
		"another case":           {`{"Operation_Logs":[]}`, noList},
		"two lists":              {`{"operation_logs":[],"operation_logs":[]}`, "the answer has two lists called operation_logs"},
		"half a row":             {`{"operation_logs":[{"id":"` + taskID + `"},{"id":`, noObject},
		"half a list":            {`{"operation_logs":[{"id":"` + taskID + `"}`, noObject},
		"half an object":         {`{"operation_logs":[{"id":"` + taskID + `"}],"count":`, noObject},
		"no end":                 {`{"operation_logs":[{"id":"` + taskID + `"}]`, noObject},
		"a comma too many":       {`{"operation_logs":[{"id":"` + taskID + `"},]}`, noObject},
		"no comma":               {`{"operation_logs":[{"id":"` + taskID + `"}{}]}`, noObject},
		"another bracket":        {`{"operation_logs":[{"id":"` + taskID + `"}}`, noObject},
		"a name without quotes":  {`{operation_logs:[]}`, noObject},
		"a number for a name":    {`{1:[],"operation_logs":[]}`, noObject},
		"two lists in a row":     {`{"operation_logs":[]}{"operation_logs":[]}`, "the answer goes on after its JSON object"},
		"garbage behind":         {`{"operation_logs":[]}}`, "the answer goes on after its JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &history{rows: []string{rowOf(taskID)}}
			h.fault = func(int, int) http.HandlerFunc { return reply(http.StatusOK, "application/json", test.body) }
			l := newClient(t, serve(t, h.ServeHTTP)).List(cbrapi.ListFilter{})
			got, err := l.Next(t.Context())
			var e *cbrapi.Error
			if got != nil || !errors.As(err, &e) {
				t.Fatalf("Next() = %v, %v, want a *cbrapi.Error alone", got, err)
			}
			want := &cbrapi.Error{Operation: "ListOpLogs", StatusCode: http.StatusOK, Message: test.want}
			if diff := cmp.Diff(want, e); diff != "" {
				t.Errorf("the error differs (-want +got):\n%s", diff)
			}
			if cbrapi.ReasonOf(err) != cbrapi.ReasonUpstream {
				t.Errorf("ReasonOf(%v) = %q", err, cbrapi.ReasonOf(err))
			}
			if l.Rows() != 0 || l.Done() || !l.Date().IsZero() || l.Invalid() != nil {
				t.Errorf("something of the page was taken over: %d rows", l.Rows())
			}
			h.fault = nil
			if got := mustReadAll(t, l); !cmp.Equal([]string{taskID}, got) {
				t.Errorf("then the tasks are %v, want the one", got)
			}
		})
	}
}

func TestEmptyLists(t *testing.T) {
	for name, body := range map[string]string{
		"null":        `{"operation_logs":null}`,
		"with a body": ` { "count": 0, "operation_logs": [ ], "limit": 1000, "offset": 0, "more": {"x": [1]} } `,
		"a count":     `{"operation_logs":[],"count":7}`,
	} {
		t.Run(name, func(t *testing.T) {
			l := newClient(t, serve(t, reply(http.StatusOK, "application/json", body))).List(cbrapi.ListFilter{})
			got, err := l.Next(t.Context())
			if got != nil || err != nil || !l.Done() {
				t.Errorf("Next() = %v, %v, want nothing, and the end", got, err)
			}
		})
	}
}

// A row may repeat what the request was sent with.
func TestNoCredentialsInLists(t *testing.T) {
	h := &history{rows: []string{
		`{"id":"` + taskID + `","vault_name":"` + token + `"}`, `{"id":"` + token + `"}`, `"` + token + `"`,
	}}
	o := serve(t, h.ServeHTTP)
	o.Transport = withToken(o.Transport)
	l := newClient(t, o).List(cbrapi.ListFilter{})
	got, err := l.Next(t.Context())
	if err != nil || len(got) != 1 || got[0].VaultName != "<secret>" {
		t.Errorf("Next() = %+v, %v, want one task with a redacted name", got, err)
	}
	want := []cbrapi.InvalidField{{Field: "id", Value: "<secret>"}, {Field: "operation_logs", Value: "<secret>"}}
	if diff := cmp.Diff(want, l.Invalid()); diff != "" {
		t.Errorf("what is invalid differs (-want +got):\n%s", diff)
	}
}
