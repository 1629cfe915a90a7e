package config_test

import (
	"strings"
	"testing"

	"github.com/cbr-exporter/cbr_exporter/config"
)

const noCredentials = `no credentials in it; give access_key and secret_key, or username, password and domain_name, or token, or ecs_agency, or remove it, so that they come from the environment or else from the ECS agency`

var credentialsSettings = settings{
	"files": {
		yaml: strings.Replace(oneProject, "token: T", "token_file: secrets/token", 1),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{TokenFile: "testdata/secrets/token"}
		},
	},
	"password file": {
		yaml: strings.Replace(oneProject, "token: T", "username: u, domain_name: d, password_file: secrets/token", 1),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{Username: "u", DomainName: "d", PasswordFile: "testdata/secrets/token"}
		},
	},
	"access key": {
		yaml: strings.Replace(oneProject, "token: T", "access_key: 0123, secret_key: S", 1),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{AccessKey: "0123", SecretKey: "S"}
		},
	},
	"temporary access key": {
		yaml: strings.Replace(oneProject, "token: T", "access_key: A, secret_key: S, security_token: T", 1),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{AccessKey: "A", SecretKey: "S", SecurityToken: "T"}
		},
	},
	"access key files": {
		yaml: strings.Replace(oneProject, "token: T", "access_key: A, secret_key_file: secrets/token, security_token_file: secrets/token", 1),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{
				AccessKey: "A", SecretKeyFile: "testdata/secrets/token", SecurityTokenFile: "testdata/secrets/token",
			}
		},
	},
	"ECS agency": {
		yaml: strings.Replace(oneProject, "token: T", "ecs_agency: {}", 1),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{ECSAgency: &config.ECSAgency{Endpoint: "http://169.254.169.254"}}
		},
	},
	"ECS agency, no value": {
		yaml: strings.Replace(oneProject, "{token: T}", "\n      ecs_agency:", 1),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{ECSAgency: &config.ECSAgency{Endpoint: "http://169.254.169.254"}}
		},
	},
	"ECS agency elsewhere": {
		yaml: strings.Replace(oneProject, "token: T", "ecs_agency: {endpoint: 'http://[fd00::1]:8080/'}", 1),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{ECSAgency: &config.ECSAgency{Endpoint: "http://[fd00::1]:8080"}}
		},
	},
}

var credentialsMistakes = mistakes{
	"two kinds of credentials": {
		yaml: with("token: T", "username: u, token: T"),
		want: `config.yml:4: projects[0].credentials: two kinds of credentials, token and username; keep one kind`,
	},
	"two kinds of credentials, one of them a part": {
		yaml: with("token: T", "username: u, password: p, domain_name: d, security_token_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: two kinds of credentials, username and security_token_file; keep one kind`,
	},
	"three kinds of credentials": {
		yaml: with("token: T", "access_key: A, username: u, token: T"),
		want: `config.yml:4: projects[0].credentials: three kinds of credentials, token, username and access_key; keep one kind`,
	},
	"four kinds of credentials": {
		yaml: with("token: T", "ecs_agency: {}, access_key: A, username: u, token: T"),
		want: `config.yml:4: projects[0].credentials: four kinds of credentials, token, username, access_key and ecs_agency; keep one kind`,
	},
	"an agency and a token": {
		yaml: with("token: T", "ecs_agency: , token: T"),
		want: `config.yml:4: projects[0].credentials: two kinds of credentials, token and ecs_agency; keep one kind`,
	},
	"an agency that is no mapping": {
		yaml: with("token: T", "ecs_agency: true"),
		want: `config.yml:4: projects[0].credentials.ecs_agency: want a mapping, got a single value; write its keys one per line, each with a colon and a space after it`,
	},
	"an agency with an unknown key": {
		yaml: with("token: T", "ecs_agency: {name: cbr}"),
		want: `config.yml:4: projects[0].credentials.ecs_agency.name: unknown key; known here: endpoint`,
	},
	"an agency with a password in its endpoint": {
		yaml: with("token: T", "ecs_agency: {endpoint: 'http://u:p@169.254.169.254'}"),
		want: `config.yml:4: projects[0].credentials.ecs_agency.endpoint: a user name or password in the URL; remove it, credentials has a place for them`,
	},
	"secret key twice": {
		yaml: with("token: T", "access_key: A, secret_key: S, secret_key_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: secret_key and secret_key_file exclude each other; keep one`,
	},
	"security token twice": {
		yaml: with("token: T", "access_key: A, secret_key: S, security_token: T, security_token_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: security_token and security_token_file exclude each other; keep one`,
	},
	"access key alone": {
		yaml: with("token: T", "access_key: A"),
		want: `config.yml:4: projects[0].credentials.secret_key: missing, and so is secret_key_file; an access key needs one of them`,
	},
	"secret key alone": {
		yaml: with("token: T", "secret_key_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials.access_key: missing; an access key needs access_key and secret_key or secret_key_file`,
	},
	"security token alone": {
		yaml: with("token: T", "security_token: T"),
		want: `config.yml:4: projects[0].credentials.access_key: missing; an access key needs access_key and secret_key or secret_key_file
config.yml:4: projects[0].credentials.secret_key: missing, and so is secret_key_file; an access key needs one of them`,
	},
	"secret_key_file does not exist": {
		yaml: with("token: T", "access_key: A, secret_key_file: none"),
		want: `config.yml:4: projects[0].credentials.secret_key_file: no such file; create it or correct the path, which starts at the folder of this file unless it is absolute`,
	},
	"credentials of nothing but a merge": {
		yaml: with("token: T", "<<: {}"),
		want: `config.yml:4: projects[0].credentials: ` + noCredentials,
	},
	"token twice": {
		yaml: with("token: T", "token: T, token_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: token and token_file exclude each other; keep one`,
	},
	"password twice": {
		yaml: with("token: T", "username: u, domain_name: d, password: p, password_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: password and password_file exclude each other; keep one`,
	},
	"username alone": {
		yaml: with("token: T", "username: u"),
		want: `config.yml:4: projects[0].credentials.domain_name: missing; a password login needs username, domain_name and password or password_file
config.yml:4: projects[0].credentials.password: missing, and so is password_file; a password login needs one of them`,
	},
	"password alone": {
		yaml: with("token: T", "password: p"),
		want: `config.yml:4: projects[0].credentials.username: missing; a password login needs username, domain_name and password or password_file
config.yml:4: projects[0].credentials.domain_name: missing; a password login needs username, domain_name and password or password_file`,
	},
	"token_file does not exist": {
		yaml: with("token: T", "token_file: testdata/secrets/none"),
		want: `config.yml:4: projects[0].credentials.token_file: no such file; create it or correct the path, which starts at the folder of this file unless it is absolute`,
	},
	"token_file is a directory": {
		yaml: with("token: T", "token_file: testdata/secrets"),
		want: `config.yml:4: projects[0].credentials.token_file: cannot be read: is a directory; name a file in it`,
	},
	"token_file is blank": {
		yaml: with("token: T", "token_file: testdata/secrets/blank"),
		want: `config.yml:4: projects[0].credentials.token_file: the file is empty; write the secret into it`,
	},
	"token_file below a file": {
		yaml: with("token: T", "token_file: testdata/secrets/token/x"),
		want: `config.yml:4: projects[0].credentials.token_file: cannot be read: not a directory; correct the path`,
	},
}

func TestCredentialsKind(t *testing.T) {
	tests := map[string]struct {
		credentials config.Credentials
		want        config.CredentialsKind
	}{
		"none":          {config.Credentials{}, ""},
		"token":         {config.Credentials{Token: "T"}, config.KindToken},
		"token file":    {config.Credentials{TokenFile: "f"}, config.KindToken},
		"password":      {config.Credentials{Username: "u", Password: "p", DomainName: "d"}, config.KindPassword},
		"password file": {config.Credentials{Username: "u", PasswordFile: "f", DomainName: "d"}, config.KindPassword},
		"keys":          {config.Credentials{AccessKey: "A", SecretKey: "S"}, config.KindKeys},
		"keys file":     {config.Credentials{AccessKey: "A", SecretKeyFile: "f"}, config.KindKeys},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.credentials.Kind(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
