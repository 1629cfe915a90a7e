package credentials

import "net/http"

// HasProxy reports whether requests to the metadata service may use a proxy.
func (a *Agency) HasProxy() bool {
	transport, ok := a.transport.(*http.Transport)
	return !ok || transport.Proxy != nil
}
