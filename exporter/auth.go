package exporter

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
	"github.com/cbr-exporter/cbr_exporter/config"
)

// auth is a RoundTripper that adds the credentials of a project to its requests, unless
// the cloud refuses them.
type auth struct {
	*credentials.Guarded
	expiry func() (time.Time, bool) // nil if it is never known
}

// newAuth returns the auth for the project's kind of credentials. It sends requests,
// logins included, through next.
func (e *Exporter) newAuth(p config.Project, next http.RoundTripper) (auth, error) {
	switch kind, c := p.Credentials.Kind(), p.Credentials; kind {
	case config.KindToken:
		token := secret(c.Token, c.TokenFile)
		return auth{Guarded: e.guard.Watch(credentials.Identity{Secret: token}, credentials.Token(token, next))}, nil
	case config.KindKeys:
		return auth{Guarded: e.guard.WatchKeys(keySource(c), next)}, nil
	case config.KindFile:
		file := credentials.KeyFile(c.CredentialsFile)
		return auth{e.guard.WatchKeys(file.Keys, next), file.Expiry}, nil
	case config.KindAgency:
		agency := credentials.NewAgency(c.ECSAgency.Endpoint, e.options.Transport, e.options.Now)
		return auth{e.guard.WatchKeys(agency.Keys, next), agency.Expiry}, nil
	case config.KindPassword:
		return e.passwordAuth(p, next)
	default:
		return auth{}, fmt.Errorf("credentials of kind %q are not supported", kind)
	}
}

func keySource(c config.Credentials) credentials.KeySource {
	var securityToken credentials.Secret
	if c.SecurityToken != "" || c.SecurityTokenFile != "" {
		securityToken = secret(c.SecurityToken, c.SecurityTokenFile)
	}
	accessKey := secret(config.Secret(c.AccessKey), c.AccessKeyFile)
	return credentials.KeysFrom(accessKey, secret(c.SecretKey, c.SecretKeyFile), securityToken)
}

func (e *Exporter) passwordAuth(p config.Project, next http.RoundTripper) (auth, error) {
	iam, err := cbrapi.NewIAM(cbrapi.Options{
		Endpoint:  p.IAMEndpoint,
		Transport: next,
		UserAgent: e.options.UserAgent,
	})
	if err != nil {
		return auth{}, err
	}
	c := p.Credentials
	password := secret(c.Password, c.PasswordFile)
	login := func(ctx context.Context) (cbrapi.Token, error) {
		value, err := password()
		if err != nil {
			return cbrapi.Token{}, err
		}
		return iam.Login(ctx, cbrapi.PasswordLogin{
			Username:    c.Username,
			Password:    value,
			DomainName:  c.DomainName,
			ProjectID:   p.ProjectID,
			ProjectName: p.LookupName(),
		})
	}
	secretWith := func(parts ...string) credentials.Secret {
		return func() (string, error) {
			value, err := password()
			return strings.Join(append(parts, c.DomainName, c.Username, value), "\x00"), err
		}
	}
	// IAM answers 401 for a project that does not exist as well, and each region has its
	// own IAM. The user is the same for all projects and regions.
	identity := credentials.Identity{
		Secret: secretWith(p.IAMEndpoint, p.ProjectID, p.LookupName()),
		User:   secretWith(),
	}
	tokens := credentials.NewPassword(e.guard.Login(identity, login), host(p.IAMEndpoint), next, e.options.Now)
	return auth{e.guard.Watch(identity, tokens), tokens.Expiry}, nil
}

func secret(value config.Secret, file string) credentials.Secret {
	if file != "" {
		return credentials.FromFile(file)
	}
	return credentials.Fixed(value.Reveal())
}

// credentialsCollector exposes the state of the projects' credentials. It implements
// prometheus.Collector.
type credentialsCollector struct {
	exporter *Exporter
	rejected *prometheus.Desc
	expiry   *prometheus.Desc
}

func newCredentialsCollector(e *Exporter) *credentialsCollector {
	return &credentialsCollector{
		exporter: e,
		rejected: prometheus.NewDesc("cbr_exporter_credentials_rejected",
			"Whether the cloud refuses the project's credentials. Refused credentials are rarely sent.", []string{"project"}, nil),
		expiry: prometheus.NewDesc("cbr_exporter_credentials_expiry_timestamp_seconds",
			"Unix time at which the current token or temporary keys expire. Absent if unknown.", []string{"project"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *credentialsCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.rejected
	ch <- c.expiry
}

// Collect implements prometheus.Collector.
func (c *credentialsCollector) Collect(ch chan<- prometheus.Metric) {
	for _, p := range c.exporter.current.Load().all {
		rejected := 0.0
		if p.transport.Refused(p.transport.hosts...) {
			rejected = 1
		}
		ch <- prometheus.MustNewConstMetric(c.rejected, prometheus.GaugeValue, rejected, p.name)
		if p.transport.expiry == nil {
			continue
		}
		if at, known := p.transport.expiry(); known {
			ch <- prometheus.MustNewConstMetric(c.expiry, prometheus.GaugeValue, float64(at.UnixNano())/1e9, p.name)
		}
	}
}
