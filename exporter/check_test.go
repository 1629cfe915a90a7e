package exporter_test

import (
	"net/http"
	"strings"
	"testing"
)

// Two projects with one token send it once, and both report the refusal.
func TestConnectionsShareARefusal(t *testing.T) {
	api := loadAPI(t, "vendor_sample")
	api.everyFault = answer(http.StatusUnauthorized, `{"error_code":"APIGW.0301","error_msg":"decrypt token fail"}`)
	e := startAPI(t, configuration(api.project(), named(api.project(), "other")), api)
	var refused, unsent int
	for _, c := range e.CheckConnections(t.Context()) {
		if !strings.Contains(c.String(), "ShowOpLog: HTTP status 401: APIGW.0301: decrypt token fail; ") {
			t.Errorf("got %q, want the API's response in it", c)
		}
		if strings.Contains(c.String(), "; next attempt at ") {
			unsent++
		} else {
			refused++
		}
	}
	if refused != 1 || unsent != 1 {
		t.Errorf("got %d refusals and %d requests that were not sent, want one each", refused, unsent)
	}
}
