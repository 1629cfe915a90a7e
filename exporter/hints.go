package exporter

import (
	"github.com/cbr-exporter/cbr_exporter/config"
	"github.com/cbr-exporter/cbr_exporter/problem"
)

// hints returns what an operator can check, by the names of the settings of a project.
func hints(p config.Project) problem.Hints {
	h := problem.Hints{
		Endpoint:    p.EndpointSetting(),
		IAMEndpoint: p.IAMEndpointSetting(),
		Project:     p.ProjectSetting(),
	}
	places := p.Credentials.Places()
	switch p.Credentials.Kind() {
	case config.KindKeys:
		h.Credentials = "check the access key in " + places + ", and that its user is enabled"
	case config.KindPassword:
		h.Credentials = "check the login in " + places + ", " + h.IAMEndpoint + " and " + h.Project
	case config.KindToken:
		h.Credentials = "renew " + places + ": a token is for one project and lives for 24 hours"
	case config.KindAgency:
		h.Credentials = "check that an agency with the policy CBR ReadOnlyAccess is bound to this server, or configure other credentials"
	default:
		h.Credentials = "check " + places
	}
	return h
}
