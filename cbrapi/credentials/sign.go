package credentials

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// The algorithm and the headers of a signature. See
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm-002.html
// and, for X-Project-Id,
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-provide-proid.html.
const (
	algorithm           = "SDK-HMAC-SHA256"
	dateHeader          = "X-Sdk-Date"
	dateLayout          = "20060102T150405Z"
	projectHeader       = "X-Project-Id"
	securityTokenHeader = "X-Security-Token"
)

// Sign returns a RoundTripper that signs requests with an access key and sends them
// through next. It includes the id of the request's project, cbrapi.ProjectID, which
// the cloud requires for sub-projects. The cloud refuses a signature whose time, taken
// from now, is more than 15 minutes off its own.
func Sign(keys Keys, next http.RoundTripper, now func() time.Time) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		signed, err := signed(req, keys, now())
		if err != nil {
			return nil, err
		}
		return next.RoundTrip(signed)
	})
}

// signed returns a copy of req with a signature.
func signed(req *http.Request, keys Keys, now time.Time) (*http.Request, error) {
	if err := keys.validate(); err != nil {
		return nil, err
	}
	bodyHash, err := hashBody(req)
	if err != nil {
		return nil, err
	}

	ctx := req.Context()
	req = req.Clone(ctx)
	// A canonical query has the same meaning whether or not the verifier decodes it.
	req.URL.RawQuery = canonicalQuery(req.URL)
	// Transports and proxies may change other headers, so they are not signed.
	names := []string{"host"}
	if projectID := cbrapi.ProjectID(ctx); projectID != "" {
		req.Header.Set(projectHeader, projectID)
		names = append(names, "x-project-id")
	}
	req.Header.Set(dateHeader, now.UTC().Format(dateLayout))
	names = append(names, "x-sdk-date")
	if keys.SecurityToken != "" {
		req.Header.Set(securityTokenHeader, keys.SecurityToken)
		names = append(names, "x-security-token")
	}
	req.Header.Set("Authorization", fmt.Sprintf("%s Access=%s, SignedHeaders=%s, Signature=%s",
		algorithm, keys.AccessKey, strings.Join(names, ";"), sign(req, keys.SecretKey, names, bodyHash)))
	return req, nil
}

func hasSignature(req *http.Request) bool {
	return req != nil && req.Header.Get(dateHeader) != ""
}

// sign returns the signature of a request that covers the headers named in signed.
func sign(req *http.Request, secretKey string, signed []string, bodyHash string) string {
	mac := hmac.New(sha256.New, []byte(secretKey))
	_, _ = io.WriteString(mac, stringToSign(req.Header.Get(dateHeader), canonicalRequest(req, signed, bodyHash))) // a hash does not fail
	return hex.EncodeToString(mac.Sum(nil))
}

func stringToSign(date, canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return algorithm + "\n" + date + "\n" + hex.EncodeToString(sum[:])
}

// hashBody returns the hash of a copy of the body. The transport reads the body itself.
func hashBody(req *http.Request) (string, error) {
	hash := sha256.New()
	if req.GetBody != nil {
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

// canonicalRequest returns the form of a request over which both sides compute the
// signature. The names in signed are in lower case and sorted.
func canonicalRequest(req *http.Request, signed []string, bodyHash string) string {
	var headers strings.Builder
	for _, name := range signed {
		value := req.Header.Get(name)
		if name == "host" {
			value = req.Host // net/http does not keep it in Header
		}
		headers.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	return strings.Join([]string{
		req.Method,
		canonicalPath(req.URL),
		canonicalQuery(req.URL),
		headers.String(),
		strings.Join(signed, ";"),
		bodyHash,
	}, "\n")
}

// canonicalPath encodes the path and ends it in a slash.
func canonicalPath(u *url.URL) string {
	segments := strings.Split(strings.TrimSuffix(u.Path, "/"), "/")
	for i, s := range segments {
		segments[i] = spacesAsPercent20(url.QueryEscape(s))
	}
	return strings.Join(segments, "/") + "/"
}

// canonicalQuery sorts by name and then by value, and writes = after every name.
func canonicalQuery(u *url.URL) string {
	query := u.Query()
	for _, values := range query {
		slices.Sort(values)
	}
	return spacesAsPercent20(query.Encode())
}

// spacesAsPercent20 changes an encoding of package url to that of RFC 3986.
func spacesAsPercent20(encoded string) string { return strings.ReplaceAll(encoded, "+", "%20") }
