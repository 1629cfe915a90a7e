package problem

import (
	"errors"
	"net"
	"net/http"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
)

// Hints say what an operator can check when a project cannot be read. The fields are the
// settings of the project, as the operator knows them.
type Hints struct {
	Endpoint    string // key from which the URL of CBR follows
	IAMEndpoint string // key from which the URL of IAM follows
	Project     string // key by which the cloud knows the project
	Credentials string // what to do if the cloud refuses them
}

// Tasks returns what to check when tasks cannot be read for the reason. The error may
// be nil if it is not known.
func (h Hints) Tasks(reason cbrapi.Reason, err error) string {
	return h.hint(reason, err, "cbr:tasks:list and cbr:tasks:get", "")
}

// Vaults is Tasks for vaults and policies.
func (h Hints) Vaults(reason cbrapi.Reason, err error) string {
	return h.hint(reason, err, "cbr:vaults:list and cbr:policies:list", ", or remove vaults from the project")
}

// Backups is Tasks for backups.
func (h Hints) Backups(reason cbrapi.Reason, err error) string {
	return h.hint(reason, err, "cbr:backups:list", ", or remove backups from the project")
}

// Protectables is Tasks for the resources that could be protected. The list of actions of the
// API has the second name, see https://support.huaweicloud.com/en-us/api-cbr/cbr_04_0018.html.
func (h Hints) Protectables(reason cbrapi.Reason, err error) string {
	return h.hint(reason, err, "cbr:protectables:list (also called cbr:vaults:listProtectables), ecs:cloudServers:list and evs:volumes:list", ", or remove protectables from the project")
}

func (h Hints) hint(reason cbrapi.Reason, err error, permissions, otherwise string) string {
	lookup, endpoint, service := errors.Is(err, cbrapi.ErrProjectID), h.Endpoint, "the API"
	if lookup || errors.Is(err, cbrapi.ErrLogin) {
		endpoint, service = h.IAMEndpoint, "IAM"
	}
	var (
		unknown  *cbrapi.ProjectError
		response *cbrapi.Error
		dial     *net.OpError
	)
	switch {
	case reason == cbrapi.ReasonCredentials:
		return h.Credentials
	case reason == cbrapi.ReasonPermission && lookup:
		return "set project_id, or allow iam:projects:listProjects"
	case reason == cbrapi.ReasonPermission:
		return "allow " + permissions + ", for example with the system policy CBR ReadOnlyAccess" + otherwise +
			"; if that is granted, check " + h.Project + ", and set enterprise_project_id if it is granted in an enterprise project"
	case reason == cbrapi.ReasonThrottled:
		return "lower scrape.requests_per_second, or scrape less often"
	case reason == cbrapi.ReasonClock:
		return "set this machine's clock"
	case errors.Is(err, cbrapi.ErrMetadata):
		return "configure other credentials unless this is an ECS server, and in a container allow access to the metadata service"
	case errors.As(err, &dial) && (dial.Op == "proxyconnect" || dial.Op == "socks connect"):
		return "check proxy_url of http_client, or HTTPS_PROXY in the environment"
	case reason == cbrapi.ReasonNetwork:
		return "check " + endpoint + ", and the way to the service: DNS, proxy, firewall, certificates"
	case reason == cbrapi.ReasonDeadline:
		return "raise the scrape_timeout of Prometheus and scrape.timeout, or find out why " + service + " is slow"
	case errors.As(err, &response) && response.StatusCode == http.StatusOK:
		return "if it lasts, check " + endpoint + " and " + h.Project + ", or report it"
	case reason == cbrapi.ReasonUpstream:
		return "check " + endpoint + "; if it is right, the service is failing"
	case errors.As(err, &unknown):
		return "the name is that of " + h.Project + "; set project_id, or project_name to the name of the project"
	case lookup:
		return "check " + endpoint + ", or set project_id"
	default:
		return "check " + endpoint + " and " + h.Project
	}
}

// ErrorOf returns the error of the problem that has the reason, or nil.
func ErrorOf(problems []Problem, reason cbrapi.Reason) error {
	for _, p := range problems {
		if p.Reason == reason {
			return p.Err
		}
	}
	return nil
}
