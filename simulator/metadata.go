package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// MetadataMode says what a metadata service wants to see before it hands out keys.
type MetadataMode int

const (
	// TokensUnknown is an older service: it has no tokens.
	TokensUnknown MetadataMode = iota
	// TokensRequired is one that hands out nothing without a token of its own.
	TokensRequired
)

// MetadataOptions say what the metadata service of an ECS server is like.
type MetadataOptions struct {
	Mode MetadataMode
	// CamelCase has the keys called accessKeyId, secretAccessKey and so on, and
	// not access, secret and so on.
	CamelCase bool
}

const (
	agencyKeyLife = time.Hour
	// agencyKeyOverlap is how long before their end the keys are replaced; until
	// then both are valid. It is told by the user manual of the Open Telekom
	// Cloud's ECS, as is their life.
	agencyKeyOverlap = 10 * time.Minute

	metadataTokenHeader = "X-Metadata-Token"
	maxMetadataTokenTTL = 21600 // seconds
)

// Metadata is the service of one ECS server that tells it about itself, at
// http://169.254.169.254 in the real cloud. It hands out the keys of the agency
// that is bound to the server, with which requests to the simulator may be signed.
// It is safe for concurrent use.
type Metadata struct {
	cloud   *Simulator
	options MetadataOptions
	mux     *http.ServeMux

	mu      sync.Mutex
	unbound bool
	tokens  map[string]time.Time // when each expires
	fetched int
}

// NewMetadata returns the metadata service of a server in the cloud s. Nothing is
// published of it but what the vendor's SDK expects; see
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

// ServeHTTP answers as the metadata service does.
func (m *Metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", m.cloud.now().UTC().Format(http.TimeFormat))
	m.mux.ServeHTTP(w, r)
}

// Bind says whether an agency is bound to the server, as one is at first.
func (m *Metadata) Bind(bound bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unbound = !bound
}

// Fetched returns how often keys were handed out so far.
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
	text, err := json.Marshal(map[string]map[string]string{"credential": {
		names[0]: key.Access,
		names[1]: key.Secret,
		names[2]: key.SecurityToken,
		names[3]: key.ExpiresAt.Format(iamLayout),
	}})
	if err != nil {
		panic(fmt.Sprintf("simulator: encoding keys: %v", err)) // texts always encode
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // an error means that the client has gone
}

// agencyKey returns the newest keys of the agency. They are replaced at the same
// moments whoever asks, and so not when somebody does.
func (s *Simulator) agencyKey(now time.Time) AccessKey {
	issued := now.Truncate(agencyKeyLife - agencyKeyOverlap)
	return AccessKey{
		Access:        strings.ToUpper(s.seed.hex32("agency access key", issued.Unix()))[:20],
		Secret:        s.seed.hex32("agency secret key", issued.Unix()),
		SecurityToken: tokenText(s.seed, uint64(issued.Unix())),
		ExpiresAt:     issued.Add(agencyKeyLife),
	}
}
