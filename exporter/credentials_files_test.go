package exporter_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/simulator"
)

// keyJSON is an access key as the metadata service writes it.
func keyJSON(key simulator.AccessKey) string {
	content := map[string]string{"access": key.Access, "secret": key.Secret}
	if key.SecurityToken != "" {
		content["securitytoken"] = key.SecurityToken
		content["expires_at"] = key.ExpiresAt.UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	text, _ := json.Marshal(map[string]any{"credential": content}) // a map of strings cannot fail
	return string(text)
}

func (x *credentialTest) writeFile(name, content string) {
	x.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		x.Fatal(err)
	}
}

// TestCredentialsInFiles removes and replaces secrets in files, which needs no reload.
func TestCredentialsInFiles(t *testing.T) {
	t.Parallel()
	wrongKey := credentialKey(1, false)
	wrongKey.Secret = "a-wrong-secret-for-the-test"
	for name, test := range map[string]struct {
		yaml         string
		wrong, right string
		hidden       string
	}{
		"password": {
			"{username: exporter, password_file: '%s', domain_name: account}",
			"a-wrong-secret-for-the-test\n", credentialPassword(1), credentialPassword(1),
		},
		"secret key": {
			"{access_key: " + credentialKey(1, false).Access + ", secret_key_file: '%s'}",
			"a-wrong-secret-for-the-test\n", credentialKey(1, false).Secret, credentialKey(1, false).Secret,
		},
		"access key": {
			"{access_key_file: '%s', secret_key: '" + credentialKey(1, false).Secret + "'}",
			"a-wrong-key-for-the-test\n", credentialKey(1, false).Access, credentialKey(1, false).Access,
		},
		"JSON": {
			"{credentials_file: '%s'}", "\ufeff" + keyJSON(wrongKey), "\ufeff" + keyJSON(credentialKey(1, false)), credentialKey(1, false).Secret,
		},
		"token": {"{token_file: '%s'}", "a-wrong-secret-for-the-test\n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inCredentialTest(t, func(x *credentialTest) {
				x.cloud.refuseTokens(tokenRefusals()[2])
				file := filepath.Join(t.TempDir(), "secret")
				x.credentials = fmt.Sprintf(test.yaml, file)
				x.cloud.simulator.SetAccessKeys(credentialKey(1, false))
				if test.right == "" {
					test.right = x.login()
				}
				x.cloud.hide(test.hidden)
				x.writeFile(file, test.wrong)
				x.start()
				x.expect("wrong", refusedState(), span{1, 4})
				x.expectSilence("still wrong", refusedState())
				x.writeFile(file, test.right+"\n")
				x.expectReadable("corrected")
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
				x.expectSilence("no file", state{reason: cbrapi.ReasonCredentials})
				if want := file + ": no such file or directory"; !strings.Contains(x.log.String(), want) {
					t.Errorf("the log lacks %q:\n%s", want, x.log)
				}
				x.writeFile(file, test.right)
				x.expectReadable("a file again")
			})
		})
	}
}

// TestKeyPairReplaced has somebody write a new access key and its secret by hand, one
// after the other, while the exporter scrapes: each of the two hosts refuses the mixture
// once.
func TestKeyPairReplaced(t *testing.T) {
	inCredentialTest(t, func(x *credentialTest) {
		dir := t.TempDir()
		access, secret := filepath.Join(dir, "access"), filepath.Join(dir, "secret")
		x.credentials = fmt.Sprintf("{access_key_file: '%s', secret_key_file: '%s'}", access, secret)
		one, two := credentialKey(1, false), credentialKey(2, false)
		x.cloud.hide(one.Access, two.Access, one.Secret, two.Secret)
		x.cloud.simulator.SetAccessKeys(one, two)
		x.writeFile(access, one.Access)
		x.writeFile(secret, one.Secret)
		x.start()
		x.expectReadable("at first")
		x.writeFile(access, two.Access)
		x.expect("with half a key", refusedState(), exactly(2))
		x.expectSilence("still with half a key", refusedState())
		x.writeFile(secret, two.Secret)
		x.expectReadable("with the whole key")
	})
}

// TestCredentialsFileExpiry compares the expiry on the page with that in the file.
func TestCredentialsFileExpiry(t *testing.T) {
	inCredentialTest(t, func(x *credentialTest) {
		file := filepath.Join(t.TempDir(), "credentials.json")
		x.credentials = fmt.Sprintf("{credentials_file: '%s'}", file)
		one := credentialKey(1, true)
		x.cloud.simulator.SetAccessKeys(one, credentialKey(3, false))
		x.cloud.hide(one.Access, one.Secret, one.SecurityToken)
		x.writeFile(file, keyJSON(one))
		x.start()
		x.expectReadable("at first")
		if got := x.expiry(); !got.Equal(one.ExpiresAt.Truncate(time.Second)) {
			t.Errorf("the keys expire at %v, want %v", got, one.ExpiresAt)
		}

		time.Sleep(time.Hour)
		x.expect("expired", refusedState(), exactly(2))
		two := credentialKey(2, true)
		x.cloud.simulator.SetAccessKeys(two, credentialKey(3, false))
		x.writeFile(file, keyJSON(two))
		x.expectReadable("replaced")
		if got := x.expiry(); !got.Equal(two.ExpiresAt.Truncate(time.Second)) {
			t.Errorf("the new keys expire at %v, want %v", got, two.ExpiresAt)
		}

		x.writeFile(file, keyJSON(two)[:40])
		x.expectSilence("half a file", state{reason: cbrapi.ReasonCredentials})
		if want := file + ": not JSON of the documented shape; write access, secret and"; !strings.Contains(x.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, x.log)
		}
		x.writeFile(file, keyJSON(credentialKey(3, false)))
		x.expectReadable("permanent keys")
		if _, page := x.do(http.MethodGet, "/metrics"); strings.Contains(page, "cbr_exporter_credentials_expiry") {
			t.Errorf("permanent keys have an expiry:\n%s", page)
		}
	})
}

// TestTopLevelCredentials has projects take over the credentials and the proxy of the top
// level, and one have its own.
func TestTopLevelCredentials(t *testing.T) {
	inCredentialTest(t, func(x *credentialTest) {
		k := accessKeyKind("access key", false)
		k.accept(x, 1)
		k.use(x, 1)
		top := "credentials: " + x.credentials + "\n"
		x.credentials = "{}"
		x.running = start(x.T, x.hosts(), top+x.configuration())
		x.expectReadable("at first")
		x.running.configuration = top + strings.Replace(x.configuration(), "credentials: {}", "credentials: {token: a-wrong-token-for-the-test}", 1)
		if status, body := x.do(http.MethodPost, "/-/reload"); status != http.StatusOK {
			t.Fatalf("reload: got status %d: %s", status, body)
		}
		x.expect("one of its own", refusedState(), span{1, credentialConcurrency}, "test")
		x.expect("the others", readable(), exactly(0), "test-2", "test-3")
		if _, shown := x.do(http.MethodGet, "/config"); strings.Count(shown, "    credentials: {} # access key from credentials.access_key and credentials.secret_key at the top level\n") != 2 {
			t.Errorf("/config does not say that two projects have the credentials of the top level:\n%s", shown)
		}
	})
}
