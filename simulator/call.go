package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// A call is one request on its way to its answer.
type call struct {
	w         http.ResponseWriter
	r         *http.Request
	now       time.Time // in UTC, and the same for all that the answer tells
	requestID string
}

type handler func(*call)

func (s *Simulator) call(w http.ResponseWriter, r *http.Request) *call {
	c := &call{w: w, r: r, requestID: s.seed.hex32("answer", s.answers.Add(1))}
	w.Header().Set("X-Request-Id", c.requestID)
	c.setNow(s.now())
	return c
}

func (c *call) setNow(now time.Time) {
	c.now = now.UTC()
	// net/http would tell the machine's time; clients read the cloud's clock here.
	c.w.Header().Set("Date", c.now.Format(http.TimeFormat))
}

func (c *call) reply(status int, body any) {
	c.replyText(status, encode(body))
}

func encode(body any) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("simulator: encoding %T: %v", body, err)) // our own types always encode
	}
	return text
}

func (c *call) replyText(status int, text []byte) {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(text) // an error means that the client has gone
}

// gatewayError answers in place of the services. The codes are those of
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-errorcode.html.
func (c *call) gatewayError(status int, code, message string) {
	c.reply(status, struct {
		Message   string `json:"error_msg"`
		Code      string `json:"error_code"`
		RequestID string `json:"request_id"`
	}{message, code, c.requestID})
}

// cbrError answers for CBR. The codes are those of
// https://support.huaweicloud.com/intl/en-us/api-cbr/ErrorCode.html.
func (c *call) cbrError(status int, code, message string) {
	c.reply(status, struct {
		Code    string `json:"error_code"`
		Message string `json:"error_msg"`
	}{code, message})
}

// iamError answers for IAM, which has kept OpenStack Keystone's shape.
func (c *call) iamError(status int, message string) {
	type keystoneError struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Title   string `json:"title"`
	}
	c.reply(status, struct {
		Error keystoneError `json:"error"`
	}{keystoneError{status, message, http.StatusText(status)}})
}

// notPublished answers for every path, and for every other method on a path
// that exists: to the gateway an API is a host, a method and a path together,
// so there is no 405.
func notPublished(c *call) {
	c.gatewayError(http.StatusNotFound, "APIGW.0101",
		"The API does not exist or has not been published in the environment")
}
