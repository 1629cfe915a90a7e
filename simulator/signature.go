package simulator

import (
	"bytes"
	"cmp"
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
)

// Constants of the signature algorithm, see
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm-002.html.
const (
	signingAlgorithm = "SDK-HMAC-SHA256"
	sdkDateLayout    = "20060102T150405Z"
	maxClockSkew     = 15 * time.Minute
	maxSignedBody    = 1 << 20 // bytes
)

type authorization struct {
	access    string
	signed    []string // names of headers
	signature string
}

// parseAuthorization reads
//
//	SDK-HMAC-SHA256 Access=AK, SignedHeaders=a;b, Signature=hex
func parseAuthorization(text string) (a authorization, ok bool) {
	rest, ok := strings.CutPrefix(text, signingAlgorithm+" ")
	parts := strings.Split(rest, ", ")
	if !ok || len(parts) != 3 {
		return a, false
	}
	access, ok1 := strings.CutPrefix(parts[0], "Access=")
	signed, ok2 := strings.CutPrefix(parts[1], "SignedHeaders=")
	signature, ok3 := strings.CutPrefix(parts[2], "Signature=")
	return authorization{access, strings.Split(signed, ";"), signature}, ok1 && ok2 && ok3
}

// checkSignature returns the reason to refuse the signature of a request, or "".
// Unless marked as ours, the messages are the gateway's, from
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-0001.html and
// reports of users.
func (a *accessKeys) checkSignature(x *exchange) (reason string) {
	claim, ok := parseAuthorization(x.r.Header.Get("Authorization"))
	if !ok {
		return "Authorization format incorrect" // ours
	}
	key, exists, locked := a.find(claim.access, x.now)
	switch {
	case !exists:
		return "Get secretKey failed,ak:" + claim.access + ",err:ak not exist"
	case locked:
		return "AK access failed to reach the limit,forbidden."
	}
	reason = claim.check(x, key)
	a.record(claim.access, reason == "", x.now)
	return reason
}

// check returns the reason to refuse a request that claims to be signed with the
// key, or "".
func (a authorization) check(x *exchange, key AccessKey) (reason string) {
	header := x.r.Header
	const fail = "calc aksk signature fail:"
	signedAt, err := time.Parse(sdkDateLayout, header.Get("X-Sdk-Date"))
	if err != nil || !slices.Contains(a.signed, "x-sdk-date") {
		return fail + "x-sdk-date not found in the signed headers" // ours
	}
	if x.now.Sub(signedAt).Abs() > maxClockSkew {
		return fmt.Sprintf("%ssignature expired, signature time:%s,server time:%s",
			fail, signedAt.Format(sdkDateLayout), x.now.Format(sdkDateLayout))
	}
	// Unsigned, these could be changed in transit. The SDKs sign both.
	for _, name := range []string{"x-project-id", "x-security-token"} {
		if header.Get(name) != "" && !slices.Contains(a.signed, name) {
			return fail + name + " not found in the signed headers" // ours
		}
	}
	for _, name := range a.signed {
		if name != "host" && header.Values(name) == nil {
			return fail + "a signed header is missing" // ours
		}
	}
	if header.Get("X-Security-Token") != key.SecurityToken {
		return "decrypt token fail"
	}
	if key.expired(x.now) {
		return "token expires, expires_at:" + key.ExpiresAt.UTC().Format(iamLayout)
	}

	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxSignedBody))
	if err != nil {
		return fail + "the body cannot be read" // ours
	}
	x.r.Body = io.NopCloser(bytes.NewReader(body))
	if !hmac.Equal([]byte(a.signature), []byte(signature(x.r, body, key.Secret, a.signed))) {
		return "verify aksk signature fail"
	}
	return ""
}

func signature(r *http.Request, body []byte, secret string, signed []string) string {
	hash := func(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text)) }

	var request bytes.Buffer
	fmt.Fprintln(&request, r.Method)
	fmt.Fprintln(&request, signedPath(r.URL.Path))
	fmt.Fprintln(&request, signedQuery(r.URL.RawQuery))
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		fmt.Fprintf(&request, "%s:%s\n", name, strings.TrimSpace(value))
	}
	fmt.Fprintln(&request)
	fmt.Fprintln(&request, strings.Join(signed, ";"))
	fmt.Fprint(&request, hash(body))

	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s\n%s\n%s", signingAlgorithm, r.Header.Get("X-Sdk-Date"), hash(request.Bytes()))
	return hex.EncodeToString(mac.Sum(nil))
}

func signedPath(path string) string {
	path = strings.ReplaceAll(percentEncode(path), "%2F", "/")
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return path
}

// signedQuery returns the canonical form of a query as received, which may be in
// any order and lack the = of empty values.
func signedQuery(wire string) string {
	type pair struct{ name, value string }
	var pairs []pair
	for part := range strings.SplitSeq(wire, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, pair{percentDecode(name), percentDecode(value)})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	var written []string
	for _, p := range pairs {
		written = append(written, percentEncode(p.name)+"="+percentEncode(p.value))
	}
	return strings.Join(written, "&")
}

func percentEncode(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

func percentDecode(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}
