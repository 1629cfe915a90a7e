package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// A seed is where all chance comes from. The same seed and the same words
// always give the same draw, whatever was drawn before, so no draw has to be
// remembered.
type seed uint64

func (s seed) sum(words ...any) [sha256.Size]byte {
	text := strconv.AppendUint(nil, uint64(s), 10)
	for _, w := range words {
		text = fmt.Append(append(text, 0), w)
	}
	return sha256.Sum256(text)
}

func (s seed) chacha(words ...any) *rand.ChaCha8 {
	return rand.NewChaCha8(s.sum(words...))
}

func (s seed) rand(words ...any) *rand.Rand {
	return rand.New(s.chacha(words...))
}

// uuid returns a version 4 UUID, as most ids of the API are.
func (s seed) uuid(words ...any) string {
	sum := s.sum(words...)
	var u uuid
	copy(u[:], sum[:])
	u.stampVersion4()
	return u.String()
}

// hex32 returns 32 hexadecimal digits, the shape of project, user, domain and
// gateway request ids.
func (s seed) hex32(words ...any) string {
	sum := s.sum(words...)
	return hex.EncodeToString(sum[:16])
}

// A span is a range of durations, both ends included, to the microsecond: the
// finest time that the API writes.
type span struct{ from, to time.Duration }

func (s span) draw(r *rand.Rand) time.Duration {
	steps := int64((s.to - s.from) / time.Microsecond)
	return s.from + time.Duration(r.Int64N(steps+1))*time.Microsecond
}

// oneIn reports true in one of n draws.
func oneIn(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }
