package credentials

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The vectors were made with the vendor's signer, huaweicloud-sdk-go-v3, which signs all
// headers. Here each vector names the signed ones.
func TestSignatureVectors(t *testing.T) {
	const (
		endpoint  = "https://cbr.example.com"
		emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		task      = "/v3/p1/operation-logs/abc"
	)
	type vector struct {
		method string
		path   string // decoded
		query  url.Values
		header map[string]string
		body   string
		signed string

		canonical string // where it was published
		bodyHash  string
		toSign    string // the last line of it, where it was published
		signature string
	}
	for name, v := range map[string]vector{
		"A: one header": {
			path: task, query: url.Values{"x": {"1"}}, signed: "x-sdk-date",
			canonical: "GET\n/v3/p1/operation-logs/abc/\nx=1\nx-sdk-date:20240312T010203Z\n\nx-sdk-date\n" + emptyHash,
			toSign:    "ba4215096fbaab1eb5e13820c49236b1bfaae001da9b4d31b15e14ab30640ff6",
			signature: "47ee06922d8b6720edb1f70227112758fd61ac0e5c279947b283acecaf9fba74",
		},
		"B: as the SDK sends it": {
			path: task, query: url.Values{"x": {"1"}},
			header:    map[string]string{"X-Project-Id": "p1", "User-Agent": "ua/1", "Content-Type": "application/json"},
			signed:    "user-agent;x-project-id;x-sdk-date",
			toSign:    "6dc9330f63ea25bf0ab226958d9466627ad85835f73c2d02687b76653b2e4b06",
			signature: "551947cfd98f8a8fede22c6d24146c32ce6565b021a389bc074b97789a9adcbc",
		},
		"C: temporary keys": {
			path: task, query: url.Values{"x": {"1"}},
			header:    map[string]string{"X-Project-Id": "p1", "X-Security-Token": "TOK"},
			signed:    "x-project-id;x-sdk-date;x-security-token",
			signature: "f7522e6d30bb1ae30b5b8bbf37fd570be3becd4e505018b9e7f09be95ac29a8a",
		},
		"D: query": {
			path: "/v3/p1/operation-logs",
			query: url.Values{
				"empty": {""}, "end_time": {"2018-02-02T12:00:00Z"}, "limit": {"1000"}, "offset": {"0"},
				"resource_name": {"a b+c/é~*'()"}, "start_time": {"2018-02-01T12:00:00Z"}, "status": {"failed"},
			},
			header: map[string]string{"X-Project-Id": "p1"},
			signed: "x-project-id;x-sdk-date",
			canonical: "GET\n/v3/p1/operation-logs/\n" +
				"empty=&end_time=2018-02-02T12%3A00%3A00Z&limit=1000&offset=0&resource_name=a%20b%2Bc%2F%C3%A9~%2A%27%28%29&start_time=2018-02-01T12%3A00%3A00Z&status=failed" +
				"\nx-project-id:p1\nx-sdk-date:20240312T010203Z\n\nx-project-id;x-sdk-date\n" + emptyHash,
			signature: "88db6ad070c0dd463cda33c90da054b2a5678f9c205139a19e1fcdcc59c1ed0a",
		},
		"E: repeated name, host": {
			path: "/v3/p1/vaults", query: url.Values{"id": {"z", "a"}},
			header: map[string]string{"X-Project-Id": "p1"}, signed: "host;x-project-id;x-sdk-date",
			signature: "31b88f335f859292e1064154e8f1017b275c783b96e6a5eb194c2f8bdc8256f7",
		},
		"F: root": {
			signed:    "x-sdk-date",
			signature: "fa60a18b696e95e51206728c1a2cc6e7e5f89eb63ed9e4cda10f0200889608f3",
		},
		"G: path": {
			path: "/v3/p1/operation-logs/a b~%2Fc:é", signed: "x-sdk-date",
			signature: "08dded01be1718bca1d0ca53e1bc4e006282701d76212a7619ab88b25283fc43",
		},
		"H: body": {
			method: http.MethodPost, path: "/v3/auth", body: `{"a":1}`,
			header: map[string]string{"Content-Type": "application/json"}, signed: "x-sdk-date",
			bodyHash:  "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
			signature: "d6a9417d26edc114ebb169d1f4b33d2e17783ebb27423c774e7091f75596bcb3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if v.method == "" {
				v.method = http.MethodGet
			}
			var body io.Reader
			if v.body != "" {
				body = strings.NewReader(v.body)
			}
			req, err := http.NewRequest(v.method, endpoint, body)
			if err != nil {
				t.Fatal(err)
			}
			req.URL.Path, req.URL.RawQuery = v.path, v.query.Encode()
			req.Header.Set("X-Sdk-Date", "20240312T010203Z")
			for name, value := range v.header {
				req.Header.Set(name, value)
			}

			hash, err := hashBody(req)
			if err != nil {
				t.Fatal(err)
			}
			if v.bodyHash == "" {
				v.bodyHash = emptyHash
			}
			if hash != v.bodyHash {
				t.Errorf("the hash of the body is %s, want %s", hash, v.bodyHash)
			}
			signed := strings.Split(v.signed, ";")
			canonical := canonicalRequest(req, signed, hash)
			if v.canonical != "" && canonical != v.canonical {
				t.Errorf("the canonical request is\n%q, want\n%q", canonical, v.canonical)
			}
			if toSign := stringToSign("20240312T010203Z", canonical); !strings.HasPrefix(toSign, "SDK-HMAC-SHA256\n20240312T010203Z\n"+v.toSign) {
				t.Errorf("the string to sign is %q, want its last line to be %s", toSign, v.toSign)
			}
			if signature := sign(req, "TESTSK", signed, hash); signature != v.signature {
				t.Errorf("the signature is %s, want %s; canonical request:\n%s", signature, v.signature, canonical)
			}
		})
	}
}
