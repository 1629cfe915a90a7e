package config

import (
	"slices"
	"strings"

	commoncfg "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"
)

// Credentials are of exactly one kind. Either a value is set or its file, which is
// read at each use.
type Credentials struct {
	AccessKey         string `yaml:"access_key,omitempty"`
	AccessKeyFile     string `yaml:"access_key_file,omitempty"`
	SecretKey         Secret `yaml:"secret_key,omitempty"`
	SecretKeyFile     string `yaml:"secret_key_file,omitempty"`
	SecurityToken     Secret `yaml:"security_token,omitempty"` // of a temporary access key
	SecurityTokenFile string `yaml:"security_token_file,omitempty"`

	CredentialsFile string `yaml:"credentials_file,omitempty"` // JSON, as of the metadata service

	Username     string `yaml:"username,omitempty"`
	Password     Secret `yaml:"password,omitempty"`
	PasswordFile string `yaml:"password_file,omitempty"`
	DomainName   string `yaml:"domain_name,omitempty"`

	Token     Secret `yaml:"token,omitempty"`
	TokenFile string `yaml:"token_file,omitempty"`

	ECSAgency *ECSAgency `yaml:"ecs_agency,omitempty"`

	Source    string   `yaml:"-"` // where they are from, if not from this place in the file
	Variables []string `yaml:"-"` // of the environment that they are from
}

// ECSAgency is the agency of the server that the exporter runs on. The metadata
// service hands out its temporary keys.
type ECSAgency struct {
	Endpoint string `yaml:"endpoint"` // URL without a slash at its end
}

const defaultMetadataEndpoint = "http://169.254.169.254"

// CredentialsKind is a way to authenticate.
type CredentialsKind string

// The kinds of credentials.
const (
	KindKeys     CredentialsKind = "access key" // signs every request
	KindFile     CredentialsKind = "key file"   // has an access key that another program renews
	KindPassword CredentialsKind = "password"   // login of an IAM user
	KindToken    CredentialsKind = "token"      // obtained and renewed by another program
	KindAgency   CredentialsKind = "ECS agency" // of the server that the exporter runs on
)

// A part is one of the values that make up credentials of a kind.
type part struct {
	kind  CredentialsKind
	key   string
	value *string
	file  *string // has the value too, under the key with _file at its end
}

func (p part) isSet() bool { return *p.value != "" || *p.file != "" }

func (p part) isOptional() bool { return p.key == "security_token" }

// parts returns all parts of all kinds but the agency. Those for which there is no key
// are empty.
func (c *Credentials) parts() []part {
	return []part{
		{KindToken, "token", (*string)(&c.Token), &c.TokenFile},
		{KindPassword, "username", &c.Username, new(string)},
		{KindPassword, "domain_name", &c.DomainName, new(string)},
		{KindPassword, "password", (*string)(&c.Password), &c.PasswordFile},
		{KindKeys, "access_key", &c.AccessKey, &c.AccessKeyFile},
		{KindKeys, "secret_key", (*string)(&c.SecretKey), &c.SecretKeyFile},
		{KindKeys, "security_token", (*string)(&c.SecurityToken), &c.SecurityTokenFile},
		{KindFile, "credentials", new(string), &c.CredentialsFile},
	}
}

// Kind returns the kind of the credentials, or "" if there are none.
func (c *Credentials) Kind() CredentialsKind { return append(c.kinds(), "")[0] }

// kinds returns the kinds of which a part is set.
func (c *Credentials) kinds() []CredentialsKind {
	var kinds []CredentialsKind
	for _, p := range c.parts() {
		if p.isSet() {
			kinds = append(kinds, p.kind)
		}
	}
	if c.ECSAgency != nil {
		kinds = append(kinds, KindAgency)
	}
	return slices.Compact(kinds)
}

// UnmarshalYAML fills in defaults.
func (a *ECSAgency) UnmarshalYAML(unmarshal func(any) error) error {
	*a = ECSAgency{Endpoint: defaultMetadataEndpoint}
	type plain ECSAgency
	return unmarshal((*plain)(a))
}

// complete makes paths relative to dir.
func (c *Credentials) complete(dir string) {
	for _, part := range c.parts() {
		*part.file = commoncfg.JoinDir(dir, *part.file)
	}
	if c.ECSAgency != nil {
		c.ECSAgency.Endpoint = strings.TrimRight(c.ECSAgency.Endpoint, "/")
	}
}

// inherit takes the credentials of the top level, which are complete, if there are none,
// or else those of the environment.
func (c *Credentials) inherit(top Credentials, environment Environment, p problems) {
	switch {
	case c.Kind() != "":
	case top.Kind() != "":
		*c = top
		c.Source = "at the top level"
	default:
		c.readEnvironment(environment, p)
	}
}

func (c *Credentials) validate(p problems) {
	if c.Source != "" {
		return
	}
	for _, part := range c.parts() {
		part.validate(p)
	}
	if c.ECSAgency != nil {
		checkEndpoint(c.ECSAgency.Endpoint, p.at("ecs_agency.endpoint"))
	}
	if kinds := c.kinds(); len(kinds) > 1 {
		p.add("more than one kind of credentials: %s, %s; keep one", kinds[0], kinds[1])
		return
	}
	kind := c.Kind()
	needs := map[CredentialsKind]string{
		KindPassword: "a password login needs username, domain_name and password or password_file",
		KindKeys:     "an access key needs access_key and secret_key, or the file of each",
	}
	for _, part := range c.parts() {
		if part.kind == kind && !part.isSet() && !part.isOptional() {
			p.at(part.key).add("missing; %s", needs[kind])
		}
	}
}

// validate reports a part that is given twice, or has what does not belong to it.
func (p part) validate(found problems) {
	if *p.value != "" && *p.file != "" {
		found.add("%s and %[1]s_file exclude each other; keep one", p.key)
	}
	p.check("it", *p.value, found.at(p.key))
	found = found.at(p.key + "_file")
	if p.kind == KindFile { // package credentials reads it at each use
		checkFile(*p.file, "the keys", maxSecret, found)
		return
	}
	p.check("the file", string(checkFile(*p.file, "the secret", maxSecret, found)), found)
}

// MarshalYAML shows credentials that are not from this place in the file in a comment:
// their kind and source. The result is still a valid configuration.
func (c Credentials) MarshalYAML() (any, error) {
	if c.Source == "" {
		type plain Credentials // without this method
		return plain(c), nil
	}
	return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, LineComment: c.Describe()}, nil
}
