// Package cbrapi is a client for the API of Huawei Cloud CBR (Cloud Backup and
// Recovery), version 3, and for the part of IAM that it needs to log in.
//
// It belongs here to build a request, to bound and read its answer, and to say
// what went wrong in a form that a caller can branch on. It does not belong
// here to decide when to ask, to ask again, to keep an answer or to log: those
// are the caller's. What a client remembers is how the service pages its lists.
// Credentials are added below this package, by the http.RoundTripper in Options;
// the usual ones are in cbrapi/credentials.
//
// The API calls a backup, a replication, a restore, a synchronisation or a
// deletion an operation log; the console and the exporter's metrics call it a
// task. They are the same thing.
//
// Reading is lenient: a field of an odd type or an unreadable time costs that
// field, which the Invalid of its task, vault or policy then names, and nothing
// else.
//
// The API is described at https://support.huaweicloud.com/intl/en-us/api-cbr/.
package cbrapi
