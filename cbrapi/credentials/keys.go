package credentials

import (
	"context"
	"fmt"
	"io"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Keys are an access key (AK), its secret key (SK) and, if they are temporary, their
// security token. They mask themselves wherever they are printed or encoded.
type Keys struct {
	AccessKey     string
	SecretKey     string
	SecurityToken string // "" for permanent keys
}

// KeySource returns the current keys.
type KeySource func(context.Context) (Keys, error)

// maxReadings is how often keys are read until two readings are equal.
const maxReadings = 5

// KeysFrom returns a source that reads the secrets at each use. A nil securityToken
// means permanent keys.
//
// The secrets belong together but may be replaced between two of them: the cloud counts
// a new secret with the old access key as a wrong one. So they are read until two
// readings are equal.
func KeysFrom(accessKey, secretKey, securityToken Secret) KeySource {
	read := func() (keys Keys, err error) {
		if keys.AccessKey, err = accessKey(); err != nil {
			return Keys{}, err
		}
		if keys.SecretKey, err = secretKey(); err != nil {
			return Keys{}, err
		}
		if securityToken != nil {
			keys.SecurityToken, err = securityToken()
		}
		return keys, err
	}
	return func(context.Context) (Keys, error) {
		var before Keys
		for range maxReadings {
			keys, err := read()
			if err != nil || keys == before {
				return keys, err
			}
			before = keys
		}
		return Keys{}, fmt.Errorf("%w: the files of the access key keep changing; replace them together", cbrapi.ErrCredentials)
	}
}

const maskedKeys = "<keys>"

// Format masks the keys for every verb.
func (k Keys) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, maskedKeys) // a fmt.State does not fail
}

// MarshalText masks the keys in JSON and in logs.
func (k Keys) MarshalText() ([]byte, error) { return []byte(maskedKeys), nil }

func (k Keys) validate() error {
	if err := validHeader("the access key", k.AccessKey); err != nil {
		return err
	}
	return validHeader("the security token", k.SecurityToken)
}
