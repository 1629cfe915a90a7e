package exporter_test

import (
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// missing takes a secret away: its file, the variable or the key of the
// configuration, which is refused then, or the agency of the server.
func missing(x *trial) {
	if x.kind.name == "ECS agency" {
		agencyMissing(x)
		return
	}
	x.start()
	x.well("at first", exactly(0))
	secret := slices.IndexFunc(x.settings, func(s setting) bool { return s.secret })
	if x.source == inFiles {
		file := x.file(x.settings[secret].key)
		if err := os.Remove(file); err != nil {
			x.Fatal(err)
		}
		for range 2 {
			x.silent("no file", absence())
			x.cloud.pass(time.Minute)
		}
		x.told(cbrapi.ReasonCredentials, file+": "+x.kind.missing)
		x.write()
		x.well("a file again", exactly(0))
		return
	}
	before := x.settings[secret].value
	x.settings[secret].value = ""
	x.write()
	status, body := x.e.do(x.T, http.MethodPost, "/-/reload", nil)
	if status != http.StatusInternalServerError || !strings.Contains(body, "credentials") {
		x.Errorf("reload: got status %d: %s", status, body)
	}
	x.well("the configuration is refused", exactly(0))
	if got := strings.Count(x.e.log.String(), "level=error"); got != strings.Count(body, "\n")-1 {
		x.Errorf("the log has %d errors, want each once:\n%s\n%s", got, body, x.e.log)
	}
	x.settings[secret].value = before
	x.write()
	x.reload()
	x.well("all is there", exactly(0))
}

func agencyMissing(x *trial) {
	x.cloud.ownMetadata.Bind(false)
	x.start()
	for range 2 {
		x.silent("no agency", absence())
		x.cloud.pass(time.Minute)
	}
	x.told(cbrapi.ReasonCredentials, x.kind.missing)
	if page := x.e.scrape(x.T, ""); strings.Contains(page, "cbr_exporter_credentials_expiry") {
		x.Errorf("there are no keys, and they expire:\n%s", page)
	}
	x.cloud.ownMetadata.Bind(true)
	x.cloud.pass(time.Minute)
	x.well("an agency", exactly(0))
}

// clockOff has the exporter's clock be 20 minutes off. Signatures are refused for
// that, and neither the key nor the endpoint is to blame; a refused one counts for
// the lock of the key, though. Tokens do not mind, nor signatures 14 minutes.
func clockOff(x *trial) {
	x.start()
	x.well("at first", exactly(0))
	x.freshKeys()
	x.cloud.ahead.Store(int64(20 * time.Minute))
	if x.kind.signed {
		want := condition{reason: cbrapi.ReasonClock}
		x.expect("20 minutes off", want, x.oneEach())
		x.pause(want, "by the API's clock ours is 20m0s off")
		x.expect("five minutes later", want, exactly(1))
		x.cloud.pass(x.kind.retry)
	}
	x.cloud.ahead.Store(int64(14 * time.Minute))
	x.well("14 minutes off", exactly(0))
}

// noPermission is no refusal of the credentials: everything is asked for again at
// each scrape, and the log and the page for people say what is not allowed.
func noPermission(x *trial) {
	const says = "Policy doesn't allow cbr:tasks:get to be performed"
	x.start()
	x.cloud.fail(func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"error_code":"CBR.0403","error_msg":"`+says+`"}`)
	})
	x.asksOnAndOn(cbrapi.ReasonPermission, says)
	_, page := x.e.do(x.T, http.MethodGet, "/", nil)
	for _, want := range []string{strings.ReplaceAll(says, "'", "&#39;"), "Reason: permission; allow the user cbr:tasks:list and cbr:tasks:get"} {
		if !strings.Contains(page, want) {
			x.Errorf("the page for people lacks %q:\n%s", want, page)
		}
	}
	x.cloud.fail(nil)
	x.well("with the permission", exactly(0))
}

// apiIll says nothing of the credentials either.
func apiIll(x *trial) {
	x.start()
	x.cloud.fail(func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "it is ill")
	})
	x.asksOnAndOn(cbrapi.ReasonUpstream, "Internal Server Error; the request was")
	x.cloud.fail(nil)
	x.well("well again", exactly(0))
}

// asksOnAndOn scrapes for five minutes, in which every task is asked for.
func (x *trial) asksOnAndOn(reason cbrapi.Reason, says string) {
	x.Helper()
	for range 2 {
		c := x.expect("on and on", condition{reason: reason}, exactly(0))
		if got := c.all - c.logins; got < tasksOfATrial*x.projects {
			x.Errorf("got %d requests for tasks, want each to be asked for", got)
		}
		x.cloud.pass(150 * time.Second)
	}
	x.told(reason, says)
}
