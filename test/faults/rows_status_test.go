//go:build linux

package faults

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// statusFaults are responses whose HTTP status is an error, or none that belongs to a list.
func statusFaults() group {
	itself := func(r *http.Request) string { return r.URL.RequestURI() }
	elsewhere := func(r *http.Request) string { return "https://elsewhere.invalid" + r.URL.RequestURI() }
	return group{"HTTP statuses", []fault{
		each(fault{name: "2xx: 201 to 203, 207, 208, 226, with a valid body", up: true},
			status, 201, 202, 203, 207, 208, 226),
		each(fault{name: "2xx: 204 without a body, 205 and 206 with a part", reasons: "upstream"}, func(next func() int) middleware {
			return alter(func(_ *http.Request, a *answer) { a.status, a.body = next(), a.body[:len(a.body)/2] })
		}, 204, 205, 206),
		each(fault{name: "3xx without a location: 300 to 308", reasons: "upstream"},
			status, 300, 301, 302, 303, 304, 305, 306, 307, 308),
		each(fault{name: "a redirect to itself", reasons: "upstream"}, redirect(itself), 300, 301, 302, 303, 307, 308),
		each(fault{name: "a redirect to another host", reasons: "upstream"}, redirect(elsewhere), 300, 301, 302, 303, 307, 308),
		each(fault{name: "4xx: 400, 402, 404 to 416, with a valid body", reasons: "other"},
			status, 400, 402, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416),
		each(fault{name: "4xx: 417, 418, 421 to 426, 428, 431, 451, 499, with a valid body", reasons: "other"},
			status, 417, 418, 421, 422, 423, 424, 425, 426, 428, 431, 451, 499),
		each(fault{name: "5xx: 500, 501, 505 to 511, 520 to 526, 530, 599, with a valid body", quick: true, reasons: "upstream"},
			status, 500, 501, 505, 506, 507, 508, 509, 510, 511, 520, 521, 522, 523, 524, 525, 526, 530, 599),
		each(fault{name: "5xx: 502, 503, 504, with a valid body", reasons: "upstream"}, status, 502, 503, 504),
		each(fault{name: "600, 700, 999, with a valid body", reasons: "upstream"}, status, 600, 700, 999),
		each(fault{name: "a gateway's page: 400, 404, 405, 413, 414, 431", reasons: "other"},
			statusPage, 400, 404, 405, 413, 414, 431),
		each(fault{name: "a gateway's page: 500, 502, 503, 504", reasons: "upstream"}, statusPage, 500, 502, 503, 504),
		{name: "400, and the message has the signature of the request", quick: true, http: echo, reasons: "other"},
		{name: "400, and the message has the token of the request", quick: true, at: behindLogin, http: echo, reasons: "other"},
		each(fault{
			name: "401, a gateway's page", reasons: "credentials",
			requests: 10, recovery: 6 * time.Minute,
		}, statusPage, 401),
		{
			name:     "401, the credentials are refused",
			http:     statusError(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information"),
			reasons:  "credentials",
			requests: 10, recovery: 6 * time.Minute,
		},
		{
			name:    "403, nothing is permitted",
			http:    statusError(http.StatusForbidden, "PAP5.0001", "Policy doesn't allow it to be performed."),
			reasons: "permission",
		},
		{
			name: "403 for the list of policies alone",
			http: only("/policies", statusError(http.StatusForbidden, "PAP5.0001", "Policy doesn't allow it to be performed.")),
			up:   true, fails: "vaults", reasons: "permission",
		},
		{
			name: "404, none of the tasks that are asked for by id exists",
			http: only("/operation-logs/"+taskID, statusError(http.StatusNotFound, "BackupService.6500", "Operation log does not exist.")),
			up:   true,
		},
		{
			name: "404 for everything, as if it were a task that does not exist",
			http: statusError(http.StatusNotFound, "BackupService.6500", "Operation log does not exist."),
			up:   true, fails: "backups discovery vaults", reasons: "other",
		},
	}}
}

// throttleFaults are responses that ask to wait.
func throttleFaults() group {
	const (
		past = "Wed, 21 Oct 2015 07:28:00 GMT"
		far  = "Fri, 31 Dec 2099 23:59:59 GMT"
	)
	return group{"Throttling", []fault{
		each(fault{name: "429 without Retry-After", quick: true, reasons: "throttled"}, retryAfter(429), ""),
		each(fault{name: "429, Retry-After: 0, negative, a fraction, junk", reasons: "throttled"},
			retryAfter(429), "0", "-1", "1.5", "soon", "0x10", "99999999999999999999999"),
		each(fault{name: "429, Retry-After: a date in the past, in 2099", reasons: "throttled"}, retryAfter(429), past, far),
		each(fault{name: "429, Retry-After: 5", reasons: "throttled"}, retryAfter(429), "5"),
		each(fault{name: "429, Retry-After: 1000000000, 18446744073709551615", reasons: "throttled"},
			retryAfter(429), "1000000000", "18446744073709551615"),
		{
			name:    "200 with the gateway's code of a 429",
			http:    says(`{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached"}`),
			reasons: "upstream",
		},
		each(fault{name: "503, Retry-After: none, 0, negative, junk, a date", reasons: "upstream"},
			retryAfter(503), "", "0", "-1", "soon", past, far),
		each(fault{name: "503, Retry-After: 1, 5, 1000000000", reasons: "upstream"}, retryAfter(503), "1", "5", "1000000000"),
	}}
}

// status gives each response of the good cloud, which is valid, another status.
func status(next func() int) middleware {
	return alter(func(_ *http.Request, a *answer) { a.status = next() })
}

// statusPage answers each request with a gateway's error page that shows the status.
func statusPage(next func() int) middleware {
	return alter(func(_ *http.Request, a *answer) {
		a.status = next()
		a.header = http.Header{"Content-Type": {"text/html"}}
		text := strconv.Itoa(a.status) + " " + http.StatusText(a.status)
		a.body = []byte("<html>\r\n<head><title>" + text + "</title></head>\r\n<body>\r\n<center><h1>" + text +
			"</h1></center>\r\n</body>\r\n</html>\r\n")
	})
}

// statusError answers each request with an error of the API.
func statusError(code int, errorCode, message string) middleware {
	return alter(func(_ *http.Request, a *answer) {
		a.status = code
		a.body = []byte(`{"error_code":"` + errorCode + `","error_msg":"` + message + `"}`)
	})
}

// retryAfter answers each request with the status, and a Retry-After header unless the value
// is empty.
func retryAfter(code int) func(next func() string) middleware {
	return func(next func() string) middleware {
		return alter(func(_ *http.Request, a *answer) {
			a.status = code
			a.body = []byte(`{"error_msg":"` + http.StatusText(code) + `"}`)
			if value := next(); value != "" {
				a.header.Set("Retry-After", value)
			}
		})
	}
}

// redirect redirects each request.
func redirect(to func(r *http.Request) string) func(next func() int) middleware {
	return func(next func() int) middleware {
		return alter(func(r *http.Request, a *answer) {
			a.status = next()
			a.header.Set("Location", to(r))
		})
	}
}

// echo answers each request with an error whose message has the credentials of the request, and
// its body.
func echo(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		message, _ := json.Marshal(r.Header.Get("X-Auth-Token") + r.Header.Get("Authorization") + string(body))
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"error_msg":%s,"error":{"message":%[1]s}}`, message)
	})
}
