package simulator

import (
	"sync"
	"time"
)

// An AccessKey is what requests are signed with instead of a token.
type AccessKey struct {
	Access string // AK
	Secret string // SK
	// SecurityToken comes with temporary keys, and has to come with each of
	// their requests.
	SecurityToken string
	ExpiresAt     time.Time // zero: never
}

func (k AccessKey) expired(now time.Time) bool {
	return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt)
}

// An access key that fails more often than this in a row is locked, for
// everybody who has it. See
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-0001.html.
const (
	maxFailures = 5
	lockTime    = 5 * time.Minute
)

// accessKeys are those that exist, and how they have fared.
type accessKeys struct {
	mu     sync.Mutex
	keys   map[string]AccessKey
	record map[string]*keyRecord
}

type keyRecord struct {
	failures    int // in a row
	lockedUntil time.Time
}

func newAccessKeys(keys []AccessKey) *accessKeys {
	a := &accessKeys{record: make(map[string]*keyRecord)}
	a.set(keys)
	return a
}

// set replaces the keys. A lock stays.
func (a *accessKeys) set(keys []AccessKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys = make(map[string]AccessKey)
	for _, k := range keys {
		a.keys[k.Access] = k
		if a.record[k.Access] == nil {
			a.record[k.Access] = &keyRecord{}
		}
	}
}

// add adds a key to those that exist.
func (a *accessKeys) add(k AccessKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys[k.Access] = k
	if a.record[k.Access] == nil {
		a.record[k.Access] = &keyRecord{}
	}
}

func (a *accessKeys) find(access string, now time.Time) (key AccessKey, exists, locked bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key, exists = a.keys[access]
	return key, exists, exists && now.Before(a.record[access].lockedUntil)
}

// note counts what came of a request that was signed with a key that exists and
// is not locked.
func (a *accessKeys) note(access string, accepted bool, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.record[access]
	r.failures++
	if accepted {
		r.failures = 0
	}
	if r.failures > maxFailures {
		*r = keyRecord{lockedUntil: now.Add(lockTime)}
	}
}
