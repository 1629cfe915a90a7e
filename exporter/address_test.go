package exporter

import (
	"net/url"
	"strings"
	"testing"
)

var addresses = []struct {
	text string
	good bool
}{
	{"cbr", true},
	{"cbr:10065", true},
	{"cbr.example.com:443", true},
	{"cbr.monitoring.svc.cluster.local.:10065", true},
	{"cbr_exporter_1:10065", true},
	{"CBR-1", true},
	{"127.0.0.1:10065", true},
	{"[::1]", true},
	{"[2001:db8::1]:65535", true},
	{strings.Repeat("a", 63), true},

	{"", false},
	{":10065", false},
	{".", false},
	{"a..b", false},
	{"cbr:", false},
	{"cbr:0", false},
	{"cbr:080", false},
	{"cbr:65536", false},
	{"cbr:+80", false},
	{"cbr:http", false},
	{"cbr:80:80", false},
	{"::1", false},
	{"[::1", false},
	{"[::1]10065", false},
	{"[::1]:", false},
	{"[]:80", false},
	{"[127.0.0.1]", false},
	{"[fe80::1%eth0]", false},
	{"cbr/x", false},
	{"cbr?x", false},
	{"cbr#x", false},
	{"user@cbr", false},
	{"a b", false},
	{"a,b", false},
	{"zürich", false},
	{"cbr\n", false},
	{strings.Repeat("a", 64), false},
	{strings.Repeat("a.", 127) + "aa", false},
}

func TestIsAddress(t *testing.T) {
	for _, c := range addresses {
		t.Run(c.text, func(t *testing.T) {
			if got := isAddress(c.text); got != c.good {
				t.Errorf("got %t, want %t", got, c.good)
			}
		})
	}
}

// FuzzIsAddress has whatever is an address be the host of a URL and nothing else
// of it.
func FuzzIsAddress(f *testing.F) {
	for _, c := range addresses {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !isAddress(text) {
			return
		}
		u, err := url.Parse("http://" + text + "/probe")
		if err != nil || u.Host != text || u.User != nil || u.Path != "/probe" || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q makes a URL of another host: %#v, %v", text, u, err)
		}
	})
}
