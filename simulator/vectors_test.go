package simulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The requests are as the vendor's SDK puts them on the wire, and the signatures
// as it computed them, with the secret key TESTSK.
func TestVectors(t *testing.T) {
	const task = "/v3/p1/operation-logs/abc?x=1"
	for name, v := range map[string]struct {
		url    string
		header map[string]string
		body   string
		signed string
		want   string
	}{
		"A: one header": {
			url: task, signed: "x-sdk-date",
			want: "47ee06922d8b6720edb1f70227112758fd61ac0e5c279947b283acecaf9fba74",
		},
		"B: as the SDK sends it": {
			url: task, signed: "user-agent;x-project-id;x-sdk-date",
			header: map[string]string{"X-Project-Id": "p1", "User-Agent": "ua/1", "Content-Type": "application/json"},
			want:   "551947cfd98f8a8fede22c6d24146c32ce6565b021a389bc074b97789a9adcbc",
		},
		"C: temporary keys": {
			url: task, signed: "x-project-id;x-sdk-date;x-security-token",
			header: map[string]string{"X-Project-Id": "p1", "X-Security-Token": "TOK"},
			want:   "f7522e6d30bb1ae30b5b8bbf37fd570be3becd4e505018b9e7f09be95ac29a8a",
		},
		"D: query": {
			url: "/v3/p1/operation-logs?status=failed&resource_name=a+b%2Bc%2F%C3%A9~%2A%27%28%29&offset=0&limit=1000" +
				"&start_time=2018-02-01T12:00:00Z&end_time=2018-02-02T12%3A00%3A00Z&empty",
			header: map[string]string{"X-Project-Id": "p1"}, signed: "x-project-id;x-sdk-date",
			want: "88db6ad070c0dd463cda33c90da054b2a5678f9c205139a19e1fcdcc59c1ed0a",
		},
		"E: repeated name, host": {
			url: "/v3/p1/vaults?id=z&id=a", signed: "host;x-project-id;x-sdk-date",
			header: map[string]string{"X-Project-Id": "p1"},
			want:   "31b88f335f859292e1064154e8f1017b275c783b96e6a5eb194c2f8bdc8256f7",
		},
		"F: root": {
			url: "/", signed: "x-sdk-date",
			want: "fa60a18b696e95e51206728c1a2cc6e7e5f89eb63ed9e4cda10f0200889608f3",
		},
		"G: path": {
			url: "/v3/p1/operation-logs/a%20b~%252Fc:%C3%A9", signed: "x-sdk-date",
			want: "08dded01be1718bca1d0ca53e1bc4e006282701d76212a7619ab88b25283fc43",
		},
		"H: body": {
			url: "/v3/auth", body: `{"a":1}`, signed: "x-sdk-date",
			header: map[string]string{"Content-Type": "application/json"},
			want:   "d6a9417d26edc114ebb169d1f4b33d2e17783ebb27423c774e7091f75596bcb3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			method := http.MethodGet
			if v.body != "" {
				method = http.MethodPost
			}
			r := httptest.NewRequest(method, "https://cbr.example.com"+v.url, nil)
			r.Header.Set("X-Sdk-Date", "20240312T010203Z")
			for name, value := range v.header {
				r.Header.Set(name, value)
			}
			if got := signature(r, []byte(v.body), "TESTSK", strings.Split(v.signed, ";")); got != v.want {
				t.Errorf("got %s, want %s", got, v.want)
			}
		})
	}
}
