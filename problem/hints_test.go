package problem_test

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// settings are where each of the two services and the project are configured.
var settings = problem.Hints{Endpoint: "region (a)", IAMEndpoint: "iam_endpoint", Project: "project_name", Credentials: "renew token"}

// TestHintsDiffer checks that each reason has a hint of its own.
func TestHintsDiffer(t *testing.T) {
	t.Parallel()
	hints := map[string]cbrapi.Reason{}
	for _, reason := range cbrapi.Reasons() {
		hint := settings.Tasks(reason, nil)
		if other, ok := hints[hint]; ok || hint == "" {
			t.Errorf("reasons %q and %q have the hint %q", reason, other, hint)
		}
		hints[hint] = reason
		for name, other := range map[string]func(cbrapi.Reason, error) string{
			"vaults": settings.Vaults, "backups": settings.Backups, "protectables": settings.Protectables,
		} {
			if got := other(reason, nil); (got == hint) != (reason != cbrapi.ReasonPermission) {
				t.Errorf("%s: the hint for %q is %q, that of tasks %q", name, reason, got, hint)
			}
		}
	}
}

// TestHintsForbidden checks that a list that is optional can be left out where it is forbidden.
func TestHintsForbidden(t *testing.T) {
	t.Parallel()
	const tail = "; if that is granted, check project_name, and set enterprise_project_id if it is granted in an enterprise project"
	for want, hint := range map[string]func(cbrapi.Reason, error) string{
		"allow cbr:vaults:list and cbr:policies:list, for example with the system policy CBR ReadOnlyAccess, or remove vaults from the project":                                                                             settings.Vaults,
		"allow cbr:backups:list, for example with the system policy CBR ReadOnlyAccess, or remove backups from the project":                                                                                                 settings.Backups,
		"allow cbr:protectables:list (also called cbr:vaults:listProtectables), ecs:cloudServers:list and evs:volumes:list, for example with the system policy CBR ReadOnlyAccess, or remove protectables from the project": settings.Protectables,
	} {
		if got := hint(cbrapi.ReasonPermission, nil); got != want+tail {
			t.Errorf("got %q, want %q", got, want+tail)
		}
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	const (
		way     = ", and the way to the service: DNS, proxy, firewall, certificates"
		byProxy = "check proxy_url of http_client, or HTTPS_PROXY in the environment"
	)
	status := func(code int) error { return &cbrapi.Error{Operation: "ShowOpLog", StatusCode: code} }
	login := func(err error) error { return fmt.Errorf("%w: %w", cbrapi.ErrLogin, err) }
	lookup := func(err error) error { return fmt.Errorf("%w: %w", cbrapi.ErrProjectID, err) }
	dial := func(operation string) error {
		return fmt.Errorf("ListOpLogs: %w", &net.OpError{Op: operation, Err: &net.DNSError{Name: "example.com", IsNotFound: true}})
	}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"unreachable":                {dial("dial"), "check region (a)" + way},
		"unreachable proxy":          {dial("proxyconnect"), byProxy},
		"unreachable by SOCKS":       {dial("socks connect"), byProxy},
		"unreachable proxy at login": {login(dial("proxyconnect")), byProxy},
		"IAM unreachable at login":   {login(errors.New("refused")), "check iam_endpoint" + way},
		"IAM fails at the lookup":    {lookup(status(500)), "check iam_endpoint; if it is right, the service is failing"},
		"lookup, not found":          {lookup(status(404)), "check iam_endpoint, or set project_id"},
		"lookup, no such project": {
			lookup(&cbrapi.ProjectError{Name: "cn-north-4"}),
			"the name is that of project_name; set project_id, or project_name to the name of the project",
		},
		"lookup forbidden": {lookup(status(403)), "set project_id, or allow iam:projects:listProjects"},
		"forbidden": {
			status(403),
			"allow cbr:tasks:list and cbr:tasks:get, for example with the system policy CBR ReadOnlyAccess; if that is granted, " +
				"check project_name, and set enterprise_project_id if it is granted in an enterprise project",
		},
		"refused":          {status(401), "renew token"},
		"login refused":    {login(status(401)), "renew token"},
		"metadata service": {fmt.Errorf("%w at http://169.254.169.254: timeout", cbrapi.ErrMetadata), "configure other credentials unless this is an ECS server, and in a container allow access to the metadata service"},
		"CBR fails":        {status(500), "check region (a); if it is right, the service is failing"},
		"odd response":     {status(200), "if it lasts, check region (a) and project_name, or report it"},
		"no such path":     {status(404), "check region (a) and project_name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := settings.Tasks(cbrapi.ReasonOf(test.err), test.err); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
