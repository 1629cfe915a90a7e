package simulator

import (
	"net/http"
	"time"
)

// A Fault replaces the response to a CBR request. The zero Fault replaces nothing.
type Fault struct {
	Status int // the HTTP status
}

// SetFault makes CBR requests fail from now on, as chosen by a function, which may
// be called concurrently. They fail before their credentials are checked. With nil,
// none fails.
func (s *Simulator) SetFault(choose func(*http.Request) Fault) {
	if choose == nil {
		choose = func(*http.Request) Fault { return Fault{} }
	}
	s.fault.Store(&choose)
}

func (s *Simulator) faulty(h handler) handler {
	return func(x *exchange) {
		if !s.delay(x) {
			x.fail(Fault{Status: http.StatusGatewayTimeout}) // to a client that has gone
			return
		}
		if f := (*s.fault.Load())(x.r); f.Status != 0 {
			x.fail(f)
			return
		}
		h(x)
	}
}

// delay waits for Options.Latency. It reports false if the client has gone.
func (s *Simulator) delay(x *exchange) bool {
	if s.latency == nil {
		return true
	}
	latency := s.latency(x.r)
	if latency <= 0 {
		return true
	}
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		x.setNow(s.now()) // the response describes the moment it is sent
		return true
	case <-x.r.Context().Done():
		return false
	}
}

// fail responds as the gateway does, see
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-errorcode.html.
func (x *exchange) fail(f Fault) {
	code, message := "APIGW.0201", http.StatusText(f.Status)
	switch f.Status {
	case http.StatusUnauthorized:
		code, message = "APIGW.0301", "Incorrect IAM authentication information"
	case http.StatusForbidden:
		code, message = "APIGW.0306", "API access denied"
	case http.StatusTooManyRequests:
		code, message = "APIGW.0308", "The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute"
	}
	x.gatewayError(f.Status, code, message)
}
