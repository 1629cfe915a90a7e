package credentials

import (
	"net/http"
	"time"
)

// NewAgencyThrough is NewAgency with another way to the metadata service.
func NewAgencyThrough(transport http.RoundTripper, now func() time.Time) *Agency {
	a := NewAgency("http://169.254.169.254", now)
	a.metadata.transport = transport
	return a
}

// HasProxy reports whether the metadata service may be asked through a proxy.
func (a *Agency) HasProxy() bool {
	transport, ok := a.metadata.transport.(*http.Transport)
	return !ok || transport.Proxy != nil
}
