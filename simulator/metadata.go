package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// MetadataMode says whether a metadata service has tokens of its own.
type MetadataMode int

const (
	// TokensUnknown is an older service without tokens.
	TokensUnknown MetadataMode = iota
	// TokensRequired is a service that requires a token for each request.
	TokensRequired
)

// MetadataOptions configure the metadata service of a server.
type MetadataOptions struct {
	Mode MetadataMode
	// CamelCase names the keys accessKeyId, secretAccessKey and so on, instead of
	// access, secret and so on.
	CamelCase bool
}

const (
	agencyKeyLife = time.Hour
	// Keys are replaced this long before they expire; until then both are valid.
	// Both durations are from the user manual of the Open Telekom Cloud's ECS.
	agencyKeyOverlap = 10 * time.Minute

	metadataTokenHeader = "X-Metadata-Token"
	maxMetadataTokenTTL = 21600 // seconds
)

// Metadata is the metadata service of an ECS server, at http://169.254.169.254 in
// the real cloud. It returns access keys of the agency that is bound to the server,
// which may sign requests to the simulator. It is safe for concurrent use.
type Metadata struct {
	cloud   *Simulator
	options MetadataOptions
	mux     *http.ServeMux

	mu      sync.Mutex
	unbound bool
	tokens  map[string]time.Time // when each expires
	fetched int
}

// NewMetadata returns the metadata service of a server in the cloud. It behaves as
// the vendor's SDK expects; there is no other documentation. See
// core/auth/internal/metadata_accessor.go in
// https://github.com/huaweicloud/huaweicloud-sdk-go-v3.
func (s *Simulator) NewMetadata(o MetadataOptions) *Metadata {
	m := &Metadata{cloud: s, options: o, mux: http.NewServeMux(), tokens: make(map[string]time.Time)}
	m.mux.HandleFunc("GET /openstack/latest/securitykey", m.showKeys)
	if o.Mode == TokensRequired {
		m.mux.HandleFunc("PUT /meta-data/latest/api/token", m.createToken)
	}
	return m
}

// ServeHTTP implements http.Handler.
func (m *Metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", m.cloud.now().UTC().Format(http.TimeFormat))
	m.mux.ServeHTTP(w, r)
}

// Bind binds an agency to the server, or unbinds it. At first one is bound.
func (m *Metadata) Bind(bound bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unbound = !bound
}

// Fetched returns how often keys were returned so far.
func (m *Metadata) Fetched() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fetched
}

func (m *Metadata) createToken(w http.ResponseWriter, r *http.Request) {
	ttl, err := strconv.Atoi(r.Header.Get("X-Metadata-Token-Ttl-Seconds"))
	if err != nil || ttl < 1 || ttl > maxMetadataTokenTTL {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	token := "metadata-" + m.cloud.seed.hex32("metadata token", len(m.tokens))
	m.tokens[token] = m.cloud.now().Add(time.Duration(ttl) * time.Second)
	_, _ = fmt.Fprint(w, token)
}

func (m *Metadata) showKeys(w http.ResponseWriter, r *http.Request) {
	now := m.cloud.now().UTC()
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.options.Mode == TokensRequired && !now.Before(m.tokens[r.Header.Get(metadataTokenHeader)]):
		w.WriteHeader(http.StatusUnauthorized)
		return
	case m.unbound:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprint(w, `{"error":{"code":401,"message":"Please configure Cloud Service Agency first","title":"Unauthorized"}}`)
		return
	}
	m.fetched++
	key := m.cloud.agencyKey(now)
	m.cloud.accessKeys.add(key)
	names := [4]string{"access", "secret", "securitytoken", "expires_at"}
	if m.options.CamelCase {
		names = [4]string{"accessKeyId", "secretAccessKey", "securityToken", "expiration"}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(encode(map[string]map[string]string{"credential": {
		names[0]: key.Access,
		names[1]: key.Secret,
		names[2]: key.SecurityToken,
		names[3]: key.ExpiresAt.Format(iamLayout),
	}}))
}

// agencyKey returns the latest access key of the agency. Requests do not change
// when it is replaced.
func (s *Simulator) agencyKey(now time.Time) AccessKey {
	issued := now.Truncate(agencyKeyLife - agencyKeyOverlap)
	return AccessKey{
		Access:        strings.ToUpper(s.seed.hex32("agency access key", issued.Unix()))[:20],
		Secret:        s.seed.hex32("agency secret key", issued.Unix()),
		SecurityToken: tokenText(s.seed, uint64(issued.Unix())),
		ExpiresAt:     issued.Add(agencyKeyLife),
	}
}
