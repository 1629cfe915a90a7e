package exporter

import "net/http"

// contentSecurityPolicy allows nothing but our own style, script and requests: names and
// error messages come from the cloud.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// withHeaders adds to each response, errors too, what a browser may do with it. Headers that
// --web.config.file sets are there already, and stay.
func withHeaders(serve http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": contentSecurityPolicy,
			"Referrer-Policy":         "no-referrer",
			"X-Content-Type-Options":  "nosniff",
		} {
			if w.Header().Get(name) == "" {
				w.Header().Set(name, value)
			}
		}
		serve.ServeHTTP(w, r)
	})
}
