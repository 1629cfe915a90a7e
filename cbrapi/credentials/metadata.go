package credentials

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// The paths, headers and words of the metadata service, as the vendor's SDK has
// them: core/auth/internal/metadata_accessor.go in
// https://github.com/huaweicloud/huaweicloud-sdk-go-v3.
const (
	metadataTokenPath      = "/meta-data/latest/api/token"
	metadataKeyPath        = "/openstack/latest/securitykey"
	metadataTokenHeader    = "X-Metadata-Token"
	metadataTokenTTLHeader = "X-Metadata-Token-Ttl-Seconds"
	metadataTokenTTL       = "21600"
	saysNoAgency           = "Please configure Cloud Service Agency first"
)

const (
	// metadataTimeout bounds one request. The service is on the same host.
	metadataTimeout = 3 * time.Second
	// maxMetadataBytes bounds an answer; the keys have some KiB.
	maxMetadataBytes = 64 << 10
)

// metadata is a client of the ECS metadata service. It is not safe for
// concurrent use.
type metadata struct {
	endpoint  string
	transport http.RoundTripper
	now       func() time.Time
	token     string // "" if there is none, or the service knows no tokens
}

func newMetadata(endpoint string, now func() time.Time) *metadata {
	return &metadata{
		endpoint: endpoint,
		now:      now,
		transport: &http.Transport{
			// What is at this address is another machine's for a proxy.
			Proxy:                  nil,
			DisableKeepAlives:      true, // the next request is in an hour
			MaxResponseHeaderBytes: maxMetadataBytes,
		},
	}
}

// metadataAnswer is a whole answer of the metadata service.
type metadataAnswer struct {
	operation string
	status    int
	body      []byte
	date      time.Time // by the service's clock; by ours where it did not say
}

// agencyKeys returns the keys of the server's agency, and how long they are
// still valid; not positive where the service did not say.
func (m *metadata) agencyKeys(ctx context.Context) (Keys, time.Duration, error) {
	if m.token == "" {
		if err := m.fetchToken(ctx); err != nil {
			return Keys{}, 0, err
		}
	}
	a, err := m.fetchKeys(ctx)
	if err == nil && a.status == http.StatusUnauthorized && !a.noAgency() {
		// The token was missing, or has expired.
		if err = m.fetchToken(ctx); err == nil {
			a, err = m.fetchKeys(ctx)
		}
	}
	switch {
	case err != nil:
		return Keys{}, 0, err
	case a.noAgency():
		return Keys{}, 0, fmt.Errorf("%w: no agency is bound to this server; bind one that has the policy CBR ReadOnlyAccess, or configure other credentials", cbrapi.ErrCredentials)
	case a.status != http.StatusOK:
		return Keys{}, 0, a.unexpected()
	}
	return a.keys()
}

func (m *metadata) fetchKeys(ctx context.Context) (metadataAnswer, error) {
	return m.do(ctx, http.MethodGet, metadataKeyPath, metadataTokenHeader, m.token)
}

// fetchToken gets what some services want to see before they hand out keys.
func (m *metadata) fetchToken(ctx context.Context) error {
	a, err := m.do(ctx, http.MethodPut, metadataTokenPath, metadataTokenTTLHeader, metadataTokenTTL)
	if err != nil {
		return err
	}
	switch a.status {
	case http.StatusOK:
		token := strings.TrimSpace(string(a.body))
		if err := inHeader("the token of the ECS metadata service", token); err != nil {
			return err
		}
		m.token = token
		return nil
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusServiceUnavailable:
		m.token = "" // an older service
		return nil
	default:
		return a.unexpected()
	}
}

// do sends one request, and reads the whole answer whatever its status.
func (m *metadata) do(ctx context.Context, method, path, header, value string) (metadataAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, m.endpoint+path, http.NoBody)
	if err != nil {
		return metadataAnswer{}, err
	}
	if value != "" {
		req.Header.Set(header, value)
	}
	// Without an http.Client around it, the transport follows no redirect.
	resp, err := m.transport.RoundTrip(req)
	if err != nil {
		return metadataAnswer{}, m.silent(err)
	}
	defer resp.Body.Close()
	a := metadataAnswer{operation: "ECS metadata " + path, status: resp.StatusCode, date: m.now()}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		a.date = date
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxMetadataBytes+1))
	switch {
	case err != nil:
		return metadataAnswer{}, m.silent(err)
	case len(a.body) > maxMetadataBytes:
		return metadataAnswer{}, a.malformed(fmt.Sprintf("the answer is larger than %d KiB", maxMetadataBytes>>10))
	}
	return a, nil
}

// silent is the error where the service does not answer. It hides that a time
// limit may have passed: this one is not the scrape's, which could be raised.
func (m *metadata) silent(err error) error {
	return fmt.Errorf("the ECS metadata service at %s did not answer: %s; elsewhere than on an ECS server configure other credentials, and in a container see that it can reach the service",
		m.endpoint, err.Error())
}

func (a metadataAnswer) noAgency() bool {
	return a.status == http.StatusUnauthorized && strings.Contains(string(a.body), saysNoAgency)
}

// unexpected is the error for a status that is not the wanted one. The body is
// not repeated: the status says enough.
func (a metadataAnswer) unexpected() error {
	if a.status >= 400 && a.status < 500 && a.status != http.StatusTooManyRequests {
		return fmt.Errorf("%w: %s: HTTP status %d; see whether this is an ECS server with an agency, or configure other credentials",
			cbrapi.ErrCredentials, a.operation, a.status)
	}
	return &cbrapi.Error{Operation: a.operation, StatusCode: a.status, Message: http.StatusText(a.status)}
}

func (a metadataAnswer) malformed(message string) error {
	return &cbrapi.Error{Operation: a.operation, StatusCode: a.status, Message: message}
}

// keys reads an answer with keys.
func (a metadataAnswer) keys() (Keys, time.Duration, error) {
	// Package json does not mind upper case: securityToken is securitytoken.
	var content struct {
		Credential struct {
			Access          string `json:"access"`
			AccessKeyID     string `json:"accessKeyId"`
			Secret          string `json:"secret"`
			SecretAccessKey string `json:"secretAccessKey"`
			SecurityToken   string `json:"securitytoken"`
			ExpiresAt       string `json:"expires_at"`
			Expiration      string `json:"expiration"`
		} `json:"credential"`
	}
	if json.Unmarshal(a.body, &content) != nil { // whose error may repeat a part of the keys
		return Keys{}, 0, a.malformed("the answer is not JSON of the documented shape")
	}
	c := content.Credential
	keys := Keys{
		AccessKey:     cmp.Or(c.Access, c.AccessKeyID),
		SecretKey:     cmp.Or(c.Secret, c.SecretAccessKey),
		SecurityToken: c.SecurityToken,
	}
	if keys.AccessKey == "" || keys.SecretKey == "" || keys.SecurityToken == "" {
		return Keys{}, 0, a.malformed("the answer lacks the access key, its secret or the security token")
	}
	// Keys are good whatever is said of their life.
	var left time.Duration
	if expires, err := cbrapi.ParseTime(cmp.Or(c.ExpiresAt, c.Expiration)); err == nil {
		if left = expires.Sub(a.date); left <= 0 {
			return Keys{}, 0, fmt.Errorf("%w: the keys from the ECS metadata service expired at %s, and it has no others",
				cbrapi.ErrCredentials, expires.Format(time.RFC3339))
		}
	}
	return keys, left, nil
}
