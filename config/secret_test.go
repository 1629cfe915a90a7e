package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
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
	c.Credentials = config.Credentials{Token: hidden, Password: hidden, SecretKey: hidden, SecurityToken: hidden}
	c.Projects[0].Credentials = c.Credentials
	values := map[string]any{
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

// TestFormOfSecrets writes credentials as people paste them, in the file and in files
// of their own. No form of them is shown.
func TestFormOfSecrets(t *testing.T) {
	const (
		quotes      = "quotes; remove them"
		around      = "quotes around the value, which are a part of it; remove them"
		named       = "a name before the value, as in NAME=value; keep the value alone"
		blank       = "a blank, a comma or another character that keys and tokens do not have; write the value of this key alone"
		unprintable = "a byte order mark, a line break or another character that cannot be printed; write the value alone, on one line, as UTF-8 without a byte order mark"
		ifPassword  = around + ", unless the password begins and ends with them"
	)
	file := filepath.Join(t.TempDir(), "secret")
	for name, test := range map[string]struct {
		key, text string
		inline    string // what is wrong with it; "" if nothing is
		inFile    string
		isWarning bool
	}{
		"secret key":                {key: "secret_key", text: "kiwi42"},
		"secret key, padded":        {key: "secret_key", text: "kiwi42/+AA=="},
		"secret key, quotes":        {key: "secret_key", text: `"kiwi42"`, inline: quotes, inFile: quotes},
		"secret key, one quote":     {key: "secret_key", text: `kiwi42'`, inline: quotes, inFile: quotes},
		"secret key, blank":         {key: "secret_key", text: "kiwi42 kiwi42", inline: blank, inFile: blank},
		"secret key, with its key":  {key: "secret_key", text: "KIWI,kiwi42", inline: blank, inFile: blank},
		"secret key, named":         {key: "secret_key", text: "HUAWEICLOUD_SDK_SK=kiwi42", inline: named, inFile: named},
		"secret key, named in YAML": {key: "secret_key", text: "secret_key: kiwi42", inline: named, inFile: named},
		"secret key, two lines":     {key: "secret_key", text: "kiwi42\nkiwi42", inFile: unprintable},
		"security token, quotes":    {key: "security_token", text: "'kiwi42'", inline: quotes, inFile: quotes},
		"token":                     {key: "token", text: "MIIkiwi42-+/=_.=="},
		"token, header":             {key: "token", text: "X-Auth-Token: kiwi42", inline: named, inFile: named},
		"token, BOM":                {key: "token", text: "\ufeffkiwi42", inFile: unprintable},
		"token, UTF-16":             {key: "token", text: "\xff\xfek\x00i\x00w\x00i\x004\x002\x00", inFile: unprintable},
		"password":                  {key: "password", text: `kiwi42 "=' kiwi42 =é`},
		"password, an assignment":   {key: "password", text: "kiwi42=kiwi42"},
		"password, quotes":          {key: "password", text: `"kiwi42"`, inline: ifPassword, inFile: ifPassword, isWarning: true},
		"password, Latin-1":         {key: "password", text: "kiwi42\xe9", inFile: unprintable},
		"password, BOM":             {key: "password", text: "\ufeffkiwi42", inFile: unprintable},
	} {
		rest := map[string]string{
			"secret_key": ", access_key: A", "security_token": ", access_key: A, secret_key: S", "password": ", username: u, domain_name: d",
		}[test.key]
		check := func(yaml, want string) {
			t.Helper()
			c, err := config.Parse("config.yml", ".", []byte(yaml), none)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if test.isWarning && c != nil {
				said = strings.Join(c.Warnings, "\n")
			}
			if said != want || (err == nil && !test.isWarning && len(c.Warnings) > 0) {
				t.Errorf("got %q, want %q", said, want)
			}
			if reveals(said) {
				t.Errorf("reveals it: %s", said)
			}
		}
		t.Run(name+"/file", func(t *testing.T) {
			if err := os.WriteFile(file, []byte(test.text+"\r\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			want := ""
			if test.inFile != "" {
				want = "config.yml:4: projects[0].credentials." + test.key + "_file: the file has " + test.inFile
			}
			check(with("token: T", test.key+"_file: "+file+rest), want)
		})
		if test.inline == "" && test.inFile != "" {
			continue // YAML does not allow it, or document.check reports it
		}
		t.Run(name+"/inline", func(t *testing.T) {
			want := ""
			if test.inline != "" {
				want = "config.yml:4: projects[0].credentials." + test.key + ": it has " + test.inline
			}
			check(with("token: T", test.key+": '"+strings.ReplaceAll(test.text, "'", "''")+"'"+rest), want)
		})
	}
	for pasted, want := range map[string]string{`"kiwi42"`: quotes, "KIWI,kiwi42": blank} {
		_, err := config.Parse("config.yml", ".", []byte(with("token: T", "secret_key: S, access_key: '"+pasted+"'")), none)
		if want := "config.yml:4: projects[0].credentials.access_key: it has " + want; err == nil || err.Error() != want {
			t.Errorf("access_key %s: got %v, want %s", pasted, err, want)
		}
	}
	for key, all := range map[string]string{"username": "domain_name: d, password: p", "domain_name": "username: u, password: p"} {
		c, err := config.Parse("config.yml", ".", []byte(with("token: T", key+`: '"kiwi42"', `+all)), none)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"config.yml:4: projects[0].credentials." + key + ": it has " + around + ", unless the " + key + " begins and ends with them"}
		if !slices.Equal(c.Warnings, want) {
			t.Errorf("%s in quotes: got %q, want %q", key, c.Warnings, want)
		}
	}
}
