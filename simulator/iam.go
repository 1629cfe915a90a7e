package simulator

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"sync"
	"time"
)

// An Account is what a password login proves. The domain is the account in the
// console's words, the user one of its IAM users.
type Account struct {
	UserName   string
	Password   string
	DomainName string
}

// DemoAccount returns the account that may log in unless another one is given.
func DemoAccount() Account {
	return Account{UserName: "demo", Password: "demo-password", DomainName: "demo-account"}
}

// iam issues tokens and knows those that are valid.
type iam struct {
	seed        seed
	account     Account
	projectID   string
	projectName string
	mayNotList  bool // projects
	region      string
	lifetime    time.Duration
	fixed       map[string]token

	mu     sync.Mutex
	issued map[string]token
	count  uint64 // of tokens ever issued
}

func newIAM(o Options) *iam {
	i := &iam{
		seed:        seed(o.Seed),
		account:     o.Account,
		projectID:   o.ProjectID,
		projectName: o.ProjectName,
		mayNotList:  o.MayNotListProjects,
		region:      o.Region,
		lifetime:    o.TokenLifetime,
		fixed:       make(map[string]token),
		issued:      make(map[string]token),
	}
	for _, text := range o.Tokens {
		i.fixed[text] = token{projectID: o.ProjectID}
	}
	return i
}

func (i *iam) token(text string) (token, bool) {
	if t, ok := i.fixed[text]; ok {
		return t, true
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	t, ok := i.issued[text]
	return t, ok
}

// issue adds a token; those issued before stay valid.
func (i *iam) issue(projectID string, now time.Time) (text string, t token) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for text, t := range i.issued {
		if t.expired(now) {
			delete(i.issued, text)
		}
	}
	i.count++
	text = tokenText(i.seed, i.count)
	t = token{projectID: projectID, expires: now.Add(i.lifetime)}
	i.issued[text] = t
	return text, t
}

func (i *iam) revoke() {
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.issued)
}

// tokenText returns what looks like a token of IAM: a signed message in DER,
// hence the MII at the start, in Base64 with - for /. IAM publishes no limit of
// the length; 2 to 5 KB are usual.
func tokenText(s seed, number uint64) string {
	const derSequence, derLengthInTwoBytes = 0x30, 0x82

	der := make([]byte, 2400+s.rand("token length", number).IntN(1200))
	_, _ = s.chacha("token", number).Read(der) // never fails
	der[0], der[1] = derSequence, derLengthInTwoBytes
	binary.BigEndian.PutUint16(der[2:], uint16(len(der)-4))
	return strings.ReplaceAll(base64.StdEncoding.EncodeToString(der), "/", "-")
}
