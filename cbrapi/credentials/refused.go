package credentials

import (
	"fmt"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// RefusedError says that credentials were not sent, because they were refused
// before. It is a cbrapi.ErrCredentials, or a cbrapi.ErrClock. It does not wrap the
// answer, which would count as one more refusal.
type RefusedError struct {
	At      time.Time
	RetryAt time.Time
	Answer  *cbrapi.Error // what the cloud said
}

func (e *RefusedError) Error() string {
	at, retryAt := e.At.UTC().Format(time.RFC3339), e.RetryAt.UTC().Format(time.RFC3339)
	if e.Answer.ClockSkew != 0 {
		return fmt.Sprintf("a signature was refused at %s because our clock is off: %v; the next is sent at %s", at, e.Answer, retryAt)
	}
	return fmt.Sprintf("the credentials were refused at %s: %v; they are tried again at %s, or at once when they are changed", at, e.Answer, retryAt)
}

// Unwrap returns what is to blame: cbrapi.ErrCredentials or cbrapi.ErrClock.
func (e *RefusedError) Unwrap() error {
	if e.Answer.ClockSkew != 0 {
		return cbrapi.ErrClock
	}
	return cbrapi.ErrCredentials
}
