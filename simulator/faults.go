package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// A Fault is what a request to CBR gets instead of its answer. The zero Fault is
// none.
type Fault struct {
	Status int // of HTTP
	// RetryAfter is told in whole seconds, rounded up; zero: not told.
	RetryAfter time.Duration
}

// SetFault has a function choose which requests for tasks, lists and single
// ones, for vaults and for policies fail from the next one on. It may be called
// by several at once. Nil: none fails.
//
// They fail before anybody looks at their token or signature.
func (s *Simulator) SetFault(choose func(*http.Request) Fault) {
	if choose == nil {
		choose = func(*http.Request) Fault { return Fault{} }
	}
	s.fault.Store(&choose)
}

// faulty lets a call through to h that does not fail, when its time has come.
func (s *Simulator) faulty(h handler) handler {
	return func(c *call) {
		if !s.delay(c) {
			c.fail(Fault{Status: http.StatusGatewayTimeout}) // nobody waits for it
			return
		}
		if f := (*s.fault.Load())(c.r); f.Status != 0 {
			c.fail(f)
			return
		}
		h(c)
	}
}

// delay waits for Options.Latency. It reports false if the client has gone
// meanwhile.
func (s *Simulator) delay(c *call) bool {
	if s.latency == nil {
		return true
	}
	timer := time.NewTimer(s.latency(c.r))
	defer timer.Stop()
	select {
	case <-timer.C:
		c.setNow(s.now()) // the answer tells how things are at its end
		return true
	case <-c.r.Context().Done():
		return false
	}
}

// fail answers as the gateway does, see
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-errorcode.html.
func (c *call) fail(f Fault) {
	if f.RetryAfter > 0 {
		seconds := (f.RetryAfter + time.Second - 1) / time.Second
		c.w.Header().Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
	}
	code, message := "APIGW.0201", http.StatusText(f.Status)
	switch f.Status {
	case http.StatusUnauthorized:
		code, message = "APIGW.0301", "Incorrect IAM authentication information"
	case http.StatusForbidden:
		code, message = "APIGW.0306", "API access denied"
	case http.StatusNotFound:
		notPublished(c)
		return
	case http.StatusTooManyRequests:
		code = "APIGW.0308"
		message = "The throttling threshold has been reached: policy ip over ratelimit,limit:5,time:5 second"
	case http.StatusServiceUnavailable:
		message = "Backend unavailable"
	case http.StatusGatewayTimeout:
		message = "Backend timeout"
	}
	c.gatewayError(f.Status, code, message)
}
