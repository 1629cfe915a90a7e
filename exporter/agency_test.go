package exporter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// agencyCloud is a signedCloud whose keys come from the metadata service of a
// server.
type agencyCloud struct {
	*signedCloud
	metadata *simulator.Metadata
	url      string // of the metadata service
}

func newAgencyCloud(t *testing.T, o simulator.MetadataOptions) *agencyCloud {
	t.Helper()
	c := &agencyCloud{signedCloud: newSignedCloud(t, permanentKey())}
	c.metadata = c.NewMetadata(o)
	server := httptest.NewServer(c.metadata)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *agencyCloud) start(t *testing.T) *running {
	t.Helper()
	return startAt(t, c.now, c.project(fmt.Sprintf("{ecs_agency: {endpoint: '%s'}}", c.url)))
}

// keys are those that the metadata service has now.
func (c *agencyCloud) keys(t *testing.T) credentials.Keys {
	t.Helper()
	keys, err := credentials.NewAgency(c.url, c.now).Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// expiryOn returns when a page says that the credentials expire.
func expiryOn(t *testing.T, page string) time.Time {
	t.Helper()
	_, rest, _ := strings.Cut(page, "\n"+`cbr_exporter_credentials_expiry_timestamp_seconds{project="test"} `)
	value, _, _ := strings.Cut(rest, "\n")
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil {
		t.Fatalf("no expiry: %v\n%s", err, page)
	}
	return time.Unix(int64(seconds), 0)
}

// TestAgency scrapes for three hours, in which the keys are replaced again and
// again.
func TestAgency(t *testing.T) {
	for name, o := range map[string]simulator.MetadataOptions{
		"older service":               {},
		"tokens and another spelling": {Mode: simulator.TokensRequired, CamelCase: true},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := newAgencyCloud(t, o)
			e := cloud.start(t)
			cloud.expect(t, "at first", e, len(cloud.watched()), 0, accepted()...)
			if got := cloud.metadata.Fetched(); got != 1 {
				t.Errorf("the keys were fetched %d times, want once", got)
			}

			secrets := map[credentials.Keys]bool{cloud.keys(t): true}
			seen := ""
			for range 20 {
				cloud.pass(9 * time.Minute)
				page := e.scrape(t, "")
				for _, line := range accepted() {
					if !strings.Contains(page, line+"\n") {
						t.Fatalf("at %s: the page lacks %s:\n%s", cloud.now(), line, page)
					}
				}
				if left := expiryOn(t, page).Sub(cloud.now()); left <= 0 || left > time.Hour {
					t.Errorf("the keys in force expire in %s", left)
				}
				seen += page
				secrets[cloud.keys(t)] = true
			}
			if refused := cloud.Requests().Refused; refused != 0 || len(secrets) < 4 {
				t.Errorf("%d requests were refused while there were %d different keys, want 0 and 4", refused, len(secrets))
			}

			for _, path := range []string{"/", "/config"} {
				_, body := e.do(t, http.MethodGet, path, nil)
				seen += body
			}
			seen += e.log.String()
			for k := range secrets {
				for _, secret := range []string{k.AccessKey, k.SecretKey, k.SecurityToken} {
					if strings.Contains(seen, secret) {
						t.Errorf("%s is shown", secret)
					}
				}
			}
			if want := "credentials:\n      ecs_agency:\n        endpoint: " + cloud.url + "\n"; !strings.Contains(seen, want) {
				t.Errorf("/config lacks %q", want)
			}
		})
	}
}

// TestAgencyNobodyListens has the exporter run elsewhere than on a server: it
// waits for the metadata service once, and not once for each task.
func TestAgencyNobodyListens(t *testing.T) {
	cloud := newAgencyCloud(t, simulator.MetadataOptions{})
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	cloud.url = server.URL
	e := cloud.start(t)
	cloud.expect(t, "nobody listens", e, 0, 0,
		`cbr_up{project="test"} 0`,
		`cbr_scrape_error{project="test",reason="network"} 1`,
		`cbr_scrape_error{project="test",reason="credentials"} 0`,
	)
	if want := "the ECS metadata service at " + server.URL + " did not answer"; !strings.Contains(e.log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, e.log)
	}
}
