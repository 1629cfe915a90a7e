package config

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// ProxyURL is the URL of a proxy. It masks the password in it, if there is one,
// wherever it is printed or encoded; see Secret for the limits of that.
type ProxyURL string

// Reveal returns the URL itself.
func (p ProxyURL) Reveal() string { return string(p) }

// String returns the URL with its password masked.
func (p ProxyURL) String() string {
	u, err := url.Parse(string(p))
	if err != nil {
		return mask
	}
	return u.Redacted()
}

// Format masks the password whatever the verb: without it %x and %#v would reveal.
func (p ProxyURL) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, p.String()) // a fmt.State does not fail
}

// MarshalText masks the password in JSON, YAML and logs.
func (p ProxyURL) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// proxyURL reads the URL of a proxy. Where it is wrong it is not shown, since it
// may hold a password. What it may have is what net/http knows.
func proxyURL(to *ProxyURL) reader {
	return func(n node) {
		value, ok := n.text()
		if !ok {
			return
		}
		u, err := url.Parse(value)
		switch {
		case err != nil || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) || u.Hostname() == "" || strings.ContainsAny(u.Host, `<>"`):
			n.problem("not the URL of a proxy; write it like http://proxy.example.com:3128, or with https or socks5")
		case !possiblePort(u):
			n.problem("a port that cannot be; write one from 1 to 65535, or none")
		case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			n.problem("a path, query or fragment in the URL; remove everything behind the host and port")
		default:
			*to = ProxyURL(value)
		}
	}
}
