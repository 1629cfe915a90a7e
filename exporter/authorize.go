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

// authorization is a RoundTripper that adds a project's credentials to the
// requests that it sends on, unless they have been refused.
type authorization struct {
	http.RoundTripper
	guarded *credentials.Guarded
	// expiry is nil where nobody can know when the credentials expire.
	expiry func() (time.Time, bool)
}

// authorize returns an authorization for the project that sends requests on to next.
func (e *Exporter) authorize(p config.Project, next http.RoundTripper) (*authorization, error) {
	c := p.Credentials
	switch kind := c.Kind(); kind {
	case config.KindToken:
		token := secret(c.Token, c.TokenFile)
		return unlimited(e.guard.Watch(token, credentials.RiskToken, credentials.Token(token, next))), nil
	case config.KindKeys:
		return e.authorizeKeys(p, next), nil
	case config.KindAgency:
		return e.authorizeAgency(p, next), nil
	case config.KindPassword:
		return e.authorizePassword(p, next)
	default:
		return nil, fmt.Errorf("credentials of the kind %q are not supported", kind)
	}
}

func unlimited(guarded *credentials.Guarded) *authorization {
	return &authorization{RoundTripper: guarded, guarded: guarded}
}

func (e *Exporter) authorizeKeys(p config.Project, next http.RoundTripper) *authorization {
	c := p.Credentials
	var securityToken credentials.Secret
	if c.SecurityToken != "" || c.SecurityTokenFile != "" {
		securityToken = secret(c.SecurityToken, c.SecurityTokenFile)
	}
	keys := credentials.KeysFrom(credentials.Fixed(c.AccessKey), secret(c.SecretKey, c.SecretKeyFile), securityToken)
	identity := func() (string, error) {
		k, err := keys(context.Background())
		return identityOf(k), err
	}
	return unlimited(e.guard.Watch(identity, credentials.RiskKey, credentials.Sign(keys, p.ProjectID, next, e.options.Now)))
}

// authorizeAgency has the keys fetched before the guard asks which they are: a
// fetch ends with the request that it is for, and a metrics page begins none.
func (e *Exporter) authorizeAgency(p config.Project, next http.RoundTripper) *authorization {
	agency := credentials.NewAgency(p.Credentials.ECSAgency.Endpoint, e.options.Now)
	identity := func() (string, error) { return identityOf(agency.Current()), nil }
	guarded := e.guard.Watch(identity, credentials.RiskKey, credentials.Sign(agency.Keys, p.ProjectID, next, e.options.Now))
	return &authorization{RoundTripper: agency.Ahead(guarded), guarded: guarded, expiry: agency.Expiry}
}

func identityOf(k credentials.Keys) string {
	return strings.Join([]string{k.AccessKey, k.SecretKey, k.SecurityToken}, "\x00")
}

func (e *Exporter) authorizePassword(p config.Project, next http.RoundTripper) (*authorization, error) {
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
			Username:    c.Username,
			Password:    value,
			DomainName:  c.DomainName,
			ProjectID:   p.ProjectID,
			ProjectName: p.LookupName(),
		})
		if err != nil {
			return cbrapi.Token{}, fmt.Errorf("%w: %w", cbrapi.ErrLogin, err)
		}
		return token, nil
	}
	// IAM answers 401 for a project that does not exist as well, so the project
	// is a part: a wrong project_id must not stop other projects of this user.
	of := func(parts ...string) credentials.Secret {
		return func() (string, error) {
			value, err := password()
			return strings.Join(append(parts, c.DomainName, c.Username, value), "\x00"), err
		}
	}
	// An account is the same in all regions, each of which has an IAM of its own.
	user, identity := of(), of(p.IAMEndpoint, p.ProjectID, p.LookupName())
	tokens := credentials.NewPassword(e.guard.Login(user, identity, login), next, e.options.Now)
	guarded := e.guard.WatchLogin(user, identity, tokens)
	return &authorization{RoundTripper: guarded, guarded: guarded, expiry: tokens.Expiry}, nil
}

func secret(value config.Secret, file string) credentials.Secret {
	if file != "" {
		return credentials.FromFile(file)
	}
	return credentials.Fixed(value.Reveal())
}

// standings say how the projects' credentials fare. It is a prometheus.Collector.
type standings struct {
	exporter *Exporter
	rejected *prometheus.Desc
	expiry   *prometheus.Desc
}

func newStandings(e *Exporter) *standings {
	return &standings{
		exporter: e,
		rejected: prometheus.NewDesc("cbr_exporter_credentials_rejected",
			"1 while the cloud refuses the project's credentials, so that they are rarely sent.", []string{"project"}, nil),
		expiry: prometheus.NewDesc("cbr_exporter_credentials_expiry_timestamp_seconds",
			"Unix time at which the token or the temporary keys in force expire; absent where that is not known.", []string{"project"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (s *standings) Describe(ch chan<- *prometheus.Desc) {
	ch <- s.rejected
	ch <- s.expiry
}

// Collect implements prometheus.Collector.
func (s *standings) Collect(ch chan<- prometheus.Metric) {
	for _, p := range s.exporter.inForce.Load().all {
		value := 0.0
		inUse := p.credentials.Load()
		if inUse.guarded.Refused() {
			value = 1
		}
		ch <- prometheus.MustNewConstMetric(s.rejected, prometheus.GaugeValue, value, p.name)
		if inUse.expiry == nil {
			continue
		}
		if at, known := inUse.expiry(); known {
			ch <- prometheus.MustNewConstMetric(s.expiry, prometheus.GaugeValue, float64(at.UnixNano())/1e9, p.name)
		}
	}
}
