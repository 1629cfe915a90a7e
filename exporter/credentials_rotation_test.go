package exporter_test

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// oneEach is how often credentials are refused that the cloud has accepted before:
// the first request of each project may be under way at the same time.
func (x *trial) oneEach() between { return between{1, x.projects} }

// An hour is the life of temporary keys and of tokens.
func expired(x *trial) {
	if x.kind.name == "ECS agency" {
		agencyExpired(x)
		return
	}
	x.start()
	x.well("at first", exactly(0))
	x.cloud.pass(time.Hour)
	if x.kind.logsIn {
		if c := x.well("the tokens have expired", exactly(0)); c.logins != x.projects {
			x.Errorf("got %d logins, want one for each project", c.logins)
		}
		return
	}
	x.expect("they have expired", refusal(), x.oneEach())
	x.pause(refusal(), "token expires, expires_at:2026-11-20T13:00:00.000000Z")
	x.triedOnce()
	x.made++
	x.mended()
}

// agencyExpired has the agency be taken away: its keys are good until they expire.
func agencyExpired(x *trial) {
	x.start()
	x.well("at first", exactly(0))
	x.cloud.ownMetadata.Bind(false)
	left := expiryOn(x.T, x.e.scrape(x.T, "")).Sub(x.cloud.now())
	x.cloud.pass(left - time.Second)
	x.well("the keys are good for another second", exactly(0))
	x.cloud.pass(time.Second)
	x.silent("the keys have expired", absence())
	x.told(cbrapi.ReasonCredentials, x.kind.missing)
	x.cloud.ownMetadata.Bind(true)
	x.cloud.pass(10 * time.Second)
	x.well("an agency again", exactly(0))
}

// rotated replaces the credentials, on both sides at the same time, and then in the
// cloud alone: then they are sent once more, and no more until the configuration
// has got the new ones. With a password, each project has its token refused first.
func rotated(x *trial) {
	if x.kind.name == "ECS agency" {
		agencyRotated(x)
		return
	}
	x.start()
	x.well("at first", exactly(0))
	x.kind.revoke(x)
	x.kind.renew(x)
	tokens := exactly(0)
	if reloaded := x.apply(); x.kind.logsIn && !reloaded {
		tokens = exactly(x.projects)
	}
	x.well("replaced on both sides", tokens)

	x.kind.revoke(x)
	refused := x.oneEach()
	if x.kind.logsIn {
		refused = between{x.projects + 1, x.projects + min(x.projects, 2)}
	}
	x.expect("replaced in the cloud", refusal(), refused)
	x.pause(refusal(), x.kind.revoked)
	x.triedOnce()
	x.mended()
}

// agencyRotated has the keys be replaced by the metadata service, and then refused
// two minutes before it has others, which are sent at once.
func agencyRotated(x *trial) {
	x.start()
	x.well("at first", exactly(0))
	x.untilExpiry(10 * time.Minute)
	x.well("the next keys", exactly(0))
	x.untilExpiry(12 * time.Minute)
	x.kind.revoke(x)
	x.expect("forgotten by the cloud", refusal(), x.oneEach())
	x.silent("again", refusal())
	x.cloud.pass(time.Minute)
	x.silent("a minute later", refusal())
	x.told(cbrapi.ReasonCredentials, x.kind.revoked)
	x.cloud.pass(time.Minute)
	x.well("the keys that follow", exactly(0))
}

// revokedInFlight has the cloud refuse the credentials while as many requests as
// there may be await their answer, of all projects together five with a key. A
// refused token locks nobody, so there are 16 of each project; then the password is
// tried once, or twice where two projects do so at the same time.
func revokedInFlight(x *trial) {
	x.start()
	x.well("at first", exactly(0))
	x.freshKeys()
	inFlight := x.kind.inFlight
	if inFlight == 0 {
		inFlight = 16 * x.projects
	}
	refused := exactly(inFlight)
	if x.kind.logsIn {
		refused = between{inFlight + 1, inFlight + min(x.projects, 2)}
	}
	x.cloud.shut(inFlight, func() { x.kind.revoke(x) })
	want := refusal()
	want.partial = true
	x.expect("in flight", want, refused)
	x.pause(refusal(), "refused") // in the cloud's words, or because it has refused another request
	x.triedOnce()
	x.mended()
}

// tokensWithdrawn has IAM withdraw the tokens of a good password while 16 requests
// of each project await their answer: one login for each project, and no task is lost.
func tokensWithdrawn(x *trial) {
	x.start()
	x.well("at first", exactly(0))
	x.cloud.shut(16*x.projects, x.cloud.cloud().RevokeTokens)
	if c := x.well("in flight", exactly(16*x.projects)); c.logins != x.projects {
		x.Errorf("got %d logins, want one for each project", c.logins)
	}
	x.cloud.pass(5 * time.Minute)
	x.well("later", exactly(0))
}
