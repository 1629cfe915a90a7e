package exporter_test

import (
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// TestProxyUserInErrors has proxies fail that take a token as the user. No page and no log
// shows it.
func TestProxyUserInErrors(t *testing.T) {
	t.Parallel()
	cloud, ids := newCloud(simulator.Options{Now: noon})
	p := newProxy(t, cloud)
	const user = "token-that-must-not-be-seen"
	for name, test := range map[string]struct{ proxy, want string }{
		"closed port":       {"http://" + user + "@127.0.0.1:9", "connection refused"},
		"user with a colon": {"http://" + user + ":@127.0.0.1:9", "connection refused"},
		"no TLS":            {"https://" + user + "@" + p.url.Host, "does not look like a TLS handshake"},
	} {
		retrying(t, name, func(t *testing.T) {
			e := start(t, nil, reaching("https://cbr.cn-north-4.invalid", ids, "{proxy_url: '"+test.proxy+"'}"), alwaysNoon)
			expectScrape(t, "scrape", e, cloud, 0, 0, `cbr_scrape_error{project="test",reason="network"} 1`)
			if !strings.Contains(e.log.String(), test.want) {
				t.Errorf("the log lacks %q:\n%s", test.want, e.log)
			}
		})
	}
}
