package credentials

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

const (
	metadataTimeout  = 3 * time.Second // of one request
	maxMetadataBytes = 64 << 10
	agencyTimeout    = 2*metadataTimeout + time.Second
	// agencyOverlap is how long before keys expire the metadata service returns the next
	// ones. See https://docs.otc.t-systems.com/elastic-cloud-server/umn/.
	agencyOverlap = 10 * time.Minute
	// agencyPause is how long a failure is repeated without a request, so that a pass
	// does not wait for a silent service once for each task.
	agencyPause = 10 * time.Second
)

// Agency gets temporary keys from the metadata service of the ECS server that the
// exporter runs on, if an agency is bound to the server. It is safe for concurrent use.
// It replaces keys before they expire, while both the old and the new ones are valid.
type Agency struct {
	endpoint  string
	transport http.RoundTripper
	now       func() time.Time
	keys      lease[Keys]

	// The rest belongs to the goroutine that fetches keys, one at a time.
	failed   error // of the last fetch
	failedAt time.Time
}

// NewAgency returns an Agency that queries the metadata service at the URL endpoint
// through transport, or directly and without a proxy if transport is nil. It takes
// the time from now.
func NewAgency(endpoint string, transport http.RoundTripper, now func() time.Time) *Agency {
	if transport == nil {
		transport = &http.Transport{
			Proxy:                  nil,  // it would reach its own metadata service
			DisableKeepAlives:      true, // the next request is an hour later
			MaxResponseHeaderBytes: maxMetadataBytes,
		}
	}
	a := &Agency{endpoint: endpoint, transport: transport, now: now}
	a.keys = lease[Keys]{fetch: a.fetch, timeout: agencyTimeout, silent: fmt.Errorf("%w at %s", cbrapi.ErrMetadata, endpoint), now: now}
	return a
}

// Keys is a KeySource. Its error is cbrapi.ErrCredentials if there are no keys.
func (a *Agency) Keys(ctx context.Context) (Keys, error) { return a.keys.get(ctx) }

// Expiry returns when the current keys expire, by our clock, if that is known.
func (a *Agency) Expiry() (time.Time, bool) { return a.keys.expiry() }

func (a *Agency) fetch(ctx context.Context) (leased[Keys], error) {
	if a.failed != nil && a.now().Sub(a.failedAt) < agencyPause {
		return leased[Keys]{}, a.failed
	}
	keys, left, err := a.agencyKeys(ctx)
	if err == nil {
		err = keys.validate()
	}
	if a.failed = err; err != nil {
		a.failedAt = a.now()
		return leased[Keys]{}, err
	}
	return leasedKeys(keys, left, a.now()), nil
}

// leasedKeys returns how long keys serve that are valid for the time left; 0 if that is not
// known.
func leasedKeys(keys Keys, left time.Duration, now time.Time) leased[Keys] {
	assumed := left <= 0
	if assumed {
		left = agencyOverlap // or the service would have returned the next ones
	}
	return leased[Keys]{value: keys, renewAt: now.Add(max(left-agencyOverlap, renewalPause(left))), expiresAt: now.Add(left), assumed: assumed}
}

// The paths, headers and words of the metadata service, from the vendor's SDK,
// core/auth/internal/metadata_accessor.go in
// https://github.com/huaweicloud/huaweicloud-sdk-go-v3.
const (
	metadataTokenPath      = "/meta-data/latest/api/token"
	metadataKeyPath        = "/openstack/latest/securitykey"
	metadataTokenHeader    = "X-Metadata-Token"
	metadataTokenTTLHeader = "X-Metadata-Token-Ttl-Seconds"
	metadataTokenTTL       = "21600"
	noAgencyMessage        = "Please configure Cloud Service Agency first"
)

type metadataResponse struct {
	operation string
	status    int
	body      []byte
	date      time.Time // by the service's clock, or by ours if it sent none
}

// agencyKeys returns the keys of the server's agency and how long they are still valid,
// or 0 if the service did not state that.
func (a *Agency) agencyKeys(ctx context.Context) (Keys, time.Duration, error) {
	token, err := a.token(ctx)
	if err != nil {
		return Keys{}, 0, err
	}
	r, err := a.do(ctx, http.MethodGet, metadataKeyPath, metadataTokenHeader, token)
	switch {
	case err != nil:
		return Keys{}, 0, err
	case r.status == http.StatusUnauthorized && strings.Contains(string(r.body), noAgencyMessage):
		return Keys{}, 0, fmt.Errorf("%w: no agency is bound to this server", cbrapi.ErrCredentials)
	case r.status != http.StatusOK:
		return Keys{}, 0, r.unexpected()
	}
	return r.keys()
}

// token returns a token, without which some services return no keys; "" from an older
// service.
func (a *Agency) token(ctx context.Context) (string, error) {
	r, err := a.do(ctx, http.MethodPut, metadataTokenPath, metadataTokenTTLHeader, metadataTokenTTL)
	if err != nil {
		return "", err
	}
	switch r.status {
	case http.StatusOK:
		token := strings.TrimSpace(string(r.body))
		return token, validHeader("the token of the ECS metadata service", token)
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusServiceUnavailable:
		return "", nil
	default:
		return "", r.unexpected()
	}
}

func (a *Agency) do(ctx context.Context, method, path, header, value string) (metadataResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, a.endpoint+path, http.NoBody)
	if err != nil {
		return metadataResponse{}, err
	}
	if value != "" {
		req.Header.Set(header, value)
	}
	// A transport without http.Client does not follow redirects.
	resp, err := a.transport.RoundTrip(req)
	if err != nil {
		return metadataResponse{}, a.unreachable(err)
	}
	defer resp.Body.Close()
	r := metadataResponse{operation: "ECS metadata " + path, status: resp.StatusCode, date: a.now()}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		r.date = date
	}
	if r.status < 200 { // the body of a 101 is the connection itself, which has no end
		return r, nil
	}
	if r.body, err = io.ReadAll(io.LimitReader(resp.Body, maxMetadataBytes)); err != nil {
		return metadataResponse{}, a.unreachable(err)
	}
	return r, nil
}

// unreachable returns the error for a service that does not respond. It does not wrap
// a deadline: that of the metadata service is not the scrape's, which users can raise.
func (a *Agency) unreachable(err error) error {
	return fmt.Errorf("%w at %s: %s", cbrapi.ErrMetadata, a.endpoint, err.Error())
}

// unexpected returns an error without the body, which may contain secrets.
func (r metadataResponse) unexpected() error {
	if r.status >= 400 && r.status < 500 && r.status != http.StatusTooManyRequests {
		return fmt.Errorf("%w: %s: HTTP status %d", cbrapi.ErrCredentials, r.operation, r.status)
	}
	return &cbrapi.Error{Operation: r.operation, StatusCode: r.status, Message: http.StatusText(r.status)}
}

func (r metadataResponse) malformed(message string) error {
	return &cbrapi.Error{Operation: r.operation, StatusCode: r.status, Message: message}
}

func (r metadataResponse) keys() (Keys, time.Duration, error) {
	keys, expires, err := decodeKeys(r.body)
	switch {
	case err != nil:
		return Keys{}, 0, r.malformed("the response is " + err.Error())
	case keys.AccessKey == "" || keys.SecretKey == "" || keys.SecurityToken == "":
		return Keys{}, 0, r.malformed("the response lacks the access key, its secret or the security token")
	case expires.IsZero():
		return keys, 0, nil
	}
	left := expires.Sub(r.date)
	if left <= 0 {
		return Keys{}, 0, fmt.Errorf("%w: the keys from the ECS metadata service expired at %s",
			cbrapi.ErrCredentials, expires.Format(time.RFC3339))
	}
	return keys, left, nil
}
