// Package credentials contains an http.RoundTripper for each kind of credentials
// that Huawei Cloud accepts, and a Guard that stops sending refused credentials.
//
// Secrets are read at each use, so a secret that is rotated in its file needs no
// restart. No error of this package contains a secret.
package credentials
