package exporter_test

import (
	"strings"
	"testing"
)

func TestUnknownAccessKey(t *testing.T) {
	cloud := newSignedCloud(t, permanentKey())
	e := startAt(t, cloud.now, cloud.project("{access_key: AK-that-must-not-be-seen, secret_key: "+secretKey+"}"))
	before := cloud.Requests()
	page := e.scrape(t, "")
	if seen := cloud.Requests().Seen - before.Seen; seen != 1 || !strings.Contains(page, refused()[1]+"\n") {
		t.Errorf("%d requests, want 1:\n%s", seen, page)
	}
	// The configuration shows the access key, which is like a user's name; an
	// error does not.
	if strings.Contains(page+e.log.String(), "must-not-be-seen") {
		t.Errorf("the access key is shown in\n%s\n%s", page, e.log)
	}
	if want := "Get secretKey failed,ak:<secret>,err:ak not exist"; !strings.Contains(e.log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, e.log)
	}
}
