package credentials

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// KeyFile is the name of a file with keys, as JSON in the form that the metadata service
// of the cloud has: see decodeKeys. It is read at each use.
type KeyFile string

// Keys is a KeySource. Its errors are cbrapi.ErrCredentials.
func (f KeyFile) Keys(context.Context) (Keys, error) {
	keys, _, err := f.read()
	return keys, err
}

// Expiry returns when the keys expire, if the file states that.
func (f KeyFile) Expiry() (time.Time, bool) {
	_, expires, err := f.read()
	return expires, err == nil && !expires.IsZero()
}

func (f KeyFile) read() (Keys, time.Time, error) {
	content, err := readFile(string(f))
	if err != nil {
		return Keys{}, time.Time{}, err
	}
	keys, expires, err := decodeKeys(content)
	if err == nil && (keys.AccessKey == "" || keys.SecretKey == "") {
		err = errors.New("it lacks the access key or its secret")
	}
	if err != nil {
		return Keys{}, time.Time{}, fmt.Errorf("%w: %s: %w; write access, secret and, if there is one, securitytoken into it, as the metadata service does", cbrapi.ErrCredentials, f, err)
	}
	return keys, expires, nil
}

// errNotKeys takes the place of errors of package json, which may quote a part of keys.
var errNotKeys = errors.New("not JSON of the documented shape")

// decodeKeys returns the keys in JSON of the form
//
//	{"credential": {"access": …, "secret": …, "securitytoken": …, "expires_at": …}}
//
// or of the inner object alone, and when they expire: zero if that is missing or invalid,
// which does not make the keys invalid. It accepts the other names that the vendor's SDK
// accepts, see core/auth/internal/metadata_accessor.go in
// https://github.com/huaweicloud/huaweicloud-sdk-go-v3.
func decodeKeys(content []byte) (Keys, time.Time, error) {
	type credential struct {
		Access          string       `json:"access"`
		AccessKeyID     string       `json:"accessKeyId"`
		Secret          string       `json:"secret"`
		SecretAccessKey string       `json:"secretAccessKey"`
		SecurityToken   string       `json:"securitytoken"`
		ExpiresAt       optionalText `json:"expires_at"`
		Expiration      optionalText `json:"expiration"`
	}
	var outer struct {
		credential
		Credential credential `json:"credential"`
	}
	const byteOrderMark = "\ufeff" // as some editors write it
	if json.Unmarshal(bytes.TrimPrefix(content, []byte(byteOrderMark)), &outer) != nil {
		return Keys{}, time.Time{}, errNotKeys
	}
	c := cmp.Or(outer.Credential, outer.credential)
	keys := Keys{
		AccessKey:     cmp.Or(c.Access, c.AccessKeyID),
		SecretKey:     cmp.Or(c.Secret, c.SecretAccessKey),
		SecurityToken: c.SecurityToken,
	}
	expires, _ := cbrapi.ParseTime(string(cmp.Or(c.ExpiresAt, c.Expiration))) // zero after an error
	return keys, expires, nil
}

// optionalText is a text, or "" if the JSON has something else in its place.
type optionalText string

// UnmarshalJSON implements json.Unmarshaler. It does not fail.
func (t *optionalText) UnmarshalJSON(value []byte) error {
	_ = json.Unmarshal(value, (*string)(t))
	return nil
}
