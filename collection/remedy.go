package collection

import "github.com/cbr-exporter/cbr_exporter/cbrapi"

// Remedy says what to look at when the API could not be read for the reason.
func Remedy(reason cbrapi.Reason) string {
	switch reason {
	case cbrapi.ReasonCredentials:
		return "check the project's credentials, and iam_endpoint where they log in; a token lives for 24 hours"
	case cbrapi.ReasonPermission:
		return "allow the user cbr:tasks:list and cbr:tasks:get, for example by the system policy CBR ReadOnlyAccess; if that is granted in an enterprise project, set enterprise_project_id"
	case cbrapi.ReasonThrottled:
		return "lower scrape.requests_per_second, or scrape less often"
	case cbrapi.ReasonClock:
		return "set this machine's clock"
	case cbrapi.ReasonNetwork:
		return "check the project's endpoint, and the way to it: DNS, proxy, firewall, certificates"
	case cbrapi.ReasonDeadline:
		return "raise the scrape_timeout of Prometheus and scrape.timeout, or see why the API is slow"
	case cbrapi.ReasonUpstream:
		return "check that the project's endpoint is the API's; if it is, the service is ill"
	default:
		return "check the project's endpoint, and its project_id or project_name"
	}
}
