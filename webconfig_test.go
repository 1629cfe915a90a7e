package main

import (
	"strings"
	"testing"
)

// TestWebConfigProblems has files that the exporter-toolkit refuses: the errors name
// the place and the remedy, and show no password.
func TestWebConfigProblems(t *testing.T) {
	const see = "; https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md has what may be there"
	certificate, key, _ := newCertificate(t)
	cert, keyFile := write(t, "cert.pem", certificate), write(t, "key.pem", key)
	for name, test := range map[string]struct{ content, want string }{
		"unknown keys": {
			"tls_server_config:\n  certificate: x\nbasic_auth: {}\n",
			"FILE:2: certificate: unknown key" + see + "\nFILE:3: basic_auth: unknown key" + see,
		},
		"a key twice": {"tls_server_config:\n  cert: x\n  cert: y\n", "FILE:3: cert: set twice" + see},
		"no YAML":     {"a: b: kiwi42\n", "FILE: yaml: mapping values are not allowed in this context" + see},
		"no mapping":  {"basic_auth_users: kiwi42\n", "FILE:1: cannot unmarshal !!str into map[string]config.Secret" + see},
		"no key":      {"tls_server_config:\n  cert: x\n", "FILE: missing one of key or key_file; add it to tls_server_config"},
		"no file":     {"tls_server_config: {cert_file: a, key_file: b}\n", "no such file or directory; correct the path, which starts at the folder of this file unless it is absolute, and let the user that runs the exporter read it"},
		"no hash":     {"basic_auth_users:\n  a: $2a$04$K0oravUSY1.Phfk7KccWUuEeqeq/AMKZb38KhFyjnwbKkES5UT0Dq\n  b: kiwi42\n", "FILE:3: basic_auth_users: a value that is no bcrypt hash; write one as htpasswd -nBC 10 USER prints it behind the colon"},
		"no key pair": {"tls_server_config: {cert_file: " + cert + ", key_file: " + cert + "}\n", "; give a certificate and its key, both in PEM form"},
		"no policy": {
			"tls_server_config: {cert_file: " + cert + ", key_file: " + keyFile + ", client_ca_file: " + cert + "}\n",
			"FILE: client CA's have been configured without a Client Auth Policy; set client_auth_type, for example to RequireAndVerifyClientCert",
		},
		"valid": {"basic_auth_users:\n  a: $2a$04$K0oravUSY1.Phfk7KccWUuEeqeq/AMKZb38KhFyjnwbKkES5UT0Dq\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, "web.yml", test.content)
			err := checkWebConfig(file)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			if want := strings.ReplaceAll(test.want, "FILE", file); !strings.HasSuffix(err.Error(), want) {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
			if strings.Contains(err.Error(), "kiwi") {
				t.Errorf("the password is shown: %v", err)
			}
		})
	}
}
