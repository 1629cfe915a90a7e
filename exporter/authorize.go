package exporter

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cbr-exporter/cbr_exporter/cbrapi"
	"github.com/cbr-exporter/cbr_exporter/cbrapi/credentials"
	"github.com/cbr-exporter/cbr_exporter/config"
)

// authorize returns a RoundTripper that adds the project's credentials to the
// requests that it sends on to next, unless they have been refused.
func (e *Exporter) authorize(p config.Project, next http.RoundTripper) (*credentials.Guarded, error) {
	c := p.Credentials
	switch kind := c.Kind(); kind {
	case config.KindToken:
		token := secret(c.Token, c.TokenFile)
		return e.guard.Watch(token, credentials.RetryToken, credentials.Token(token, next)), nil
	case config.KindKeys:
		return e.authorizeKeys(p, next), nil
	case config.KindPassword:
		return e.authorizePassword(p, next)
	default:
		return nil, fmt.Errorf("credentials of the kind %q are not supported", kind)
	}
}

func (e *Exporter) authorizeKeys(p config.Project, next http.RoundTripper) *credentials.Guarded {
	c := p.Credentials
	var securityToken credentials.Secret
	if c.SecurityToken != "" || c.SecurityTokenFile != "" {
		securityToken = secret(c.SecurityToken, c.SecurityTokenFile)
	}
	keys := credentials.KeysFrom(credentials.Fixed(c.AccessKey), secret(c.SecretKey, c.SecretKeyFile), securityToken)
	identity := func() (string, error) {
		k, err := keys(context.Background())
		return strings.Join([]string{k.AccessKey, k.SecretKey, k.SecurityToken}, "\x00"), err
	}
	return e.guard.Watch(identity, credentials.RetryKey, credentials.Sign(keys, p.ProjectID, next, e.options.Now))
}

func (e *Exporter) authorizePassword(p config.Project, next http.RoundTripper) (*credentials.Guarded, error) {
	iam, err := cbrapi.NewIAM(cbrapi.Options{
		Endpoint:  p.IAMEndpoint,
		Transport: next,
		UserAgent: e.options.UserAgent,
	})
	if err != nil {
		return nil, err
	}
	c := p.Credentials
	password := secret(c.Password, c.PasswordFile)
	login := func(ctx context.Context) (cbrapi.Token, error) {
		value, err := password()
		if err != nil {
			return cbrapi.Token{}, err
		}
		token, err := iam.Login(ctx, cbrapi.PasswordLogin{
			Username:   c.Username,
			Password:   value,
			DomainName: c.DomainName,
			ProjectID:  p.ProjectID,
		})
		if err != nil {
			return cbrapi.Token{}, fmt.Errorf("%w: %w", cbrapi.ErrLogin, err)
		}
		return token, nil
	}
	// IAM answers 401 for a project that does not exist as well, so the project
	// is a part: a wrong project_id must not stop other projects of this user.
	identity := func() (string, error) {
		value, err := password()
		return strings.Join([]string{p.IAMEndpoint, p.ProjectID, c.DomainName, c.Username, value}, "\x00"), err
	}
	return e.guard.Watch(identity, credentials.RetryLogin, credentials.NewPassword(login, next, e.options.Now)), nil
}

func secret(value config.Secret, file string) credentials.Secret {
	if file != "" {
		return credentials.FromFile(file)
	}
	return credentials.Fixed(value.Reveal())
}

// rejections says which projects have credentials that the cloud refuses. It is
// a prometheus.Collector.
type rejections struct {
	exporter *Exporter
	desc     *prometheus.Desc
}

func newRejections(e *Exporter) *rejections {
	return &rejections{e, prometheus.NewDesc("cbr_exporter_credentials_rejected",
		"1 while the cloud refuses the project's credentials, so that they are rarely sent.", []string{"project"}, nil)}
}

// Describe implements prometheus.Collector.
func (r *rejections) Describe(ch chan<- *prometheus.Desc) { ch <- r.desc }

// Collect implements prometheus.Collector.
func (r *rejections) Collect(ch chan<- prometheus.Metric) {
	for _, p := range r.exporter.inForce.Load().all {
		value := 0.0
		if p.credentials.Refused() {
			value = 1
		}
		ch <- prometheus.MustNewConstMetric(r.desc, prometheus.GaugeValue, value, p.name)
	}
}
