package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// An exchange is a request and its response.
type exchange struct {
	w         http.ResponseWriter
	r         *http.Request
	now       time.Time // in UTC; the response describes this moment
	requestID string
}

type handler func(*exchange)

func (s *Simulator) exchange(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{w: w, r: r, requestID: s.seed.hex32("answer", s.count(&s.requests.Seen))}
	w.Header().Set("X-Request-Id", x.requestID)
	x.setNow(s.now())
	return x
}

func (x *exchange) setNow(now time.Time) {
	x.now = now.UTC()
	// net/http would send the machine's time. Clients read the cloud's clock here.
	x.w.Header().Set("Date", x.now.Format(http.TimeFormat))
}

func (x *exchange) reply(status int, body any) {
	x.replyText(status, encode(body))
}

func encode(body any) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("simulator: encoding %T: %v", body, err)) // our own types always encode
	}
	return text
}

func (x *exchange) replyText(status int, text []byte) {
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(status)
	_, _ = x.w.Write(text) // an error means that the client has gone
}

// gatewayError responds in place of the services. Codes are from
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-errorcode.html.
func (x *exchange) gatewayError(status int, code, message string) {
	x.reply(status, struct {
		Message   string `json:"error_msg"`
		Code      string `json:"error_code"`
		RequestID string `json:"request_id"`
	}{message, code, x.requestID})
}

// cbrError responds for CBR. Codes are from
// https://support.huaweicloud.com/intl/en-us/api-cbr/ErrorCode.html.
func (x *exchange) cbrError(status int, code, message string) {
	x.reply(status, struct {
		Code    string `json:"error_code"`
		Message string `json:"error_msg"`
	}{code, message})
}

func (x *exchange) invalidParameter() {
	x.cbrError(http.StatusBadRequest, "BackupService.9900", "Parameter verification failed.")
}

// policyDenied responds to a request that the user's permissions do not allow, as was
// recorded.
func (x *exchange) policyDenied(action string) {
	x.reply(http.StatusForbidden, struct {
		Code    string `json:"error_code"`
		Message string `json:"error_msg"`
		Encoded string `json:"encoded_authorization_message"`
	}{"PAP5.0001", "Policy doesn't allow " + action + " to be performed.", x.requestID})
}

// iamError responds for IAM, which has kept OpenStack Keystone's format.
func (x *exchange) iamError(status int, message string) {
	type keystoneError struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Title   string `json:"title"`
	}
	x.reply(status, struct {
		Error keystoneError `json:"error"`
	}{keystoneError{status, message, http.StatusText(status)}})
}

// notPublished responds to unknown paths and to other methods on known ones: to the
// gateway an API is a host, a method and a path, so there is no 405.
func notPublished(x *exchange) {
	x.gatewayError(http.StatusNotFound, "APIGW.0101",
		"The API does not exist or has not been published in the environment")
}
