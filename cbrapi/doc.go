// Package cbrapi is a client for the API of Huawei Cloud CBR (Cloud Backup and
// Recovery), version 3, and for the part of IAM that issues tokens and lists projects.
//
// The package builds requests, bounds and reads the responses, and classifies errors.
// It adds no credentials: the http.RoundTripper in Options does. Package credentials has
// such transports.
//
// The API calls a backup, a replication, a restore, a synchronisation or a deletion an
// operation log. The console and the exporter's metrics call it a task.
//
// A field of an unexpected type costs only that field, which is listed in the Invalid of
// its task, vault, policy, backup or protectable resource.
//
// See https://support.huaweicloud.com/intl/en-us/api-cbr/.
package cbrapi
