package credentials

import (
	"context"
	"errors"
	"net/http"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Login returns login, which is not repeated for an hour after a refusal: a few of them
// lock the user.
//
// IAM responds with 401 both for a wrong password and for a project that does not exist.
// So one refusal must not stop the other projects of a user, but one for each of many
// projects would lock the user.
func (g *Guard) Login(identity Identity, login Login) Login {
	read := func(context.Context) (reading, error) {
		user, err := identity.User()
		if err != nil {
			return reading{}, err
		}
		project, err := identity.Secret()
		return reading{key: userKey(user), kind: aLogin, place: project}, err
	}
	return func(ctx context.Context) (cbrapi.Token, error) {
		r, own, err := g.admit(ctx, read)
		if err != nil {
			return cbrapi.Token{}, err
		}
		token, err := login(ctx)
		o := outcome{accepted: err == nil}
		if response, ok := errors.AsType[*cbrapi.Error](err); ok && response.StatusCode == http.StatusUnauthorized {
			o.refused = &RefusedError{Response: response}
		}
		g.leave(r, own, o)
		return token, err
	}
}
