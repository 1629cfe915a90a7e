package config_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// secretKeys are keys whose values are secrets, each in a file with the place of the value.
var secretKeys = []string{
	"projects:\n  - credentials:\n      token: %s\n",
	"projects:\n  - credentials: {token: %s}\n",
	"projects: [{credentials: {username: u, domain_name: d, password: %s}}]\n",
	"projects:\n  - credentials: {access_key: a, secret_key: %s}\n",
	"projects:\n  - credentials:\n      access_key: a\n      secret_key: s\n      security_token: %s\n",
	"credentials: {token: %s}\n" + "projects: [{region: cn-north-4}]\n",
	"credentials: {token: %s}\n" + oneProject,
	"http_client: {proxy_url: %s}\n" + oneProject,
	"credentials: {token: &a %s, password: *a}\nprojects: [*a]\n",
	"projects:\n  - credentials: &c {token: %s}\n  - credentials: *c\n  - credentials: {<<: *c}\n  - *c\n",
}

// otherKeys are places where people write a secret by mistake.
var otherKeys = []string{
	"%s\n",
	"token: %s\n",
	"scrape: %s\n",
	"scrape: {timeout: %s}\n",
	"scrape:\n  concurrency: %s\n",
	"projects: %s\n",
	"projects:\n  - %s\n",
	"projects:\n  - <<: %s\n",
	"projects:\n  - secret: %s\n",
	"projects:\n  - region: %s\n",
	"projects:\n  - endpoint: %s\n",
	"projects:\n  - iam_endpoint: %s\n",
	"projects:\n  - credentials: %s\n",
	"projects:\n  - credentials:\n      token_file: %s\n",
	"projects:\n  - credentials:\n      password_file: %s\n",
	"projects:\n  - credentials:\n      access_key_file: %s\n",
	"projects:\n  - credentials:\n      secret_key_file: %s\n",
	"projects:\n  - credentials:\n      credentials_file: %s\n",
	"projects:\n  - credentials:\n      tokens: %s\n",
	"projects:\n  - credentials:\n      ecs_agency: %s\n",
	"projects:\n  - credentials:\n      ecs_agency:\n        endpoint: %s\n",
	"credentials: %s\n",
	"http_client: %s\n",
	"projects:\n  - http_client: %s\n",
	"projects:\n  - http_client:\n      no_proxy: %s\n",
	"projects:\n  - http_client:\n      proxy_from_environment: %s\n",
	"projects:\n  - http_client:\n      tls_config:\n        ca_file: %s\n",
	"projects:\n  - http_client:\n      tls_config:\n        key_file: %s\n",
	"projects:\n  - http_client:\n      tls_config:\n        min_version: %s\n",
}

// secretValues are what people write there.
var secretValues = []string{
	"kiwi42", "[kiwi42]", "[kiwi42, kiwi42]", "{kiwi42}", "{kiwi42: 1}", "{kiwi42: ''}", "{kiwi42: !x y}",
	"{kiwi42: replace-me}", `{kiwi42: "\n"}`, "{kiwi42: 1, kiwi42: 2}", "{x: {kiwi42: ''}}", "{? kiwi42}",
	"{? [kiwi42] : 1}", "[{kiwi42: ''}]", "[[kiwi42: '']]", "hunter, kiwi42", "hunter, kiwi42: x", "hunter, kiwi42: ''",
	"hunter, kiwi42: {a: 1}", "hunter, kiwi42: !x y", "{<<: kiwi42}", "{<<: {kiwi42: 1}}", "{<<: [kiwi42]}",
	"!kiwi42", "!!kiwi42", "!kiwi42 x", "!<kiwi42> x", "!!int kiwi42", "!!float kiwi42", "!!bool kiwi42", "!!binary kiwi42",
	"!!timestamp kiwi42", "!!null kiwi42", "!!map kiwi42", "!!seq kiwi42", "!!map {kiwi42: 1}",
	"&kiwi42", "&kiwi42 x", "*kiwi42", "&kiwi42 {a: *kiwi42}", "&kiwi42 [*kiwi42]", "x *kiwi42",
	`"kiwi42`, `'kiwi42`, `"\kiwi42"`, `"kiwi42\n"`, `"kiwi42\0"`, "kiwi42\x00", "kiwi42\xff", "\"kiwi42\\\n",
	"|\n        kiwi42\n", "|\n  kiwi42\n", ">-\n        kiwi42\n        kiwi42\n", "|kiwi42", ">kiwi42",
	"kiwi42\n        kiwi42", "kiwi42\n  kiwi42: x", "kiwi42\nkiwi42: x", "kiwi42\n\tkiwi42: x", "\tkiwi42", "x\tkiwi42: y",
	"kiwi42 # kiwi42", "kiwi42: x", "x: kiwi42", "- kiwi42", "? kiwi42", "@kiwi42", "`kiwi42`", "%kiwi42", "%TAG ! kiwi42",
	"--- kiwi42", "\n--- kiwi42", "\n... kiwi42", "{kiwi42", "[kiwi42", "kiwi42}", "kiwi42]", "}kiwi42", ",kiwi42",
	"kiwi42, token: kiwi42", "kiwi42\n      token: kiwi42", "x, kiwi42: 1, kiwi42: 2", "http://kiwi42@", "http://kiwi42:p@pr oxy",
	"http://kiwi42@proxy:x", "http://u:kiwi42", "kiwi42://u", "http://proxy, kiwi42", "{X-kiwi42: a}",
	"https://u:kiwi42@example.com", "https://example.com/?k=kiwi42", "/kiwi42/kiwi42", "{token: kiwi42}", "{token:kiwi42}",
	"a: kiwi42: b", "\t- kiwi42",
}

// TestSecretsNotInErrors writes each form under each key. No form is repeated, but for a plain
// key of a mapping that is at none of the keys of secrets.
func TestSecretsNotInErrors(t *testing.T) {
	for _, value := range secretValues {
		for _, key := range secretKeys {
			expectNoSecret(t, fmt.Sprintf(key, value), unknownAtRoot)
		}
		for _, key := range otherKeys {
			expectNoSecret(t, fmt.Sprintf(key, value), unknownAnywhere)
		}
	}
}

// FuzzSecretsNotInErrors writes anything under a secret key, which no error may reveal.
func FuzzSecretsNotInErrors(f *testing.F) {
	for _, value := range secretValues {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		value = strings.ReplaceAll(value, "\r", "\n")
		for _, end := range []string{"\u0085", "\u2028", "\u2029"} { // YAML's other ends of lines
			value = strings.ReplaceAll(value, end, "\n")
		}
		expectNoSecret(t, "projects:\n  - credentials:\n      token: "+strings.ReplaceAll(value, "\n", "\n          ")+"\n", unknownAtRoot)
	})
}

func expectNoSecret(t *testing.T, content string, allowed *regexp.Regexp) {
	t.Helper()
	c, err := config.Parse("config.yml", ".", []byte(content), none)
	said := fmt.Sprint(err)
	if err == nil {
		said = strings.Join(c.Warnings, "\n")
	}
	if reveals(allowed.ReplaceAllString(said, "")) {
		t.Errorf("reveals it:\n%s\n%s", content, said)
	}
}

var (
	unknownAtRoot   = regexp.MustCompile(`config.yml:\d+: kiwi42: unknown key`) // where a second line may be
	unknownAnywhere = regexp.MustCompile(`[:.] ?kiwi42: unknown key`)
)
