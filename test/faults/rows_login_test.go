//go:build linux

package faults

import (
	"net/http"
	"testing"
	"time"
)

func loginFaults() group {
	return group{"Logins", []fault{
		{name: "the login hangs", quick: true, at: login, http: raw(thenHang("")), reasons: "deadline"},
		{name: "the login is reset", at: login, http: raw(thenReset("")), reasons: "network"},
		{name: "the login gets a 101", at: login, http: raw(thenHang(switching)), reasons: "upstream"},
		{name: "the login gets a 400, and the message has the password", quick: true, at: login, http: echo, reasons: "credentials", recovery: 6 * time.Minute},
		{name: "the login gets a 429", at: login, http: raw(thenClose(emptyAnswer("429 Too Many Requests"))), reasons: "throttled"},
	}}
}

func metadataFaults() group {
	return group{"The metadata service of an ECS server", []fault{
		{name: "the metadata service hangs", at: metadata, http: raw(thenHang("")), reasons: "deadline network"},
		{name: "the metadata service sends a 429", at: metadata, http: raw(thenClose(emptyAnswer("429 Too Many Requests"))), reasons: "throttled"},
		{name: "the metadata service sends a 101", at: metadata, http: raw(thenHang(switching)), reasons: "upstream"},
	}}
}

// tokenFaults are tokens that do not live.
func tokenFaults() group {
	expiring := func(at any) middleware {
		return tokens(func(token map[string]any, _ http.Header) { token["expires_at"] = at })
	}
	return group{"Tokens", []fault{
		{
			name: "tokens that live for a second",
			at:   login,
			http: tokens(func(token map[string]any, _ http.Header) {
				token["expires_at"] = time.Now().UTC().Add(time.Second).Format("2006-01-02T15:04:05.000000Z")
			}),
			up:    true,
			check: fewLogins,
		},
		{name: "tokens that expired in 1970", at: login, http: expiring("1970-01-01T00:00:00.000000Z"), up: true, check: fewLogins},
		{name: "tokens that expire in 9999", at: login, http: expiring("9999-12-31T23:59:59.000000Z"), up: true, check: fewLogins},
		{name: "tokens that expire at no time", at: login, http: expiring(nil), up: true, check: fewLogins},
		{
			name:     "tokens that the API refuses",
			at:       login,
			http:     tokens(func(_ map[string]any, header http.Header) { header.Set("X-Subject-Token", "refused") }),
			reasons:  "credentials",
			requests: 60, recovery: 6 * time.Minute,
		},
		{
			name:    "a login without a token",
			at:      login,
			http:    tokens(func(_ map[string]any, header http.Header) { header.Del("X-Subject-Token") }),
			reasons: "upstream",
		},
	}}
}

// fewLogins expects two logins at most since the project is there, as a third one has to wait
// for a minute.
func fewLogins(t *testing.T, e *exporter) {
	t.Helper()
	page, err := e.scrape("/-/metrics")
	if err != nil {
		t.Fatal(err)
	}
	logins, ok := page.value("cbr_exporter_api_requests_total", "project", faultyProject, "operation", "KeystoneCreateUserTokenByPassword")
	if !ok || logins > 2 {
		t.Errorf("there were %v logins, want one or two", logins)
	}
}
