package credentials_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
)

// keyFiles are an access key, its secret key and a security token in a directory.
type keyFiles struct {
	*testing.T
	dir string
}

func (f keyFiles) write(name, value string) { writeFile(f.T, filepath.Join(f.dir, name), value) }

func (f keyFiles) writeAll(generation string) {
	for _, name := range []string{"AK", "SK", "ST"} {
		f.write(name, name+"-"+generation)
	}
}

func (f keyFiles) secret(name string) credentials.Secret {
	return credentials.FromFile(filepath.Join(f.dir, name))
}

func (f keyFiles) source() credentials.KeySource {
	return credentials.KeysFrom(f.secret("AK"), f.secret("SK"), f.secret("ST"))
}

func generation(name string) credentials.Keys {
	return credentials.Keys{AccessKey: "AK-" + name, SecretKey: "SK-" + name, SecurityToken: "ST-" + name}
}

// revealed makes keys comparable by cmp.Diff, which they mask themselves from.
func revealed(k credentials.Keys) []string {
	return []string{k.AccessKey, k.SecretKey, k.SecurityToken}
}

func expectKeys(t *testing.T, when string, source credentials.KeySource, want credentials.Keys) {
	t.Helper()
	got, err := source(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if diff := cmp.Diff(revealed(want), revealed(got)); diff != "" {
		t.Errorf("%s: the keys differ (-want +got):\n%s", when, diff)
	}
}

func TestKeysAreReadAtEachUse(t *testing.T) {
	files := keyFiles{t, t.TempDir()}
	files.writeAll("one")
	source := files.source()
	expectKeys(t, "at first", source, generation("one"))
	want := generation("one")
	for _, part := range []struct {
		name  string
		value *string
	}{{"AK", &want.AccessKey}, {"SK", &want.SecretKey}, {"ST", &want.SecurityToken}} {
		*part.value = part.name + "-two"
		files.write(part.name, " "+*part.value+"\r\n")
		expectKeys(t, part.name+" changed", source, want)
	}
}

// TestKeysInSecretVolume replaces the files as Kubernetes does, by a symbolic link to
// their directory, between the readings of two files.
func TestKeysInSecretVolume(t *testing.T) {
	for _, between := range []string{"AK", "SK", "ST"} {
		t.Run("after "+between, func(t *testing.T) {
			volume := t.TempDir()
			for _, name := range []string{"one", "two"} {
				dir := filepath.Join(volume, name)
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				keyFiles{t, dir}.writeAll(name)
			}
			data := filepath.Join(volume, "data")
			swap := func(to string) {
				if err := errors.Join(os.Symlink(to, data+"-new"), os.Rename(data+"-new", data)); err != nil {
					t.Fatal(err)
				}
			}
			swap("one")
			files, due := keyFiles{t, data}, false
			secret := func(name string) credentials.Secret {
				return func() (string, error) {
					value, err := files.secret(name)()
					if due && name == between {
						due = false
						swap("two")
					}
					return value, err
				}
			}
			source := credentials.KeysFrom(secret("AK"), secret("SK"), secret("ST"))
			expectKeys(t, "at first", source, generation("one"))
			due = true
			expectKeys(t, "during the swap", source, generation("two"))
		})
	}
}

func TestKeysThatKeepChanging(t *testing.T) {
	readings := 0
	changing := func() (string, error) {
		readings++
		return fmt.Sprint("kiwi", readings), nil
	}
	_, err := credentials.KeysFrom(credentials.Fixed("AK"), changing, nil)(t.Context())
	const want = "credentials cannot be used: the files of the access key keep changing; replace them together"
	if err == nil || err.Error() != want || !errors.Is(err, cbrapi.ErrCredentials) {
		t.Errorf("the error is %v, want %s", err, want)
	}
	if readings != 5 {
		t.Errorf("%d readings, want 5", readings)
	}
}

func TestKeysAreMasked(t *testing.T) {
	keys := credentials.Keys{AccessKey: "kiwi42", SecretKey: "kiwi42", SecurityToken: "kiwi42"}
	for _, value := range []any{keys, &keys, struct{ Keys credentials.Keys }{keys}, []credentials.Keys{keys}} {
		shown := map[string]string{}
		for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %t %10s") {
			shown[verb] = fmt.Sprintf(verb, value)
		}
		inJSON, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		shown["json"] = string(inJSON)
		for form, text := range shown {
			if strings.Contains(text, "kiwi") || strings.Contains(strings.ToLower(text), "6b697769") {
				t.Errorf("%s of %T reveals the keys: %s", form, value, text)
			}
		}
	}
	if got := fmt.Sprint(keys); got != "<keys>" {
		t.Errorf("got %q, want <keys>", got)
	}
}
