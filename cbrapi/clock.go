package cbrapi

import (
	"errors"
	"net/http"
	"time"
)

// maxClockSkew is how far the time of a signature may be off the API's. See
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm-002.html.
const maxClockSkew = 15 * time.Minute

// ErrClock is in the chain of an error that says that requests are not sent
// because they were refused for the time that they carried.
var ErrClock = errors.New("the clock is wrong")

// ClockSkew returns how far the API's clock is ahead of ours, where that is more
// than a signed request may have, and 0 for every other answer.
func ClockSkew(resp *http.Response) time.Duration {
	if resp.Request == nil {
		return 0
	}
	signedAt, err := time.Parse("20060102T150405Z", resp.Request.Header.Get("X-Sdk-Date"))
	if err != nil {
		return 0 // not a signed request
	}
	answeredAt, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return 0
	}
	if skew := answeredAt.Sub(signedAt); skew.Abs() >= maxClockSkew {
		return skew
	}
	return 0
}
