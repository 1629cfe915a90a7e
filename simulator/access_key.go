package simulator

import (
	"sync"
	"time"
)

// An AccessKey signs requests, instead of a token.
type AccessKey struct {
	Access string // AK
	Secret string // SK
	// SecurityToken belongs to temporary keys and is sent with each of their
	// requests.
	SecurityToken string
	ExpiresAt     time.Time // zero: never
}

func (k AccessKey) expired(now time.Time) bool {
	return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt)
}

// An access key that fails more than maxFailures times in a row is locked for
// lockTime, for all its users. See
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-0001.html.
const (
	maxFailures = 5
	lockTime    = 5 * time.Minute
)

type accessKeys struct {
	mu       sync.Mutex
	keys     map[string]AccessKey
	failures map[string]keyFailures
}

type keyFailures struct {
	inARow      int
	lockedUntil time.Time
}

func newAccessKeys(keys []AccessKey) *accessKeys {
	a := &accessKeys{failures: make(map[string]keyFailures)}
	a.set(keys)
	return a
}

// SetAccessKeys replaces the access keys, as in a rotation. Locked keys stay
// locked.
func (s *Simulator) SetAccessKeys(keys ...AccessKey) { s.accessKeys.set(keys) }

func (a *accessKeys) set(keys []AccessKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys = make(map[string]AccessKey)
	for _, k := range keys {
		a.keys[k.Access] = k
	}
}

func (a *accessKeys) add(k AccessKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys[k.Access] = k
}

func (a *accessKeys) find(access string, now time.Time) (key AccessKey, exists, locked bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key, exists = a.keys[access]
	return key, exists, now.Before(a.failures[access].lockedUntil)
}

func (a *accessKeys) record(access string, accepted bool, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.failures[access]
	f.inARow++
	if accepted {
		f.inARow = 0
	}
	if f.inARow > maxFailures {
		f = keyFailures{lockedUntil: now.Add(lockTime)}
	}
	a.failures[access] = f
}
