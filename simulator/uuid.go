package simulator

import (
	"encoding/hex"
	"fmt"
	"strings"
)

type uuid [16]byte

// parseUUID accepts the 8-4-4-4-12 form alone, in either case.
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

func (u uuid) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

// stampVersion4 sets the six bits that RFC 9562 fixes in a random UUID.
func (u *uuid) stampVersion4() {
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
}
