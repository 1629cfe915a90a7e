package config

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Credentials are of exactly one kind. Of a secret and its file exactly one is
// set; the files are there to be read again on each use.
type Credentials struct {
	AccessKey     string `yaml:"access_key,omitempty"`
	SecretKey     Secret `yaml:"secret_key,omitempty"`
	SecretKeyFile string `yaml:"secret_key_file,omitempty"`
	// SecurityToken belongs to temporary keys; permanent ones have none.
	SecurityToken     Secret `yaml:"security_token,omitempty"`
	SecurityTokenFile string `yaml:"security_token_file,omitempty"`

	Username     string `yaml:"username,omitempty"`
	Password     Secret `yaml:"password,omitempty"`
	PasswordFile string `yaml:"password_file,omitempty"`
	DomainName   string `yaml:"domain_name,omitempty"`

	Token     Secret `yaml:"token,omitempty"`
	TokenFile string `yaml:"token_file,omitempty"`

	// ECSAgency is nil for every other kind.
	ECSAgency *ECSAgency `yaml:"ecs_agency,omitempty"`

	// Environment names the environment variables that the above was taken
	// from. It is nil where the file has credentials.
	Environment []string `yaml:"-"`
	// Assumed says that neither the file nor the environment has credentials,
	// so that ECSAgency is what is left.
	Assumed bool `yaml:"-"`
}

// ECSAgency is where a server gets the keys of the agency that is bound to it.
type ECSAgency struct {
	// Endpoint is the URL of the metadata service, without a slash at its end.
	Endpoint string `yaml:"endpoint"`
}

func defaultECSAgency() *ECSAgency { return &ECSAgency{Endpoint: "http://169.254.169.254"} }

// CredentialsKind is a way to authenticate.
type CredentialsKind string

const (
	// KindKeys is an access key, with which every request is signed.
	KindKeys CredentialsKind = "access key"
	// KindPassword is a login of an IAM user, which yields a token.
	KindPassword CredentialsKind = "password"
	// KindToken is an IAM token that somebody else obtained and renews.
	KindToken CredentialsKind = "token"
	// KindAgency is the agency of the ECS server that the exporter runs on,
	// which yields temporary keys.
	KindAgency CredentialsKind = "ECS agency"
)

// Kind returns the kind of the credentials, or "" if there are none.
func (c Credentials) Kind() CredentialsKind {
	switch {
	case c.Token != "" || c.TokenFile != "":
		return KindToken
	case c.Username != "" || c.Password != "" || c.PasswordFile != "" || c.DomainName != "":
		return KindPassword
	case c.AccessKey != "" || c.SecretKey != "" || c.SecretKeyFile != "" || c.SecurityToken != "" || c.SecurityTokenFile != "":
		return KindKeys
	case c.ECSAgency != nil:
		return KindAgency
	default:
		return ""
	}
}

func (c *Credentials) read(n node) {
	if n.empty() {
		return // Project.read sees to it that they come from elsewhere
	}
	m, ok := n.mapping(keys{
		"access_key":          text(&c.AccessKey),
		"secret_key":          secret(&c.SecretKey),
		"secret_key_file":     existingFile(&c.SecretKeyFile),
		"security_token":      secret(&c.SecurityToken),
		"security_token_file": existingFile(&c.SecurityTokenFile),
		"username":            text(&c.Username),
		"password":            secret(&c.Password),
		"password_file":       existingFile(&c.PasswordFile),
		"domain_name":         text(&c.DomainName),
		"token":               secret(&c.Token),
		"token_file":          existingFile(&c.TokenFile),
		"ecs_agency":          ecsAgency(&c.ECSAgency),
	})
	if !ok {
		return
	}

	m.atMostOne("token", "token_file")
	m.atMostOne("password", "password_file")
	m.atMostOne("secret_key", "secret_key_file")
	m.atMostOne("security_token", "security_token_file")

	var kinds []string // a key that is given of each kind
	login, accessKey := false, false
	if given := m.given("token", "token_file"); given != nil {
		kinds = append(kinds, given[0])
	}
	if given := m.given("username", "password", "password_file", "domain_name"); given != nil {
		kinds, login = append(kinds, given[0]), true
	}
	if given := m.given("access_key", "secret_key", "secret_key_file", "security_token", "security_token_file"); given != nil {
		kinds, accessKey = append(kinds, given[0]), true
	}
	kinds = append(kinds, m.given("ecs_agency")...)
	switch {
	case len(kinds) == 0:
		m.problem("no credentials in it; give access_key and secret_key, or username, password and domain_name, or token, or ecs_agency, or remove it, so that they come from the environment or else from the ECS agency")
	case len(kinds) > 1:
		m.problem("%s kinds of credentials, %s; keep one kind", map[int]string{2: "two", 3: "three", 4: "four"}[len(kinds)], list(kinds))
	case login:
		m.checkLogin()
	case accessKey:
		m.checkAccessKey()
	}
}

func (m mapping) checkLogin() {
	for _, key := range []string{"username", "domain_name"} {
		if m.at(key).missing() {
			m.at(key).problem("missing; a password login needs username, domain_name and password or password_file")
		}
	}
	if m.given("password", "password_file") == nil {
		m.at("password").problem("missing, and so is password_file; a password login needs one of them")
	}
}

func (m mapping) checkAccessKey() {
	if m.at("access_key").missing() {
		m.at("access_key").problem("missing; an access key needs access_key and secret_key or secret_key_file")
	}
	if m.given("secret_key", "secret_key_file") == nil {
		m.at("secret_key").problem("missing, and so is secret_key_file; an access key needs one of them")
	}
}

// ecsAgency reads an agency. It has a default for each key, so that the one of
// credentials says enough.
func ecsAgency(to **ECSAgency) reader {
	return func(n node) {
		agency := defaultECSAgency()
		if _, ok := n.mapping(keys{"endpoint": endpoint(&agency.Endpoint)}); ok {
			*to = agency
		}
	}
}

// MarshalYAML shows of credentials that are not in the file where they come
// from: it is what the file says about them, and so still a valid configuration.
func (c Credentials) MarshalYAML() (any, error) {
	var from string
	switch {
	case c.Environment != nil:
		from = "from the environment: " + strings.Join(c.Environment, ", ")
	case c.Assumed:
		from = "none in the environment: ECS agency, " + c.ECSAgency.Endpoint
	default:
		type plain Credentials // without this method
		return plain(c), nil
	}
	return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, LineComment: from}, nil
}
