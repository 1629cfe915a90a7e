package credentials

import (
	"context"
	"fmt"
	"io"
)

// Keys are an access key (AK), its secret key (SK) and, where they are
// temporary, the security token that proves them. They mask themselves wherever
// they are printed or encoded.
type Keys struct {
	AccessKey     string
	SecretKey     string
	SecurityToken string // "" for permanent keys
}

// KeySource returns the keys as they are now.
type KeySource func(context.Context) (Keys, error)

// KeysFrom returns a source that reads each of the secrets at each use, so that
// they may be rotated in their files. A nil securityToken means permanent keys.
func KeysFrom(accessKey, secretKey, securityToken Secret) KeySource {
	return func(context.Context) (keys Keys, err error) {
		for _, part := range []struct {
			secret Secret
			to     *string
		}{
			{accessKey, &keys.AccessKey},
			{secretKey, &keys.SecretKey},
			{securityToken, &keys.SecurityToken},
		} {
			if part.secret == nil {
				continue
			}
			if *part.to, err = part.secret(); err != nil {
				return Keys{}, err
			}
		}
		return keys, nil
	}
}

const maskedKeys = "<keys>"

// String returns a mask.
func (k Keys) String() string { return maskedKeys }

// Format masks the keys whatever the verb: without it %x and %#v would reveal.
func (k Keys) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, maskedKeys) // a fmt.State does not fail
}

// MarshalText masks the keys in JSON and in logs.
func (k Keys) MarshalText() ([]byte, error) { return []byte(maskedKeys), nil }

// usable returns an error where no header can carry the keys.
func (k Keys) usable() error {
	if err := inHeader("the access key", k.AccessKey); err != nil {
		return err
	}
	return inHeader("the security token", k.SecurityToken)
}
