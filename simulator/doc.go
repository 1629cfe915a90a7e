// Package simulator is a small Huawei Cloud in one [http.Handler]: the part of
// IAM that hands out tokens, the gateway that checks tokens and signatures, and
// the part of CBR that tells about tasks, which the API calls operation logs, and
// about what should be backed up: vaults and policies. The metadata service of a
// server in it is a handler of its own, see [Metadata].
//
// It serves the demo (no account needed) and the tests. It shares no code with
// the client: it is a second, independent reading of the vendor's pages, so
// that a test of one against the other means something.
//
// The tasks of the fleet, which every cloud has, are a pure function of a seed
// and a clock. Others can be added, each with a life that is written beforehand.
// Any moment of any task's life can be asked for, in any order, and comes out
// the same. The vaults and policies belong to these tasks, and can be replaced.
// How the service lists all of it, and which requests fail, can be set.
//
//	GET  /v3/{project_id}/operation-logs
//	     https://support.huaweicloud.com/api-cbr/ListOpLogs.html
//	GET  /v3/{project_id}/operation-logs/{operation_log_id}
//	     https://support.huaweicloud.com/api-cbr/ShowOpLog.html
//	GET  /v3/{project_id}/vaults
//	     https://support.huaweicloud.com/intl/en-us/api-cbr/ListVault.html
//	GET  /v3/{project_id}/policies
//	     https://support.huaweicloud.com/intl/en-us/api-cbr/ListPolicies.html
//	POST /v3/auth/tokens
//	     https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html
package simulator
