package config_test

import "github.com/cbr-exporter/cbr_exporter/config"

var credentialsSettings = settings{
	"files": {
		yaml: with("token: T", "token_file: secrets/token"),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{TokenFile: "testdata/secrets/token"}
		},
	},
	"access key": {
		yaml: with("token: T", "access_key: 0123, secret_key: S"),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{AccessKey: "0123", SecretKey: "S"}
		},
	},
	"temporary access key": {
		yaml: with("token: T", "access_key: A, secret_key: S, security_token: T"),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{AccessKey: "A", SecretKey: "S", SecurityToken: "T"}
		},
	},
	"access key files": {
		yaml: with("token: T", "access_key: A, secret_key_file: secrets/token, security_token_file: secrets/token"),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{
				AccessKey: "A", SecretKeyFile: "testdata/secrets/token", SecurityTokenFile: "testdata/secrets/token",
			}
		},
	},
	"pair of files": {
		yaml: with("token: T", "access_key_file: secrets/token, secret_key_file: secrets/token"),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{AccessKeyFile: "testdata/secrets/token", SecretKeyFile: "testdata/secrets/token"}
		},
	},
	"credentials file": {
		yaml: with("token: T", "credentials_file: secrets/credentials.json"),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{CredentialsFile: "testdata/secrets/credentials.json"}
		},
	},
	"ECS agency": {
		yaml: with("token: T", "ecs_agency: {}"),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{ECSAgency: &config.ECSAgency{Endpoint: "http://169.254.169.254"}}
		},
	},
	"ECS agency elsewhere": {
		yaml: with("token: T", "ecs_agency: {endpoint: 'http://[fd00::1]:8080/'}"),
		differ: func(c *config.Config) {
			c.Projects[0].Credentials = config.Credentials{ECSAgency: &config.ECSAgency{Endpoint: "http://[fd00::1]:8080"}}
		},
	},
}

var credentialsMistakes = mistakes{
	"no value for ecs_agency": {
		yaml: with("{token: T}", "\n      ecs_agency:"),
		want: `config.yml:5: projects[0].credentials.ecs_agency: no value; write {} for the defaults, or remove the line`,
	},
	"two kinds of credentials, one of them a part": {
		yaml: with("token: T", "username: u, password: p, domain_name: d, security_token_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: more than one kind of credentials: password, access key; keep one`,
	},
	"a token beside an agency": {
		yaml: with("token: T", "ecs_agency: {}, token: T"),
		want: `config.yml:4: projects[0].credentials: more than one kind of credentials: token, ECS agency; keep one`,
	},
	"an agency with a password in its endpoint": {
		yaml: with("token: T", "ecs_agency: {endpoint: 'http://u:p@169.254.169.254'}"),
		want: `config.yml:4: projects[0].credentials.ecs_agency.endpoint: a user name or password in the URL; move it to credentials`,
	},
	"secret key twice": {
		yaml: with("token: T", "access_key: A, secret_key: S, secret_key_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials: secret_key and secret_key_file exclude each other; keep one`,
	},
	"access key alone": {
		yaml: with("token: T", "access_key: A"),
		want: `config.yml:4: projects[0].credentials.secret_key: missing; an access key needs access_key and secret_key, or the file of each`,
	},
	"access key twice": {
		yaml: with("token: T", "access_key: A, access_key_file: testdata/secrets/token, secret_key: S"),
		want: `config.yml:4: projects[0].credentials: access_key and access_key_file exclude each other; keep one`,
	},
	"file of the access key alone": {
		yaml: with("token: T", "access_key_file: testdata/secrets/token"),
		want: `config.yml:4: projects[0].credentials.secret_key: missing; an access key needs access_key and secret_key, or the file of each`,
	},
	"access_key_file does not exist": {
		yaml: with("token: T", "access_key_file: none, secret_key: S"),
		want: `config.yml:4: projects[0].credentials.access_key_file: cannot read the file: no such file or directory; correct the path, which is relative to the directory of the configuration, or the file`,
	},
	"credentials_file beside an access key": {
		yaml: with("token: T", "credentials_file: testdata/secrets/credentials.json, access_key: A, secret_key: S"),
		want: `config.yml:4: projects[0].credentials: more than one kind of credentials: access key, key file; keep one`,
	},
	"credentials_file is blank": {
		yaml: with("token: T", "credentials_file: testdata/secrets/blank"),
		want: `config.yml:4: projects[0].credentials.credentials_file: the file is empty; write the keys into it`,
	},
	"username alone": {
		yaml: with("token: T", "username: u"),
		want: `config.yml:4: projects[0].credentials.domain_name: missing; a password login needs username, domain_name and password or password_file
config.yml:4: projects[0].credentials.password: missing; a password login needs username, domain_name and password or password_file`,
	},
	"token_file does not exist": {
		yaml: with("token: T", "token_file: testdata/secrets/none"),
		want: `config.yml:4: projects[0].credentials.token_file: cannot read the file: no such file or directory; correct the path, which is relative to the directory of the configuration, or the file`,
	},
	"token_file is blank": {
		yaml: with("token: T", "token_file: testdata/secrets/blank"),
		want: `config.yml:4: projects[0].credentials.token_file: the file is empty; write the secret into it`,
	},
}
