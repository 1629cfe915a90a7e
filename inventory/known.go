package inventory

import (
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// The lists, as the log calls them, in the order in which they are read.
const (
	listVaults   = "vaults"
	listPolicies = "policies"
)

// retryAfter is how long a list that could not be read is left alone after that, at the least:
// what is missing is worth asking for again soon, but not at every scrape of several
// Prometheus servers.
const retryAfter = 30 * time.Second

// known is what has been read. What is in it is shared and never changed.
type known struct {
	vaults   attempts
	policies attempts

	allVaults   []*cbrapi.Vault  // by id
	allPolicies []*cbrapi.Policy // by id
	// vaultsAsOf is when the list of vaults was as it is, by the API's clock.
	vaultsAsOf time.Time
	// expected follows from both lists, and is nil before either is read.
	expected []Expectation

	answered bool          // the API gave a valid answer in the newest reading
	took     time.Duration // the newest reading
}

// attempts are those to read one list.
type attempts struct {
	began      time.Time // the reading with the newest; zero before the first
	ended      time.Time // the newest
	err        error     // why that one failed
	since      time.Time // when the first of those ended that failed for this reason in a row
	readAt     time.Time // when the newest ended that brought a list, be it with flaws; zero before
	completeAt time.Time // when the newest ended that brought one without
}

func (a attempts) due(now time.Time, refresh time.Duration) bool {
	if a.ended.IsZero() {
		return true
	}
	if a.err != nil && !isFlawed(a.err) { // or it would be asked for again and again
		return now.Sub(a.ended) >= min(refresh, retryAfter)
	}
	return now.Sub(a.began) >= refresh
}

// end notes how the attempt ended of a reading that began at that time.
func (a *attempts) end(began, now time.Time, err error) {
	before := a.err
	a.began, a.ended, a.err = began, now, err
	if err == nil || isFlawed(err) {
		a.readAt = now
	}
	switch {
	case err == nil:
		a.completeAt = now
	case before == nil || cbrapi.ReasonOf(before) != cbrapi.ReasonOf(err):
		a.since = now
	}
}

// due returns the lists that are to be read: one that was read lately is not asked
// for again because the other one fails.
func (k *known) due(now time.Time, refresh time.Duration) []string {
	var lists []string
	if k.vaults.due(now, refresh) {
		lists = append(lists, listVaults)
	}
	if k.policies.due(now, refresh) {
		lists = append(lists, listPolicies)
	}
	return lists
}

func (k *known) of(list string) *attempts {
	if list == listVaults {
		return &k.vaults
	}
	return &k.policies
}

// attempted reports whether a reading has ended.
func (k *known) attempted() bool { return !k.vaults.ended.IsZero() }

// all reports whether both lists have ever been read.
func (k *known) all() bool { return !k.vaults.readAt.IsZero() && !k.policies.readAt.IsZero() }
