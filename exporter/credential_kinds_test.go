package exporter_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// kind is one of the kinds of credentials, and what happens to it.
type kind struct {
	name    string
	sources []source
	never   []string // states that it does not have
	// settings are what is right at first.
	settings func(*trial) []setting
	// spoil makes what the configuration has wrong, from the start.
	spoil func(*trial)
	// revoke has the cloud refuse what it has accepted, and renew brings what it
	// accepts instead into the configuration, or to where it points.
	revoke, renew func(*trial)

	// What the log says where the cloud refuses wrong or revoked ones, and where
	// there are none.
	wrong, revoked, missing string

	signed   bool          // requests are, and so have a time
	logsIn   bool          // once for each project
	inFlight int           // requests of all projects; 0: as many as the projects may
	retry    time.Duration // after a refusal
}

// The secrets have in them what is written in another way in JSON, HTML and URLs.
const (
	tableSecret   = `secret"key</&>of-the-table-0123456789`
	tableNext     = `another"key</&>of-the-table-0123456789`
	tableSecurity = `security"token</&>of-the-table-0123456789`
	tablePassword = `pass"word</&>of-the-table-0123456789`
)

func tableKey(n int, now time.Time, temporary bool) simulator.AccessKey {
	k := simulator.AccessKey{Access: fmt.Sprintf("AKTABLE%013d", n), Secret: tableSecret + fmt.Sprint(n)}
	if temporary {
		k.SecurityToken = tableSecurity + fmt.Sprint(n)
		k.ExpiresAt = now.Add(time.Hour)
	}
	return k
}

func kinds() []kind {
	return []kind{keysKind("access key", false), keysKind("temporary access key", true), agencyKind(), passwordKind(), tokenKind()}
}

// keysKind has keys that are made and deleted in pairs, as the cloud does.
func keysKind(name string, temporary bool) kind {
	made := func(x *trial) simulator.AccessKey { return tableKey(x.made, x.cloud.now(), temporary) }
	never := []string{"tokens withdrawn"}
	if !temporary {
		never = append(never, "expired")
	}
	return kind{
		name:    name,
		sources: []source{inline, inFiles, environment},
		never:   never,
		settings: func(x *trial) []setting {
			key := made(x)
			x.cloud.cloud().SetAccessKeys(key)
			settings := []setting{
				{key: "access_key", variable: "HUAWEICLOUD_SDK_AK", value: key.Access},
				{key: "secret_key", variable: "HUAWEICLOUD_SDK_SK", secret: true, value: key.Secret},
			}
			if temporary {
				settings = append(settings, setting{"security_token", "HUAWEICLOUD_SDK_SECURITY_TOKEN", true, key.SecurityToken})
			}
			return settings
		},
		spoil: func(x *trial) { x.set("secret_key", tableNext) },
		revoke: func(x *trial) {
			x.made++
			x.cloud.cloud().SetAccessKeys(made(x))
		},
		renew: func(x *trial) {
			key := made(x)
			x.cloud.cloud().SetAccessKeys(key)
			x.set("access_key", key.Access)
			x.set("secret_key", key.Secret)
			if temporary {
				x.set("security_token", key.SecurityToken)
			}
		},
		wrong:    "verify aksk signature fail",
		revoked:  "ak not exist",
		missing:  "no such file or directory",
		signed:   true,
		inFlight: 5,
		retry:    5 * time.Minute,
	}
}

// agencyKind has keys that the metadata service replaces, and nothing in the
// configuration.
func agencyKind() kind {
	return kind{
		name:     "ECS agency",
		sources:  []source{inline},
		never:    []string{"tokens withdrawn"},
		settings: func(*trial) []setting { return nil },
		spoil: func(x *trial) {
			other := simulator.New(simulator.Options{Now: x.cloud.ofTheCloud, Seed: 7})
			x.cloud.metadata.Store(other.NewMetadata(simulator.MetadataOptions{}))
		},
		revoke: func(x *trial) { x.cloud.forget() },
		renew: func(x *trial) {
			if x.cloud.metadata.Load() != x.cloud.ownMetadata {
				x.cloud.metadata.Store(x.cloud.ownMetadata)
				x.reload() // or the other cloud's keys would be used until they expire
				return
			}
			x.untilExpiry(10 * time.Minute)
		},
		wrong:    "ak not exist",
		revoked:  "ak not exist",
		missing:  "no agency is bound to this server; bind one that has the policy CBR ReadOnlyAccess, or configure other credentials",
		signed:   true,
		inFlight: 5,
		retry:    5 * time.Minute,
	}
}

// passwordKind has a password that somebody changes, which ends the tokens too.
func passwordKind() kind {
	return kind{
		name:    "password",
		sources: []source{inline, inFiles, environment},
		settings: func(x *trial) []setting {
			return []setting{
				{key: "username", variable: "OS_USERNAME", value: "exporter"},
				{key: "password", variable: "OS_PASSWORD", secret: true, value: tablePassword + "1"},
				{key: "domain_name", variable: "OS_DOMAIN_NAME", value: "account"},
			}
		},
		spoil: func(x *trial) { x.set("password", tableNext) },
		revoke: func(x *trial) {
			x.made++
			x.cloud.become(x.cloud.newSimulator(x.made))
		},
		renew:   func(x *trial) { x.set("password", tablePassword+fmt.Sprint(x.made)) },
		wrong:   "The username or password is wrong",
		revoked: "The username or password is wrong",
		missing: "no such file or directory",
		logsIn:  true,
		retry:   time.Hour,
	}
}

// tokenKind has tokens that somebody else gets by a login.
func tokenKind() kind {
	return kind{
		name:     "token",
		sources:  []source{inline, inFiles},
		never:    []string{"tokens withdrawn"},
		settings: func(x *trial) []setting { return []setting{{key: "token", secret: true, value: x.cloud.token(x.T)}} },
		spoil:    func(x *trial) { x.set("token", tableNext) },
		revoke:   func(x *trial) { x.cloud.cloud().RevokeTokens() },
		renew:    func(x *trial) { x.set("token", x.cloud.token(x.T)) },
		wrong:    "decrypt token fail",
		revoked:  "decrypt token fail",
		missing:  "no such file or directory",
		retry:    5 * time.Minute,
	}
}

// token logs in and returns the token.
func (c *tableCloud) token(t *testing.T) string {
	t.Helper()
	body := fmt.Sprintf(`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"exporter","password":%q,"domain":{"name":"account"}}}},"scope":{"project":{"id":%q}}}}`,
		tablePassword+"1", simulator.DefaultProjectID)
	resp, err := http.Post(c.endpoints[0]+"/v3/auth/tokens", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, _ = io.Copy(io.Discard, resp.Body); resp.StatusCode != http.StatusCreated {
		t.Fatalf("login: got status %d", resp.StatusCode)
	}
	return resp.Header.Get("X-Subject-Token")
}
