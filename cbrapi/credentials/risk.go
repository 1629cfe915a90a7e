package credentials

import "time"

// Risk is what a refusal of credentials leads to, and so how careful a Guard has
// to be with them.
type Risk int

const (
	// RiskToken is that of a token: a refused one locks nobody out.
	RiskToken Risk = iota
	// RiskKey is that of an access key: after more than five refusals in a row it
	// is locked for five minutes, for everybody who uses it. See
	// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-0001.html.
	RiskKey
	// RiskLogin is that of a password: an account is locked after a few refused
	// logins, and for longer than an access key.
	RiskLogin
)

// retry returns the time between two requests with credentials that were refused.
func (r Risk) retry() time.Duration {
	if r == RiskLogin {
		return time.Hour
	}
	return 5 * time.Minute
}

// inFlight returns how many requests may await their answer at a time; 0 is any
// number. A key may be revoked while all of them are under way, and then each is
// refused: no more than a key can bear.
func (r Risk) inFlight() int {
	if r == RiskKey {
		return 5
	}
	return 0
}
