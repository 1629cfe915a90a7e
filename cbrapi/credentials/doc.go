// Package credentials adds credentials to the requests of package cbrapi, as an
// http.RoundTripper for each kind of credentials that the cloud knows.
//
// It belongs here how a secret is read, what is sent with a request and when it
// is renewed. It does not belong here which kind a project uses, which is
// configuration, nor what IAM's messages look like, which is cbrapi's. The
// metadata service of an ECS server is asked for nothing but keys, and so is here.
//
// A secret is read anew whenever it is used, so that one that is rotated in its
// file needs no restart. None is ever part of an error.
package credentials
