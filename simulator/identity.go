package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// A seed is the source of all randomness. The same seed and words always give the
// same result, whatever was drawn before, so no draw has to be remembered.
type seed uint64

func (s seed) sum(words ...any) [sha256.Size]byte {
	text := strconv.AppendUint(make([]byte, 0, 64), uint64(s), 10)
	for _, w := range words {
		text = append(text, 0)
		switch w := w.(type) { // fmt would be most of the cost
		case string:
			text = append(text, w...)
		case uint16:
			text = strconv.AppendUint(text, uint64(w), 10)
		case uint32:
			text = strconv.AppendUint(text, uint64(w), 10)
		default:
			text = fmt.Append(text, w)
		}
	}
	return sha256.Sum256(text)
}

func (s seed) chacha(words ...any) *rand.ChaCha8 { return rand.NewChaCha8(s.sum(words...)) }

func (s seed) rand(words ...any) *rand.Rand { return rand.New(s.chacha(words...)) }

// uuid returns a version 4 UUID, the form of most ids of the API.
func (s seed) uuid(words ...any) uuid {
	sum := s.sum(words...)
	var u uuid
	copy(u[:], sum[:])
	u[6] = u[6]&0x0f | 0x40 // the bits that RFC 9562 fixes
	u[8] = u[8]&0x3f | 0x80
	return u
}

// hex32 returns 32 hexadecimal digits, the form of project, user, domain and
// gateway request ids.
func (s seed) hex32(words ...any) string {
	sum := s.sum(words...)
	return hex.EncodeToString(sum[:16])
}

type uuid [16]byte

// parseUUID accepts only the form 8-4-4-4-12, in upper or lower case.
func parseUUID(s string) (u uuid, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, false
	}
	digits := strings.ReplaceAll(s, "-", "")
	if len(digits) != 2*len(u) {
		return u, false
	}
	_, err := hex.Decode(u[:], []byte(digits))
	return u, err == nil
}

func mustUUID(text string) uuid {
	u, ok := parseUUID(text)
	if !ok {
		panic(fmt.Sprintf("simulator: %q is not a UUID", text))
	}
	return u
}

func (u uuid) String() string {
	digits := hex.EncodeToString(u[:])
	return digits[0:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

// A span is a range of durations, both ends included, in steps of a microsecond:
// the finest time that the API writes.
type span struct{ from, to time.Duration }

func minutes(from, to time.Duration) span { return span{from * time.Minute, to * time.Minute} }

func (s span) draw(r *rand.Rand) time.Duration {
	steps := int64((s.to - s.from) / time.Microsecond)
	return s.from + time.Duration(r.Int64N(steps+1))*time.Microsecond
}

func oneIn(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }

func pick[T any](of []T, number int) T { return of[number%len(of)] }
