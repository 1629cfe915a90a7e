// Package schedule says what the iCalendar patterns of a policy mean: how long it
// may be, at most, from one run to the next.
//
// It belongs here to read the patterns, of which the API documents a part of RFC
// 2445, and to refuse the rest, which might run for ever. It does not belong here to
// know of policies, vaults and resources, or what time it is.
//
// All times are in UTC, as the API's are: there is no daylight saving time.
package schedule
