package credentials_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

func TestKeyFile(t *testing.T) {
	temporary := credentials.Keys{AccessKey: "AK-kiwi", SecretKey: "SK-kiwi", SecurityToken: "ST-kiwi"}
	permanent := credentials.Keys{AccessKey: "AK-kiwi", SecretKey: "SK-kiwi"}
	expires := time.Date(2026, 3, 14, 10, 26, 53, 231e6, time.UTC)
	for name, test := range map[string]struct {
		content string
		want    credentials.Keys
		expires time.Time // zero: not known
	}{
		"of the metadata service": {keyAnswer, temporary, expires},
		"bare":                    {`{"access":"AK-kiwi","secret":"SK-kiwi","securitytoken":"ST-kiwi","expires_at":"2026-03-14T10:26:53.231000Z"}`, temporary, expires},
		"of the SDK":              {`{"accessKeyId":"AK-kiwi","secretAccessKey":"SK-kiwi","securityToken":"ST-kiwi","expiration":"2026-03-14T10:26:53.231Z"}`, temporary, expires},
		"permanent":               {"\n" + `{"access":"AK-kiwi","secret":"SK-kiwi"}` + "\n", permanent, time.Time{}},
		"nulls":                   {`{"access":"AK-kiwi","secret":"SK-kiwi","securitytoken":null,"expires_at":null}`, permanent, time.Time{}},
		"an invalid expiry":       {`{"access":"AK-kiwi","secret":"SK-kiwi","expires_at":"soon"}`, permanent, time.Time{}},
		"a numeric expiry":        {`{"access":"AK-kiwi","secret":"SK-kiwi","expires_at":1773484013}`, permanent, time.Time{}},
		"an expiry object":        {`{"credential":{"access":"AK-kiwi","secret":"SK-kiwi","expiration":{}}}`, permanent, time.Time{}},
		"a byte order mark":       {"\ufeff" + `{"access":"AK-kiwi","secret":"SK-kiwi"}`, permanent, time.Time{}},
		"more than is needed":     {`{"credential":{"access":"AK-kiwi","secret":"SK-kiwi"},"version":1}`, permanent, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "credentials.json")
			writeFile(t, name, test.content)
			file := credentials.KeyFile(name)
			got, err := file.Keys(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(revealed(test.want), revealed(got)); diff != "" {
				t.Errorf("the keys differ (-want +got):\n%s", diff)
			}
			if at, known := file.Expiry(); !at.Equal(test.expires) || known == test.expires.IsZero() {
				t.Errorf("the expiry is %v, %v, want %v", at, known, test.expires)
			}
			writeFile(t, name, strings.ReplaceAll(test.content, "kiwi", "plum"))
			if got, err := file.Keys(t.Context()); err != nil || got.SecretKey != "SK-plum" {
				t.Errorf("after a change: %v", err)
			}
		})
	}
}

func TestKeyFileErrors(t *testing.T) {
	const remedy = "; write access, secret and, if there is one, securitytoken into it, as the metadata service does"
	for name, test := range map[string]struct{ content, want string }{
		"empty":         {"", "not JSON of the documented shape"},
		"cut off":       {keyAnswer[:60], "not JSON of the documented shape"},
		"a profile":     {"[basic]\nak = AK-kiwi\nsk = SK-kiwi\n", "not JSON of the documented shape"},
		"a number":      {`{"access":"AK-kiwi","secret":42}`, "not JSON of the documented shape"},
		"a list":        {`[{"access":"AK-kiwi","secret":"SK-kiwi"}]`, "not JSON of the documented shape"},
		"null":          {"null", "it lacks the access key or its secret"},
		"no secret":     {`{"access":"AK-kiwi"}`, "it lacks the access key or its secret"},
		"no access key": {`{"credential":{"secret":"SK-kiwi"}}`, "it lacks the access key or its secret"},
		"half outside":  {`{"access":"AK-kiwi","credential":{"secret":"SK-kiwi"}}`, "it lacks the access key or its secret"},
	} {
		t.Run(name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "credentials.json")
			writeFile(t, name, test.content)
			expectKeyFileError(t, name, name+": "+test.want+remedy)
		})
	}
	t.Run("no file", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "credentials.json")
		expectKeyFileError(t, name, "stat "+name+": no such file or directory")
	})
}

func expectKeyFileError(t *testing.T, name, want string) {
	t.Helper()
	file := credentials.KeyFile(name)
	keys, err := file.Keys(t.Context())
	if keys != (credentials.Keys{}) || !errors.Is(err, cbrapi.ErrCredentials) {
		t.Fatalf("got %v and the keys %q", err, revealed(keys))
	}
	if want := "credentials cannot be used: " + want; err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
	if at, known := file.Expiry(); known {
		t.Errorf("the expiry is %v", at)
	}
}
