package config

// Credentials are of exactly one kind. Of a secret and its file exactly one is
// set; the files are there to be read again on each use.
type Credentials struct {
	Token     Secret `yaml:"token,omitempty"`
	TokenFile string `yaml:"token_file,omitempty"`

	Username     string `yaml:"username,omitempty"`
	Password     Secret `yaml:"password,omitempty"`
	PasswordFile string `yaml:"password_file,omitempty"`
	DomainName   string `yaml:"domain_name,omitempty"`
}

// CredentialsKind is a way to authenticate.
type CredentialsKind string

const (
	// KindToken is an IAM token that somebody else obtained and renews.
	KindToken CredentialsKind = "token"
	// KindPassword is a login of an IAM user, which yields a token.
	KindPassword CredentialsKind = "password"
)

// Kind returns the kind of the credentials, or "" if there are none.
func (c Credentials) Kind() CredentialsKind {
	switch {
	case c.Token != "" || c.TokenFile != "":
		return KindToken
	case c.Username != "" || c.Password != "" || c.PasswordFile != "" || c.DomainName != "":
		return KindPassword
	default:
		return ""
	}
}

const noCredentials = "no credentials; give a token, or username, password and domain_name"

func (c *Credentials) read(n node) {
	m, ok := n.mapping(keys{
		"token":         secret(&c.Token),
		"token_file":    existingFile(&c.TokenFile),
		"username":      text(&c.Username),
		"password":      secret(&c.Password),
		"password_file": existingFile(&c.PasswordFile),
		"domain_name":   text(&c.DomainName),
	})
	if !ok {
		return
	}

	m.atMostOne("token", "token_file")
	m.atMostOne("password", "password_file")

	token := m.given("token", "token_file")
	login := m.given("username", "password", "password_file", "domain_name")
	switch {
	case token == nil && login == nil:
		m.problem(noCredentials)
	case token != nil && login != nil:
		m.problem("two kinds of credentials, %s and %s; keep one kind", token[0], login[0])
	case login != nil:
		for _, key := range []string{"username", "domain_name"} {
			if m.at(key).missing() {
				m.at(key).problem("missing; a password login needs username, domain_name and password or password_file")
			}
		}
		if m.given("password", "password_file") == nil {
			m.at("password").problem("missing, and so is password_file; a password login needs one of them")
		}
	}
}
