package credentials

import (
	"errors"
	"net/http"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// verdict is what an answer says of the credentials. It may be nothing: a proxy, a
// load balancer or an ill service may have answered.
type verdict struct {
	accepted bool
	refused  *cbrapi.Error // how; nil if they were not
	unproven bool          // they were refused, and nothing could be sent instead
}

func verdictOf(operation string, resp *http.Response, err error) verdict {
	var (
		login   *cbrapi.Error
		blocked *RefusedError
	)
	switch {
	case errors.As(err, &blocked):
		return verdict{unproven: true}
	case errors.As(err, &login) && login.StatusCode == http.StatusUnauthorized:
		return verdict{refused: login}
	case err != nil:
		return verdict{}
	case resp.StatusCode == http.StatusUnauthorized:
		if operation == cbrapi.OperationListAuthProjects && signedRequest(resp) {
			return verdict{} // whether this may be signed at all is not documented
		}
		return verdict{refused: cbrapi.PeekError(operation, resp)}
	default:
		return verdict{accepted: resp.StatusCode < 300 ||
			resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusNotFound}
	}
}

// signedRequest reports whether resp is the answer to a request with a signature.
func signedRequest(resp *http.Response) bool {
	return resp != nil && resp.Request != nil && resp.Request.Header.Get(dateHeader) != ""
}
