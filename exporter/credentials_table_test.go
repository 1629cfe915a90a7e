package exporter_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCredentials has credentials of every kind, inline, from files and from the environment, in every state,
// for one project and for several that share them, through the whole exporter.
//
// Of each, it checks how often they are sent and refused: the cloud locks a key and
// a user for everybody after a few refusals in a row. It checks what pages and the
// log say, and that no secret is in anything that the exporter shows.
//
// From where they come makes a difference where a secret changes, and none to the
// number of projects.
func TestCredentials(t *testing.T) {
	states := []struct {
		name     string
		run      func(*trial)
		changing bool
	}{
		{"right", right, true},
		{"wrong", wrong, true},
		{"expired", expired, true},
		{"rotated", rotated, true},
		{"revoked in flight", revokedInFlight, true},
		{"missing", missing, true},
		{"tokens withdrawn", tokensWithdrawn, false},
		{"clock off", clockOff, false},
		{"no permission", noPermission, false},
		{"API ill", apiIll, false},
	}
	for _, k := range kinds() {
		for i, from := range k.sources {
			for _, state := range states {
				if !state.changing && i > 0 || slices.Contains(k.never, state.name) {
					continue
				}
				several := []int{1, 3}
				if !state.changing || i > 0 {
					several = []int{3}
				}
				for _, projects := range several {
					t.Run(fmt.Sprintf("%s %s/%s/%d", k.name, from, state.name, projects), func(t *testing.T) {
						x := newTrial(t, k, from, projects)
						state.run(x)
						x.finish()
					})
				}
			}
		}
	}
}

func right(x *trial) {
	x.start()
	c := x.well("at first", exactly(0))
	if want := map[bool]int{true: x.projects}[x.kind.logsIn]; c.logins != want {
		x.Errorf("got %d logins, want %d", c.logins, want)
	}
	for range 2 {
		x.cloud.pass(150 * time.Second)
		if c := x.well("later", exactly(0)); c.logins != 0 {
			x.Errorf("got %d logins while the tokens are good", c.logins)
		}
	}
	if log := x.e.log.String(); strings.Contains(log, "level=warn") {
		x.Errorf("the log warns:\n%s", log)
	}
	_, shown := x.e.do(x.T, http.MethodGet, "/config", nil)
	for _, s := range x.settings {
		want := map[source]string{
			inline:      fmt.Sprintf("%s: %s\n", s.key, map[bool]string{true: "<secret>", false: s.value}[s.secret]),
			inFiles:     fmt.Sprintf("%s: %s\n", s.key, s.value),
			environment: s.variable,
		}[x.source]
		if x.source == inFiles && s.secret {
			want = fmt.Sprintf("%s_file: %s\n", s.key, x.file(s.key))
		}
		if !strings.Contains(shown, want) {
			x.Errorf("/config lacks %q:\n%s", want, shown)
		}
	}
}

// A wrong key or token is sent once, whoever shares it. Of a wrong password three
// projects may have to say so, and one login more may be under way with the third.
func wrong(x *trial) {
	x.kind.spoil(x)
	x.start()
	refused := exactly(1)
	if x.kind.logsIn {
		refused = between{1, min(x.projects, 4)}
	}
	if c := x.expect("at first", refusal(), refused); c.all != c.refused+c.refusedLogins {
		x.Errorf("%+v were counted, want only what was refused", c)
	}
	x.pause(refusal(), x.kind.wrong)
	x.saysWhen()
	x.triedOnce()
	x.mended()
}

// saysWhen reads on the page for people what the cloud said when it refused the
// credentials, without those that it repeated, and when they are tried again.
func (x *trial) saysWhen() {
	x.Helper()
	at := x.cloud.now().UTC()
	want := regexp.MustCompile(fmt.Sprintf(
		"the credentials were refused at %s: [^<]*: HTTP status 401: [^<]*%s[^<]*&lt;secret&gt;[^<]*; they are tried again at %s, or at once when they are changed<",
		at.Add(-x.kind.retry).Format(time.RFC3339), regexp.QuoteMeta(x.kind.wrong), at.Format(time.RFC3339)))
	if _, page := x.e.do(x.T, http.MethodGet, "/", nil); !want.MatchString(page) {
		x.Errorf("the page for people has nothing like %s:\n%s", want, page)
	}
}

// triedOnce scrapes when the pause is over: one request tries again, or two logins
// of one user that are under way together.
func (x *trial) triedOnce() {
	x.Helper()
	refused := exactly(1)
	if x.kind.logsIn {
		refused = between{1, min(x.projects, 2)}
	}
	x.expect("the pause is over", refusal(), refused)
	x.silent("it begins anew", refusal())
}

// mended brings what the cloud accepts, which is sent at once.
func (x *trial) mended() {
	x.Helper()
	x.kind.renew(x)
	reloaded := x.apply()
	x.well("what the cloud accepts", exactly(0))
	for _, name := range x.cloud.projectNames() {
		want := "level=info project=" + name + ` msg="tasks are read again"`
		if x.source == inFiles && !reloaded && !strings.Contains(x.e.log.String(), want) {
			x.Errorf("the log lacks %q:\n%s", want, x.e.log)
		}
	}
}
