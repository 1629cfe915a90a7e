package credentials

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// The algorithm and the headers of a signature. See
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm-002.html
// and, for X-Project-Id, the page api-sign-provide-proid.html next to it.
const (
	algorithm           = "SDK-HMAC-SHA256"
	dateHeader          = "X-Sdk-Date"
	dateLayout          = "20060102T150405Z"
	projectHeader       = "X-Project-Id"
	securityTokenHeader = "X-Security-Token"
)

// signer is a RoundTripper that signs.
type signer struct {
	keys      KeySource
	projectID string
	next      http.RoundTripper
	now       func() time.Time
}

// Sign returns a RoundTripper that signs every request with an access key, and
// sends it through next. A projectID that is not empty is sent and signed too:
// the cloud needs it for sub-projects. The cloud refuses a signature whose time,
// from now, is more than 15 minutes off its own.
func Sign(keys KeySource, projectID string, next http.RoundTripper, now func() time.Time) http.RoundTripper {
	return &signer{keys: keys, projectID: projectID, next: next, now: now}
}

// RoundTrip implements http.RoundTripper.
func (s *signer) RoundTrip(req *http.Request) (*http.Response, error) {
	signed, err := s.signed(req)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // a RoundTripper closes it whatever happens
		}
		return nil, err
	}
	resp, err := s.next.RoundTrip(signed)
	return resp, cbrapi.RedactError(err, signed.Header.Get("Authorization"), signed.Header.Get(securityTokenHeader))
}

// signed returns a signed copy of req: a RoundTripper must not change the
// request that it was given.
func (s *signer) signed(req *http.Request) (*http.Request, error) {
	keys, err := s.keys(req.Context())
	if err != nil {
		return nil, err
	}
	if err := keys.usable(); err != nil {
		return nil, err
	}
	bodyHash, err := hashBody(req)
	if err != nil {
		return nil, err
	}

	req = req.Clone(req.Context())
	// Sent as it is signed, it means the same to a verifier that decodes it and
	// to one that does not.
	if req.URL.RawQuery, err = canonicalQuery(req.URL); err != nil {
		return nil, err
	}
	// Nothing else is signed: transports add headers, and proxies change them.
	names := []string{"host", "x-sdk-date"}
	req.Header.Set(dateHeader, s.now().UTC().Format(dateLayout))
	if s.projectID != "" {
		req.Header.Set(projectHeader, s.projectID)
		names = []string{"host", "x-project-id", "x-sdk-date"}
	}
	if keys.SecurityToken != "" {
		req.Header.Set(securityTokenHeader, keys.SecurityToken)
		names = append(names, "x-security-token")
	}
	signature, err := sign(req, keys.SecretKey, names, bodyHash)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", fmt.Sprintf("%s Access=%s, SignedHeaders=%s, Signature=%s",
		algorithm, keys.AccessKey, strings.Join(names, ";"), signature))
	return req, nil
}

// sign returns the signature of a request over the headers named in signed.
func sign(req *http.Request, secretKey string, signed []string, bodyHash string) (string, error) {
	canonical, err := canonicalRequest(req, signed, bodyHash)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, []byte(secretKey))
	_, _ = io.WriteString(mac, stringToSign(req.Header.Get(dateHeader), canonical)) // a hash does not fail
	return hex.EncodeToString(mac.Sum(nil)), nil
}

func stringToSign(date, canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return algorithm + "\n" + date + "\n" + hex.EncodeToString(sum[:])
}

// hashBody reads a copy of the body: the body itself is the transport's.
func hashBody(req *http.Request) (string, error) {
	hash := sha256.New()
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return "", errors.New("the body of the request can be read only once, and so not be signed")
		}
		body, err := req.GetBody()
		if err != nil {
			return "", err
		}
		defer body.Close()
		if _, err := io.Copy(hash, body); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
