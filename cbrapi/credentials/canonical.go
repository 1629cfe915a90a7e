package credentials

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// canonicalRequest is the form in which both sides of a signature write down the
// request, with the headers named in signed: lower case, sorted.
//
// See https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm-002.html.
func canonicalRequest(req *http.Request, signed []string, bodyHash string) (string, error) {
	query, err := canonicalQuery(req.URL)
	if err != nil {
		return "", err
	}
	var headers strings.Builder
	for _, name := range signed {
		value := req.Header.Get(name)
		if name == "host" {
			value = hostOf(req) // net/http keeps it outside of the header
		}
		headers.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	return strings.Join([]string{
		req.Method,
		canonicalPath(req.URL),
		query,
		headers.String(),
		strings.Join(signed, ";"),
		bodyHash,
	}, "\n"), nil
}

// canonicalPath starts from the decoded path, since there are several ways to
// write it in a URL. It ends in a slash whether or not the path does.
func canonicalPath(u *url.URL) string {
	segments := strings.Split(strings.TrimSuffix(u.Path, "/"), "/")
	for i, s := range segments {
		segments[i] = escape(s)
	}
	return strings.Join(segments, "/") + "/"
}

// canonicalQuery is sorted by name and then by value, and every name has its =.
func canonicalQuery(u *url.URL) (string, error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		// The error of url.ParseQuery repeats a part of the URL.
		return "", errors.New("the query of the request cannot be read, and so not be signed")
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range slices.Sorted(slices.Values(query[name])) {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	return strings.Join(pairs, "&"), nil
}

// escape leaves alone only what RFC 3986 calls unreserved. What package net/url
// escapes differs from place to place.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("-_.~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// hostOf returns what net/http sends as Host.
func hostOf(req *http.Request) string {
	if req.Host != "" {
		return req.Host
	}
	return req.URL.Host
}
