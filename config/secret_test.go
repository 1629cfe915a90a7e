package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/cbr-exporter/cbr_exporter/config"
)

// hidden must not be seen anywhere. Its halves occur in no other text here.
const hidden = "kiwi42"

func TestSecretReveal(t *testing.T) {
	if got := config.Secret(hidden).Reveal(); got != hidden {
		t.Errorf("got %q, want %q", got, hidden)
	}
}

func TestSecretMasked(t *testing.T) {
	c := prod()
	c.Projects[0].Credentials = config.Credentials{Token: hidden, Password: hidden, SecretKey: hidden, SecurityToken: hidden}
	c.Projects[0].HTTPClient.ProxyURL = "http://u:" + hidden + "@proxy.example.com"
	values := map[string]any{
		"proxy":       c.Projects[0].HTTPClient,
		"proxy_url":   c.Projects[0].HTTPClient.ProxyURL,
		"secret":      config.Secret(hidden),
		"pointer":     &c.Projects[0].Credentials.Token,
		"credentials": c.Projects[0].Credentials,
		"project":     c.Projects[0],
		"config":      *c,
		"*config":     c,
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			shown := map[string]string{}
			for _, verb := range strings.Fields("%v %+v %#v %s %q %#q %x %X %d %c %U %t %e %10s %.3s") {
				shown[verb] = fmt.Sprintf(verb, value)
			}
			shown["json"] = encoded(t, json.Marshal, value)
			shown["yaml"] = encoded(t, yaml.Marshal, value)
			var log strings.Builder
			slog.New(slog.NewTextHandler(&log, nil)).Info("", "value", value)
			shown["slog"] = log.String()
			for form, text := range shown {
				if reveals(text) {
					t.Errorf("%s reveals it: %s", form, text)
				}
			}
		})
	}
}

func encoded(t *testing.T, marshal func(any) ([]byte, error), value any) string {
	t.Helper()
	out, err := marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// reveals reports whether the text has the secret, or half of it, plain or in
// hexadecimal.
func reveals(text string) bool {
	text = strings.ToLower(text)
	for _, part := range []string{hidden[:3], hidden[3:]} {
		for _, form := range []string{"%s", "%x", "% x"} {
			if strings.Contains(text, strings.ToLower(fmt.Sprintf(form, part))) {
				return true
			}
		}
	}
	return false
}

func TestSecretEmpty(t *testing.T) {
	if got := fmt.Sprint(config.Secret("")); got != "" {
		t.Errorf("got %q, want nothing: there is no secret", got)
	}
}

// TestSecretsNotInErrors puts a secret, in every shape that YAML has, at every
// key and at some that do not exist.
func TestSecretsNotInErrors(t *testing.T) {
	shapes := map[string]string{
		"list":             "[kiwi42]",
		"mapping":          "{kiwi42: kiwi42}",
		"known key":        "{token: kiwi42}",
		"no space":         "{token:kiwi42}",
		"tag":              "!kiwi42",
		"tagged":           "!!int kiwi42",
		"binary":           "!!binary kiwi42",
		"anchor":           "&kiwi42",
		"alias":            "*kiwi42",
		"reserved":         "@kiwi42",
		"unclosed quote":   `"kiwi42`,
		"bad escape":       `"\kiwi42"`,
		"unclosed list":    "[kiwi42",
		"unclosed mapping": "{kiwi42",
		"colon":            "a: kiwi42: b",
		"tab":              "\t- kiwi42",
		"directive":        "%kiwi42",
		"line break":       `"kiwi42\n"`,
		"two lines":        "kiwi42\nkiwi42: kiwi42",
		"URL":              "https://u:kiwi42@example.com",
		"broken URL":       "https://u:kiwi42@exam ple.com:x",
		"query":            "https://example.com/?k=kiwi42",
		"path":             "/kiwi42/kiwi42",
		"plain":            "kiwi42",
	}
	keys := map[string]string{ // one line each, with the place of the secret
		"root":                   "%s\n",
		"unknown at root":        "token: %s\n",
		"scrape":                 "scrape: %s\n",
		"timeout":                "scrape: {timeout: %s}\n",
		"concurrency":            "scrape:\n  concurrency: %s\n",
		"projects":               "projects: %s\n",
		"project":                "projects:\n  - %s\n",
		"merge":                  "projects:\n  - <<: %s\n",
		"unknown in it":          "projects:\n  - secret: %s\n",
		"region":                 "projects:\n  - region: %s\n",
		"endpoint":               "projects:\n  - endpoint: %s\n",
		"iam_endpoint":           "projects:\n  - iam_endpoint: %s\n",
		"credentials":            "projects:\n  - credentials: %s\n",
		"token":                  "projects:\n  - credentials:\n      token: %s\n",
		"token_file":             "projects:\n  - credentials:\n      token_file: %s\n",
		"password":               "projects:\n  - credentials:\n      password: %s\n",
		"password_file":          "projects:\n  - credentials:\n      password_file: %s\n",
		"username":               "projects:\n  - credentials:\n      username: %s\n",
		"access_key and no more": "projects:\n  - credentials:\n      access_key: %s\n",
		"secret_key":             "projects:\n  - credentials:\n      secret_key: %s\n",
		"secret_key_file":        "projects:\n  - credentials:\n      secret_key_file: %s\n",
		"security_token":         "projects:\n  - credentials:\n      security_token: %s\n",
		"ecs_agency":             "projects:\n  - credentials:\n      ecs_agency: %s\n",
		"its endpoint":           "projects:\n  - credentials:\n      ecs_agency:\n        endpoint: %s\n",
		"http_client":            "projects:\n  - http_client: %s\n",
		"proxy_url":              "projects:\n  - http_client:\n      proxy_url: %s\n",
		"no_proxy":               "projects:\n  - http_client:\n      no_proxy: %s\n",
		"proxy_from_environment": "projects:\n  - http_client:\n      proxy_from_environment: %s\n",
		"ca_file":                "projects:\n  - http_client:\n      tls_config:\n        ca_file: %s\n",
		"key_file":               "projects:\n  - http_client:\n      tls_config:\n        key_file: %s\n",
		"min_version":            "projects:\n  - http_client:\n      tls_config:\n        min_version: %s\n",
		"unknown in theirs":      "projects:\n  - credentials:\n      tokens: %s\n",
	}
	for key, format := range keys {
		for shape, value := range shapes {
			t.Run(key+"/"+shape, func(t *testing.T) {
				content := fmt.Sprintf(format, value)
				_, err := config.Parse("config.yml", []byte(content), none)
				if err == nil {
					t.Fatalf("no error:\n%s", content)
				}
				// A key is shown where it is a plain word, which a
				// well-formed mapping makes of it.
				text := strings.ReplaceAll(err.Error(), "."+hidden+": unknown key", "")
				text = strings.ReplaceAll(text, ": "+hidden+": unknown key", "")
				if reveals(text) {
					t.Errorf("reveals it:\n%s\n%v", content, err)
				}
			})
		}
	}
}
