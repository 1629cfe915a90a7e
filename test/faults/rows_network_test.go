//go:build linux

package faults

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func networkFaults() group {
	return group{"The network", []fault{
		{name: "nothing listens", quick: true, down: true, reasons: "network"},
		{name: "the name of the host does not exist", config: unknownHost, reasons: "network"},
		{name: "TCP accepts and says nothing", conn: thenHang(""), reasons: "deadline"},
		{name: "TCP accepts and closes", conn: thenClose(""), reasons: "network"},
		{name: "TCP accepts and resets", conn: reset, reasons: "network"},

		{name: "hangs before the header", http: raw(thenHang("")), reasons: "deadline"},
		{name: "hangs in the header", http: raw(thenHang(halfHeader)), reasons: "deadline"},
		{name: "hangs in the body", quick: true, http: raw(thenHang(halfBody)), reasons: "deadline"},
		{name: "the header comes byte by byte, one a second", http: raw(thenTrickle("", header)), reasons: "deadline"},
		{name: "the second half of the header comes byte by byte", http: raw(thenTrickle(halfHeader, "Id: 1\r\nX-Request-")), reasons: "deadline"},
		{name: "the body comes byte by byte", http: raw(thenTrickle(header, " ")), reasons: "deadline"},
		{name: "closes before the header", http: raw(thenClose("")), reasons: "network"},
		{name: "closes in the header", http: raw(thenClose(halfHeader)), reasons: "network"},
		{name: "closes in the body", quick: true, http: raw(thenClose(halfBody)), reasons: "network"},
		{name: "resets before the header", http: raw(thenReset("")), reasons: "network"},
		{name: "resets in the header", http: raw(thenReset(halfHeader)), reasons: "network"},
		{name: "resets in the body", http: raw(thenReset(halfBody)), reasons: "network"},

		{name: "no HTTP at all", http: raw(thenClose("SSH-2.0-OpenSSH_9.9\r\n")), reasons: "network"},
		{name: "a header without an end", quick: true, http: raw(endlessly("HTTP/1.1 200 OK\r\n", "X-More: and more of it\r\n")), reasons: "network"},
		{name: "a line of a header without an end", http: raw(endlessly("HTTP/1.1 200 OK\r\nX-More: ", "more")), reasons: "network"},
		{name: "a status line without an end", http: raw(endlessly("HTTP/1.1 200 ", "OK")), reasons: "network"},
		{name: "100 Continue without an end", http: raw(endlessly("", "HTTP/1.1 100 Continue\r\n\r\n")), reasons: "network"},
		{name: "102 Processing without an end", http: raw(endlessly("", "HTTP/1.1 102 Processing\r\n\r\n")), reasons: "network"},
		{name: "103 Early Hints without an end", http: raw(endlessly("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")), reasons: "network"},
		{name: "101 Switching Protocols", quick: true, http: raw(thenHang(switching)), reasons: "upstream"},
		{name: "101 and data without an end", http: raw(endlessly(switching, "data")), reasons: "upstream"},
	}}
}

func proxyFaults() group {
	refuse := func(status string) func(net.Conn) {
		return func(c net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.WriteString(c, emptyAnswer(status))
			}
		}
	}
	return group{"Proxies", []fault{
		{name: "a SOCKS5 proxy hangs", config: proxy("socks5", thenHang("")), reasons: "deadline"},
		{name: "a SOCKS5 proxy closes", config: proxy("socks5", thenClose("")), reasons: "network"},
		{name: "an HTTP proxy hangs", config: proxy("http", thenHang("")), reasons: "deadline"},
		{name: "an HTTPS proxy hangs", config: proxy("https", thenHang("")), reasons: "deadline"},
		{name: "an HTTP proxy closes", config: proxy("http", thenClose("")), reasons: "network"},
		{name: "a proxy answers with a header without an end", config: proxy("http", endlessly("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n")), reasons: "network"},
		{name: "a proxy answers with 401", config: proxy("http", refuse("401 Unauthorized")), reasons: "network"},
		{name: "a proxy answers with 407", config: proxy("http", refuse("407 Proxy Authentication Required")), reasons: "network"},
		{name: "a proxy answers with 502", config: proxy("http", refuse("502 Bad Gateway")), reasons: "network"},
		{name: "a proxy connects to nothing that is TLS", config: proxy("http", refuse("200 Connection established")), reasons: "network"},
	}}
}

// unknownHost gives the first project an endpoint whose name does not exist.
func unknownHost(_ *testing.T, configuration string) string {
	before, rest, _ := strings.Cut(configuration, "    endpoint: https://")
	_, after, _ := strings.Cut(rest, "\n")
	return before + "    endpoint: https://cbr.invalid\n" + after
}

// proxy returns a function that gives the first project a proxy, which says something on each
// connection.
func proxy(scheme string, say func(net.Conn)) func(*testing.T, string) string {
	return func(t *testing.T, configuration string) string {
		url := scheme + "://" + server(t, say)
		return strings.Replace(configuration, "http_client: {", "http_client: {proxy_url: '"+url+"', ", 1)
	}
}
